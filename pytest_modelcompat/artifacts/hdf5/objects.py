"""The file's superblock, and the headers of its objects: lists of typed messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.hdf5.source import Hdf5Error, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.artifacts.hdf5.source import Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FIRST_USER_BLOCK = 512
_WIDTHS = frozenset({2, 4, 8})
_CONTINUATION = 0x10
_SHARED = 2
_MOST_CHUNKS = 1000
_MOST_MESSAGES = 100_000


class Message(NamedTuple):
    """One message of an object's header. A shared one only says where it really is."""

    type: int
    is_shared: bool
    data: bytes


class File:
    """An HDF5 file: what its superblock says, and how to get at its objects.

    Args:
        source: the whole file, user block included.

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
        self.source = source.part(base) if 0 < base < source.size else source
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

    def messages(self, address: int) -> list[Message]:
        """The messages in an object's header, continuations included.

        Args:
            address: of the header.

        Raises:
            Hdf5Error: there is no header, or a damaged one.
        """
        head = self.source.read(address, 16)
        if head.startswith(b"OHDR"):
            start, size = self._second_header(address, head[5])
            # A continuation has a signature and a checksum of its own.
            return self._followed(start, size, _packed_tracked if head[5] & 4 else _packed, around=4)
        if head[0] != 1:
            raise Hdf5Error(f"there is no object at byte {address}")
        return self._followed(address + 16, self.number(head, 8, 4), _spaced, around=0)

    def _second_header(self, address: int, flags: int) -> tuple[int, int]:
        """Where the messages of a header of the second version begin, and how many bytes they are."""
        start = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        return start + width, self.number(self.source.read(start, width), 0, width)

    def _followed(self, start: int, size: int, unpack: Callable[[bytes], list[Message]], around: int) -> list[Message]:
        """The messages of a chunk and of the continuations that are met, which `around` bytes enclose."""
        found, chunks = unpack(self.source.read(start, size)), 0
        for message in found:
            if message.type == _CONTINUATION:
                chunks += 1
                size = self.number(message.data, self.offset, self.length) - 2 * around
                found += unpack(self.source.read(self.address(message.data) + around, max(0, size)))
            if chunks > _MOST_CHUNKS or len(found) > _MOST_MESSAGES:
                raise Hdf5Error("an object's header goes on without end")
        return found


def _spaced(data: bytes) -> list[Message]:
    """Messages of the first version: type, size, flags, three bytes of padding."""
    found, start, size = [], 8, len(data)
    while start <= size:
        end = start + (data[start - 6] | data[start - 5] << 8)
        kind = data[start - 8] | data[start - 7] << 8
        found.append(Message(kind, data[start - 4] & _SHARED != 0, data[start:end]))
        start = end + 8
    return _whole(found, start - 8, size)


def _packed(data: bytes, head: int = 4) -> list[Message]:
    """Messages of the second version: type, size, flags."""
    found, start, size = [], head, len(data)
    while start <= size:
        at = start - head
        end = start + (data[at + 1] | data[at + 2] << 8)
        found.append(Message(data[at], data[at + 3] & _SHARED != 0, data[start:end]))
        start = end + head
    return _whole(found, start - head, size)


def _packed_tracked(data: bytes) -> list[Message]:
    """Messages of the second version with their creation order."""
    return _packed(data, head=6)


def _whole(found: list[Message], end: int, size: int) -> list[Message]:
    if end > size:
        raise Hdf5Error("a message in an object's header does not end with it")
    return found


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
