"""What a job may take: the limits that its process gets, and the watch that its parent keeps over it.

Memory is watched rather than limited by the system: TensorFlow reserves far more addresses than it uses, and the stacks
of its threads count as data, so that RLIMIT_AS and RLIMIT_DATA would stop it by the number of processors.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Dict, Iterator, List, Set

with contextlib.suppress(ImportError):
    # Windows has none.
    import resource

WATCH_POLL = 0.05
_CPU_AFTER_SIGNAL = 5
_TREE_POLL = 0.5
# More files than this are no work of a loader, and to count them would take longer than to write them.
_MOST_FILES = 100_000
MEMORY, DISK = "memory", "disk"


def limit_self(cpu_seconds: float, file_size: int) -> None:
    """Limit this process and what it starts, as far as the platform can.

    Args:
        cpu_seconds: of the processor, for each process.
        file_size: bytes of any file that is written.
    """
    if os.name != "posix":
        return
    seconds = int(cpu_seconds) + 1
    for what, most, last in (
        (resource.RLIMIT_CORE, 0, 0),
        # At the hard limit of the processor's time the kernel does not say what it ends a process for.
        (resource.RLIMIT_CPU, seconds, seconds + _CPU_AFTER_SIGNAL),
        (resource.RLIMIT_FSIZE, file_size, file_size),
    ):
        _, hard = resource.getrlimit(what)
        end = last if hard == resource.RLIM_INFINITY else min(last, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (min(most, end), end))


def be_the_first_to_go() -> None:
    """Have the kernel end this process, before any other, where the machine's memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(b"1000")


class Watch:
    """What a process and all that it started hold of the memory, and of the disk.

    Args:
        process: its id.
        memory: bytes it may hold; 0 for any.
        folder: the job's.
        disk: bytes that may be in the folder; 0 for any.
        adopts: whether this process is the new parent of what that one's children leave behind.
    """

    def __init__(self, process: int, memory: int, folder: Path, disk: int, *, adopts: bool = False) -> None:
        self._process, self._folder, self._disk, self._adopts = process, folder, disk, adopts
        self._memory = memory if Path("/proc/self/status").exists() else 0
        self._next_tree = time.monotonic() + _TREE_POLL
        self.is_needed = bool(self._memory or disk)

    def exceeded(self) -> str:
        """What it has too much of, `memory` or `disk`; nothing if all is well. Cheap enough to ask all the time."""
        now = time.monotonic()
        whole = now >= self._next_tree
        if whole:
            self._next_tree = now + _TREE_POLL
        if self._memory and self._held(whole) > self._memory:
            return MEMORY
        return DISK if whole and self._disk and not _fits(self._folder, self._disk) else ""

    def _held(self, whole: bool) -> int:
        if not whole:
            return memory_of(self._process)
        return sum(map(memory_of, _tree(self._process, os.getpid() if self._adopts else 0)))


def memory_of(process: int) -> int:
    """Bytes of memory that only a process holds: what it has of files, the kernel takes back when it needs it."""
    held = 0
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc", str(process), "status").read_bytes().splitlines():
            if line.startswith((b"RssAnon:", b"RssShmem:")):
                held += int(line.split()[1]) * 1024
    return held


def children_by_parent() -> Dict[int, List[int]]:
    """The processes of this machine by their parents."""
    found = {}  # type: Dict[int, List[int]]
    for entry in os.listdir("/proc"):  # noqa: PTH208 - a path for each process of the machine costs more
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # The command's name stands in parentheses, and may hold some itself.
                fields = Path("/proc", entry, "stat").read_bytes().rpartition(b")")[2].split()
                found.setdefault(int(fields[1]), []).append(int(entry))
    return found


def _tree(process: int, parent: int) -> Set[int]:
    """A process and the others below its parent, with all that is below them."""
    found = set()  # type: Set[int]
    waiting = [process, *(_children_of(parent) if parent else ())]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(_children_of(each))
    return found


def _children_of(process: int) -> List[int]:
    """The children that the threads of a process have; none where the kernel does not list them by thread."""
    found = []  # type: List[int]
    with contextlib.suppress(OSError, ValueError):
        for thread in Path("/proc", str(process), "task").iterdir():
            found.extend(map(int, (thread / "children").read_bytes().split()))
    return found


def _fits(folder: Path, most: int) -> bool:
    files = size = 0
    for each in _sizes(folder):
        files, size = files + 1, size + each
        if size > most or files > _MOST_FILES:
            return False
    return True


def _sizes(folder: Path) -> Iterator[int]:
    """Of all that is in a folder, at any depth; the folders in it count as well, with nothing."""
    waiting = [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    yield 0
                else:
                    # A file with holes takes less than it seems to.
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
