"""A file or folder that appears under its name only when it is complete and on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NotWrittenError(Exception):
    """A file could not be written, and nothing is left under its name; the message is one sentence that says why."""


@contextlib.contextmanager
def placed(target: Path) -> Iterator[Path]:
    """A path to write to, in a folder beside the target; what is there at the end gets the target's name.

    Args:
        target: the file or folder to write, in a folder that exists; a file that has the name is replaced.

    Yields:
        The path, of the target's name, in a folder that holds nothing else and is removed at the end.

    Raises:
        NotWrittenError: the disk is full, or the folder cannot be written to.
    """
    try:
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=".modelcompat-", ignore_cleanup_errors=True
        ) as folder:
            path = Path(folder, target.name)
            yield path
            _sync(path)
            path.replace(target)
            _sync_folder(target.parent)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise NotWrittenError(
                f"{target} is not written: its disk has no space left; free some, or write elsewhere with --out DIR"
            ) from error
        raise NotWrittenError(
            f"{target} is not written: {error.strerror or error} ({error.filename or target})"
        ) from error


def _sync(path: Path) -> None:
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb+") as opened:
                os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the name on the disk as well, where a folder can be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
