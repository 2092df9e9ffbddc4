"""Where HDF5 keeps what has no fixed size: names, long texts, and the links and attributes of large groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.containers.hdf5.objects import File

_MOST_GENERATIONS = 32


class LocalHeap:
    """The names of an old group.

    Args:
        file: the file.
        address: of the heap.
    """

    def __init__(self, file: File, address: int) -> None:
        read = file.source.read
        head = read(address, 8 + 2 * file.length + file.offset)
        if not head.startswith(b"HEAP"):
            raise Hdf5Error(f"there is no heap of names at byte {address}")
        self._data = read(file.address(head, 8 + 2 * file.length), file.number(head, 8, file.length))

    def text(self, start: int) -> str:
        """The text that begins at `start` and ends with a zero byte."""
        end = self._data.find(b"\0", start)
        if end < 0:
            raise Hdf5Error("a name is missing")
        return self._data[start:end].decode("utf-8", "backslashreplace")


def global_object(file: File, reference: bytes) -> bytes:
    """An object of a global heap, such as a text of any length.

    Args:
        file: the file.
        reference: the address of the heap's collection and the object's index in it.

    Raises:
        Hdf5Error: it is not there.
    """
    wanted = file.number(reference, file.offset, 4)
    for index, position, size in _global_objects(file, file.address(reference)):
        if index == wanted:
            return file.source.read(position, size)
    raise Hdf5Error("a text is missing from its heap")


def global_texts(file: File, references: bytes, width: int) -> Iterator[bytes]:
    """Texts of any length, whose heaps are gone through once for all of them.

    Args:
        file: the file.
        references: of each text its length (4 bytes), and what `global_object` takes.
        width: of one reference, in bytes.

    Raises:
        Hdf5Error: one is not there.
    """
    heaps: dict[int, dict[int, tuple[int, int]]] = {}
    for start in range(0, len(references) - width + 1, width):
        length, reference = file.number(references, start, 4), references[start + 4 : start + width]
        if not length:
            yield b""
            continue
        address = file.address(reference)
        if address not in heaps:
            heaps[address] = {index: (where, size) for index, where, size in _global_objects(file, address)}
        found = heaps[address].get(file.number(reference, file.offset, 4))
        if found is None:
            raise Hdf5Error("a text is missing from its heap")
        yield file.source.read(found[0], min(length, found[1]))


def _global_objects(file: File, start: int) -> Iterator[tuple[int, int, int]]:
    """Each object of a collection: its index, where it begins, and how many bytes it has."""
    head = file.source.read(start, 8 + file.length)
    if not head.startswith(b"GCOL"):
        raise Hdf5Error(f"there is no heap of texts at byte {start}")
    end = start + file.number(head, 8, file.length)
    position = start + len(head)
    while position + 8 + file.length <= end:
        head = file.source.read(position, 8 + file.length)
        index, size = file.number(head, 0, 2), file.number(head, 8, file.length)
        position += len(head)
        if not index:
            return
        yield index, position, size
        position += size + -size % 8


@dataclass(frozen=True)
class _Block:
    address: int
    start: int
    size: int


class FractalHeap:
    """The links or attributes of a new group that has many: blocks that double in size, row by row.

    Args:
        file: the file.
        address: of the heap's header.
    """

    def __init__(self, file: File, address: int) -> None:
        head = file.source.read(address, 22 + 12 * file.length + 3 * file.offset)
        if not head.startswith(b"FRHP"):
            raise Hdf5Error(f"there is no heap of links or attributes at byte {address}")
        if file.number(head, 7, 2):
            raise Hdf5Error("its links or attributes are compressed")
        self._file = file
        most = file.number(head, 10, 4)
        position = 14 + 2 * file.offset + 10 * file.length
        self._width = file.number(head, position, 2)
        position += 2
        self._first = file.number(head, position, file.length)
        largest = file.number(head, position + file.length, file.length)
        position += 2 * file.length
        self._offset = -(-file.number(head, position, 2) // 8)
        self._root = file.number(head, position + 4, file.offset)
        self._rows = file.number(head, position + 4 + file.offset, 2)
        if not self._width or not self._first or largest < self._first:
            raise Hdf5Error("a heap of links or attributes is damaged")
        self._size = max(1, (min(most, largest).bit_length() + 6) // 8)
        self._direct_rows = largest.bit_length() - self._first.bit_length() + 2

    def get(self, identifier: bytes) -> bytes:
        """The object with an identifier of this heap.

        Raises:
            Hdf5Error: it is not there, or stands outside the heap's blocks.
        """
        kind = identifier[0] >> 4 & 3
        if kind == 2:
            return identifier[1 : 2 + (identifier[0] & 15)]
        if kind:
            raise Hdf5Error("a link or an attribute is larger than any of a model")
        start = self._file.number(identifier, 1, self._offset)
        size = self._file.number(identifier, 1 + self._offset, self._size)
        block = self._block(start)
        if start + size > block.start + block.size:
            raise Hdf5Error("a link or an attribute does not end with its block")
        return self._file.source.read(block.address + start - block.start, size)

    def _block(self, wanted: int) -> _Block:
        """The direct block that holds the heap's byte `wanted`."""
        if not self._rows:
            return _Block(self._root, 0, self._first)
        address, begin, rows = self._root, 0, self._rows
        for _ in range(_MOST_GENERATIONS):
            row, column, start = self._place(wanted - begin)
            if row >= rows:
                break
            block = self._child(address, row, column)
            if row < self._direct_rows:
                return _Block(block, begin + start, self._row_size(row))
            begin += start
            rows = self._row_size(row).bit_length() - (self._first * self._width).bit_length() + 1
            address = block
        raise Hdf5Error("a heap of links or attributes is damaged")

    def _place(self, wanted: int) -> tuple[int, int, int]:
        """Row and column of the block that holds a byte of an indirect block, and where that block starts."""
        row_bytes = self._first * self._width
        row = (wanted // row_bytes).bit_length() if wanted >= row_bytes else 0
        begin = row_bytes << (row - 1) if row else 0
        column = (wanted - begin) // self._row_size(row)
        return row, column, begin + column * self._row_size(row)

    def _row_size(self, row: int) -> int:
        return self._first << max(0, row - 1)

    def _child(self, address: int, row: int, column: int) -> int:
        file = self._file
        if file.source.read(address, 4) != b"FHIB":
            raise Hdf5Error("a heap of links or attributes is damaged")
        # Direct and indirect blocks stand in one list, for nothing is compressed.
        start = address + 5 + file.offset + self._offset + (row * self._width + column) * file.offset
        return file.address(file.source.read(start, file.offset))
