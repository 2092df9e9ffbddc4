"""What TensorFlow's ops reach beyond the process, read from the words in the names of their arguments and attributes.

The names are those of TensorFlow's op registry, 2.4 to 2.21. Where the words mislead or are missing, a table says so
with its reason; ops that no registry has any more are in it, too.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.profiles.op_arguments import arguments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.compatibility.unsafe.rules import Rule
    from pytest_modelcompat.profiles.op_arguments import OpArguments


class Role(Enum):
    """What the text that an op takes is to it."""

    FILE = "file"
    ADDRESS = "address"
    QUERY = "query"
    STREAM = "stream"
    PYTHON = "function of Python"
    NATIVE = "native function"


class Reach(NamedTuple):
    """How an op reaches beyond the process.

    Args:
        rule: the rule that it breaks.
        attribute: the attribute whose value decides; empty where the op does so with any argument.
        harmless: what of its values reach nothing; leaving it out does not, either.
    """

    rule: Rule
    attribute: str = ""
    harmless: re.Pattern[str] = re.compile('(|"")')


# A word of a name, between underscores -> what the text is.
_WORDS = {
    **dict.fromkeys(("file", "filename", "filenames", "path", "dir", "directory", "logdir", "ckpt"), Role.FILE),
    **dict.fromkeys(("prefix", "prefixes", "memory"), Role.FILE),
    **dict.fromkeys(("address", "addresses", "uri", "url", "urls", "host", "server"), Role.ADDRESS),
    **dict.fromkeys(("query", "driver"), Role.QUERY),
    "stream": Role.STREAM,
    "token": Role.PYTHON,
}
# Words that make a name mean something else, whatever stands beside them.
_HARMLESS_WORDS = frozenset({"config", "configs", "counter", "core", "mlir"})
# A word of an op's name -> what it does with files; the first that is met counts, and reading is what is left.
_DOES = {
    **dict.fromkeys(("Matching", "List"), rules.LISTS),
    **dict.fromkeys(("Reader", "Chunk", "Load", "Restore", "Read", "Initialize"), rules.READS),
    **dict.fromkeys(("Write", "Save", "Saver", "Dump", "Cache", "Create", "Snapshot", "Merge", "To"), rules.WRITES),
}
_OF_ROLE = {
    Role.ADDRESS: rules.CONNECTS,
    Role.QUERY: rules.CONNECTS,
    Role.STREAM: rules.WRITES,
    Role.PYTHON: rules.CALLS,
    Role.NATIVE: rules.CALLS_NATIVE,
}
# The rule of the argument that reaches furthest counts.
_FURTHEST = (rules.CALLS, rules.CALLS_NATIVE, rules.CONNECTS, rules.WRITES, rules.LISTS, rules.READS)
_CAMEL = re.compile(r"TF|[A-Z][a-z]+|[A-Z]+(?![a-z])|\d+")
_VERSION = re.compile(r"V\d+$")
# Attributes of these roles reach nothing with most values.
_OF_VALUE = {
    Role.STREAM: re.compile(r'(?!"file://).*', re.DOTALL),
    Role.ADDRESS: re.compile(r"(?!.*(file|grpc)://).*", re.DOTALL),
}

# Ops whose words mislead: what they have of files or addresses is a mere text to them.
_HARMLESS = {"DTensorShardedPrefix": "puts names together, and opens nothing"}
# Ops whose words say nothing of what they reach.
_EXCEPTIONS: Mapping[str, tuple[Reach, str]] = {
    **{
        f"{kind}Reader": (Reach(rules.READS), "the names of its files come from a queue")
        for kind in ("WholeFile", "TextLine", "FixedLengthRecord", "TFRecord", "LMDB")
    },
    **dict.fromkeys(
        ("MatchingFiles", "MatchingFilesDataset"), (Reach(rules.LISTS), "a pattern is one of files here only")
    ),
    "SnapshotDatasetReader": (Reach(rules.READS), "it reads the snapshot that its name begins with"),
    "SnapshotNestedDatasetReader": (Reach(rules.READS), "its datasets are those of a snapshot"),
    "SnapshotChunkDataset": (Reach(rules.READS), "a chunk of a snapshot is a file"),
    "ImportEvent": (Reach(rules.WRITES), "an event goes to the file of a writer that it is given"),
    "CreateSummaryDbWriter": (Reach(rules.WRITES), "its URI is that of a file"),
    "FixedUnigramCandidateSampler": (Reach(rules.READS, "vocab_file"), "it has a file, or its counts beside it"),
    "ImmutableConst": (Reach(rules.READS, "memory_region_name"), "a region of memory is a file that is mapped"),
    **{
        op: (
            Reach(rules.READS, "descriptor_source", re.compile(r'"(|local://|bytes://.*)"', re.DOTALL)),
            "a source of descriptors that is none of the process is a file",
        )
        for op in ("DecodeProto", "EncodeProto")
    },
    **{
        op: (Reach(rules.CALLS_NATIVE, attribute), "a target is a function in the process's libraries")
        for op, attribute in (("XlaCustomCall", "target_name"), ("XlaCustomCallV2", "call_target_name"))
    },
    "RemoteFusedGraphExecute": (
        Reach(rules.CALLS_NATIVE, "serialized_remote_fused_graph_execute_info"), "it names the library that executes"
    ),
    **dict.fromkeys(
        ("RpcCall", "RpcServerStart", "RpcServerRegister", "RpcGetValue"),
        (Reach(rules.CONNECTS), "the address is that of the client or server that it is given"),
    ),
    "FileSystemSetConfiguration": (Reach(rules.CONNECTS), "it sets what a file system does with its service"),
    **dict.fromkeys(
        ("BigQueryReader", "GenerateBigQueryReaderPartitions"),
        (Reach(rules.CONNECTS), "a service is what it asks; of TensorFlow 1"),
    ),
    **dict.fromkeys(
        ("GcsConfigureCredentials", "GcsConfigureBlockCache"),
        (Reach(rules.CONNECTS), "it sets what Google's file system does with its service; of TensorFlow 1"),
    ),
    "DTensorSave": (Reach(rules.WRITES), "of TensorFlow versions between those that were recorded"),
}  # fmt: skip


def reaches_of(op: str) -> tuple[Reach, ...]:
    """How an op reaches beyond the process; empty for one that does not, and for one that no TensorFlow has.

    Args:
        op: its name in a graph.
    """
    exception = _EXCEPTIONS.get(op) or _EXCEPTIONS.get(plain_name(op))
    if exception:
        return exception[:1]
    arguments = arguments_of(op)
    return () if arguments is None or plain_name(op) in _HARMLESS else tuple(_read(op, arguments))


def plain_name(op: str) -> str:
    """The name of an op without its version and what marks an experiment."""
    return _VERSION.sub("", op).removeprefix("Experimental")


def _read(op: str, arguments: OpArguments) -> Iterator[Reach]:
    """What the words say of an op: all that it takes together, or the value of an attribute where that decides."""
    by_value = {role: name for name in arguments.attributes for role in _roles((name,)) if role in _OF_VALUE}
    broken = {_rule(op, role) for role in _roles((*arguments.arguments, *arguments.attributes)) if role not in by_value}
    if broken:
        yield Reach(next(rule for rule in _FURTHEST if rule in broken))
        return
    for role, attribute in by_value.items():
        yield Reach(_rule(op, role), attribute, _OF_VALUE[role])


def _roles(names: Iterable[str]) -> Iterator[Role]:
    for name in names:
        words = name.split("_")
        if _HARMLESS_WORDS.isdisjoint(words):
            yield from (_WORDS[word] for word in words if word in _WORDS)


def _rule(op: str, role: Role) -> Rule:
    if role is not Role.FILE:
        return _OF_ROLE[role]
    return next((_DOES[word] for word in _CAMEL.findall(op) if word in _DOES), rules.READS)
