"""What a child has saved in its job's folder, taken from there to where it was asked for."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

from pytest_modelcompat.loader.saved_copies import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def take(folder: Path, format_name: str, place: Path) -> bool:
    """Move what was saved to its place, as far as it is files: a child may leave links and pipes there.

    Args:
        folder: the job's.
        format_name: what was to be saved.
        place: the file or folder to be; it does not exist.

    Returns:
        Whether it was there, and is.
    """
    saved = folder / NAMES[format_name]
    if not all(map(_is_plain, _everything(saved))) or saved.is_dir() != (format_name == "saved_model"):
        return False
    shutil.move(saved, place)
    return True


def _everything(saved: Path) -> Iterator[Path]:
    yield saved
    if saved.is_dir() and not saved.is_symlink():
        yield from saved.rglob("*")


def _is_plain(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
