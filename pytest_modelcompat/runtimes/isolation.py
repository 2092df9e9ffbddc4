"""What a child that loads must do without, and how much of the machine it may take."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.loader.confinement import CONFINED, LIMITED, OFF

if TYPE_CHECKING:
    from collections.abc import Iterator

GIB = 2**30
_LEAST_ROOM = 4 * GIB
# A module that a test declares may fetch data of its own, which a hostile file has no reason to.
_OWN_CODE_NEEDS = 16
# A load unpacks weights and assets beside the artifact, and writes the outputs.
_OF_ARTIFACT = 4
_CPU_GRACE = 60.0
_WORK, _HOME = "work", "home"
# On POSIX and on Windows.
_HOMES, _TEMPORARY = ("HOME", "USERPROFILE"), ("TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True)
class Isolation:
    """What a child that loads must do without.

    Args:
        level: `off`; `limited` for what the test itself saved; `confined` for what something else saved: no network,
            and files are written only below its job's folder.
        is_required: whether a confined child must not load where the machine does not give all of that.
        memory: bytes it may hold; 0 for any.
        least_room: bytes that it may write in any case, if the disk has them.
    """

    level: str = LIMITED
    is_required: bool = False
    memory: int = 0
    least_room: int = _LEAST_ROOM

    @property
    def is_confined(self) -> bool:
        """Whether it has no network and writes only below its job's folder."""
        return self.level == CONFINED

    def room(self, artifact: Path, folder: Path) -> int:
        """Bytes that a child may write into a file; it walks the artifact, so it is asked once for a job.

        Args:
            artifact: what it loads.
            folder: the job's.
        """
        needed = max(self.least_room, _OF_ARTIFACT * _size(artifact))
        if not self.is_confined:
            return needed * _OWN_CODE_NEEDS
        # The last tenth of the disk is left to the others.
        return min(needed, shutil.disk_usage(folder).free // 10 * 9)

    def disk(self, room: int) -> int:
        """Bytes that may be in a job's folder, which is all that a confined child can write; 0 for any.

        Args:
            room: what `room` gives.
        """
        return room if self.is_confined else 0

    def current_folder(self, folder: Path) -> Path:
        """The child's current folder: this process's, or, for a confined one, an empty one in the job's folder."""
        return folder / _WORK if self.is_confined else Path.cwd()

    def as_json(self, folder: Path, room: int, timeout: float) -> dict[str, Any]:
        """What the child does it by; makes the folders that it needs.

        Args:
            folder: the job's.
            room: what `room` gives.
            timeout: seconds it has.
        """
        return {
            "level": self.level,
            "required": self.is_required,
            "cpu_seconds": timeout * processors() + _CPU_GRACE,
            "file_size": room,
            "environment": _environment(folder) if self.is_confined else {},
        }


def _environment(folder: Path) -> dict[str, str]:
    work, home = folder / _WORK, folder / _HOME
    work.mkdir()
    home.mkdir()
    return {**dict.fromkeys(_HOMES, str(home)), **dict.fromkeys(_TEMPORARY, str(work))}


def _size(artifact: Path) -> int:
    files = artifact.rglob("*") if artifact.is_dir() else [artifact]
    size = 0
    for file in files:
        with contextlib.suppress(OSError):
            size += file.stat().st_size
    return size


def isolation_for(option: str, memory_limit: int | None, *, is_own: bool) -> Isolation:
    """The isolation of a child, from the options of its case.

    Args:
        option: `auto`, `required` or `off`.
        memory_limit: bytes; None for what the machine has.
        is_own: whether the test itself made what it loads.
    """
    if option == OFF:
        return Isolation(OFF, memory=memory_limit or 0)
    memory = usual_memory() if memory_limit is None else memory_limit
    return Isolation(LIMITED if is_own else CONFINED, is_required=option == "required", memory=memory)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usual_memory() -> int:
    """Bytes of memory that a child may hold where no option says so; 0 for any."""
    return memory_of_machine() // 8 * 7


def memory_of_machine() -> int:
    """Bytes of memory that this process could have: the machine's, or its control group's; 0 where that is unknown."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
    return min([machine, *memory_of_groups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))])


def memory_of_groups(own: Path, root: Path) -> Iterator[int]:
    """What the control groups of this process allow it, in either version; `max` stands for no limit.

    Args:
        own: the file that names them.
        root: the folder of all groups.
    """
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = (root / "memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        place = top / group.lstrip("/")
        for folder in (place, *place.parents):
            if folder == top or top in folder.parents:
                with contextlib.suppress(OSError, ValueError):
                    yield int((folder / name).read_text(encoding="ascii"))
