"""The second format of a file that is two things: a zip behind HDF5 or anything else, and HDF5 behind a zip."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import CONFIG, ZIP, hdf5_start, head_of, zip_names
from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, Hazard

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import Inventory

# What a zip ends with, and a comment of its longest.
_END, _LONGEST_END = b"PK\x05\x06", 22 + (1 << 16) - 1


def with_second_format(inventory: Inventory, budget: Budget) -> Inventory:
    """What was read of a file, with what else it is: loaders go by its name, and look for a format in all of it.

    Args:
        inventory: of an HDF5 or a .keras file.
        budget: what reading it may cost.

    Raises:
        OSError: it cannot be read.
    """
    path = inventory.path
    if inventory.format == "h5":
        names = zip_names(path) if _ends_as_zip(path) else None
        if not names:
            return inventory
        return _with(inventory, "a zip", is_model=CONFIG in names, budget=budget)
    if _is_hdf5(path, budget):
        return _with(inventory, "HDF5", is_model=True, budget=budget)
    return (
        inventory
        if head_of(path).startswith(ZIP)
        else _with(inventory, "other data before it", is_model=False, budget=budget)
    )


def _with(inventory: Inventory, second: str, *, is_model: bool, budget: Budget) -> Inventory:
    first = "HDF5" if inventory.format == "h5" else "a zip"
    hazard = Hazard("polyglot", f"of {first} and {second}", f"the file is {first} and {second}")
    others = inventory.others
    if is_model:
        module, function = FORMATS["keras" if inventory.format == "h5" else "h5"].reader
        read = getattr(import_module(module), function)
        # What does not read as a model does not load as one.
        with suppress(BrokenArtifactError):
            others = (*others, replace(read(inventory.path, budget), part=f"{second} in it"))
    return replace(inventory, hazards=(*inventory.hazards, hazard), others=others)


def _ends_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_END))
        return _END in file.read()


def _is_hdf5(path: Path, budget: Budget) -> bool:
    """Whether a zip is HDF5 as a whole; the weights in it may by chance begin where a user's block may end."""
    start = hdf5_start(path)
    if not start:
        return start == 0
    from pytest_modelcompat.artifacts.containers.hdf5.objects import File
    from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error, Source

    with path.open("rb") as file:
        try:
            return File(Source(file, 0, path.stat().st_size, budget)).base == start
        except (Hdf5Error, IndexError):
            return False
