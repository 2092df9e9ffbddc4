"""Hidden folders beside outputs, in which they are made; what a killed owner leaves of one, the next one removes.

An owner holds the lock of its folder as long as it lives, so that a number of a process, which another container or a
later process may have, too, says nothing here.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pytest_modelcompat.runtimes.scratch import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = ".modelcompat-output-"
_NAME = re.compile(rf"{re.escape(_PREFIX)}\w+")
_LOCK = "owner.lock"


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A folder of one's own in another, which is removed in the end with all in it.

    Args:
        parent: a folder.

    Raises:
        OSError: the folder cannot be made.
    """
    folder, lock = _owned(parent)
    try:
        yield folder
    finally:
        os.close(lock)
        remove_tree(folder)


def sweep_staging(parent: Path) -> None:
    """Remove the folders in which owners that are gone made outputs.

    Args:
        parent: the folder of the outputs; it need not be there.
    """
    for folder in _left(parent):
        with contextlib.suppress(OSError):
            lock = _taken(folder, must_lock=True)
            try:
                # Renamed first: an owner that was about to take it sees that, and makes another.
                gone = folder.rename(folder.with_name(f"{_PREFIX}{uuid4().hex}"))
            finally:
                os.close(lock)
            remove_tree(gone)


def _owned(parent: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        try:
            lock = _taken(folder, must_lock=False)
        except (FileNotFoundError, BlockingIOError):
            # Another took it for one that was left, before it was locked.
            continue
        if folder.is_dir():
            return folder, lock
        os.close(lock)


def _taken(folder: Path, *, must_lock: bool) -> int:
    """The open lock of a folder.

    On Windows a folder is not renamed as long as a file in it is open, which does as a lock.

    Raises:
        OSError: its owner has it, or the folder is gone, or its disk has no locks and one is needed.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        import fcntl
    except ImportError:
        if must_lock:
            # The rename that follows is what fails where the owner has it open.
            os.close(descriptor)
            return os.open(os.devnull, os.O_RDONLY)
        return descriptor
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if must_lock or isinstance(error, BlockingIOError):
            os.close(descriptor)
            raise
    return descriptor


def _left(parent: Path) -> Iterator[Path]:
    """The folders that this user's migrations have made."""
    try:
        names = [entry.name for entry in os.scandir(parent) if _NAME.fullmatch(entry.name)]
    except OSError:
        return
    for folder in (parent / name for name in names):
        if folder.is_dir() and not folder.is_symlink() and _is_own(folder):
            yield folder


def _is_own(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
