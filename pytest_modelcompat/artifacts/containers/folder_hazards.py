"""What in the folder of an artifact can harm: links out of it, and what is in its files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.budget import BudgetSpentError
from pytest_modelcompat.artifacts.inventory import Hazard
from pytest_modelcompat.artifacts.limits import MOST_MEMBERS
from pytest_modelcompat.artifacts.outside import is_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_modelcompat.artifacts.budget import Budget


def folder_hazards(folder: Path, budget: Budget, is_known: Callable[[str], bool]) -> Iterator[Hazard]:
    """What in a folder can harm who loads it.

    Args:
        folder: the artifact.
        budget: what looking at it may cost.
        is_known: whether a file, by its path in the folder, is one that its own reader looks into.

    Raises:
        OSError: something cannot be read.
        BudgetSpentError: it has more files than any model, which could hide one that harms.
    """
    inside = folder.resolve()
    for file in _files(folder, budget):
        name = file.relative_to(folder).as_posix()
        if file.is_symlink() and is_outside(file.resolve(), inside):
            yield Hazard("outside link", name, f"is a link out of the folder, to {file.readlink()}")
        if file.is_file() and not is_known(name):
            yield from _of_file(name, file, budget)


def _of_file(name: str, path: Path, budget: Budget) -> Iterator[Hazard]:
    # Few folders have such files.
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source
    from pytest_modelcompat.artifacts.containers.member_hazards import file_hazards
    from pytest_modelcompat.artifacts.containers.zip_reader import ZipError

    # A zip that is damaged is no model's: those are read by readers that say so.
    with path.open("rb") as file, contextlib.suppress(ZipError):
        yield from file_hazards(name, file, lambda: Source(file, 0, path.stat().st_size, budget), budget)


def _files(folder: Path, budget: Budget) -> Iterator[Path]:
    """The files, and the links to folders, which are not followed."""
    count = 0
    for at, folders, names in os.walk(folder):
        links = [name for name in folders if Path(at, name).is_symlink()]
        for name in sorted([*names, *links]):
            budget.look()
            count += 1
            if count > MOST_MEMBERS:
                raise BudgetSpentError(f"it has more than {MOST_MEMBERS:,} files and links")
            yield Path(at, name)
