"""Thinning a large protobuf message before it is parsed, so that what it holds of tensors is never in memory.

A SavedModel may keep its weights as constants in the graph, hundreds of megabytes of them; and a message of many tiny
parts takes forty times its size once parsed. So of a large file only what the schema knows is kept, and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import (
    DELIMITED,
    FIXED_32,
    FIXED_64,
    VARINT,
    delimited,
    read_varint,
)
from pytest_modelcompat.artifacts.limits import MEGABYTE, megabytes
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import ENTRY, message_fields

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.budget import Budget

# The largest graphs have a fifth of it.
MOST_PARTS = 1_000_000
# What is left of a message without its tensors.
LARGEST_KEPT = 32 * MEGABYTE
# The clock is looked at once in so many parts.
_BETWEEN_LOOKS = 1024
# A packed attribute larger than this holds a tensor, of which only the name is of interest.
_LARGEST_ENTRY = 4096
_DEEPEST = 24


class WireError(ValueError):
    """The bytes are no protobuf message; the message is a clause that says why."""


def without_tensor_values(message_name: str, data: memoryview, budget: Budget) -> bytes:
    """The message without what the schema does not know, and without the values of large attributes.

    Args:
        message_name: a message of the schema.
        data: its wire format.
        budget: what reading it may cost.

    Raises:
        WireError: it is damaged, or has more parts than any model.
    """
    return _TensorStripper(data, budget).message(message_name, 0, len(data), _DEEPEST)


class _TensorStripper:
    """One pass over a message, which counts its parts."""

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self.data, self.budget = data, budget
        self.left, self.kept = MOST_PARTS, LARGEST_KEPT

    def message(self, name: str, start: int, end: int, depth: int) -> bytes:
        if depth < 0:
            raise WireError("it is nested too deeply")
        known, kept, position = message_fields(name), [], start
        while position < end:
            self.count_part()
            head = position
            tag, position = self.varint(position)
            position, value = self.field(tag & 7, position, end)
            type_ = known.get(tag >> 3)
            if type_ is not None:
                body = self.body(type_, value, position, depth) if tag & 7 == DELIMITED else None
                kept.append(self.copy(head, position) if body is None else delimited(tag >> 3, body))
        return b"".join(kept)

    def count_part(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise WireError(f"it has more than {MOST_PARTS:,} parts, which is the limit")
        if not self.left % _BETWEEN_LOOKS:
            self.budget.look()

    def copy(self, start: int, end: int) -> bytes:
        """What is kept as it is."""
        self.kept -= end - start
        if self.kept < 0:
            raise WireError(f"it has more than {megabytes(LARGEST_KEPT)} besides its tensors, which is the limit")
        return bytes(self.data[start:end])

    def field(self, kind: int, position: int, end: int) -> tuple[int, int]:
        """Where a field ends, and where its value begins."""
        start = position
        if kind == VARINT:
            _, position = self.varint(position)
        elif kind == DELIMITED:
            size, start = self.varint(position)
            position = start + size
        elif kind in {FIXED_64, FIXED_32}:
            position += 8 if kind == FIXED_64 else 4
        else:
            raise WireError(f"a part of it is of the unknown kind {kind}")
        if position > end:
            raise WireError("a part of it does not end with it")
        return position, start

    def body(self, type_: str, start: int, end: int, depth: int) -> bytes | None:
        """What is kept of a delimited value; None for all of it."""
        if type_ == ENTRY:
            return None if end - start <= _LARGEST_ENTRY else self.key(start)
        if type_.startswith("map:"):
            return self.entry(type_.removeprefix("map:"), start, end, depth)
        base = type_.lstrip("*|")
        return self.message(base, start, end, depth - 1) if base[0].isupper() else None

    def key(self, start: int) -> bytes:
        """The first field of a map's entry, which is its key."""
        tag, position = self.varint(start)
        size, position = self.varint(position)
        if tag != 1 << 3 | DELIMITED or size > _LARGEST_ENTRY:
            raise WireError("an attribute of it has no name")
        return self.copy(start, position + size)

    def entry(self, base: str, start: int, end: int, depth: int) -> bytes:
        """A map's entry with its value thinned."""
        kept, position = [], start
        while position < end:
            self.count_part()
            head = position
            tag, position = self.varint(position)
            position, value = self.field(tag & 7, position, end)
            is_message = tag == 2 << 3 | DELIMITED
            body = self.message(base, value, position, depth - 1) if is_message else None
            kept.append(self.copy(head, position) if body is None else delimited(tag >> 3, body))
        return b"".join(kept)

    def varint(self, position: int) -> tuple[int, int]:
        value, end = read_varint(self.data, position)
        if not end:
            raise WireError("a number of it does not end")
        return value, end
