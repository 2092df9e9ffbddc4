"""Editing a copy of an HDF5 file in a process of its own, which has no network and writes in one folder only."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.hdf5.guarded_reader import ending
from pytest_modelcompat.migration.containers import hdf5_process
from pytest_modelcompat.migration.containers.placement import NO_SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 60.0
# Nothing of the values of weights is in its memory, only the library and the texts of attributes.
MEMORY = 1 << 30
_SLOWEST = 2e7
# What an edit may add to a file: texts of attributes, groups, and their indexes.
_ROOM = 1 << 28


class NotEditedError(Exception):
    """The HDF5 library does not edit a file; the message is one sentence that says why."""


@dataclass(frozen=True)
class Hdf5Edit:
    """What is changed in a file.

    Args:
        attributes: of the root -> its text in ASCII; None for one that is removed. All others stay.
        moved: path of a dataset -> its path in the edited file; None for one that is removed. All others stay.
        names: the group in which attributes list the names of layers and of their weights, as in an .h5 file; empty
            where there are none.
        removed: groups that are removed, with all that is left in them.
        groups: group, which is made where there is none -> its attributes, each a text in ASCII or a list of names.
        added: path of a dataset that is new -> its value, a number, and its dtype.
    """

    attributes: Mapping[str, str | None] = field(default_factory=dict)
    moved: Mapping[str, str | None] = field(default_factory=dict)
    names: str = ""
    removed: Sequence[str] = ()
    groups: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict)
    added: Mapping[str, tuple[float, str]] = field(default_factory=dict)


class Hdf5Editor(contextlib.ExitStack):
    """Edits files of one folder, in one process that is started at once, so that files can be copied meanwhile.

    Args:
        folder: in which alone it writes.
        size: bytes of the largest of the files.
        seconds: how long it may take for each file, beyond what a slow disk explains.
        memory: bytes that it may have, where the system can limit that.
    """

    def __init__(self, folder: Path, size: int, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        super().__init__()
        self._seconds = seconds + size / _SLOWEST
        self._has_expired = False
        self._process = _start()
        self.callback(self._end)
        setup = {"sys_path": [*map(str, sys.path)], "folder": os.fspath(folder), "memory": memory}
        self._send({**setup, "file_size": size + _ROOM})

    def edit(self, file: Path, change: Hdf5Edit) -> None:
        """Edit a file in place.

        Args:
            file: in the folder.
            change: what to change.

        Raises:
            NotEditedError: the library does not; what is left of the file is not to be used.
            OSError: there is no space left.
        """
        job: dict[str, Any] = {**vars(change), "moved": [*change.moved.items()]}
        job["added"] = [(path, *number) for path, number in change.added.items()]
        self._send({**job, "file": os.fspath(file), "seconds": self._seconds})
        line = self._answer()
        answer = json.loads(line) if line else {"problem": self._ending(), "errno": 0}
        problem = " ".join(str(answer["problem"]).split())
        if answer["errno"] in NO_SPACE:
            raise OSError(answer["errno"], os.strerror(answer["errno"]))
        if problem:
            raise NotEditedError(f"the HDF5 library does not edit the copy: {problem}")

    def _end(self) -> None:
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _pipe(stream).close()
        self._process.wait()

    def _send(self, line: Mapping[str, object]) -> None:
        # A process that is gone already is met where its answer is read.
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).write(f"{json.dumps(line)}\n".encode())
            _pipe(self._process.stdin).flush()

    def _answer(self) -> bytes:
        watchdog = threading.Timer(self._seconds, self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            line = _pipe(self._process.stdout).readline()
        finally:
            watchdog.cancel()
        return line if line.endswith(b"\n") else b""

    def _expire(self) -> None:
        self._has_expired = True
        self._process.kill()

    def _ending(self) -> str:
        code = self._process.wait()
        if self._has_expired:
            return f"it has not come to an end after {self._seconds:.0f} s"
        return f"it ended ({ending(code)})"


def _start() -> subprocess.Popen[bytes]:
    # Only a process of one thread can be confined. A lock is of no use on a copy, and not every disk has it.
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = {**os.environ, **one, "HDF5_USE_FILE_LOCKING": "FALSE"}
    try:
        return subprocess.Popen(
            # Isolated: nothing in the current folder or beside the script is imported.
            [sys.executable, "-I", str(Path(hdf5_process.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except (OSError, TypeError, ValueError) as error:
        raise NotEditedError(f"no process can be started that edits HDF5 files: {error}") from error


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - opened as a pipe
    return stream
