"""What a dataset is: type, shape, and where its values lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.hdf5.heaps import LocalHeap
from pytest_modelcompat.artifacts.containers.hdf5.objects import (
    ATTRIBUTE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    SHARED,
    SPACE,
    TYPE,
)
from pytest_modelcompat.artifacts.containers.hdf5.outside import plugin_filters, virtual_files
from pytest_modelcompat.artifacts.containers.hdf5.types import (
    SHAPE_HEAD,
    TYPE_HEAD,
    UNKNOWN,
    read_attribute,
    read_shape,
    read_type,
)

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.containers.hdf5.objects import File, Header

_CONTIGUOUS = 1


class Dataset(NamedTuple):
    """One array.

    Args:
        path: names from the root down, with slashes between them.
        dtype: NumPy's name, `string` for texts.
        shape: its shape.
        nbytes: its size, uncompressed; 0 for texts of any length.
        offset: where its values begin in the file that the source is of; None where they do not lie in it in one
            piece and as they are.
        is_big_endian: whether each number begins with its most significant byte.
        outside: the files that it takes its values from; empty where it holds them itself.
        plugins: the numbers of the filters that its values go through and that are plugins of HDF5.
    """

    path: str
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    offset: int | None
    is_big_endian: bool
    outside: str
    plugins: tuple[int, ...] = ()


def read_dataset(file: File, path: str, header: Header) -> Dataset | None:
    """Describes a dataset; None for an object that is none.

    Args:
        file: the file.
        path: the object's.
        header: the object's.

    Raises:
        Hdf5Error: it is damaged.
    """
    if SPACE not in header or not (TYPE in header or SHARED | TYPE in header):
        return None
    type_ = read_type(header[TYPE][0][:TYPE_HEAD]) if TYPE in header else UNKNOWN
    shape = read_shape(header[SPACE][0][:SHAPE_HEAD], file.length)
    nbytes = 0 if type_.is_variable or shape is None else type_.size
    for dimension in shape or ():
        nbytes *= dimension
    layout = header[LAYOUT][0] if LAYOUT in header else b""
    if EXTERNAL_FILES in header:
        outside = _external_files(file, header[EXTERNAL_FILES][0])
    else:
        outside = virtual_files(file, layout)
    offset = None if outside or not layout else _offset(file, layout)
    dtype = _declared(file, header[ATTRIBUTE]) if ATTRIBUTE in header else None
    plugins = tuple(number for message in header.get(FILTERS, ()) for number in plugin_filters(message))
    return Dataset(path, dtype or type_.name, shape or (), nbytes, offset, type_.is_big_endian, outside, plugins)


def _offset(file: File, layout: bytes) -> int | None:
    """Where the values of a contiguous dataset begin in the file."""
    start, kind = (2, layout[1]) if layout[0] > 2 else (8, layout[2])
    if kind != _CONTIGUOUS or len(layout) < start + file.offset:
        return None
    address = int.from_bytes(layout[start : start + file.offset], "little")
    return None if address == file.undefined else file.source.start + address


def _declared(file: File, attributes: list[bytes]) -> str | None:
    """The dtype that Keras 3 writes beside a dataset where HDF5 has none for it, such as bfloat16."""
    for message in attributes:
        attribute = read_attribute(file, message)
        if attribute.name == "dtype":
            return attribute.text(file)
    return None


def _external_files(file: File, data: bytes) -> str:
    heap, start = LocalHeap(file, file.address(data, 8)), 8 + file.offset
    slots = range(start, start + 3 * file.length * file.number(data, 6, 2), 3 * file.length)
    names = [heap.text(file.number(data, slot, file.length)) for slot in slots if slot < len(data)]
    return ", ".join(names) or "another file"
