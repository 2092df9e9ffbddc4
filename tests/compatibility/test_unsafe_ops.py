"""What ops reach beyond the process, by the roles of their arguments and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS
from pytest_modelcompat.compatibility.unsafe import op_roles, rules
from pytest_modelcompat.compatibility.unsafe.op_roles import plain_name, reaches_of
from pytest_modelcompat.profiles.op_arguments import read_op_arguments

if TYPE_CHECKING:
    from pytest_modelcompat.compatibility.unsafe.rules import Rule

# What was listed by hand before arguments were recorded; an op may reach further than it was thought to.
BY_HAND = {
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
NAMED = [(name, rule) for rule, names in BY_HAND.items() for name in names]


@pytest.mark.parametrize(("name", "rule"), NAMED, ids=[name for name, _ in NAMED])
def test_every_op_that_was_listed_by_hand_is_found_by_its_arguments(name: str, rule: Rule) -> None:
    for op in [each for each in read_op_arguments() if plain_name(each) == name] or [name]:
        assert rule in {reach.rule for reach in reaches_of(op)}, op


@pytest.mark.parametrize(
    ("op", "rule"),
    [
        ("InitializeTableFromTextFileV2", rules.READS),
        ("FixedUnigramCandidateSampler", rules.READS),
        ("DecodeProtoV2", rules.READS),
        ("ImmutableConst", rules.READS),
        ("DebugNumericSummary", rules.CONNECTS),
        ("XlaCustomCallV2", rules.CALLS_NATIVE),
    ],
)
def test_ops_that_nobody_had_listed(op: str, rule: Rule) -> None:
    assert {reach.rule for reach in reaches_of(op)} == {rule}


@pytest.mark.parametrize(
    "op",
    [
        *("MatMul", "StatefulPartitionedCall", "HashTableV2", "RegexReplace", "StaticRegexFullMatch", "StringJoin"),
        *("ShardedFilename", "DecodeJpeg", "DecodeRaw", "ParseExampleV2", "Send", "EnqueueTPUEmbeddingBatch"),
        *("SetStatsAggregatorDataset", "TensorSummaryV2", "AsString", "TPUExecute", "ConfigureDistributedTPU"),
        *("ConfigureTPUEmbeddingHost", "CollateTPUEmbeddingMemory", "TPUReplicateMetadata", "_XlaHostComputeMlir"),
        "DTensorShardedPrefix",
    ],
)
def test_ops_whose_texts_are_texts(op: str) -> None:
    assert op in read_op_arguments()
    assert reaches_of(op) == ()


def test_one_op_in_twenty_reaches_something() -> None:
    """So that a word that many arguments have does not become an alarm in every model."""
    reaching = [op for op in read_op_arguments() if reaches_of(op)]
    assert 80 < len(reaching) < len(read_op_arguments()) / 20


def test_every_exception_is_needed() -> None:
    """What is said of an op by hand, its words do not say."""
    for op, arguments in read_op_arguments().items():
        exception = op_roles._EXCEPTIONS.get(plain_name(op))
        if exception is not None:
            assert tuple(op_roles._read(op, arguments)) != exception[:1], op
        if plain_name(op) in op_roles._HARMLESS:
            assert tuple(op_roles._read(op, arguments)), op
