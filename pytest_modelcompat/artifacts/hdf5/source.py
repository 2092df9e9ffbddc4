"""The bytes of an HDF5 file, read in place and never beyond its end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_BLOCK = 1 << 13
_MOST_BLOCKS = 512
# What no text, heap or table of a model's metadata comes near.
LONGEST_READ = 1 << 26
# All that is read of a file, and what each reading counts for besides its bytes: it bounds the time for a file whose
# parts point at each other without end. The largest models need a tenth of it.
MOST_READ = 1 << 28
_READING = 64


class Hdf5Error(ValueError):
    """The bytes are no HDF5 that can be read; the message is a clause that says why."""


class TruncatedError(Hdf5Error):
    """The file ends before the size it declares."""


class Budget:
    """What may still be read of a file."""

    def __init__(self) -> None:
        self.left = MOST_READ


class Source:
    """Bytes `start` to `start + size` of an open file.

    Args:
        file: where they are; its position is moved by reading.
        start: offset of the first byte.
        size: how many bytes there are.
        budget: shared by several sources of one file.
    """

    def __init__(self, file: BinaryIO, start: int, size: int, budget: Budget | None = None) -> None:
        self._file, self.start, self.size = file, start, size
        self._blocks: dict[int, bytes] = {}
        self._budget = budget or Budget()

    def part(self, start: int) -> Source:
        """The bytes from `start` on as a source of their own."""
        return Source(self._file, self.start + start, self.size - start, self._budget)

    def read(self, start: int, size: int) -> bytes:
        """Reads exactly `size` bytes.

        Raises:
            Hdf5Error: they lie beyond the end, or are more than any metadata.
        """
        self._budget.left -= size + _READING
        if self._budget.left < 0:
            raise Hdf5Error(f"it has more than {MOST_READ:,} bytes of metadata, which is the limit")
        if start + size > self.size:
            raise Hdf5Error(f"something is said to be at byte {start}, beyond the end")
        first, within = divmod(start, _BLOCK)
        if within + size <= _BLOCK:
            return self._block(first)[within : within + size]
        if size > LONGEST_READ:
            raise Hdf5Error(f"a part of {size:,} bytes is larger than any model's metadata")
        return self._read(start, size)

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
            start = number * _BLOCK
            block = self._blocks[number] = self._read(start, min(_BLOCK, self.size - start))
        return block

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(self.start + start, io.SEEK_SET)
        data = self._file.read(size)
        if len(data) != size:
            raise Hdf5Error("the file ends while it is read")
        return data
