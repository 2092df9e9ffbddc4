"""The file's superblock, and the headers of its objects: messages by type."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.source import Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FIRST_USER_BLOCK = 512
_WIDTHS = frozenset({2, 4, 8})
SPACE, LINK_INFO, TYPE, LINK, EXTERNAL_FILES, LAYOUT, FILTERS = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08, 0x0B
ATTRIBUTE = 0x0C
_CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 0x10, 0x11, 0x15
# Of all messages in an object's header, those that tell what it is.
_WANTED = frozenset(
    {SPACE, TYPE, EXTERNAL_FILES, LAYOUT, FILTERS, ATTRIBUTE, ATTRIBUTE_INFO}
    | {LINK, LINK_INFO, SYMBOL_TABLE, _CONTINUATION}
)
# Several times what the largest models have.
MOST_OBJECTS = 200_000
_SPACED = struct.Struct("<HHB").unpack_from
_PACKED = struct.Struct("<BHB").unpack_from
_LARGEST_CHUNK = 1 << 24
_MOST_CHUNKS = 1000
# A shared message only says where it really is; it is kept under its type with this bit.
SHARED = 0x200
_SHARED_FLAG = 2

# An object's header: its messages by type.
Header = dict[int, list[bytes]]


class File:
    """An HDF5 file: what its superblock says, and how to get at its objects.

    Args:
        source: the whole file, user block included.

    Attributes:
        base: where it says that its addresses count from.

    Raises:
        Hdf5Error: it has no superblock, a damaged one, or ends before the size it declares.
    """

    def __init__(self, source: Source) -> None:
        start = superblock_start(source)
        version = source.read(start + 8, 1)[0]
        sizes, fields = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}.get(version, (0, 0))
        if not sizes:
            raise Hdf5Error(f"its superblock is of the unknown version {version}")
        self.offset, self.length = source.read(start + sizes, 2)
        if self.offset not in _WIDTHS or self.length not in _WIDTHS:
            raise Hdf5Error(f"its addresses are {self.offset} and its lengths {self.length} bytes wide")
        self.undefined = (1 << 8 * self.offset) - 1
        # Base address, free space or extension, end of file, and driver information or the root; old ones go on with
        # the root's symbol table entry: the offset of its name, then the address of its header.
        count = 6 if version < 2 else 4
        data = source.read(start + fields, count * self.offset)
        base, _, end, *rest = (self.number(data, at, self.offset) for at in range(0, len(data), self.offset))
        if source.size < end:
            raise TruncatedError(f"it has {source.size:,} bytes of the {end:,} that it declares")
        # Where the superblock was moved, the library counts from where it is, and not from where it says.
        self.base, self.source = base, source.part(start) if start else source
        self.root = rest[-1]

    @staticmethod
    def number(data: bytes, start: int, width: int) -> int:
        """An unsigned number of `width` bytes."""
        return int.from_bytes(data[start : start + width], "little")

    def address(self, data: bytes, start: int = 0) -> int:
        """The file address that stands at `start`.

        Raises:
            Hdf5Error: it is undefined, or cut off.
        """
        end = start + self.offset
        address = int.from_bytes(data[start:end], "little")
        if address == self.undefined or end > len(data):
            raise Hdf5Error("an address is missing")
        return address

    def header(self, address: int) -> Header:
        """The messages in an object's header that tell what it is, continuations included.

        Args:
            address: of the header.

        Raises:
            Hdf5Error: there is no header, or a damaged one.
        """
        read = self.source.read
        head = read(address, 16)
        if head[0] == 1:
            # A continuation of the second version has a signature and a checksum around it.
            start, size, around, unpack = address + 16, int.from_bytes(head[8:12], "little"), 0, _spaced
        elif head.startswith(b"OHDR"):
            start, size = self._second_header(address, head[5])
            around, unpack = 4, _packed_tracked if head[5] & 4 else _packed
        else:
            raise Hdf5Error(f"there is no object at byte {address}")
        found: Header = {}
        unpack(read(start, _bounded(size)), found)
        for place in self._continuations(found):
            start, size = self.address(place), self.number(place, self.offset, self.length)
            unpack(read(start + around, max(0, _bounded(size) - 2 * around)), found)
        return found

    def _second_header(self, address: int, flags: int) -> tuple[int, int]:
        """Where the messages of a header of the second version begin, and how many bytes they are."""
        start = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        return start + width, self.number(self.source.read(start, width), 0, width)

    @staticmethod
    def _continuations(found: Header) -> Iterator[bytes]:
        """The continuations of a header, those that are found in continuations too."""
        number = 0
        while number < len(found.get(_CONTINUATION, ())):
            if number == _MOST_CHUNKS:
                raise Hdf5Error("an object's header goes on without end")
            yield found[_CONTINUATION][number]
            number += 1


def _bounded(size: int) -> int:
    if size > _LARGEST_CHUNK:
        raise Hdf5Error(f"an object's header of {size:,} bytes is larger than any model's")
    return size


def _spaced(data: bytes, found: Header) -> None:
    """Adds messages of the first version: type, size, flags, three bytes of padding."""
    position, size = 0, len(data)
    while position + 8 <= size:
        kind, length, flags = _SPACED(data, position)
        position += 8 + length
        if kind in _WANTED:
            kind |= SHARED if flags & _SHARED_FLAG else 0
            found.setdefault(kind, []).append(data[position - length : position])
    _refuse_cut(position, size)


def _packed(data: bytes, found: Header, head: int = 4) -> None:
    """Adds messages of the second version: type, size, flags."""
    position, size = 0, len(data)
    while position + head <= size:
        kind, length, flags = _PACKED(data, position)
        position += head + length
        if kind in _WANTED:
            kind |= SHARED if flags & _SHARED_FLAG else 0
            found.setdefault(kind, []).append(data[position - length : position])
    _refuse_cut(position, size)


def _packed_tracked(data: bytes, found: Header) -> None:
    """Adds messages of the second version with their creation order."""
    _packed(data, found, head=6)


def _refuse_cut(position: int, size: int) -> None:
    if position > size:
        raise Hdf5Error("a message in an object's header does not end with it")


def superblock_start(source: Source) -> int:
    """Where the superblock stands: at the beginning, or behind a user block of 512, 1024, 2048 … bytes.

    Raises:
        Hdf5Error: there is none.
    """
    start = 0
    while start + len(SIGNATURE) <= source.size:
        if source.read(start, len(SIGNATURE)) == SIGNATURE:
            return start
        start = 2 * start or _FIRST_USER_BLOCK
    raise Hdf5Error("it has no superblock")
