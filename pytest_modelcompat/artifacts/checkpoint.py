"""A SavedModel's variables, described from the checkpoint's index without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.dtypes import dtype_name
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, WeightUse
from pytest_modelcompat.artifacts.schema import parse
from pytest_modelcompat.artifacts.signatures import read_shape
from pytest_modelcompat.artifacts.sstable import TableError, read_table

if TYPE_CHECKING:
    from pathlib import Path

# It is the checkpoint's own object graph, not a variable.
_OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"


def read_variables(folder: Path) -> tuple[WeightUse, ...]:
    """Describes the variables of a SavedModel, sorted by name; empty where it has none.

    Args:
        folder: the SavedModel's folder.

    Raises:
        BrokenArtifactError: the checkpoint's index is damaged.
    """
    file = folder / "variables" / "variables.index"
    if not file.is_file():
        return ()
    try:
        entries = [
            (key, parse("BundleEntry", value))
            for key, value in read_table(file.read_bytes())
            if key and key != _OBJECT_GRAPH
        ]
    except TableError as error:
        raise BrokenArtifactError(f"{file} is truncated or corrupt: {error}") from error
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: an entry of it does not parse") from error
    return tuple(_weight(key, entry) for key, entry in sorted(entries, key=lambda each: each[0]))


def _weight(key: bytes, entry: Any) -> WeightUse:
    shape = read_shape(entry.shape) or ()
    name = key.decode("utf-8", "backslashreplace")
    dtype = dtype_name(entry.dtype)
    return WeightUse(name, dtype, tuple(dim or 0 for dim in shape), 0 if dtype == "string" else entry.size)
