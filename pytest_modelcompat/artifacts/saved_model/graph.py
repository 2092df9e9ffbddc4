"""What the graph of a SavedModel computes with: its ops, and what they are to the TensorFlow that wrote them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.budget import BudgetSpentError
from pytest_modelcompat.artifacts.dtypes import FLOATS
from pytest_modelcompat.artifacts.inventory import OpDefinition, OpLocation, OpUse
from pytest_modelcompat.artifacts.saved_model.attributes import attribute_text, value_text
from pytest_modelcompat.artifacts.saved_model.file_names import FILE_INPUTS, READERS, FileNames
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import FileName

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


@dataclass
class _Tally:
    """The nodes of one op."""

    nodes: list[Any] = field(default_factory=list)
    places: list[OpLocation] = field(default_factory=list)
    files: list[FileName] = field(default_factory=list)
    own: int = 0

    def attributes(self) -> dict[str, dict[bytes, int]]:
        """Name -> packed attribute -> how many nodes have it; TensorFlow's internal ones are left out."""
        found: dict[bytes, dict[bytes, int]] = defaultdict(dict)
        # A slice is a list made at once; the field itself would be asked for each of its elements.
        entries = Counter(chain.from_iterable([node.attr[:] for node in self.nodes]))
        for entry, count in entries.items():
            found[_name(entry)][entry] = count
            if len(found) > MOST_ATTRIBUTES:
                raise BudgetSpentError(f"an op of it has more than {MOST_ATTRIBUTES:,} attributes")
        texts = {name.decode("utf-8", "backslashreplace"): entries for name, entries in found.items()}
        return {name: texts[name] for name in sorted(texts) if not name.startswith("_")}


def read_ops(graph: Any, budget: Budget, meta: Any = None) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    """The ops of a graph and its functions, sorted by name, and the floating dtypes they compute in.

    Args:
        graph: a `GraphDef` message.
        budget: what reading it may cost.
        meta: the `MetaGraphDef` message that it is of; None for a graph alone.

    Raises:
        ValueError: an attribute does not parse.
    """
    tallies = _tallies(graph, meta)
    if len(tallies) > MOST_KINDS:
        raise BudgetSpentError(f"it has more than {MOST_KINDS:,} kinds of ops")
    uses = []
    for op in sorted(tallies):
        budget.look()
        uses.append(_op_use(op, tallies[op]))
    dtypes = {dtype for use in uses if use.op not in _MOVING_OPS for dtype in use.values.get("T", ())}
    return tuple(uses), tuple(sorted(FLOATS & dtypes))


def read_op_definitions(op_list: Any) -> tuple[OpDefinition, ...]:
    """The ops as the TensorFlow that wrote a SavedModel knew them, sorted by name.

    Args:
        op_list: an `OpList` message.
    """
    definitions = {op.name: OpDefinition(op.name, {each.name: _default(each) for each in op.attr}) for op in op_list.op}
    return tuple(definitions[name] for name in sorted(definitions))


def _default(attribute: Any) -> str | None:
    return attribute_text(attribute.default_value) if attribute.HasField("default_value") else None


def _tallies(graph: Any, meta: Any) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    names = FileNames(graph, meta)
    for function, nodes in _bodies(graph):
        for node in nodes:
            op = node.op
            tally = tallies[op]
            tally.nodes.append(node)
            if len(tally.nodes) <= _PLACES:
                tally.places.append(OpLocation(node.name, function))
            if op in FILE_INPUTS and len(tally.files) < _MOST_FILES:
                tally.files += names.elsewhere(node, function)
            elif op in READERS:
                tally.own += names.is_asset(node, function)
    # A node may call a function by naming it as its op; that is no op to look up.
    for function in graph.library.function:
        tallies.pop(function.signature.name, None)
    return tallies


def _bodies(graph: Any) -> Iterator[tuple[str | None, Any]]:
    yield None, graph.node
    for function in graph.library.function:
        yield function.signature.name, function.node_def


def _name(entry: bytes) -> bytes:
    """The name of a packed attribute, which stands at its beginning: a tag, a length below 128, the name."""
    if entry[:1] == _KEY_TAG and entry[1:2] < b"\x80":
        return entry[2 : 2 + entry[1]]
    name: str = parse("AttrEntry", entry).key
    return name.encode()


def _op_use(op: str, tally: _Tally) -> OpUse:
    attributes, count = tally.attributes(), len(tally.nodes)
    values = {name: _values(entries) for name, entries in attributes.items() if len(entries) <= _most_values(name)}
    return OpUse(
        op=op,
        count=count,
        places=tuple(tally.places),
        attributes=tuple(attributes),
        always=tuple(name for name, entries in attributes.items() if sum(entries.values()) >= count),
        values={name: texts for name, texts in values.items() if texts},
        files=tuple(tally.files),
        own=tally.own,
    )


def _most_values(name: str) -> int:
    return _MOST_WHERE if name in _WHERE else _MOST_VALUES


def _values(entries: Iterable[bytes]) -> tuple[str, ...]:
    texts = (value_text(parse("AttrEntry", entry).value) for entry in entries)
    return tuple(sorted({text for text in texts if text is not None}))
