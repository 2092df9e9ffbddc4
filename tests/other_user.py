"""A user whom permissions bind: as root, a test of files that may not be read or written would pass by accident."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from tests.children import in_child

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

    def bound() -> None:
        _become_nobody(folder)
        act()

    with _may_be_entered(folder):
        in_child(bound)


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


def _become_nobody(folder: Path) -> None:
    os.environ.pop("XDG_RUNTIME_DIR", None)
    tempfile.tempdir = str(folder)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
