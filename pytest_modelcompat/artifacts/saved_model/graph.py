"""What the graph of a SavedModel computes with: its ops, and what they are to the TensorFlow that wrote them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import BudgetSpentError
from pytest_modelcompat.artifacts.dtypes import FLOATS
from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS, OpDefinition, OpLocation, OpUse
from pytest_modelcompat.artifacts.saved_model.attributes import attribute_text, value_text
from pytest_modelcompat.artifacts.saved_model.callers import Callers
from pytest_modelcompat.artifacts.saved_model.file_names import FILE_INPUTS, READERS, FileNames
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.artifacts.saved_model.tallies import tallies_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import FileName
    from pytest_modelcompat.artifacts.saved_model.tallies import Tally

_PLACES = 5
# An attribute with more different values than this names or counts something, and chooses nothing.
_MOST_VALUES = 100
# TensorFlow has 2,000 kinds of ops, and none of them has a hundred attributes.
MOST_KINDS, MOST_ATTRIBUTES = 10_000, 1000
# These say where something goes: all their values are kept, as far as there are not too many for any model.
_WHERE = frozenset({"output_stream", "debug_urls", "descriptor_source"})
_MOST_WHERE = 10_000
# Nodes of one op that are kept for the file that they name.
_MOST_FILES = 1000
# Of a map's packed entry: its first field, delimited.
_KEY_TAG = b"\x0a"
# They carry or hold values, whatever the dtype; the rest of the ops with a float `T` compute in it.
_MOVING_OPS = frozenset(
    {
        *(
            "Identity",
            "IdentityN",
            "Snapshot",
            "StopGradient",
            "PreventGradient",
            "PlaceholderWithDefault",
            "DeepCopy",
        ),
        *("Assign", "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit"),
        *("NextIteration", "RefNextIteration", "RefIdentity", "Print", "CheckNumerics", "Copy", "CopyHost"),
        *(
            "Reshape",
            "Squeeze",
            "ExpandDims",
            "Transpose",
            "ConjugateTranspose",
            "Shape",
            "ShapeN",
            "Size",
            "Rank",
        ),
        *("Pack", "Unpack", "Concat", "ConcatV2", "Split", "SplitV", "Slice", "StridedSlice", "Tile", "Pad"),
        *(
            "PadV2",
            "MirrorPad",
            "Reverse",
            "ReverseV2",
            "Fill",
            "ZerosLike",
            "OnesLike",
            "BroadcastTo",
            "Bitcast",
        ),
        *("Select", "SelectV2", "Where", "Unique", "UniqueV2", "DynamicPartition", "DynamicStitch"),
        *(
            "InvertPermutation",
            "LinSpace",
            "EnsureShape",
            "DebugIdentity",
            "SpaceToBatchND",
            "BatchToSpaceND",
        ),
        *("ReverseSequence", "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "Roll"),
    }
)


def read_ops(graph: Any, budget: Budget, meta: Any = None) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    """The ops of a graph and its functions, sorted by name, and the floating dtypes they compute in.

    Args:
        graph: a `GraphDef` message.
        budget: what reading it may cost.
        meta: the `MetaGraphDef` message that it is of; None for a graph alone.

    Raises:
        ValueError: an attribute does not parse.
    """
    tallies = tallies_of(graph)
    callers = Callers(graph, tallies)
    names = FileNames(graph, tallies, callers, meta)
    # A function that is called by its name is no op to look up.
    for function in graph.library.function:
        tallies.pop(function.signature.name, None)
    if len(tallies) > MOST_KINDS:
        raise BudgetSpentError(f"it has more than {MOST_KINDS:,} kinds of ops")
    uses = []
    for op in sorted(tallies):
        budget.look()
        use = _op_use(op, tallies[op], names)
        if op in PYTHON_FUNCTION_OPS and _has_signatures(meta):
            use = replace(use, is_served=callers.lead_from_main(tallies[op].functions))
        uses.append(use)
    dtypes = {dtype for use in uses if use.op not in _MOVING_OPS for dtype in use.values.get("T", ())}
    return tuple(uses), tuple(sorted(FLOATS & dtypes))


def _has_signatures(meta: Any) -> bool:
    """Whether there are any but TensorFlow's own; without, functions are called by their names, which none leads to."""
    return meta is not None and any(not name.startswith("__") for name in meta.signature_def)


def read_op_definitions(op_list: Any) -> tuple[OpDefinition, ...]:
    """The ops as the TensorFlow that wrote a SavedModel knew them, sorted by name.

    Args:
        op_list: an `OpList` message.
    """
    definitions = {op.name: OpDefinition(op.name, {each.name: _default(each) for each in op.attr}) for op in op_list.op}
    return tuple(definitions[name] for name in sorted(definitions))


def _default(attribute: Any) -> str | None:
    return attribute_text(attribute.default_value) if attribute.HasField("default_value") else None


def _name(entry: bytes) -> bytes:
    """The name of a packed attribute, which stands at its beginning: a tag, a length below 128, the name."""
    if entry[:1] == _KEY_TAG and entry[1:2] < b"\x80":
        return entry[2 : 2 + entry[1]]
    name: str = parse("AttrEntry", entry).key
    return name.encode()


def _op_use(op: str, tally: Tally, names: FileNames) -> OpUse:
    attributes, count = _attributes(tally), len(tally.nodes)
    values = {name: _values(entries) for name, entries in attributes.items() if len(entries) <= _most_values(name)}
    return OpUse(
        op=op,
        count=count,
        places=tuple(OpLocation(node.name, function) for node, function in islice(tally, _PLACES)),
        attributes=tuple(attributes),
        always=tuple(name for name, entries in attributes.items() if sum(entries.values()) >= count),
        values={name: texts for name, texts in values.items() if texts},
        files=tuple(_files(op, tally, names)),
        own=sum(names.is_asset(node, function) for node, function in tally) if op in READERS else 0,
    )


def _files(op: str, tally: Tally, names: FileNames) -> Iterator[FileName]:
    """The files that nodes get neither from their caller nor from an asset."""
    if op in FILE_INPUTS:
        found = chain.from_iterable(names.elsewhere(node, function) for node, function in tally)
        yield from islice(found, _MOST_FILES)


def _attributes(tally: Tally) -> dict[str, dict[bytes, int]]:
    """Name -> packed attribute -> how many nodes have it; TensorFlow's internal ones are left out."""
    found: dict[bytes, dict[bytes, int]] = defaultdict(dict)
    for entry, count in tally.entries.items():
        found[_name(entry)][entry] = count
        if len(found) > MOST_ATTRIBUTES:
            raise BudgetSpentError(f"an op of it has more than {MOST_ATTRIBUTES:,} attributes")
    texts = {name.decode("utf-8", "backslashreplace"): entries for name, entries in found.items()}
    return {name: texts[name] for name in sorted(texts) if not name.startswith("_")}


def _most_values(name: str) -> int:
    return _MOST_WHERE if name in _WHERE else _MOST_VALUES


def _values(entries: Iterable[bytes]) -> tuple[str, ...]:
    texts = (value_text(parse("AttrEntry", entry).value) for entry in entries)
    return tuple(sorted({text for text in texts if text is not None}))
