"""What a dataset needs besides its file: the files that a virtual one is put together from, and plugins of HDF5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.heaps import global_object
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.text import first_few

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import File

_VIRTUAL, _FIRST_VIRTUAL = 3, 4
# What HDF5 2.0 says of a mapping: its file or its dataset is that of an earlier one, or the file is this one.
_EARLIER_FILE, _EARLIER_DATASET, _SAME_FILE = 1, 2, 4
_THIS_FILE = b"."
_POINTS, _HYPERSLAB = 1, 2
_UNKNOWN = "a file whose name cannot be read"
# Filters from here on are not HDF5's own; h5py has one of its own among them.
_FIRST_FOREIGN, _LZF = 256, 32000


def virtual_files(file: File, layout: bytes) -> str:
    """The other files that a virtual dataset is put together from, in words; empty where there are none.

    Args:
        file: the file.
        layout: the dataset's layout message.

    Raises:
        Hdf5Error: it is damaged.
    """
    if len(layout) < 3 or layout[0] < _FIRST_VIRTUAL or layout[1] != _VIRTUAL:
        return ""
    mappings = global_object(file, layout[2:])
    names = dict.fromkeys(name for name in _sources(file, mappings) if name != _THIS_FILE)
    return ", ".join(first_few([name.decode("utf-8", "backslashreplace") or "another file" for name in names]))


def plugin_filters(message: bytes) -> Iterator[int]:
    """The numbers of the filters in a dataset's pipeline that are plugins of HDF5.

    Args:
        message: the pipeline.
    """
    is_first_version, count = message[:1] == b"\1", message[1]
    position = 8 if is_first_version else 2
    for _ in range(count):
        number = int.from_bytes(message[position : position + 2], "little")
        is_named = is_first_version or number >= _FIRST_FOREIGN
        named = int.from_bytes(message[position + 2 : position + 4], "little") if is_named else 0
        position += 6 if is_named else 4
        values = int.from_bytes(message[position : position + 2], "little")
        position += 2 + named + 4 * values + (4 if is_first_version and values % 2 else 0)
        if number >= _FIRST_FOREIGN and number != _LZF:
            yield number


def _sources(file: File, mappings: bytes) -> Iterator[bytes]:
    """The file of each mapping; a name that says so where the rest cannot be read."""
    has_flags = mappings[:1] != b"\0"
    count, position = file.number(mappings, 1, file.length), 1 + file.length
    for _ in range(count):
        try:
            flags = mappings[position] if has_flags else 0
            position += has_flags
            name = _THIS_FILE
            if not flags & _SAME_FILE:
                name, position = _name(file, mappings, position, is_earlier=bool(flags & _EARLIER_FILE))
            _, position = _name(file, mappings, position, is_earlier=bool(flags & _EARLIER_DATASET))
            position = _after_selection(mappings, _after_selection(mappings, position))
        except (Hdf5Error, IndexError):
            yield _UNKNOWN.encode()
            return
        yield name


def _name(file: File, data: bytes, position: int, *, is_earlier: bool) -> tuple[bytes, int]:
    """A name and where it ends; that of an earlier mapping was met there, and counts as this file."""
    if is_earlier:
        return _THIS_FILE, position + file.length
    end = data.find(b"\0", position)
    if end < 0:
        raise Hdf5Error("a name is missing")
    return data[position:end], end + 1


def _after_selection(data: bytes, position: int) -> int:
    """Where the selection of elements that begins here ends."""
    kind, version = _number(data, position, 4), _number(data, position + 4, 4)
    if kind not in {_POINTS, _HYPERSLAB}:
        end = position + 16
    elif version == 1:
        end = position + 16 + _number(data, position + 12, 4)
    elif kind == _HYPERSLAB and version == 2:
        end = position + 13 + _number(data, position + 9, 4)
    elif kind == _HYPERSLAB:
        end = _after_blocks(data, position)
    else:
        width, rank = data[position + 8], _number(data, position + 9, 4)
        end = position + 13 + width + _number(data, position + 13, width) * rank * width
    if end > len(data):
        raise Hdf5Error("a selection is cut short")
    return end


def _after_blocks(data: bytes, position: int) -> int:
    """The same for the third version of blocks, which are regular or listed one by one."""
    is_regular, width, rank = data[position + 8] & 1, data[position + 9], _number(data, position + 10, 4)
    if is_regular:
        return position + 14 + 4 * rank * width
    return position + 14 + width + 2 * rank * width * _number(data, position + 14, width)


def _number(data: bytes, start: int, width: int) -> int:
    if start + width > len(data):
        raise Hdf5Error("a selection is cut short")
    return int.from_bytes(data[start : start + width], "little")
