"""Reading artifacts without loading them: no TensorFlow, no Keras, and nothing in them is executed."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import describe_non_artifact, detect_format
from pytest_modelcompat.artifacts.inventory import ArtifactWithoutModelError, BrokenArtifactError, Inventory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ArtifactWithoutModelError", "BrokenArtifactError", "Inventory", "detect_format", "read_inventory"]


def read_inventory(path: Path) -> Inventory:
    """Reads what is in an artifact; its format is recognised by content, whatever its name.

    Args:
        path: an .h5 file, a .keras file or a SavedModel folder.

    Raises:
        BrokenArtifactError: it cannot be read; the message says in one sentence what the file really is. It is a
            `ArtifactWithoutModelError` where the file is sound and holds something else.
    """
    try:
        with _without_collecting():
            return _read(path, detect_format(path))
    except OSError as error:
        raise BrokenArtifactError(f"{path} cannot be read: {error.strerror or error}") from error


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
    if format_ == "h5":
        from pytest_modelcompat.artifacts.h5 import read_h5

        return read_h5(path)
    if format_ == "keras":
        from pytest_modelcompat.artifacts.keras.archive import read_keras_zip

        return read_keras_zip(path)
    if format_ == "saved_model":
        from pytest_modelcompat.artifacts.saved_model.reader import read_saved_model

        return read_saved_model(path)
    raise BrokenArtifactError(describe_non_artifact(path))
