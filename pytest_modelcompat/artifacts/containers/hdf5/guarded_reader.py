"""Values of datasets that only the HDF5 library can read, which it does in a process of its own.

Of files with flipped bits some crash that library and some keep it busy without end. In the process that
`reader_process` is, neither harms anybody.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts.containers.hdf5 import reader_process
from pytest_modelcompat.artifacts.containers.hdf5.guarded_process import GuardedProcess, NotStartedError, ending
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

# For one file, besides the time that its values need at the slowest rate.
SECONDS = 60.0
_SLOWEST = 4e6
# A chunk may have 4 GB, and is unpacked as a whole. What Keras, h5py and other tools choose has a few megabytes.
MEMORY = 4 << 30
# A process that has closed its output ends at once, unless the system keeps a picture of its memory.
_GRACE = 10.0
# No message of the process has more.
_LARGEST_MESSAGE = 1 << 28
_HEAD = struct.Struct("<cq")


class UnreadableDatasetError(Exception):
    """The HDF5 library does not read a dataset; the message says why."""


class StoredArray(NamedTuple):
    """A dataset, and what it must be.

    Args:
        name: its path in the file.
        dtype: NumPy's name of what its elements are stored as, of a number or bool.
        shape: its shape.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Its size."""
        size = self.dtype.itemsize
        for dimension in self.shape:
            size *= dimension
        return size


class GuardedReader:
    """Reads datasets of one .h5 file in one process, which is started for the first of them.

    Args:
        file: the .h5 file.
        seconds: how long the process may take beyond what a slow disk explains.
        memory: bytes that it may have, where the system can limit that.
    """

    def __init__(self, file: Path, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._file = file
        self._left = self._allowed = seconds
        self._memory = memory
        self._process: GuardedProcess | None = None
        self._is_reading = False

    def close(self) -> None:
        """Ends the process."""
        self._end()

    def pieces(self, array: StoredArray) -> Iterator[NDArray[Any]]:
        """Has a dataset read; the process begins at once, also before the first piece is asked for.

        Args:
            array: the dataset.

        Returns:
            Its elements in C order, in flat pieces of any size, whose dtype is that of `array`.

        Raises:
            UnreadableDatasetError: the library does not read it, or finds another dtype or shape there; raised by the
                iterator.
            BrokenArtifactError: the library crashes or does not come to an end; raised by the iterator.
        """
        if self._is_reading:  # the values of an earlier one are still on their way
            self._end()
        self._is_reading = True
        more = array.nbytes / _SLOWEST
        self._left, self._allowed = self._left + more, self._allowed + more
        self._request(array)
        return self._answer(array)

    def _request(self, array: StoredArray) -> None:
        lines: list[dict[str, object]] = [{"dataset": array.name, "seconds": self._left}]
        if self._process is None:
            self._process = _start()
            name = os.fsencode(self._file).decode("latin-1")
            lines.insert(0, {"file": name, "sys_path": [*map(str, sys.path)], "memory": self._memory})
        self._process.send(*lines)

    def _answer(self, array: StoredArray) -> Iterator[NDArray[Any]]:
        import numpy as np

        missing = array.nbytes
        kind, content = self._message(array)
        if kind == b"D" and not _is_of(array, content):
            self._end()
            raise UnreadableDatasetError("the library finds an array of another dtype or shape")
        while kind in (b"D", b"P"):
            if kind == b"P":
                missing -= len(content)
                yield np.frombuffer(content, array.dtype.newbyteorder("<")).astype(array.dtype, copy=False)
            kind, content = self._message(array)
        self._is_reading = False
        if kind != b"." or missing:
            raise UnreadableDatasetError(content.decode("utf-8", "replace") or "its values are not complete")

    def _message(self, array: StoredArray) -> tuple[bytes, bytes]:
        """The next message: its kind and its content.

        Raises:
            BrokenArtifactError: the process ends before it, or has not sent it in time.
        """
        process = self._process
        assert process is not None  # noqa: S101 - started by the request
        began = time.monotonic()
        try:
            with process.answers(self._left) as answers:
                head = answers.read(_HEAD.size)
                kind, size = _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", -1)
                content = answers.read(size) if 0 <= size <= _LARGEST_MESSAGE else b""
        finally:
            self._left -= time.monotonic() - began
        if len(content) != size:
            raise self._failure(array)
        return kind, content

    def _failure(self, array: StoredArray) -> BrokenArtifactError:
        process = self._process
        assert process is not None  # noqa: S101 - its answer has just been waited for
        # What closes its output may still be on its way out.
        ended = ending(self._end(_GRACE))
        if process.has_expired or ended == "SIGXCPU":
            what = f"has not come to an end with {array.name} after {self._allowed:.0f} s"
        else:
            what = f"crashes on {array.name} ({ended})"
        return BrokenArtifactError(f"{self._file} cannot be read: the HDF5 library {what}")

    def _end(self, grace: float = 0.0) -> int:
        """Ends the process; returns its exit code, negative for a signal, and 0 where there is none."""
        process, self._process, self._is_reading = self._process, None, False
        return 0 if process is None else process.end(grace)


def _start() -> GuardedProcess:
    try:
        return GuardedProcess(reader_process)
    except NotStartedError as error:
        raise BrokenArtifactError(f"no process can be started that reads HDF5 files: {error}") from error


def _is_of(array: StoredArray, description: bytes) -> bool:
    """Whether the library finds the array that was found without it; opaque elements may be any of their size."""
    try:
        found = json.loads(description)
        dtype, shape = found["dtype"], found["shape"]
    except (ValueError, TypeError, KeyError):
        return False
    return shape == [*array.shape] and dtype in (array.dtype.name, f"void{8 * array.dtype.itemsize}")
