"""What a group links to."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.hdf5.heaps import FractalHeap, LocalHeap
from pytest_modelcompat.artifacts.containers.hdf5.objects import LINK, LINK_INFO, SYMBOL_TABLE
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.containers.hdf5.trees import records, symbol_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import File, Header

_HARD, _SOFT, _EXTERNAL = 0, 1, 64
_CACHED_SOFT_LINK = 2
# By the width of an address: where the name stands, the object's address, what is cached, a soft link's target.
_SYMBOLS = {width: struct.Struct(f"<{format_}{format_}I4xI12x") for width, format_ in ((2, "H"), (4, "I"), (8, "Q"))}
# The hash of a link's name stands before its heap identifier.
_NAME_HASH = 4


class SymbolicLink(NamedTuple):
    """A link to something by its name: in another file if `is_external`, else in this one.

    One that `needs_plugin` is of a kind that HDF5 does not know by itself, and leads anywhere.
    """

    name: str
    target: str
    is_external: bool = False
    needs_plugin: bool = False


Link = tuple[str, int | SymbolicLink]


def links(file: File, header: Header) -> Iterator[Link]:
    """The links of a group, in no particular order: a name, and the address of an object or where else it leads.

    Args:
        file: the file.
        header: of the group.

    Raises:
        Hdf5Error: some are damaged.
    """
    for table in header.get(SYMBOL_TABLE, ()):
        yield from _symbols(file, table)
    for message in header.get(LINK, ()):
        yield _link(file, message)
    for info in header.get(LINK_INFO, ()):
        yield from _many(file, info)


def _symbols(file: File, table: bytes) -> Iterator[Link]:
    """The links of an old group."""
    text = LocalHeap(file, file.address(table, file.offset)).text
    symbol, read = _SYMBOLS[file.offset], file.source.read
    for node in symbol_nodes(file, file.address(table)):
        head = read(node, 8)
        if not head.startswith(b"SNOD"):
            raise Hdf5Error(f"there are no links at byte {node}")
        data = read(node + 8, int.from_bytes(head[6:8], "little") * symbol.size)
        for name, address, kind, target in symbol.iter_unpack(data):
            yield text(name), address if kind != _CACHED_SOFT_LINK else SymbolicLink(text(name), text(target))


def _many(file: File, info: bytes) -> Iterator[Link]:
    """The links of a group that has too many of them for its header."""
    start = 10 if info[1:2] and info[1] & 1 else 2
    if file.number(info, start, file.offset) == file.undefined:
        return
    heap = FractalHeap(file, file.address(info, start))
    for record in records(file, file.address(info, start + file.offset)):
        yield _link(file, heap.get(record[_NAME_HASH:]))


def _link(file: File, data: bytes) -> Link:
    if len(data) < 4:
        raise Hdf5Error("a link is damaged")
    flags, position, kind = data[1], 2, _HARD
    if flags & 8:
        kind, position = data[2], 3
    position += (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    end = position + width + file.number(data, position, width)
    name, value = _text(data[position + width : end]), data[end:]
    if kind == _HARD:
        return name, file.address(value)
    target = value[2 : 2 + file.number(value, 0, 2)]
    if kind == _EXTERNAL:
        # A byte of flags, the file's name, and the object's in it.
        told = _text(target[1:].rstrip(b"\0").replace(b"\0", b", "))
        return name, SymbolicLink(name, told, is_external=True)
    return name, SymbolicLink(name, _text(target), needs_plugin=kind != _SOFT)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
