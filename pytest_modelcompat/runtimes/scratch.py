"""Temporary folders that do not outlive their session for long: what a killed one leaves, the next one removes."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filelock import BaseFileLock

_NAME = re.compile(r"modelcompat-(?P<pid>\d+)-")
_LOCK = "owner.lock"


@dataclass(frozen=True)
class ScratchFolder:
    """A temporary folder, whose lock its owner holds as long as it lives.

    The name carries the owner's process id for those who look. Whether the owner is alive the lock tells: an id is
    given again to another process, and means nothing in another container that shares the folder.

    Args:
        path: the folder.
        lock: the owner's.
    """

    path: Path
    lock: BaseFileLock

    @classmethod
    def make(cls) -> ScratchFolder:
        """A new one, after those of owners that are gone were removed."""
        root = Path(tempfile.gettempdir())
        sweep(root)
        # Under a name that no other session looks at, until its lock is held.
        hidden = Path(tempfile.mkdtemp(prefix=".modelcompat-"))
        lock = _lock_of(hidden)
        lock.acquire()
        path = hidden.with_name(f"modelcompat-{os.getpid()}-{hidden.name.removeprefix('.modelcompat-')}")
        hidden.rename(path)
        return cls(path, lock)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self.lock.release()
        remove_tree(self.path)


def sweep(root: Path) -> None:
    """Remove the folders of owners that are gone.

    Args:
        root: the folder for temporary files.
    """
    for folder in _left(root):
        lock = _lock_of(folder)
        try:
            lock.acquire(timeout=0)
        except (TimeoutError, OSError):
            continue
        lock.release()
        remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as it can be, with what a job has locked too.

    Args:
        folder: the folder; it may be gone already.
    """
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        _empty(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    """Leave nothing but empty folders side by side, however deep they were and whatever they were locked with."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        with contextlib.suppress(OSError):
            current.chmod(0o700)
            for entry in list(os.scandir(current)):
                with contextlib.suppress(OSError):
                    waiting += _taken_out(entry, folder)


def _taken_out(entry: os.DirEntry[str], folder: Path) -> list[Path]:
    """Remove a file; of a folder, where it is now."""
    if not entry.is_dir(follow_symlinks=False):
        Path(entry.path).unlink()
        return []
    Path(entry.path).chmod(0o700)
    return [Path(entry.path).rename(folder / uuid4().hex)]


def _left(root: Path) -> Iterator[Path]:
    """The folders that this user's sessions have made, and that are locked by whoever owns them."""
    try:
        names = [entry.name for entry in os.scandir(root) if _NAME.match(entry.name)]
    except OSError:
        return
    for name in names:
        folder = root / name
        if not folder.is_symlink() and (folder / _LOCK).is_file() and _is_own(folder):
            yield folder


def _is_own(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _lock_of(folder: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(folder / _LOCK)
