"""The variables of a SavedModel or of a checkpoint, described from the checkpoint's index without reading them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.sstable import TableError, read_table
from pytest_modelcompat.artifacts.descriptions import describe_undelivered
from pytest_modelcompat.artifacts.detection import INDEX, checkpoint_index
from pytest_modelcompat.artifacts.dtypes import dtype_name
from pytest_modelcompat.artifacts.inventory import Asset, BrokenArtifactError, Inventory, WeightUse
from pytest_modelcompat.artifacts.limits import LARGEST_INDEX, megabytes
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.artifacts.saved_model.signatures import read_shape

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget

_FOLDER = "variables"
_INDEX = "variables.index"
# It is the checkpoint's own object graph, not a variable.
_OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
_MOST_SHARDS = 10_000
_LONGEST_SHAPE = 1000


@dataclass(frozen=True)
class Variables:
    """The variables of a SavedModel or of a checkpoint.

    Args:
        weights: sorted by name.
        missing: those of their files that are not there.
        has_object_graph: whether they are named by TF2's object graph, rather than by TF1's names.
    """

    weights: tuple[WeightUse, ...] = ()
    missing: tuple[Asset, ...] = ()
    has_object_graph: bool = False


def read_checkpoint(path: Path, budget: Budget) -> Inventory:
    """Describes a checkpoint, which holds weights and no model.

    Args:
        path: one of its files, what their names have in common, or a folder that names its newest checkpoint.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: its index is damaged, or a file it tells of is too short.
    """
    index = checkpoint_index(path)
    if index is None:
        raise BrokenArtifactError(f"{path} is a checkpoint without an index")
    variables = read_index(index, budget)
    return Inventory(
        path=path,
        format="checkpoint",
        weights_only=True,
        weights=variables.weights,
        assets=variables.missing,
        has_object_graph=variables.has_object_graph,
    )


def read_variables(folder: Path, budget: Budget, *, is_needed: bool) -> Variables:
    """Describes the variables of a SavedModel.

    Args:
        folder: the SavedModel's folder.
        budget: what reading it may cost.
        is_needed: whether its graph has variables, so that their files have to be there.

    Raises:
        BrokenArtifactError: the checkpoint's index is damaged, or a file it tells of is too short.
    """
    file = folder / _FOLDER / _INDEX
    if not file.is_file():
        return Variables(missing=(Asset(f"{_FOLDER}/{_INDEX}", is_present=False),) if is_needed else ())
    return read_index(file, budget, f"{_FOLDER}/")


def read_index(file: Path, budget: Budget, below: str = "") -> Variables:
    """Describes the variables that a checkpoint's index lists.

    Args:
        file: the index.
        budget: what reading it may cost.
        below: what stands before the names of its files.

    Raises:
        BrokenArtifactError: the index is damaged, or a file it tells of is too short.
    """
    entries = _entries(file, budget)
    count = next((entry.shard_count for key, entry in entries if not key), 0)
    variables = [(key, entry) for key, entry in entries if key]
    try:
        weights = tuple(_weight(key, entry) for key, entry in variables if key != _OBJECT_GRAPH)
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: a shape in it does not parse") from error
    missing = tuple(
        Asset(f"{below}{name}", is_present=False)
        for name in _missing_shards(file, count, (entry for _, entry in variables))
    )
    return Variables(weights, missing, any(key == _OBJECT_GRAPH for key, _ in variables))


def _entries(file: Path, budget: Budget) -> list[tuple[bytes, Any]]:
    """The index' entries in order of their keys; the one without a key is its header."""
    if file.stat().st_size > LARGEST_INDEX:
        raise BrokenArtifactError(f"{file} is larger than {megabytes(LARGEST_INDEX)}, which is the limit")
    undelivered = describe_undelivered(file)
    if undelivered:
        raise BrokenArtifactError(undelivered)
    try:
        table = sorted(read_table(file.read_bytes(), budget), key=lambda entry: entry[0])
        return [(key, parse("BundleEntry" if key else "BundleHeader", value)) for key, value in table]
    except TableError as error:
        raise BrokenArtifactError(f"{file} is truncated or corrupt: {error}") from error
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: an entry of it does not parse") from error


def _missing_shards(index: Path, count: int, entries: Iterable[Any]) -> list[str]:
    """The files that should hold the values and are not there."""
    ends: dict[int, int] = {}
    for entry in entries:
        ends[entry.shard_id] = max(ends.get(entry.shard_id, 0), entry.offset + entry.size)
    missing = []
    for shard in sorted(ends)[:_MOST_SHARDS]:
        name = f"{index.name.removesuffix(INDEX)}.data-{shard:05d}-of-{count:05d}"
        file = index.with_name(name)
        if not file.is_file():
            missing.append(name)
            continue
        undelivered = describe_undelivered(file) if ends[shard] else None
        if undelivered:
            raise BrokenArtifactError(undelivered)
        if file.stat().st_size < ends[shard]:
            raise BrokenArtifactError(f"{file} is truncated: its index places values up to byte {ends[shard]:,}")
    return missing


def _weight(key: bytes, entry: Any) -> WeightUse:
    dtype = dtype_name(entry.dtype)
    size = 0 if dtype == "string" else entry.size
    return WeightUse(key.decode("utf-8", "backslashreplace"), dtype, _shape(entry.shape[:_LONGEST_SHAPE]), size)


@lru_cache(maxsize=1000)
def _shape(packed: bytes) -> tuple[int, ...]:
    return tuple(size or 0 for size in read_shape(parse("TensorShapeProto", packed)) or ())
