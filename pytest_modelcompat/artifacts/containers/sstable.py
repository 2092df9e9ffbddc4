"""The table file that a checkpoint's index is: sorted keys and values in blocks, in LevelDB's table format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import LARGE, read_varint
from pytest_modelcompat.artifacts.limits import MEGABYTE, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget

_FOOTER = 48
_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_TRAILER = 5
_PLAIN, _SNAPPY = 0, 1
# Packed blocks are 256 KB in TensorFlow, and a key leaves out what it shares with the one before.
_LARGEST_BLOCK = 4 * MEGABYTE
_LARGEST_TABLE = 64 * MEGABYTE
# What an entry takes in memory besides its bytes, and how many parts it counts for: it becomes a message and a weight.
_ENTRY = 64
_COST = 8


class TableError(ValueError):
    """The bytes are no table that can be read; the message is a clause that says why."""


def is_table(path: Path) -> bool:
    """Whether a file ends as a table does.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    if path.stat().st_size < _FOOTER:
        return False
    with path.open("rb") as file:
        file.seek(-len(_MAGIC), 2)
        return file.read() == _MAGIC


def read_table(data: bytes, budget: Budget | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Yields the keys of a table in stored order with their values.

    Args:
        data: the whole file.
        budget: what reading it may cost.

    Raises:
        TableError: it is damaged.
    """
    if len(data) < _FOOTER or not data.endswith(_MAGIC):
        raise TableError("it does not end as a checkpoint index does")
    footer = data[-_FOOTER:]
    _, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    left = _LARGEST_TABLE
    for _, handle in _entries(_block(data, index)):
        for key, value in _entries(_block(data, _handle(handle, 0)[0])):
            left -= len(key) + len(value) + _ENTRY
            if budget is not None:
                budget.spend(_COST)
            if left < 0:
                raise TableError(f"it is larger than {megabytes(_LARGEST_TABLE)}, which is the limit")
            yield key, value


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    end = offset + size
    if end + _TRAILER > len(data):
        raise TableError("a block of it lies beyond its end")
    kind, stored = data[end], data[offset:end]
    if kind == _SNAPPY:
        return _unpacked(stored)
    if kind != _PLAIN:
        raise TableError(f"a block of it is of the unknown kind {kind}")
    return stored


def _unpacked(data: bytes) -> bytes:
    """Unpacks Snappy: literal bytes, and copies of at most 64 bytes from what is unpacked already."""
    size, position = _varint(data, 0)
    if size > _LARGEST_BLOCK:
        raise TableError(f"a block of it is larger than {megabytes(_LARGEST_BLOCK)}, which is the limit")
    out = bytearray()
    while position < len(data) and len(out) <= size:
        tag = data[position]
        position = _copy(data, position, out) if tag & 3 else _literal(data, position, out)
    if len(out) != size:
        raise TableError("a compressed block of it is damaged")
    return bytes(out)


def _literal(data: bytes, position: int, out: bytearray) -> int:
    """Appends literal bytes; returns where the next tag stands. A length over 60 stands behind its tag."""
    length = (data[position] >> 2) + 1
    position += 1
    width = max(0, length - 60)
    if width:
        length = int.from_bytes(data[position : position + width], "little") + 1
        position += width
    out += data[position : position + length]
    return position + length


def _copy(data: bytes, position: int, out: bytearray) -> int:
    """Appends one copy; returns where the next tag stands. How many bytes its offset has is in the tag."""
    tag = data[position]
    width = (1, 2, 4)[(tag & 3) - 1]
    length = (tag >> 2) + 1
    offset = int.from_bytes(data[position + 1 : position + 1 + width], "little")
    if width == 1:
        length, offset = (tag >> 2 & 7) + 4, offset | tag >> 5 << 8
    if not 0 < offset <= len(out):
        raise TableError("a compressed block of it is damaged")
    start = len(out) - offset
    for at in range(start, start + length):
        out.append(out[at])
    return position + 1 + width


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A block's entries: each key leaves out what it shares with the one before; restart points stand at the end."""
    if len(block) < 4:
        raise TableError("a block of it is too small")
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    if end < 0:
        raise TableError("a block of it is damaged")
    position, key = 0, b""
    while position < end:
        shared, own, length = block[position : position + 3] if position + 3 <= end else (LARGE, 0, 0)
        position += 3
        if shared | own | length >= LARGE:
            shared, position = _varint(block, position - 3)
            own, position = _varint(block, position)
            length, position = _varint(block, position)
        start = position + own
        if shared > len(key) or start + length > end:
            raise TableError("an entry of it lies beyond its block")
        key = key[:shared] + block[position:start]
        position = start + length
        yield key, block[start:position]


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = _varint(data, position)
    size, position = _varint(data, position)
    return (offset, size), position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value, end = read_varint(data, position)
    if not end:
        raise TableError("a number of it does not end")
    return value, end
