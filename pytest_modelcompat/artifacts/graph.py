"""What the graph of a SavedModel computes with: its ops, and what they are to the TensorFlow that wrote them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts.attributes import attribute_text, value_text
from pytest_modelcompat.artifacts.dtypes import FLOATS
from pytest_modelcompat.artifacts.inventory import OpDefinition, OpPlace, OpUse
from pytest_modelcompat.artifacts.schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACES = 5
# An attribute with more different values than this names or counts something, and chooses nothing.
_MOST_VALUES = 100
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


class _Attribute(NamedTuple):
    """One attribute of a node; `text` is None for a shape, a tensor or a function."""

    name: str
    text: str | None
    is_type: bool


@dataclass
class _Tally:
    """What is known of one op so far: `entries` are its nodes' packed attributes with how often each occurs."""

    count: int = 0
    places: list[OpPlace] = field(default_factory=list)
    entries: Counter[bytes] = field(default_factory=Counter)


def read_ops(graph: Any) -> tuple[tuple[OpUse, ...], tuple[str, ...]]:
    """The ops of a graph and its functions, sorted by name, and the floating dtypes they compute in.

    Args:
        graph: a `GraphDef` message.

    Raises:
        ValueError: an attribute does not parse.
    """
    tallies = _tallies(graph)
    attributes = {entry: _attribute(entry) for tally in tallies.values() for entry in tally.entries}
    uses = tuple(_op_use(op, tallies[op], attributes) for op in sorted(tallies))
    dtypes = {
        attributes[entry].text
        for op, tally in tallies.items()
        if op not in _MOVING_OPS
        for entry in tally.entries
        if attributes[entry].name == "T" and attributes[entry].is_type
    }
    return uses, tuple(sorted(FLOATS.intersection(dtypes)))


def read_op_definitions(op_list: Any) -> tuple[OpDefinition, ...]:
    """The ops as the TensorFlow that wrote a SavedModel knew them, sorted by name.

    Args:
        op_list: an `OpList` message.
    """
    definitions = {op.name: OpDefinition(op.name, {each.name: _default(each) for each in op.attr}) for op in op_list.op}
    return tuple(definitions[name] for name in sorted(definitions))


def _default(attribute: Any) -> str | None:
    return attribute_text(attribute.default_value) if attribute.HasField("default_value") else None


def _tallies(graph: Any) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for function, nodes in _bodies(graph):
        for node in nodes:
            tally = tallies[node.op]
            tally.count += 1
            tally.entries.update(node.attr)
            if len(tally.places) < _PLACES:
                tally.places.append(OpPlace(node.name, function))
    # A node may call a function by naming it as its op; that is no op to look up.
    for function in graph.library.function:
        tallies.pop(function.signature.name, None)
    return tallies


def _bodies(graph: Any) -> Iterator[tuple[str | None, Any]]:
    yield None, graph.node
    for function in graph.library.function:
        yield function.signature.name, function.node_def


def _attribute(entry: bytes) -> _Attribute:
    message = parse("AttrEntry", entry)
    return _Attribute(message.key, value_text(message.value), message.value.WhichOneof("value") == "type")


def _op_use(op: str, tally: _Tally, attributes: dict[bytes, _Attribute]) -> OpUse:
    counts: Counter[str] = Counter()
    values: dict[str, set[str]] = defaultdict(set)
    for entry, count in tally.entries.items():
        name, text, _ = attributes[entry]
        if name.startswith("_"):
            continue
        counts[name] += count
        if text is not None:
            values[name].add(text)
    names = sorted(counts)
    return OpUse(
        op=op,
        count=tally.count,
        places=tuple(tally.places),
        attributes=tuple(names),
        always=tuple(name for name in names if counts[name] >= tally.count),
        values={name: tuple(sorted(values[name])) for name in names if 0 < len(values[name]) <= _MOST_VALUES},
    )
