"""What protobuf's wire format is made of, and LevelDB's tables in part: numbers of as many bytes as they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The kinds of a field's value, which stand in its tag behind the field's number.
VARINT, FIXED_64, DELIMITED, FIXED_32 = 0, 1, 2, 5
# Of the kinds that have one, the size of a value.
_SIZES = {FIXED_64: 8, FIXED_32: 4}
# The bytes that the longest number takes: it has 64 bits, seven to a byte.
LONGEST_VARINT = 10
# A number from here on takes more than one byte.
LARGE = 0x80


def read_varint(data: Sequence[int], position: int) -> tuple[int, int]:
    """A number and where it ends; 0 for the end where it has none.

    Args:
        data: bytes.
        position: where it begins.
    """
    value, size = 0, len(data)
    for shift in range(0, 7 * LONGEST_VARINT, 7):
        if position >= size:
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < LARGE:
            return value, position
    return value, 0


def varint(value: int) -> bytes:
    """A number as it is written.

    Args:
        value: at least 0.
    """
    out = bytearray()
    while value >= LARGE:
        out.append(value & 0x7F | LARGE)
        value >>= 7
    return bytes([*out, value])


def delimited(number: int, body: bytes) -> bytes:
    """A field that says how long its value is.

    Args:
        number: the field's.
        body: the value.
    """
    return varint(number << 3 | DELIMITED) + varint(len(body)) + body


def delimited_fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and value, in place, of each field that says how long it is.

    Args:
        data: a message.

    Raises:
        ValueError: it is damaged.
    """
    position, size = 0, len(data)
    while position < size:
        tag, start = read_varint(data, position)
        kind = tag & 7
        length, end = read_varint(data, start) if kind in {VARINT, DELIMITED} else (0, start + _SIZES.get(kind, 0))
        if kind == DELIMITED and end:
            start, end = end, end + length
        if not position < start <= end <= size or (start == end and kind != DELIMITED):
            raise ValueError("a part of it does not end with it")
        if kind == DELIMITED:
            yield tag >> 3, data[start:end]
        position = end
