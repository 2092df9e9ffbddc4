"""Unsafe ops: those that reach files, the network or a Python interpreter when a graph runs.

The names are those of TensorFlow's op registry, 2.4 to 2.21, and of TF1's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS
from pytest_modelcompat.artifacts.locations import op_locations
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.rules import unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import OpLocation, OpUse
    from pytest_modelcompat.compatibility.unsafe.rules import Rule
    from pytest_modelcompat.results.finding import Finding

_CAUSES = {
    rules.READS: "it reads files of the host when the graph runs",
    rules.WRITES: "it writes files on the host when the graph runs",
    rules.LISTS: "it lists files of the host when the graph runs",
    rules.CONNECTS: "it opens network connections when the graph runs",
    rules.CALLS: "it calls a Python function of the process that runs the graph",
}

_BY_RULE: Mapping[Rule, tuple[str, ...]] = {
    rules.READS: (
        *("ReadFile", "RecordInput", "LoadAndRemapMatrix", "GenerateVocabRemapping", "Skipgram"),
        *("WholeFileReader", "TextLineReader", "FixedLengthRecordReader", "TFRecordReader", "LMDBReader"),
        *("TextLineDataset", "TFRecordDataset", "FixedLengthRecordDataset", "CSVDataset", "LMDBDataset"),
        *("LoadDataset", "SnapshotDatasetReader", "SnapshotNestedDatasetReader", "SnapshotChunkDataset"),
        *("Restore", "RestoreSlice", "DTensorRestore"),
    ),
    rules.WRITES: (
        *("WriteFile", "Save", "SaveSlices", "SaveDataset", "DatasetToTFRecord", "DumpTensor"),
        *("CacheDataset", "SnapshotDataset", "CreateSummaryFileWriter", "CreateSummaryDbWriter", "ImportEvent"),
        *("CalibrationStatisticsSaver", "MergeV2Checkpoints", "DTensorSave"),
    ),
    rules.LISTS: ("MatchingFiles", "MatchingFilesDataset", "ListSnapshotChunksDataset"),
    rules.CONNECTS: (
        *("Rpc", "TryRpc", "RpcCall", "RpcClient", "RpcServer", "RpcServerStart", "RpcServerRegister", "RpcGetValue"),
        *("DataServiceDataset", "RegisterDataset", "DistributedSave", "BigQueryReader"),
        *("GenerateBigQueryReaderPartitions", "GcsConfigureCredentials", "GcsConfigureBlockCache"),
        *("FileSystemSetConfiguration", "SqlDataset"),
    ),
    rules.CALLS: PYTHON_FUNCTION_OPS,
}
_RULES = {op: rule for rule, ops in _BY_RULE.items() for op in ops}

# Every SavedModel writes and reads its own variables with these, in functions and nodes that TensorFlow's saver makes.
_OF_THE_SAVER = frozenset(
    {
        *("SaveV2", "Save", "SaveSlices", "RestoreV2", "Restore", "RestoreSlice", "MergeV2Checkpoints"),
        *("DTensorSave", "DTensorRestore"),
    }
)
_SAVER_FUNCTION = re.compile(r"(__inference_)?_?(traced_save|traced_restore)_?\d*")
_SAVER_NODE = re.compile(r"(.+/)?save(_\d+)?/")
_VERSION = re.compile(r"V\d+$")

# An attribute says where these go: op -> the attribute, and what a dangerous value looks like.
_BY_ATTRIBUTE = {
    "PrintV2": ("output_stream", re.compile(r'^"file://')),
    **{
        op: ("debug_urls", re.compile(r"(file|grpc)://"))
        for op in ("DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount", "DebugNumericSummary")
    },
}


@dataclass(frozen=True)
class _Danger:
    """The rule that an op breaks, where, and the file or address it names if an attribute says so."""

    rule: Rule
    where: tuple[str, ...]
    elsewhere: str = ""
    target: str = ""


def unsafe_ops(inventory: Inventory) -> Iterator[Finding]:
    """A finding for each op that reaches files, the network or Python, wherever in the graph it stands.

    TensorFlow's own saver, which every SavedModel holds, is left out.

    Args:
        inventory: what the artifact holds.
    """
    for op in inventory.ops:
        danger = _danger(op)
        if danger is not None:
            yield unsafe(
                danger.rule,
                f"op {op.op}",
                danger.where,
                f"{_CAUSES[danger.rule]}{danger.elsewhere}",
                "do this outside the model, and export the model again",
                "or run it only if you trust its source",
                target=danger.target,
            )


def _danger(op: OpUse) -> _Danger | None:
    if op.op in _BY_ATTRIBUTE:
        return _by_attribute(op, *_BY_ATTRIBUTE[op.op])
    name = _VERSION.sub("", op.op).removeprefix("Experimental")
    if name in _OF_THE_SAVER or op.op in _OF_THE_SAVER:
        return _outside_the_saver(op)
    return _Danger(_RULES[name], op_locations(op)) if name in _RULES else None


def _by_attribute(op: OpUse, attribute: str, pattern: re.Pattern[str]) -> _Danger | None:
    values = [value for value in op.values.get(attribute, ()) if pattern.search(value)]
    if not values:
        return None
    sends = any("grpc://" in value for value in values)
    return _Danger(rules.CONNECTS if sends else rules.WRITES, op_locations(op), target=", ".join(values))


def _outside_the_saver(op: OpUse) -> _Danger | None:
    places = tuple(place for place in op.places if not _is_of_the_saver(place))
    if not places:
        return None
    rule = rules.READS if "Restore" in op.op else rules.WRITES
    elsewhere = ", outside the functions that save and restore the model's own variables"
    return _Danger(rule, op_locations(replace(op, places=places, count=len(places))), elsewhere)


def _is_of_the_saver(place: OpLocation) -> bool:
    """Whether a node is one that TensorFlow's saver makes: in a function of its own, or `save/RestoreV2` of TF1's."""
    if place.function:
        return _SAVER_FUNCTION.fullmatch(place.function) is not None
    return _SAVER_NODE.match(place.node) is not None
