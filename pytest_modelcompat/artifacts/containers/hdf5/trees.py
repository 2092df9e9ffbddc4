"""The two kinds of tree that HDF5 lists the links and attributes of a group in."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import File

_DEEPEST = 32
_FORMATS = {2: "H", 4: "I", 8: "Q"}
# A key and an address, by their widths.
_PAIRS = {(key, own): struct.Struct(f"<{_FORMATS[key]}{_FORMATS[own]}") for key in _FORMATS for own in _FORMATS}
_LARGEST_NODE = 1 << 20
# Signature, version, type and checksum of a node.
_NODE_OVERHEAD = 10


def symbol_nodes(file: File, root: int) -> Iterator[int]:
    """The addresses of the nodes that hold an old group's symbols, in order of their names.

    Args:
        file: the file.
        root: address of the tree.

    Raises:
        Hdf5Error: it is damaged.
    """
    level, children = _children(file, root)
    if not level:
        return iter(children)
    return _below(file, children, level, {root})


def _below(file: File, nodes: list[int], level: int, seen: set[int]) -> Iterator[int]:
    """The children of the lowest nodes below some that stand one level below `level`."""
    for node in nodes:
        if node in seen:
            raise Hdf5Error("a group's tree runs in a circle")
        seen.add(node)
        lower, children = _children(file, node)
        if lower >= level:
            raise Hdf5Error("a group's tree is damaged")
        yield from _below(file, children, lower, seen) if lower else children


def _children(file: File, address: int) -> tuple[int, list[int]]:
    """A node's level, 0 for the lowest, and what it points to: each address stands behind a key."""
    head = file.source.read(address, 8)
    if not head.startswith(b"TREE\0"):
        raise Hdf5Error(f"there is no tree of a group at byte {address}")
    pair = _PAIRS[file.length, file.offset]
    data = file.source.read(address + 8 + 2 * file.offset, int.from_bytes(head[6:8], "little") * pair.size)
    return head[5], [child for _, child in pair.iter_unpack(data)]


def records(file: File, address: int) -> Iterator[bytes]:
    """The records of a tree of the second version.

    Args:
        file: the file.
        address: of the tree's header.

    Raises:
        Hdf5Error: it is damaged.
    """
    head = file.source.read(address, 16 + file.offset + 2)
    if not head.startswith(b"BTHD"):
        raise Hdf5Error(f"there is no tree of links or attributes at byte {address}")
    size, width, depth = file.number(head, 6, 4), file.number(head, 10, 2), file.number(head, 12, 2)
    if not 0 < width < size <= _LARGEST_NODE or depth > _DEEPEST:
        raise Hdf5Error("a tree of links or attributes is damaged")
    count = file.number(head, 16 + file.offset, 2)
    if count:
        yield from _Tree(file, size, width, depth).below(file.address(head, 16), count, depth)


class _Tree:
    """How wide the fields of a tree's nodes are, which follows from how many records fit into one."""

    def __init__(self, file: File, size: int, width: int, depth: int) -> None:
        self.file, self.width = file, width
        most = total = (size - _NODE_OVERHEAD) // width
        self.count_width = _bytes_for(most)
        self.total_widths = [0]
        for _ in range(depth):
            pointer = file.offset + self.count_width + self.total_widths[-1]
            most = max(0, (size - _NODE_OVERHEAD - pointer) // (width + pointer))
            total = (most + 1) * total + most
            self.total_widths.append(_bytes_for(total))
        self.seen: set[int] = set()

    def below(self, address: int, count: int, depth: int) -> Iterator[bytes]:
        if address in self.seen:
            raise Hdf5Error("a tree of links or attributes runs in a circle")
        self.seen.add(address)
        pointer = self.file.offset + self.count_width + self.total_widths[depth - 1] if depth else 0
        data = self.file.source.read(address, 6 + count * self.width + (count + 1) * pointer)
        if data[:4] != (b"BTIN" if depth else b"BTLF"):
            raise Hdf5Error("a tree of links or attributes is damaged")
        end = 6 + count * self.width
        for position in range(6, end, self.width):
            yield data[position : position + self.width]
        for position in range(end, len(data), pointer or 1):
            child = self.file.address(data, position)
            held = self.file.number(data, position + self.file.offset, self.count_width)
            yield from self.below(child, held, depth - 1)


def _bytes_for(number: int) -> int:
    return max(1, (number.bit_length() + 7) // 8)
