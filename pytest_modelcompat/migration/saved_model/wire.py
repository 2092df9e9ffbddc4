"""A protobuf message with some of its fields changed, and all others byte for byte as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.wire_format import (
    DELIMITED,
    FIXED_32,
    FIXED_64,
    VARINT,
    delimited,
    read_varint,
    varint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Chunk = bytes | memoryview
    Chunks = list[Chunk]
    # Given a field's value, what is written instead of the field: nothing in an empty list, None leaves it as it is.
    Handler = Callable[[memoryview], Chunks | None]

_SIZES = {FIXED_64: 8, FIXED_32: 4}


class Field(NamedTuple):
    """A field of a message: its number, the kind of its value, where it begins, and where its value does and ends."""

    number: int
    kind: int
    head: int
    start: int
    end: int


def wire_fields(data: memoryview) -> Iterator[Field]:
    """The fields of a message, in the order in which they are written.

    Args:
        data: the message.

    Raises:
        ValueError: it is damaged.
    """
    position, size = 0, len(data)
    while position < size:
        head = position
        tag, start = read_varint(data, head)
        kind = tag & 7
        if kind == DELIMITED:
            length, start = read_varint(data, start) if start else (0, 0)
            position = start + length
        elif kind == VARINT:
            _, position = read_varint(data, start) if start else (0, 0)
        else:
            position = start + _SIZES.get(kind, size)
        if not head < start <= position <= size:
            raise ValueError("a part of it does not end with it")
        yield Field(tag >> 3, kind, head, start, position)


def rewritten(data: memoryview, handlers: Mapping[int, Handler]) -> Chunks | None:
    """A message with some fields changed, in pieces that share its memory; None where nothing changes.

    Args:
        data: the message.
        handlers: number of a field that says how long it is -> what is written instead.

    Raises:
        ValueError: it is damaged.
    """
    chunks: Chunks = []
    written, is_changed = 0, False
    for field in wire_fields(data):
        handler = handlers.get(field.number) if field.kind == DELIMITED else None
        instead = handler(data[field.start : field.end]) if handler is not None else None
        if instead is not None:
            chunks += [data[written : field.head], *instead]
            written, is_changed = field.end, True
    return [*chunks, data[written:]] if is_changed else None


def within(number: int, handlers: Mapping[int, Handler]) -> Handler:
    """A handler of a message in a message.

    Args:
        number: of the field that holds it.
        handlers: of its own fields.
    """

    def handler(value: memoryview) -> Chunks | None:
        body = rewritten(value, handlers)
        return None if body is None else field_of(number, body)

    return handler


def field_of(number: int, body: Sequence[Chunk]) -> Chunks:
    """A field of a message.

    Args:
        number: its number.
        body: its value, in pieces.
    """
    return [varint(number << 3 | DELIMITED) + varint(sum(map(len, body))), *body]


def text_field(number: int, text: str) -> bytes:
    """A field that holds a text."""
    return delimited(number, text.encode())
