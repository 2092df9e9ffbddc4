"""A SavedModel's variables, described from the checkpoint's index without reading them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.sstable import TableError, read_table
from pytest_modelcompat.artifacts.detection import describe_undelivered
from pytest_modelcompat.artifacts.dtypes import dtype_name
from pytest_modelcompat.artifacts.inventory import Asset, BrokenArtifactError, WeightUse
from pytest_modelcompat.artifacts.limits import LARGEST_INDEX, megabytes
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse
from pytest_modelcompat.artifacts.saved_model.signatures import read_shape

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FOLDER = "variables"
_INDEX = "variables.index"
# It is the checkpoint's own object graph, not a variable.
_OBJECT_GRAPH = b"_CHECKPOINTABLE_OBJECT_GRAPH"
_MOST_SHARDS = 10_000
_LONGEST_SHAPE = 1000


@dataclass(frozen=True)
class Variables:
    """The variables of a SavedModel.

    Args:
        weights: sorted by name.
        missing: those of their files that are not there.
    """

    weights: tuple[WeightUse, ...] = ()
    missing: tuple[Asset, ...] = ()


def read_variables(folder: Path, *, is_needed: bool) -> Variables:
    """Describes the variables of a SavedModel.

    Args:
        folder: the SavedModel's folder.
        is_needed: whether its graph has variables, so that their files have to be there.

    Raises:
        BrokenArtifactError: the checkpoint's index is damaged, or a file it tells of is too short.
    """
    file = folder / _FOLDER / _INDEX
    if not file.is_file():
        return Variables(missing=(_missing(_INDEX),) if is_needed else ())
    entries = _entries(file)
    count = next((entry.shard_count for key, entry in entries if not key), 0)
    variables = [(key, entry) for key, entry in entries if key]
    try:
        weights = tuple(_weight(key, entry) for key, entry in variables if key != _OBJECT_GRAPH)
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: a shape in it does not parse") from error
    return Variables(weights, tuple(_missing_shards(folder, count, (entry for _, entry in variables))))


def _entries(file: Path) -> list[tuple[bytes, Any]]:
    """The index' entries in order of their keys; the one without a key is its header."""
    if file.stat().st_size > LARGEST_INDEX:
        raise BrokenArtifactError(f"{file} is larger than {megabytes(LARGEST_INDEX)}, which is the limit")
    undelivered = describe_undelivered(file)
    if undelivered:
        raise BrokenArtifactError(undelivered)
    try:
        table = sorted(read_table(file.read_bytes()), key=lambda entry: entry[0])
        return [(key, parse("BundleEntry" if key else "BundleHeader", value)) for key, value in table]
    except TableError as error:
        raise BrokenArtifactError(f"{file} is truncated or corrupt: {error}") from error
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is corrupt: an entry of it does not parse") from error


def _missing_shards(folder: Path, count: int, entries: Iterable[Any]) -> list[Asset]:
    """The files that should hold the values and are not there."""
    ends: dict[int, int] = {}
    for entry in entries:
        ends[entry.shard_id] = max(ends.get(entry.shard_id, 0), entry.offset + entry.size)
    missing = []
    for shard in sorted(ends)[:_MOST_SHARDS]:
        name = f"variables.data-{shard:05d}-of-{count:05d}"
        file = folder / _FOLDER / name
        if not file.is_file():
            missing.append(_missing(name))
            continue
        undelivered = describe_undelivered(file) if ends[shard] else None
        if undelivered:
            raise BrokenArtifactError(undelivered)
        if file.stat().st_size < ends[shard]:
            raise BrokenArtifactError(f"{file} is truncated: its index places values up to byte {ends[shard]:,}")
    return missing


def _missing(name: str) -> Asset:
    return Asset(f"{_FOLDER}/{name}", is_present=False)


def _weight(key: bytes, entry: Any) -> WeightUse:
    dtype = dtype_name(entry.dtype)
    size = 0 if dtype == "string" else entry.size
    return WeightUse(key.decode("utf-8", "backslashreplace"), dtype, _shape(entry.shape[:_LONGEST_SHAPE]), size)


@lru_cache(maxsize=1000)
def _shape(packed: bytes) -> tuple[int, ...]:
    return tuple(size or 0 for size in read_shape(parse("TensorShapeProto", packed)) or ())
