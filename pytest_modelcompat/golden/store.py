"""GoldenStore: the goldens of a project on disk, read and written by several processes at once."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.golden import serialization
from pytest_modelcompat.golden.files import replace_together, waiting
from pytest_modelcompat.golden.folders import folder_of, own_folder, remove_empty_folders, rename_former
from pytest_modelcompat.golden.golden import (
    ARRAYS_FILE,
    FROZEN_FOLDER,
    JSON_FILE,
    Golden,
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
    GoldenNotWrittenError,
    GoldenTooNewError,
    unescape,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from filelock import BaseFileLock

_LOCK_TIMEOUT = 120.0
_LOCK_DIGITS = 2


@dataclass(frozen=True)
class UpdateResult:
    """What an update did.

    Args:
        changed: whether the bytes of a file on disk are others now, or its name is.
        before: the golden that was there; None if there was none, or a broken one.
        after: the golden that is there now.
    """

    changed: bool
    before: Golden | None
    after: Golden


@dataclass(frozen=True)
class GoldenStore:
    """The goldens under a folder: `<root>/<path parts>/<name>/golden.json` and `arrays.npz`.

    Args:
        root: the folder.
        recorded: the goldens that were updated through this store, whether that changed them or not.
    """

    root: Path
    recorded: set[GoldenName] = field(default_factory=set, compare=False)

    def folder(self, name: GoldenName) -> Path:
        """Where a golden is kept, whether it is there or not."""
        return folder_of(self.root, name)

    def read(self, name: GoldenName) -> Golden:
        """Read a golden.

        Raises:
            GoldenMissingError: there is none.
            GoldenBrokenError: what is there is not a golden.
        """
        folder = self.folder(name)
        try:
            return read_golden(folder)
        except GoldenBrokenError as error:
            # The two files are replaced one after the other, and are read one after the other.
            try:
                with _lock(own_folder(self.root, name)):
                    return read_golden(self.folder(name))
            except OSError:
                raise error from None

    def update(self, name: GoldenName, merge: Callable[[Golden | None], Golden]) -> UpdateResult:
        """Read, merge and write under one lock, so that processes updating at once lose nothing.

        A golden that is still under its former name is renamed.

        Args:
            name: which one.
            merge: makes the new golden of the one on disk (None if there is none, or a broken one). What it
                raises is passed on, with nothing written.

        Raises:
            GoldenNotWrittenError: it could not be written; there is no output in it; or what is on disk was
                recorded by a later version of this plugin, whose content this one would lose.
        """
        folder = own_folder(self.root, name)
        with locked_folder(folder):
            before = _before(self.folder(name))
            after = merge(before)
            with write_errors(folder):
                renamed = rename_former(self.root, name)
            written = UpdateResult(save_golden(name, folder, after) or renamed, before, after)
        self.recorded.add(name)
        return written

    def names(self) -> tuple[GoldenName, ...]:
        """Every golden that is there, whole or broken, in the order of their folders; no stray files."""
        # What is frozen has no such name; not to look at it saves reading a file for each release.
        found = (
            golden_name_of(path.parent.relative_to(self.root).parts, path)
            for path in sorted(self.root.rglob(JSON_FILE))
            if FROZEN_FOLDER not in path.relative_to(self.root).parts and path.is_file()
        )
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def remove(self, name: GoldenName) -> None:
        """Remove a golden, and the folders that are empty without it; frozen artifacts stay.

        Raises:
            GoldenNotWrittenError: it could not be removed.
        """
        folder = self.folder(name)
        with locked_folder(own_folder(self.root, name)), removal_errors(folder):
            for file in (waiting(folder / JSON_FILE), folder / JSON_FILE, folder / ARRAYS_FILE):
                file.unlink(missing_ok=True)
            remove_empty_folders(folder, self.root)


def golden_name_of(escaped: tuple[str, ...], path: Path) -> GoldenName | None:
    """The name of the golden in a folder; None if no golden has such a one.

    Args:
        escaped: the folder's parts, from the root of all goldens.
        path: a golden.json that holds the name; it is read only where the parts do not tell it.
    """
    parts = [unescape(part) for part in escaped]
    # Of a name that was cut, the folder tells only the beginning; golden.json holds the whole.
    known = _recorded_name(path) if None in parts else [part for part in parts if part is not None]
    if not all(known) or len(known) != len(escaped) or not known:
        return None
    name = GoldenName(tuple(known[:-1]), known[-1])
    return name if escaped in (name.escape(), name.former()) else None


def _recorded_name(path: Path) -> list[str]:
    try:
        parts = serialization.read_document(path).get("name")
    except (GoldenBrokenError, OSError):
        return []
    return [str(part) for part in parts] if isinstance(parts, list) else []


def read_golden(folder: Path) -> Golden:
    """The golden in a folder.

    Raises:
        GoldenMissingError: there is none.
        GoldenBrokenError: what is there is not a golden.
    """
    try:
        return serialization.deserialize_golden(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise GoldenMissingError(f"There is no golden {folder}.") from None
    except OSError as error:
        raise GoldenBrokenError(f"{error.filename or folder} cannot be read: {error.strerror}.") from error


def _before(folder: Path) -> Golden | None:
    try:
        return read_golden(folder)
    except GoldenMissingError:
        return None
    except GoldenTooNewError as error:
        fix = "update pytest-modelcompat, then run the same command again"
        raise GoldenNotWrittenError(f"{folder} is not overwritten: {error}", fix) from error
    except GoldenBrokenError:
        return None


def save_golden(name: GoldenName, folder: Path, golden: Golden) -> bool:
    """Write a golden into a folder whose lock is held; whether that changed a file.

    Raises:
        GoldenNotWrittenError: it could not be written, or there is no output in it.
    """
    if not golden.outputs[1]:
        fix = "let the model, or one of its signatures, return an output"
        raise GoldenNotWrittenError(f"{folder} is not written: it would hold no output to compare with.", fix)
    files = serialization.serialize_golden(name, golden)
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        serialization.complete_update(folder)
        return replace_together(folder, files, as_text=JSON_FILE)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a golden's folder.

    Raises:
        GoldenNotWrittenError: it cannot be had.
    """
    try:
        lock = _lock(folder)
        lock.acquire()
    except TimeoutError as error:
        fix = "wait until that process has ended, then run the same command again"
        raise GoldenNotWrittenError(f"{folder} is locked by another process.", fix) from error
    except OSError as error:
        fix = "let this user write to the folder for temporary files (TMPDIR), then run the same command again"
        raise GoldenNotWrittenError(f"{folder} could not be locked: {error}.", fix) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Say of a folder what keeps files from being written into it.

    Raises:
        GoldenNotWrittenError: they could not be.
    """
    try:
        yield
    except OSError as error:
        fix = "make it a folder that this user can write to, then run the same command again"
        why = f"{error.strerror or error}; what was there before still is"
        raise GoldenNotWrittenError(f"{folder} could not be written: {why}.", fix) from error


@contextmanager
def removal_errors(folder: Path) -> Iterator[None]:
    """Say of a folder what keeps it from being removed.

    Raises:
        GoldenNotWrittenError: it could not be removed.
    """
    try:
        yield
    except OSError as error:
        fix = "let this user write to it, then run the same command again"
        raise GoldenNotWrittenError(f"{folder} could not be removed: {error.strerror or error}.", fix) from error


def _lock(folder: Path) -> BaseFileLock:
    """The lock of a golden, kept in a folder of this user's.

    Not beside the golden: filelock leaves its file behind, which would be committed with the goldens, and a
    checkout mounted read-only could not be read under a lock.
    """
    from filelock import FileLock

    key = hashlib.sha256(str(folder.resolve()).casefold().encode("utf-8", "surrogateescape")).hexdigest()
    # So many files and no more: two goldens that share one wait for each other, which is no harm.
    return FileLock(_lock_folder() / f"{key[:_LOCK_DIGITS]}.lock", timeout=_LOCK_TIMEOUT)


def _lock_folder() -> Path:
    """The folder of this user's locks, where nobody else can put a link or hold a lock.

    Raises:
        OSError: it is not a folder, or not this user's alone.
    """
    if not hasattr(os, "getuid"):
        locks = Path(tempfile.gettempdir(), f"pytest-modelcompat-locks-{os.environ.get('USERNAME', '')}")
        locks.mkdir(exist_ok=True)
        return locks
    user = os.getuid()
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "")
    is_usable = runtime.is_absolute() and runtime.is_dir() and runtime.stat().st_uid == user
    locks = (runtime if is_usable else Path(tempfile.gettempdir())) / f"pytest-modelcompat-locks-{user}"
    locks.mkdir(mode=0o700, exist_ok=True)
    found = locks.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user:
        raise OSError(f"{locks} is not a folder of this user's")
    if found.st_mode & 0o077:
        locks.chmod(0o700)
    return locks
