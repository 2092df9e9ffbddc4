"""A user whom permissions bind: as root, a test of files that may not be read or written would pass by accident."""

from __future__ import annotations

import contextlib
import os
import tempfile
import traceback
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOBODY = 65534


def as_bound_user(act: Callable[[], object], folder: Path) -> None:
    """Do something as a user whom permissions bind: where this process is root's, in a child under another uid.

    What is imported meanwhile must have been imported before: that user may not read this one's Python.

    Args:
        act: does it, and asserts.
        folder: the test's; it is given to that user, with all that is in it, as the folder for temporary files too.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("POSIX permissions")
    if os.geteuid() != 0:
        act()
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    with _may_be_entered(folder):
        problem = _in_child(act, folder)
    if problem:
        pytest.fail(problem, pytrace=False)


@contextlib.contextmanager
def _may_be_entered(folder: Path) -> Iterator[None]:
    """The folders above may be passed through: pytest's own are for its user alone."""
    modes = {above: above.stat().st_mode for above in folder.parents}
    closed = {above: mode for above, mode in modes.items() if not mode & 0o001}
    for above, mode in closed.items():
        above.chmod(mode | 0o001)
    try:
        yield
    finally:
        for above, mode in closed.items():
            above.chmod(mode)


def _in_child(act: Callable[[], object], folder: Path) -> str:
    """Do it in a child; the traceback of what it raised, else nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as problem:
            try:
                _become_nobody(folder)
                act()
            except BaseException:  # noqa: BLE001 - reported by the parent, whatever it was
                problem.write(traceback.format_exc())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as problem:
        text = problem.read()
    code = os.waitpid(child, 0)[1]
    return text or (f"the child ended with {code}" if code else "")


def _become_nobody(folder: Path) -> None:
    os.environ.pop("XDG_RUNTIME_DIR", None)
    tempfile.tempdir = str(folder)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
