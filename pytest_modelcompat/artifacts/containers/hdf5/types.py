"""Element types and shapes of datasets and attributes, and texts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.hdf5.heaps import global_object
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.containers.hdf5.objects import File

_INTEGER, _FLOAT, _STRING, _COMPOUND, _ENUM, _VARIABLE = 0, 1, 3, 6, 8, 9
_BFLOAT16_EXPONENT = 8
_MOST_DIMENSIONS = 32
# Most datasets of a model are alike: so many types and shapes are remembered, by the part of them that is read.
_KEPT = 1000
TYPE_HEAD, SHAPE_HEAD = 16, 8 + 8 * _MOST_DIMENSIONS


class Type(NamedTuple):
    """The type of an element.

    Args:
        name: NumPy's name for it, `string` for texts, or what HDF5 calls it.
        size: bytes an element takes where it stands; of a text of any length that is a reference.
        is_variable: whether it is such a reference.
        is_big_endian: whether a number begins with its most significant byte.
    """

    name: str
    size: int
    is_variable: bool = False
    is_big_endian: bool = False


UNKNOWN = Type("unknown", 0)


@lru_cache(maxsize=_KEPT)
def read_type(data: bytes) -> Type:
    """Reads a datatype message.

    Args:
        data: its first bytes, at most `TYPE_HEAD`.

    Raises:
        Hdf5Error: it is damaged.
    """
    if len(data) < 8:
        raise Hdf5Error("a data type is damaged")
    kind, size = data[0] & 15, int.from_bytes(data[4:8], "little")
    bits = 8 * size
    is_big_endian = bool(data[1] & 1) and kind in {_INTEGER, _FLOAT}
    if kind == _INTEGER:
        return Type(f"{'' if data[1] & 8 else 'u'}int{bits}", size, is_big_endian=is_big_endian)
    if kind == _FLOAT:
        is_brain = size == 2 and len(data) > 13 and data[13] == _BFLOAT16_EXPONENT
        return Type("bfloat16" if is_brain else f"float{bits}", size, is_big_endian=is_big_endian)
    if kind == _VARIABLE:
        return Type("string" if data[1] & 15 == 1 else "sequence", size, is_variable=True)
    names = {_STRING: "string", _COMPOUND: f"complex{bits}" if size in {8, 16} else "compound", _ENUM: "bool"}
    others = {2: "time", 4: "bits", 5: "opaque", 7: "reference", 10: "array", 11: f"complex{bits}"}
    return Type({**others, **names}.get(kind, "unknown"), size)


@lru_cache(maxsize=_KEPT)
def read_shape(data: bytes, width: int) -> tuple[int, ...] | None:
    """Reads a dataspace message; None for one that holds nothing.

    Args:
        data: its first bytes, at most `SHAPE_HEAD`.
        width: of a number in it, in bytes.

    Raises:
        Hdf5Error: it is damaged.
    """
    if len(data) < 4:
        raise Hdf5Error("a shape is damaged")
    version, rank = data[0], data[1]
    start = {1: 8, 2: 4}.get(version, 0)
    if not start or rank > _MOST_DIMENSIONS or len(data) < start + rank * width:
        raise Hdf5Error("a shape is damaged")
    if version == 2 and data[3] == 2:
        return None
    ends = range(start + width, start + width + rank * width, width)
    return tuple([int.from_bytes(data[end - width : end], "little") for end in ends])


class Attribute(NamedTuple):
    """An attribute, its value still as stored."""

    name: str
    type: Type
    shape: tuple[int, ...] | None
    data: bytes

    def text(self, file: File) -> str | None:
        """Its value if that is one text, None if it is anything else.

        Raises:
            Hdf5Error: it is no UTF-8, or not where it should be.
        """
        count = 1
        for dimension in self.shape or ():
            count *= dimension
        if self.type.name != "string" or self.shape is None or count != 1:
            return None
        data = self.data[: self.type.size]
        if self.type.is_variable:
            length = file.number(data, 0, 4)
            data = global_object(file, data[4:])[:length] if length else b""
        try:
            return data.rstrip(b"\0").decode("utf-8")
        except UnicodeDecodeError as error:
            raise Hdf5Error(f"the attribute {self.name} is no text") from error


def read_attribute(file: File, data: bytes) -> Attribute:
    """Reads an attribute message.

    Raises:
        Hdf5Error: it is damaged.
    """
    if len(data) < 8:
        raise Hdf5Error("an attribute is damaged")
    version, shared = data[0], data[1] & 3
    sizes = [file.number(data, at, 2) for at in (2, 4, 6)]
    # The first version pads each part to eight bytes.
    name, kind, space = (size + -size % 8 for size in sizes) if version == 1 else sizes
    start = 9 if version == 3 else 8
    text = data[start : start + sizes[0]].rstrip(b"\0").decode("utf-8", "backslashreplace")
    start += name
    if version > 1 and shared:
        return Attribute(text, UNKNOWN, None, b"")
    type_ = read_type(data[start : start + min(kind, TYPE_HEAD)])
    shape = read_shape(data[start + kind : start + kind + min(space, SHAPE_HEAD)], file.length)
    return Attribute(text, type_, shape, data[start + kind + space :])
