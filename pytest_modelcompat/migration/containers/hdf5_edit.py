"""Editing a copy of an HDF5 file in a process of its own, which has no network and writes in one folder only."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.hdf5.guarded_process import GuardedProcess, NotStartedError, ending
from pytest_modelcompat.migration.containers import hdf5_process
from pytest_modelcompat.migration.containers.placement import NO_SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SECONDS = 60.0
# Nothing of the values of weights is in its memory, only the library and the texts of attributes.
MEMORY = 1 << 30
_SLOWEST = 2e7
# What an edit may add to a file: texts of attributes, groups, and their indexes.
_ROOM = 1 << 28
# A process that has closed its output ends at once, unless the system keeps a picture of its memory.
_GRACE = 10.0


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
        self._process = _start()
        self.callback(self._process.end)
        setup = {"sys_path": [*map(str, sys.path)], "folder": os.fspath(folder), "memory": memory}
        self._process.send({**setup, "file_size": size + _ROOM})

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
        self._process.send({**job, "file": os.fspath(file), "seconds": self._seconds})
        with self._process.answers(self._seconds) as answers:
            line = answers.readline()
        answer = json.loads(line) if line.endswith(b"\n") else {"problem": self._ending(), "errno": 0}
        problem = " ".join(str(answer["problem"]).split())
        if answer["errno"] in NO_SPACE:
            raise OSError(answer["errno"], os.strerror(answer["errno"]))
        if problem:
            raise NotEditedError(f"the HDF5 library does not edit the copy: {problem}")

    def _ending(self) -> str:
        ended = ending(self._process.end(_GRACE))
        if self._process.has_expired:
            return f"it has not come to an end after {self._seconds:.0f} s"
        return f"it ended ({ended})"


def _start() -> GuardedProcess:
    try:
        # A lock is of no use on a copy, and not every disk has it.
        return GuardedProcess(hdf5_process, HDF5_USE_FILE_LOCKING="FALSE")
    except NotStartedError as error:
        raise NotEditedError(f"no process can be started that edits HDF5 files: {error}") from error
