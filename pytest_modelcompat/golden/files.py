"""Files that are replaced as one: whatever ends the process, and whenever, the old ones are there or the new ones.

Each file is written beside its place and brought to the disk; then they take their places one after the other. Between
the first and the last of these steps the new record waits beside the old one, and a reader takes it for the record.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def waiting(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(f".{path.name}.part")


def replace_together(folder: Path, files: Mapping[str, bytes], *, as_text: str = "") -> bool:
    """Put one or two files in place, unless they hold these bytes already; whether that changed any.

    Args:
        folder: where they are; only one process writes into it at a time.
        files: name -> bytes; the last one is the record, which tells whether the other belongs to it.
        as_text: the name of the one that Git on Windows checks out with other line ends, which is no change.

    Raises:
        OSError: they could not be written; those of before are still there.
    """
    changed = {name: data for name, data in files.items() if not _holds(folder / name, data, is_text=name == as_text)}
    for name in files.keys() - changed.keys():
        # What a killed process left behind.
        with contextlib.suppress(OSError):
            waiting(folder / name).unlink(missing_ok=True)
    if not changed:
        return False
    for name in changed:
        _refuse_folder(folder / name)
    with _removed_unless_placed([folder / name for name in changed]) as placed:
        for name, data in changed.items():
            _write_new(waiting(folder / name), data)
        _sync(folder)
        for name in changed:
            waiting(folder / name).replace(folder / name)
            placed.append(name)
        _sync(folder)
    return True


def _holds(path: Path, data: bytes, *, is_text: bool) -> bool:
    if not path.is_file():
        return False
    existing = path.read_bytes()
    return existing == data or (is_text and existing.replace(b"\r\n", b"\n") == data)


def _refuse_folder(path: Path) -> None:
    """Ask before anything takes its place: the first file would be the new one, and the record could not follow."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


@contextlib.contextmanager
def _removed_unless_placed(paths: list[Path]) -> Iterator[list[str]]:
    """Removes what waits where the body raises; once the first file has its place, the rest are what completes it."""
    placed: list[str] = []
    try:
        yield placed
    finally:
        if not placed:
            for path in paths:
                with contextlib.suppress(OSError):
                    waiting(path).unlink(missing_ok=True)


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that nobody else has made, and never through a link; what a killed process left is replaced."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, _EXCLUSIVE, 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
