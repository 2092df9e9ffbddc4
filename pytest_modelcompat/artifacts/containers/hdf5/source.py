"""The bytes of an HDF5 file, read in place and never beyond its end."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.budget import MOST_READ, Budget

if TYPE_CHECKING:
    from typing import BinaryIO

# What no text, heap or table of a model's metadata comes near.
LONGEST_READ = 1 << 26
# What each reading counts for besides its bytes.
_READING = 64


class Hdf5Error(ValueError):
    """The bytes are no HDF5 that can be read; the message is a clause that says why."""


class TruncatedError(Hdf5Error):
    """The file ends before the size it declares."""


class Source:
    """Bytes `start` to `start + size` of some data.

    The data are mapped rather than read: a model's metadata are strewn over its file, a hundred bytes here and there.

    Args:
        data: an open file, or the bytes themselves.
        start: offset of the first byte.
        size: how many bytes there are.
        budget: what may still be read, shared by several sources of one file.
    """

    def __init__(self, data: BinaryIO | bytes | mmap.mmap, start: int, size: int, budget: Budget | None = None) -> None:
        self._data = data if isinstance(data, bytes | mmap.mmap) else mapped(data)
        self.start = start
        self.size = max(0, min(size, len(self._data) - start))
        self.budget = budget or Budget()

    def part(self, start: int) -> Source:
        """The bytes from `start` on as a source of their own."""
        return Source(self._data, self.start + start, self.size - start, self.budget)

    def read(self, start: int, size: int) -> bytes:
        """Reads exactly `size` bytes.

        Raises:
            Hdf5Error: they lie beyond the end, or are more than any metadata.
            BudgetSpentError: the time is up.
        """
        budget, end = self.budget, start + size
        budget.left -= size + _READING
        if end > self.size or budget.left < 0 or size > LONGEST_READ:
            raise self._refusal(start, size)
        if budget.left < budget.next_look:
            budget.look()
        return self._data[self.start + start : self.start + end]

    def _refusal(self, start: int, size: int) -> Hdf5Error:
        if start + size > self.size:
            return Hdf5Error(f"something is said to be at byte {start}, beyond the end")
        if size > LONGEST_READ:
            return Hdf5Error(f"a part of {size:,} bytes is larger than any model's metadata")
        return Hdf5Error(f"it has more than {MOST_READ:,} bytes of metadata, which is the limit")


def mapped(file: BinaryIO) -> bytes | mmap.mmap:
    """The contents of an open file, which need not stay open."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # an empty file cannot be mapped
        return b""
