"""Artifacts, read without loading them: no TensorFlow, no Keras, and nothing in them is executed."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import READ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.detection import detect_format
    from pytest_modelcompat.artifacts.inventory import ArtifactWithoutModelError, BrokenArtifactError, Inventory

__all__ = ["ArtifactWithoutModelError", "BrokenArtifactError", "Inventory", "detect_format", "read_inventory"]

# pytest needs the names of formats at every start, and these only where there are models.
_LAZY = {name: "inventory" for name in __all__ if name[0].isupper()} | {"detect_format": "detection"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def read_inventory(path: Path) -> Inventory:
    """Reads what is in an artifact; its format is recognised by content, whatever its name.

    Args:
        path: an .h5 file, a .keras file or a SavedModel folder; a graph alone; a checkpoint, or what the names of its
            files have in common.

    Raises:
        BrokenArtifactError: it cannot be read; the message says in one sentence what the file really is. It is a
            `ArtifactWithoutModelError` where the file is sound and holds something else.
    """
    from pytest_modelcompat.artifacts.budget import BudgetSpentError
    from pytest_modelcompat.artifacts.detection import detect_format
    from pytest_modelcompat.artifacts.inventory import BrokenArtifactError

    try:
        with _without_collecting():
            return _read(path, detect_format(path))
    except OSError as error:
        raise BrokenArtifactError(f"{path} cannot be read: {error.strerror or error}") from error
    except BudgetSpentError as error:
        raise BrokenArtifactError(f"{path} takes more to read than any model: {error}, which is the limit") from error


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keeps Python from looking for cyclic garbage: reading makes many objects and no cycles.

    In a process that has imported TensorFlow, looking takes longer than reading.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(path: Path, format_: str | None) -> Inventory:
    if format_ is None:
        from pytest_modelcompat.artifacts.descriptions import describe_non_artifact
        from pytest_modelcompat.artifacts.inventory import BrokenArtifactError

        raise BrokenArtifactError(describe_non_artifact(path))
    from pytest_modelcompat.artifacts.budget import Budget

    module, function = READ[format_].reader
    budget = Budget()
    inventory: Inventory = getattr(import_module(module), function)(path, budget)
    if format_ not in ("h5", "keras") or path.is_dir():
        return inventory
    from pytest_modelcompat.artifacts.second_format import with_second_format

    return with_second_format(inventory, budget)
