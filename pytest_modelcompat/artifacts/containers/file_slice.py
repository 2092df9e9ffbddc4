"""A part of a file as a file of its own, read in place."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source


class FileSlice(io.RawIOBase):
    """A source as a file that can be read and searched.

    Args:
        source: its bytes.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source, self._position = source, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As for any file."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}[whence]
        if origin + offset < 0:
            raise ValueError("there is nothing before the beginning")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer will do
        """Fills the buffer as far as there is data, as for any file."""
        count = min(len(buffer), max(0, self._source.size - self._position))
        buffer[:count] = self._source.read(self._position, count)
        self._position += count
        return count
