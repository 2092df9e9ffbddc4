"""What is changed in a SavedModel's graphs, as data, and the pass over its bytes that does it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.wire_format import DELIMITED
from pytest_modelcompat.migration.saved_model.captured_tensors import without_captured_tensors
from pytest_modelcompat.migration.saved_model.graph_node import GraphNode, name_of, renamed, text_of
from pytest_modelcompat.migration.saved_model.wire import field_of, rewritten, wire_fields, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_modelcompat.migration.saved_model.expansions import Expansion
    from pytest_modelcompat.migration.saved_model.replacements import Replacement
    from pytest_modelcompat.migration.saved_model.wire import Chunks, Handler

# How object graphs call the optimizers that have slot variables.
OPTIMIZER = b"optimizer"
# Numbers of fields: of `SavedModel`, `MetaGraphDef`, `GraphDef`, `FunctionDefLibrary`, `FunctionDef`,
# `SavedObjectGraph`, `SavedObject`, `SavedUserObject`.
_META_GRAPH, _GRAPH, _OBJECTS = 2, 2, 7
_NODE, _LIBRARY, _VERSIONS, _FUNCTION, _NODE_OF_FUNCTION = 1, 2, 4, 1, 3
_OBJECT, _SLOT_VARIABLE, _USER_OBJECT, _IDENTIFIER = 1, 3, 4, 1
_ATTRIBUTE = 5


# What a place can be.
ATTRIBUTE, OP, SLOT_VARIABLES, CAPTURED_TENSORS = "attribute", "op", "slot variables", "captured tensors"


class Place(NamedTuple):
    """What was changed, as above; the op; the attribute, and its value as text; of an op, the one in its place."""

    what: str
    op: str = ""
    attribute: str = ""
    value: str = ""


@dataclass(frozen=True)
class GraphChanges:
    """What is changed.

    Args:
        dropped: op -> attribute -> the value at which it is dropped, as text; None for any.
        replaced: op -> the one that takes its place where both do the same.
        expanded: op -> the nodes that take its place in functions.
        slot_variables: whether optimizers lose their slot variables.
        captured_tensors: whether captured tensors are no longer objects.
    """

    dropped: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    replaced: Mapping[str, Replacement] = field(default_factory=dict)
    expanded: Mapping[str, Expansion] = field(default_factory=dict)
    slot_variables: bool = False
    captured_tensors: bool = False

    def dropping(self, dropped: Mapping[str, Mapping[str, str | None]]) -> GraphChanges:
        """These, and attributes dropped besides."""
        both = {op: dict(names) for op, names in self.dropped.items()}
        for op, names in dropped.items():
            both.setdefault(op, {}).update(names)
        return replace(self, dropped=both)


def changed_graphs(data: memoryview, changes: GraphChanges) -> tuple[Chunks, Counter[Place]]:
    """A SavedModel with changed graphs, in pieces that share its memory, and what was changed how often.

    Args:
        data: a `SavedModel` message.
        changes: what to change, in every graph and function.

    Raises:
        ValueError: it is damaged.
    """
    done = _Pass(changes)
    if changes == GraphChanges():
        return [data], done.places
    return done.saved_model(data) or [data], done.places


class _Pass:
    """One pass over a file."""

    def __init__(self, changes: GraphChanges) -> None:
        self.changes = changes
        self.places: Counter[Place] = Counter()
        self.wanted = changes.replaced.keys() | changes.dropped.keys() | changes.expanded.keys()

    def saved_model(self, data: memoryview) -> Chunks | None:
        function: Handler = within(_FUNCTION, {_NODE_OF_FUNCTION: partial(self.node, _NODE_OF_FUNCTION)})
        graph: dict[int, Handler] = {
            _NODE: partial(self.node, _NODE),
            _LIBRARY: within(_LIBRARY, {_FUNCTION: function}),
        }
        meta: dict[int, Handler] = {_GRAPH: within(_GRAPH, graph)}
        if self.changes.slot_variables:
            meta[_OBJECTS] = within(_OBJECTS, {_OBJECT: self.tracked})
        if self.changes.captured_tensors:
            meta[_OBJECTS] = self.objects
        return rewritten(data, {_META_GRAPH: within(_META_GRAPH, meta)})

    def node(self, number: int, data: memoryview) -> Chunks | None:
        node = GraphNode(data)
        op = node.first_op
        if op not in self.wanted:
            return None
        nodes = self.expanded(op, node) if number == _NODE_OF_FUNCTION else None
        if nodes is not None:
            return [chunk for each in nodes for chunk in field_of(number, each)]
        by = self.changes.replaced.get(op)
        if by is not None and not by.applies(node):
            by = None
        if by is not None:
            self.places[Place(OP, op, value=by.by)] += 1
        attribute = partial(self.attribute, op, by)
        body = node.changed(attribute, by.by if by else "", keeps_inputs=by is None or by.keeps_inputs)
        return None if body is None else field_of(number, body)

    def expanded(self, op: str, node: GraphNode) -> list[Chunks] | None:
        expansion = self.changes.expanded.get(op)
        nodes = None if expansion is None else expansion.nodes(node)
        if expansion is not None and nodes is not None:
            self.places[Place(OP, op, expansion.attribute, " + ".join((*expansion.needs, op)))] += 1
        return nodes

    def attribute(self, op: str, by: Replacement | None, entry: memoryview) -> Chunks | None:
        name = name_of(entry)
        if by is not None and name in by.attributes:
            new = by.attributes[name]
            return [] if new is None else field_of(_ATTRIBUTE, renamed(entry, new))
        droppable = self.changes.dropped.get(op if by is None else by.by, {})
        if name not in droppable:
            return None
        text, wanted = text_of(entry), droppable[name]
        if wanted is not None and text != wanted:
            return None
        self.places[Place(ATTRIBUTE, op, name, text or "")] += 1
        return []

    def objects(self, data: memoryview) -> Chunks | None:
        found = without_captured_tensors(data)
        if found is None:
            return None
        self.places[Place(CAPTURED_TENSORS)] += found[1]
        return field_of(_OBJECTS, found[0])

    def tracked(self, data: memoryview) -> Chunks | None:
        if not _is_optimizer(data):
            return None
        body = rewritten(data, {_SLOT_VARIABLE: self.slot_variable})
        return None if body is None else field_of(_OBJECT, body)

    def slot_variable(self, _: memoryview) -> Chunks:
        self.places[Place(SLOT_VARIABLES)] += 1
        return []


def _is_optimizer(data: memoryview) -> bool:
    """Whether a tracked object is an optimizer that has slot variables."""
    return any(
        inner.number == _IDENTIFIER and user[inner.start : inner.end] == OPTIMIZER
        for field in wire_fields(data)
        if field.number == _USER_OBJECT and field.kind == DELIMITED
        for user in (data[field.start : field.end],)
        for inner in wire_fields(user)
    )
