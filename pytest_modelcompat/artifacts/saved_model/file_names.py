"""Where the nodes that save, restore and fill tables get the names of their files from: a caller, an asset, a constant.

Every SavedModel saves and restores its own variables, and fills its tables from its own assets. What tells such a node
from one that reaches another file is not the name of its function, but what leads to its argument.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import FileName, NameSource, OpLocation
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.saved_model.callers import Callers
    from pytest_modelcompat.artifacts.saved_model.tallies import Tally

# The ops that are asked for it, and which of their inputs name files.
FILE_INPUTS = {
    **dict.fromkeys(("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2"), (0,)),
    "MergeV2Checkpoints": (0, 1),
    **dict.fromkeys(("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"), (1,)),
}
# The ops that read nothing else than the files that their first input names, which may be assets of the model.
READERS = frozenset(
    {
        *("ReadFile", "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset"),
        *("FixedLengthRecordDatasetV2", "CSVDataset", "CSVDatasetV2"),
    }
)
# What TensorFlow 1 gives its saver where nobody gives it another: loaders always do.
_DEFAULT_NAME = "model"
_PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2"})
# They pass one of their inputs on, or begin their text with it: the others choose, count or end it.
_LEADING = {
    "StringJoin": slice(0, 1),
    "ShardedFilename": slice(0, 1),
    "ShardedFilespec": slice(0, 1),
    "Select": slice(1, 3),
    "SelectV2": slice(1, 3),
    "PlaceholderWithDefault": slice(0, 1),
    "Reshape": slice(0, 1),
    "ExpandDims": slice(0, 1),
    **dict.fromkeys(("Identity", "IdentityN", "Pack", "Concat", "ConcatV2", "Squeeze"), slice(None)),
}
# What calls a function -> which of its inputs is the function's first argument.
_CALLS = {
    **dict.fromkeys(("PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile"), 0),
    **dict.fromkeys(("If", "StatelessIf", "Case", "StatelessCase", "RemoteCall"), 1),
}
# Steps from node to node for all of a graph's names together; the largest models need some thousand.
_MOST_STEPS = 200_000


class FileNames:
    """The names of files in one graph.

    Args:
        graph: a `GraphDef` message.
        tallies: its nodes by op, those of its functions too.
        callers: who calls its functions.
        meta: the `MetaGraphDef` message that it is of; None for a graph alone.
    """

    def __init__(self, graph: Any, tallies: Mapping[str, Tally], callers: Callers, meta: Any = None) -> None:
        self._graph, self._meta = graph, meta
        self._functions = {each.signature.name: each for each in graph.library.function}
        self._indexes: dict[str | None, dict[str, Any]] = {}
        self._tallies, self._callers = tallies, callers
        self._left = _MOST_STEPS
        self._assets = {_node(each.tensor_info.name): each.filename for each in (meta.asset_file_def if meta else ())}

    def elsewhere(self, node: Any, function: str | None) -> Iterator[FileName]:
        """Where a node gets its file's name from, unless that is who calls it or the model's own asset.

        Args:
            node: a `NodeDef` of an op in `FILE_INPUTS`.
            function: the function that holds it; None for the main graph.
        """
        found = self._found(node, function, FILE_INPUTS[node.op])
        source = next(each for each in NameSource if each in found)
        if source in {NameSource.CONSTANT, NameSource.UNKNOWN}:
            yield FileName(OpLocation(node.name, function), source, found[source])

    def is_asset(self, node: Any, function: str | None) -> bool:
        """Whether a node reads nothing but the model's own assets.

        Args:
            node: a `NodeDef` of an op in `READERS`.
            function: the function that holds it; None for the main graph.
        """
        return set(self._found(node, function, (0,))) == {NameSource.ASSET}

    def _found(self, node: Any, function: str | None, numbers: tuple[int, ...]) -> dict[NameSource, str]:
        """Where some inputs of a node come from, with the text where that is known."""
        inputs = _data(node.input)
        wanted = [inputs[number] for number in numbers if number < len(inputs)]
        return dict(self._sources(function, wanted)) or {NameSource.UNKNOWN: ""}

    def _sources(self, function: str | None, wanted: Iterable[str]) -> Iterator[tuple[NameSource, str]]:
        seen: set[tuple[str | None, str]] = set()
        waiting = [(function, name) for name in wanted]
        while waiting:
            at, name = waiting.pop()
            place = at, _node(name)
            if place in seen:
                continue
            seen.add(place)
            self._left -= 1
            if self._left < 0:
                yield NameSource.UNKNOWN, ""
                return
            node = self._index(at).get(place[1])
            if node is None:
                yield from self._argument(at, place[1], waiting)
            elif at is None and node.name in self._assets:
                yield NameSource.ASSET, self._assets[node.name]
            elif node.op == "ReadVariableOp":
                yield from self._assigned(at, node, waiting)
            elif node.op in _LEADING:
                waiting += [(at, each) for each in _data(node.input)[_LEADING[node.op]]]
            else:
                yield self._end(at, node)

    @staticmethod
    def _end(function: str | None, node: Any) -> tuple[NameSource, str]:
        if node.op in _PLACEHOLDERS:
            return NameSource.GIVEN, ""
        if node.op != "Const":
            return NameSource.UNKNOWN, ""
        text = _text(node)
        is_default = function is None and text == _DEFAULT_NAME
        return (NameSource.GIVEN, "") if is_default else (NameSource.CONSTANT, text)

    def _argument(
        self, function: str | None, name: str, waiting: list[tuple[str | None, str]]
    ) -> Iterator[tuple[NameSource, str]]:
        """What a function is called with, in the graph and, where it is bound to values, by who loads it."""
        if function is None:
            yield NameSource.UNKNOWN, ""
            return
        arguments = [each.name for each in self._functions[function].signature.input_arg]
        if name not in arguments:
            yield NameSource.UNKNOWN, ""
            return
        place, calls = arguments.index(name), self._callers.of(function)
        bound = self._bound(function, place - len(arguments))
        if bound is not None and bound.HasField("constant"):
            waiting.append((None, bound.constant.operation))
        elif bound is not None:
            yield (NameSource.ASSET if bound.HasField("asset") else NameSource.UNKNOWN), ""
        elif not calls:
            # Who loads the model calls it, and gives it what it is called with.
            yield NameSource.GIVEN, ""
        for at, node in calls:
            first = 0 if node.op == function else _CALLS.get(node.op)
            inputs = _data(node.input)
            if first is None or first + place >= len(inputs):
                yield NameSource.UNKNOWN, ""
            else:
                waiting.append((at, inputs[first + place]))

    def _bound(self, function: str, from_end: int) -> Any:
        """The object that an argument is bound to, the last ones of a function being so; None where it is not."""
        objects = self._meta.object_graph_def if self._meta else None
        if objects is None or function not in objects.concrete_functions:
            return None
        bound = objects.concrete_functions[function].bound_inputs
        if -from_end > len(bound) or not 0 <= bound[from_end] < len(objects.nodes):
            return None
        return objects.nodes[bound[from_end]]

    def _assigned(
        self, function: str | None, node: Any, waiting: list[tuple[str | None, str]]
    ) -> Iterator[tuple[NameSource, str]]:
        """What a variable is set to when the model is loaded, as newer TensorFlows hand a table its asset."""
        inputs = _data(node.input)
        values = self._assignments.get(_node(inputs[0]), ()) if function is None and inputs else ()
        waiting += [(None, each) for each in values]
        if not values:
            yield NameSource.UNKNOWN, ""

    @cached_property
    def _assignments(self) -> dict[str, list[str]]:
        """Variable of the main graph -> what it is set to there."""
        found: dict[str, list[str]] = defaultdict(list)
        for node, function in self._tallies.get("AssignVariableOp", ()):
            inputs = _data(node.input)
            if function is None:
                found[_node(inputs[0]) if inputs else ""] += inputs[1:2]
        return found

    def _index(self, function: str | None) -> dict[str, Any]:
        """The nodes of the main graph or of a function by name."""
        if function not in self._indexes:
            nodes = self._graph.node if function is None else self._functions[function].node_def
            self._indexes[function] = {node.name: node for node in nodes}
        return self._indexes[function]


def _node(name: str) -> str:
    """The node or argument that an input comes from: `a` of `a`, `a:0` and `a:output:0`."""
    return name.partition(":")[0]


def _data(inputs: Sequence[str]) -> list[str]:
    """The inputs that are no control dependencies."""
    return [each for each in inputs if not each.startswith("^")]


def _text(node: Any) -> str:
    """The text of a constant, or all of its texts; empty where it has none or was too large to keep."""
    for entry in node.attr:
        try:
            attribute = parse("TextEntry", entry)
        except ValueError:
            continue
        if attribute.key == "value":
            texts = attribute.value.tensor.string_val
            return ", ".join(text.decode("utf-8", "backslashreplace") for text in texts)
    return ""
