"""Attacks by SavedModels: ops that reach files, the network or Python, wherever in the graphs they stand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from attacks import saved_model_folders, saved_model_ops
from attacks.attack import Attack, NotBuilt
from attacks.tensorflow_files import edit, make_large, rename_function, save, save_graph, save_plain

if TYPE_CHECKING:
    from pathlib import Path

_EVERYWHERE = ("local", "tf2.15", "tf2.18")
_FIVE = 5
_MANY = 100


def _write(tf: Any, canary: str) -> None:
    tf.io.write_file(canary, "")


def _named(name: str, folder: Path, canary: Path) -> Path:
    return rename_function(save(folder, canary, _write), "WriteFile", name)


def _save_in_function(name: str, folder: Path, canary: Path) -> Path:
    path = save(
        folder, canary, lambda tf, file: tf.raw_ops.Save(filename=file, tensor_names=["a"], data=[tf.constant(1.0)])
    )
    return rename_function(path, "Save", name)


def _while(tf: Any, canary: str) -> None:
    def body(number: Any) -> Any:
        with tf.control_dependencies([tf.raw_ops.WriteFile(filename=canary, contents="")]):
            return number + 1

    tf.while_loop(lambda number: number < 1, body, [tf.constant(0)])


def _cond(tf: Any, canary: str) -> None:
    def branch() -> Any:
        with tf.control_dependencies([tf.raw_ops.WriteFile(filename=canary, contents="")]):
            return tf.constant(1)

    tf.cond(tf.random.uniform([]) < 2.0, branch, lambda: tf.constant(0))


def _map(tf: Any, canary: str) -> None:
    def write(number: Any) -> Any:
        with tf.control_dependencies([tf.raw_ops.WriteFile(filename=canary, contents="")]):
            return number + 1

    tf.map_fn(write, tf.constant([1]))


def _dataset(tf: Any, canary: str) -> None:
    def write(number: Any) -> Any:
        with tf.control_dependencies([tf.raw_ops.WriteFile(filename=canary, contents="")]):
            return number + 1

    tf.data.Dataset.range(1).map(write).reduce(tf.constant(0, tf.int64), lambda state, value: state + value)


def _six_saves(folder: Path, canary: Path) -> Path:
    """The first five, all that a reader may keep, stand in functions with the names of TensorFlow's saver."""

    def change(graph: Any) -> None:
        library = graph.graph_def.library
        saver = next(each for each in library.function if "traced_save" in each.signature.name)
        copies = [type(saver).FromString(saver.SerializeToString()) for _ in range(_FIVE)]
        functions = list(library.function)
        del library.function[:]
        for number, copy in enumerate(copies):
            copy.signature.name = f"__inference__traced_save_{1000 + number}"
        library.function.extend([*copies, *functions])

    def write(tf: Any, file: str) -> None:
        tf.raw_ops.SaveV2(prefix=file, tensor_names=["a"], shape_and_slices=[""], tensors=[tf.constant(1.0)])

    return edit(save(folder, canary, write), change)


def _print(tf: Any, canary: str) -> None:
    tf.print("", output_stream=f"file://{canary}", end="")


def _long_name(tf: Any, canary: str) -> None:
    """A file's name of more than four thousand bytes, which means the canary."""
    parent, _, name = canary.rpartition("/")
    tf.print("", output_stream=f"file://{parent}{'/.' * 1000}{'/' * 2500}{name}", end="")


def _large_with_long_name(folder: Path, canary: Path) -> Path:
    return make_large(save(folder, canary, _long_name))


def _other_tags(folder: Path, canary: Path) -> Path:
    def body(v1: Any, options: dict[str, Any]) -> None:
        options["main_op"] = v1.group(v1.raw_ops.WriteFile(filename=str(canary), contents=""))

    return save_graph(folder, body, tags=("train",))


def _main_op(folder: Path, canary: Path) -> Path:
    def body(v1: Any, options: dict[str, Any]) -> None:
        options["main_op"] = v1.group(v1.raw_ops.WriteFile(filename=str(canary), contents=""))

    return save_graph(folder, body)


def _legacy_init_op(folder: Path, canary: Path) -> Path:
    def body(v1: Any, options: dict[str, Any]) -> None:
        options["legacy_init_op"] = v1.group(v1.raw_ops.WriteFile(filename=str(canary), contents=""))

    return save_graph(folder, body)


def _saver_scope(folder: Path, canary: Path) -> Path:
    """In the main graph, below the name that TensorFlow 1's saver gives its nodes."""

    def body(v1: Any, options: dict[str, Any]) -> None:
        with v1.name_scope("save_9"):
            save = v1.raw_ops.Save(filename=str(canary), tensor_names=["a"], data=[v1.constant(1.0)])
        options["main_op"] = v1.group(save)

    return save_graph(folder, body)


def _reader(folder: Path, canary: Path) -> Path:
    def body(v1: Any, options: dict[str, Any]) -> None:
        queue = v1.FIFOQueue(1, v1.string)
        read = v1.raw_ops.ReaderReadV2(reader_handle=v1.raw_ops.WholeFileReaderV2(), queue_handle=queue.queue_ref)
        options["main_op"] = v1.group(queue.enqueue(str(canary)), read.key)

    return save_graph(folder, body)


def _initializer(folder: Path, canary: Path) -> Path:
    import tensorflow as tf
    from tensorflow.python.trackable.resource import TrackableResource

    class Table(TrackableResource):  # type: ignore[misc]  # TensorFlow has no types
        def _create_resource(self) -> Any:
            return tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="table")

        def _initialize(self) -> None:
            tf.raw_ops.WriteFile(filename=str(canary), contents="")

    module = tf.Module()
    module.table = Table()
    module.serve = tf.function(lambda x: x + 1.0, input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    # The table has to be there for its initializer to be saved.
    assert module.table.resource_handle is not None
    path = folder / "model"
    tf.saved_model.save(module, str(path), signatures=module.serve)
    return path


def _restore_name(folder: Path, canary: Path) -> Path:
    """What restores the variables reads a file of the host in place of the model's own."""

    def change(graph: Any) -> None:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                if node.op == "RestoreV2":
                    constant = function.node_def.add(name="elsewhere", op="Const")
                    constant.attr["dtype"].type = 7
                    constant.attr["value"].tensor.dtype = 7
                    constant.attr["value"].tensor.tensor_shape.SetInParent()
                    constant.attr["value"].tensor.string_val.append(str(canary).encode())
                    node.input[0] = "elsewhere:output:0"

    return edit(save_plain(folder), change)


def _of(name: str, shows: str, place: str, write: Any, acts_in: tuple[str, ...] = ()) -> Attack:
    return Attack(name, (shows,), place, write, acts_in, needs_tensorflow=True)


def _body(body: Any, nodes: int = 0) -> Any:
    return lambda folder, canary: save(folder, canary, body, nodes=nodes)


ATTACKS: tuple[Attack, ...] = (
    *saved_model_ops.ATTACKS,
    *saved_model_folders.ATTACKS,
    _of("write-file-in-saver-name", "a function named like TensorFlow's saver, which writes a file of its own",
        "WriteFile", partial(_named, "__inference__traced_save_1"), _EVERYWHERE),
    _of("save-in-saver-name", "a function named like TensorFlow's saver, which saves to a path of its own",
        "(?s)Save.*traced_save", partial(_save_in_function, "__inference__traced_save_1"), _EVERYWHERE),
    _of("save-in-restore-name", "a function named like what restores, which saves to a path of its own",
        "(?s)Save.*traced_restore", partial(_save_in_function, "__inference__traced_restore_7"), _EVERYWHERE),
    _of("write-file-in-while", "in the body of a loop", "WriteFile", _body(_while), _EVERYWHERE),
    _of("write-file-in-cond", "in a branch", "WriteFile", _body(_cond), _EVERYWHERE),
    _of("write-file-in-map", "in a function that is mapped", "WriteFile", _body(_map), _EVERYWHERE),
    _of("write-file-in-dataset", "in a function of a dataset", "WriteFile", _body(_dataset), _EVERYWHERE),
    _of("sixth-save", "behind the first five nodes of its op", "(?s)SaveV2.*serve", _six_saves),
    _of("hundredth-print", "behind the first hundred values of an attribute", "PrintV2",
        _body(_print, nodes=_MANY), _EVERYWHERE),
    _of("long-name-in-large-graph", "an attribute of more than four thousand bytes in a graph of megabytes",
        "PrintV2", _large_with_long_name, _EVERYWHERE),
    _of("other-tags", "in a graph with other tags than serve", "(?s)WriteFile.*train", _other_tags),
    _of("main-op", "in what a session runs first: saved_model_main_op", "WriteFile", _main_op, _EVERYWHERE),
    _of("legacy-init-op", "in what a session runs first: legacy_init_op", "WriteFile", _legacy_init_op, _EVERYWHERE),
    _of("saver-scope", "below the name of TensorFlow 1's saver", "(?s)Save.*save_9", _saver_scope, _EVERYWHERE),
    _of("file-reader", "a reader of files whose names come from a queue", "WholeFileReader", _reader),
    _of("table-initializer", "in a table's initializer, which loading runs", "WriteFile", _initializer, _EVERYWHERE),
    _of("restores-elsewhere", "variables restored from a path of the host", "(?s)RestoreV2.*traced_restore",
        _restore_name),
)  # fmt: skip
NOT_BUILT: tuple[NotBuilt, ...] = (
    *saved_model_ops.NOT_BUILT,
    *saved_model_folders.NOT_BUILT,
)
