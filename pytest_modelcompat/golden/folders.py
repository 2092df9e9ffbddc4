"""Where a golden is kept: under its name as it is spelt now, or as it was spelt when it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.golden.golden import GoldenName


def folder_of(root: Path, name: GoldenName) -> Path:
    """The folder of a golden, whether it is there or not; under its former name only if it is there alone."""
    folder = own_folder(root, name)
    former = root.joinpath(*name.former())
    return former if former != folder and former.is_dir() and not folder.is_dir() else folder


def own_folder(root: Path, name: GoldenName) -> Path:
    """The folder in which a golden is recorded; of one that is still under its former name, too, what locks it."""
    return root.joinpath(*name.escape())


def rename_former(root: Path, name: GoldenName) -> bool:
    """Rename a golden's folder that still has its former name, with all that is frozen in it; whether there was one.

    Raises:
        OSError: it cannot be renamed.
    """
    folder, kept = own_folder(root, name), folder_of(root, name)
    if kept == folder:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept.rename(folder)
    remove_empty_folders(kept.parent, root)
    return True


def remove_empty_folders(folder: Path, root: Path) -> None:
    """Remove a folder and those above it up to `root`, as long as there is nothing in them."""
    while folder != root and folder.is_relative_to(root):
        if folder.is_dir():
            if any(folder.iterdir()):
                return
            folder.rmdir()
        folder = folder.parent
