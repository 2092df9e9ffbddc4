"""A node of a graph in protobuf's wire format: what edits ask of it, and how it is written with changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import DELIMITED
from pytest_modelcompat.artifacts.saved_model.attributes import value_text
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.migration.saved_model.wire import text_field, wire_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_modelcompat.migration.saved_model.wire import Chunks

# The fields of a `NodeDef` that edits change. The last one describes its outputs.
_NAME, _OP, _INPUT, _DEVICE, _ATTRIBUTE, _TYPE_OF_OUTPUTS = 1, 2, 3, 4, 5, 7
_KEY = 1
# A larger attribute holds a tensor.
_LARGEST = 4096
_CONTROL = b"^"


@dataclass(frozen=True)
class GraphNode:
    """A node.

    Args:
        data: a `NodeDef` message.
    """

    data: memoryview

    @property
    def name(self) -> str:
        """Its name."""
        return next(self._texts(_NAME), "")

    @property
    def device(self) -> str:
        """The device that it asks for; empty for any."""
        return next(self._texts(_DEVICE), "")

    @property
    def first_op(self) -> str:
        """The op that it names first, which is the only one in a file that TensorFlow wrote; empty for none."""
        return next(self._texts(_OP), "")

    def inputs(self) -> list[str]:
        """Its inputs, those that only say what is done first at the end."""
        return list(self._texts(_INPUT))

    def attributes(self) -> dict[str, memoryview]:
        """Its attributes by name, each packed with its name."""
        found = {}
        for field in wire_fields(self.data):
            if field.number == _ATTRIBUTE and field.kind == DELIMITED:
                entry = self.data[field.start : field.end]
                found[name_of(entry)] = entry
        return found

    def changed(
        self, attribute: Callable[[memoryview], Chunks | None], op: str = "", *, keeps_inputs: bool = True
    ) -> Chunks | None:
        """The node with other attributes; None where nothing changes.

        Args:
            attribute: given a packed attribute, what is written instead of it; nothing in an empty list, None leaves
                it as it is.
            op: the op that takes its place; empty for its own.
            keeps_inputs: whether it keeps the inputs that are values; those that only say what is done first stay.
        """
        chunks: Chunks = []
        is_changed = bool(op)
        for field in wire_fields(self.data):
            whole, value = self.data[field.head : field.end], self.data[field.start : field.end]
            instead: Chunks | None = None
            if field.kind == DELIMITED:
                instead = self._instead(field.number, value, attribute, op, keeps_inputs=keeps_inputs)
            chunks += [whole] if instead is None else instead
            is_changed = is_changed or instead is not None
        return chunks if is_changed else None

    def with_first_input(self, name: str, *, without: str) -> Chunks:
        """The node with another first input.

        Args:
            name: the input.
            without: an attribute that is left out.
        """
        chunks: Chunks = []
        is_first = True
        for field in wire_fields(self.data):
            value = self.data[field.start : field.end]
            if field.kind == DELIMITED and field.number == _INPUT and is_first:
                chunks.append(text_field(_INPUT, name))
                is_first = False
            elif field.kind != DELIMITED or field.number != _ATTRIBUTE or name_of(value) != without:
                chunks.append(self.data[field.head : field.end])
        return chunks

    def _texts(self, number: int) -> Iterator[str]:
        for field in wire_fields(self.data):
            if field.number == number and field.kind == DELIMITED:
                yield _text(self.data, field.start, field.end)

    @staticmethod
    def _instead(
        number: int,
        value: memoryview,
        attribute: Callable[[memoryview], Chunks | None],
        op: str,
        *,
        keeps_inputs: bool,
    ) -> Chunks | None:
        if number == _ATTRIBUTE:
            return attribute(value)
        if number == _OP and op:
            return [text_field(_OP, op)]
        if number == _INPUT and not keeps_inputs and bytes(value[:1]) != _CONTROL:
            return []
        return [] if number == _TYPE_OF_OUTPUTS and op else None


def name_of(entry: memoryview) -> str:
    """The name of a packed attribute.

    Args:
        entry: the attribute.
    """
    return next((_text(entry, field.start, field.end) for field in _keys(entry)), "")


def renamed(entry: memoryview, name: str) -> Chunks:
    """A packed attribute under another name.

    Args:
        entry: the attribute.
        name: the new name.
    """
    keys = [*_keys(entry)]
    return [text_field(_KEY, name), *(entry[: key.head] for key in keys[:1]), *(entry[key.end :] for key in keys[:1])]


def text_of(entry: memoryview) -> str | None:
    """The value of a packed attribute as text, as profiles have it; None for one that has none that is exact.

    Args:
        entry: the attribute.
    """
    if len(entry) > _LARGEST:
        return None
    value = parse("AttrEntry", bytes(entry)).value
    text = value_text(value)
    # Long texts are cut, and end with this.
    return None if text is not None and text.endswith(" …") else text


def _keys(entry: memoryview) -> list:  # type: ignore[type-arg]
    return [field for field in wire_fields(entry) if field.number == _KEY and field.kind == DELIMITED]


def _text(data: memoryview, start: int, end: int) -> str:
    return bytes(data[start:end]).decode("utf-8", "replace")
