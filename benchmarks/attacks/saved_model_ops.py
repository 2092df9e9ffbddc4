"""Attacks by SavedModels: one file for each kind of op that acts on the host, found by its arguments and attributes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from attacks.attack import Attack, NotBuilt
from attacks.tensorflow_files import save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_EVERYWHERE = ("local", "tf2.15", "tf2.18")


class _Op(NamedTuple):
    """An op in the function that serves: the attack's name, what it shows, its op, how it is called, where it acts."""

    name: str
    shows: str
    op: str
    body: Callable[[Any, str], Any]
    acts_in: tuple[str, ...] = ()


def _first(dataset: Any) -> Any:
    """Reads a dataset to its end."""
    return dataset.reduce(0, lambda number, _: number + 1)


def _snapshot(tf: Any, canary: str) -> Any:
    return _first(tf.data.Dataset.range(1).snapshot(canary))


def _save_dataset(tf: Any, canary: str) -> Any:
    variant = tf.data.Dataset.range(1)._variant_tensor  # noqa: SLF001 - a dataset saves itself only outside of graphs
    shards = tf.constant(0, tf.int64)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def shard(_: Any) -> Any:
        return shards

    tf.raw_ops.SaveDatasetV2(
        input_dataset=variant,
        path=canary,
        shard_func_other_args=[shards],
        shard_func=shard.get_concrete_function(),
        output_types=[tf.int64],
        output_shapes=[tf.TensorShape([])],
    )


def _sql(tf: Any, canary: str) -> Any:
    return _first(tf.data.experimental.SqlDataset("sqlite", canary, "SELECT 1", (tf.int64,)))


def _service(tf: Any, canary: str) -> Any:
    del canary
    return tf.raw_ops.RegisterDatasetV2(
        dataset=tf.data.Dataset.range(1)._variant_tensor,  # noqa: SLF001 - the op takes a variant
        address="127.0.0.1:9",
        protocol="grpc",
        external_state_policy=0,
        metadata="",
    )


def _summary(tf: Any, canary: str) -> Any:
    writer = tf.raw_ops.SummaryWriter(shared_name="writer", container="")
    return tf.raw_ops.CreateSummaryFileWriter(
        writer=writer, logdir=canary, max_queue=1, flush_millis=1, filename_suffix=""
    )


def _summary_db(tf: Any, canary: str) -> Any:
    writer = tf.raw_ops.SummaryWriter(shared_name="database", container="")
    names = {"experiment_name": "", "run_name": "", "user_name": ""}
    return tf.raw_ops.CreateSummaryDbWriter(writer=writer, db_uri=canary, **names)


def _table(tf: Any, canary: str) -> Any:
    table = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="words")
    return tf.raw_ops.InitializeTableFromTextFileV2(
        table_handle=table, filename=canary, key_index=-2, value_index=-1, vocab_size=-1, delimiter="\t", offset=0
    )


def _debug(tf: Any, canary: str) -> Any:
    return tf.raw_ops.DebugIdentityV3(input=tf.constant(1.0), tensor_name="a:0", debug_urls=[f"file://{canary}"])


def _save_v2(tf: Any, canary: str) -> Any:
    return tf.raw_ops.SaveV2(prefix=canary, tensor_names=["a"], shape_and_slices=[""], tensors=[tf.constant(1.0)])


def _restore_v2(tf: Any, canary: str) -> Any:
    return tf.raw_ops.RestoreV2(prefix=canary, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])


def _merge(tf: Any, canary: str) -> Any:
    """Deletes the checkpoints that it merges, which makes it the one op that removes files."""
    return tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[canary], destination_prefix=f"{canary}-merged")


def _remap(tf: Any, canary: str) -> Any:
    return tf.raw_ops.LoadAndRemapMatrix(
        ckpt_path=canary,
        old_tensor_name="a",
        row_remapping=tf.constant([0], tf.int64),
        col_remapping=tf.constant([], tf.int64),
        initializing_values=tf.constant([], tf.float32),
        num_rows=1,
        num_cols=1,
    )


def _python(tf: Any, canary: str) -> Any:
    return tf.py_function(lambda: open(canary, "w").close(), [], [])  # noqa: PTH123 - it only has to be there


_OPS = (
    _Op("write-file", "writes a file (modelscan, modelaudit: WriteFile)", "WriteFile",
        lambda tf, canary: tf.raw_ops.WriteFile(filename=canary, contents=""), _EVERYWHERE),
    _Op("read-file", "reads a file (modelscan, modelaudit: ReadFile)", "ReadFile",
        lambda tf, canary: tf.io.read_file(canary)),
    _Op("matching-files", "lists files", "MatchingFiles", lambda tf, canary: tf.io.matching_files(f"{canary}*")),
    _Op("save-v1", "saves tensors to a path in the graph (modelaudit: Save)", "Save",
        lambda tf, canary: tf.raw_ops.Save(filename=canary, tensor_names=["a"], data=[tf.constant(1.0)]), _EVERYWHERE),
    _Op("save-v2", "saves tensors to a path in the graph (modelaudit: SaveV2)", "SaveV2", _save_v2),
    _Op("restore-v2", "reads tensors from a path in the graph (modelaudit: RestoreV2)", "RestoreV2", _restore_v2),
    _Op("merge-checkpoints", "removes and writes checkpoints (modelaudit: MergeV2Checkpoints)",
        "MergeV2Checkpoints", _merge),
    _Op("load-and-remap", "reads a matrix from a path in the graph (modelaudit: LoadAndRemapMatrix)",
        "LoadAndRemapMatrix", _remap),
    _Op("text-lines", "a dataset that reads a file", "TextLineDataset",
        lambda tf, canary: _first(tf.data.TextLineDataset(canary))),
    _Op("records", "a dataset that reads records from a file", "TFRecordDataset",
        lambda tf, canary: _first(tf.data.TFRecordDataset(canary))),
    _Op("cache", "a dataset that keeps itself in a file", "CacheDataset",
        lambda tf, canary: _first(tf.data.Dataset.range(1).cache(canary))),
    _Op("snapshot", "a dataset that keeps itself in a folder", "SnapshotDataset", _snapshot, _EVERYWHERE),
    _Op("save-dataset", "a dataset that is saved", "SaveDataset", _save_dataset, _EVERYWHERE),
    _Op("sql", "a database that is asked: SQL and a data source as arguments", "SqlDataset", _sql, _EVERYWHERE),
    _Op("data-service", "a dataset that is sent to an address", "RegisterDataset", _service),
    _Op("print-to-file", "an attribute that names a file", "PrintV2",
        lambda tf, canary: tf.print("", output_stream=f"file://{canary}", end=""), _EVERYWHERE),
    _Op("debug-urls", "an attribute that lists URLs", "DebugIdentity", _debug, _EVERYWHERE),
    _Op("summary-writer", "a writer of summaries, which makes a folder", "CreateSummaryFileWriter",
        _summary, _EVERYWHERE),
    _Op("summary-database", "a writer of summaries into a database by its URI", "CreateSummaryDbWriter",
        _summary_db, _EVERYWHERE),
    _Op("table-from-file", "a table of a file that is no asset (modelaudit: InitializeTable)",
        "InitializeTableFromTextFile", _table),
    _Op("python-function", "a Python function of the process (modelaudit: PyFunc, EagerPyFunc, PyCall)",
        "EagerPyFunc", _python),
)  # fmt: skip


def _write(body: Callable[[Any, str], Any], folder: Path, canary: Path) -> Path:
    return save(folder, canary, body)


ATTACKS: tuple[Attack, ...] = tuple(
    Attack(each.name, (each.shows,), each.op, partial(_write, each.body), each.acts_in, needs_tensorflow=True)
    for each in _OPS
)
NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt("modelaudit: ParseTensor, DecodeRaw, DecodeJpeg, DecodePng", "they decode a tensor in memory, as every "
             "model for images does, and reach nothing of the host"),
    NotBuilt("modelaudit: QueueEnqueue, QueueDequeue and their kin", "a queue lives in the session that runs it, "
             "and nobody else reads it"),
    NotBuilt("modelaudit: Print, PrintV2 to a stream, Assert, Abort", "they write to the process's own output or end "
             "the call, which is no reach beyond it; PrintV2 to a file is among the attacks"),
    NotBuilt("modelaudit: LookupTableImport, InitializeTable", "they fill a table from tensors in the graph and open "
             "no file; InitializeTableFromTextFile does, and is among the attacks"),
    NotBuilt("modelaudit: ShellExecute, ExecuteOp, SystemConfig, LoadLibrary, PyCall", "TensorFlow has no such ops: a "
             "graph that names one is refused, and stands among the attacks as `custom-op`"),
    NotBuilt("CVE-2025-55556, CVE-2025-55559 (TensorFlow 2.18)", "wrong numbers of Embedding and a crash of Conv2D at "
             "certain arguments in code; no file makes them act on the host"),
    NotBuilt("CVE-2025-0649 (TensorFlow Serving)", "deep JSON in a request to the server, which is no file of a model"),
    NotBuilt("CVE-2026-2492 (TensorFlow's HDF5 search path)", "a library placed on the machine beforehand is loaded; "
             "the file's part is a filter that is a plugin, which is among the attacks as `hdf5-filter-plugin`"),
)  # fmt: skip
