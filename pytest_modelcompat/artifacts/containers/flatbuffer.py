"""A TensorFlow Lite file's list of ops, read from its flatbuffer where it stands."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    from pathlib import Path

_OPERATOR_CODES, _CUSTOM_CODE = 1, 1
_MOST_OPS = 1000
_LONGEST_NAME = 200


def tflite_ops(path: Path) -> tuple[int, tuple[str, ...]] | None:
    """How many kinds of ops a TensorFlow Lite model has, and the names of those that are no part of it, sorted.

    Args:
        path: a TensorFlow Lite model.

    Returns:
        None where the file is damaged.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            codes = _field(data, _offset(data, 0), _OPERATOR_CODES)
            count = _unsigned(data, codes) if codes else 0
            if count > _MOST_OPS:
                return None
            places = (_field(data, _offset(data, codes + 4 * number), _CUSTOM_CODE) for number in range(1, count + 1))
            return count, tuple(sorted({_name(data, place) for place in places if place}))
        except (struct.error, IndexError, ValueError):
            return None


def _field(data: mmap.mmap, table: int, number: int) -> int:
    """Where what a table's field points to begins; 0 where the table has no such field."""
    fields = table - int(struct.unpack_from("<i", data, table)[0])
    if fields < 0:
        raise ValueError("a table of it lies before its beginning")
    at = 4 + 2 * number
    if at + 2 > struct.unpack_from("<H", data, fields)[0]:
        return 0
    offset = int(struct.unpack_from("<H", data, fields + at)[0])
    return _offset(data, table + offset) if offset else 0


def _offset(data: mmap.mmap, at: int) -> int:
    return at + _unsigned(data, at)


def _unsigned(data: mmap.mmap, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _name(data: mmap.mmap, at: int) -> str:
    size = min(_unsigned(data, at), _LONGEST_NAME)
    return clause(data[at + 4 : at + 4 + size].decode("utf-8", "replace"))
