"""The values of weights, read in place: a view into the file for each array, without a library that parses it."""

from __future__ import annotations

import glob
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.artifact_files import sha256_of
from pytest_modelcompat.artifacts.budget import BudgetSpentError
from pytest_modelcompat.artifacts.containers.hdf5.guarded_reader import GuardedReader, StoredArray
from pytest_modelcompat.artifacts.detection import INDEX, checkpoint_index
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.outside import is_outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import WeightUse

_IN_HDF5 = ("h5", "keras")
# What deflating zeros comes to.
_GREATEST_RATIO = 1100
_BFLOAT16 = "bfloat16"
# Stored as the integers of their size; equal bits are equal values, and no more is said of them.
_OF_BITS = {"float8_e4m3fn": "uint8", "float8_e5m2": "uint8", "int4": "int8", "uint4": "uint8"}
_NUMERIC = frozenset(
    {
        *("float16", "float32", "float64", "complex64", "complex128", "bool", _BFLOAT16, *_OF_BITS),
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    }
)


@dataclass(frozen=True)
class ValueLocation:
    """Where an array's values lie.

    Args:
        file: the file they are in.
        offset: of the first byte in that file.
        is_big_endian: whether each number begins with its most significant byte.
        checksum: of the values, as the artifact records it; None where it does not.
    """

    file: Path
    offset: int
    is_big_endian: bool = False
    checksum: int | None = None


def value_locations(inventory: Inventory) -> Mapping[str, ValueLocation]:
    """Where the values of an artifact's weights lie, by the weights' paths.

    Left out is what does not lie in the artifact in one piece and as it is: compressed or chunked arrays, values
    in other files, partitioned variables.

    Args:
        inventory: what the artifact holds.

    Raises:
        BrokenArtifactError: the file is damaged.
    """
    found = _hdf5 if inventory.format in _IN_HDF5 else _checkpoint
    try:
        return dict(found(inventory))
    except (OSError, ValueError, zipfile.BadZipFile, BudgetSpentError) as error:
        cause = " ".join(str(error).split())
        raise BrokenArtifactError(f"the weights of {inventory.path} cannot be read: {cause}") from error


def read_values(weight: WeightUse, place: ValueLocation) -> NDArray[Any] | None:
    """An array's values, as a view that reads the file where it is looked at; None for texts and the like.

    Args:
        weight: its dtype and shape.
        place: where its values lie.

    Returns:
        Shape and dtype of `weight`; `bfloat16` as float32.

    Raises:
        BrokenArtifactError: the file ends before it.
    """
    import numpy as np

    if weight.dtype not in _NUMERIC:
        return None
    stored = _stored_array(weight)
    dtype = stored.dtype.newbyteorder(">" if place.is_big_endian else "<")
    if stored.nbytes == 0:
        return np.empty(weight.shape, stored.dtype)
    if place.offset + stored.nbytes > place.file.stat().st_size:
        raise BrokenArtifactError(f"{place.file} is truncated: the values of {weight.path} lie beyond its end")
    values = np.memmap(place.file, dtype, mode="r", offset=place.offset, shape=weight.shape)
    return _decoded(weight, values if dtype.isnative else values.astype(stored.dtype))


class ChunkedValues:
    """Arrays of an .h5 file that somebody stored in chunks or compressed, which Keras does not.

    The HDF5 library reads them, in a process of its own.

    Args:
        inventory: what the artifact holds.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._reader = GuardedReader(inventory.path)

    def close(self) -> None:
        """Ends the process."""
        self._reader.close()

    def pieces(self, weight: WeightUse) -> Iterator[NDArray[Any]] | None:
        """An array's values, of which no more than a piece is in memory at once.

        Args:
            weight: the array.

        Returns:
            Its elements in C order, in flat pieces as `read_values` has them; None where they lie in another file, or
            are more than such a file can hold.

        Raises:
            UnreadableDatasetError: the library does not read them; raised by the iterator.
            BrokenArtifactError: the library crashes or does not come to an end; raised by the iterator.
        """
        path = self._inventory.path
        outside = any(hazard.subject == weight.path for hazard in self._inventory.hazards)
        if self._inventory.format != "h5" or weight.dtype not in _NUMERIC or outside:
            return None
        stored = _stored_array(weight)
        if stored.nbytes == 0:
            return iter(())
        if stored.nbytes > _GREATEST_RATIO * path.stat().st_size:
            return None
        return (_decoded(weight, piece) for piece in self._reader.pieces(stored))


def _stored_array(weight: WeightUse) -> StoredArray:
    import numpy as np

    stored = "uint16" if weight.dtype == _BFLOAT16 else _OF_BITS.get(weight.dtype, weight.dtype)
    return StoredArray(weight.path, np.dtype(stored), weight.shape)


def _decoded(weight: WeightUse, values: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return (values.astype(np.uint32) << 16).view(np.float32) if weight.dtype == _BFLOAT16 else values


def _hdf5(inventory: Inventory) -> Iterator[tuple[str, ValueLocation]]:
    from pytest_modelcompat.artifacts.containers.hdf5.contents import datasets
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source
    from pytest_modelcompat.artifacts.keras.archive import WEIGHTS, weights_source

    is_unzipped = inventory.path.is_dir()
    path = inventory.path / WEIGHTS if is_unzipped else inventory.path
    with path.open("rb") as file:
        is_zip = inventory.format == "keras" and not is_unzipped
        source = weights_source(path, file) if is_zip else Source(file, 0, path.stat().st_size)
        for dataset in datasets(source) if source else ():
            if dataset.offset is not None:
                yield dataset.path, ValueLocation(path, dataset.offset, dataset.is_big_endian)


def _checkpoint(inventory: Inventory) -> Iterator[tuple[str, ValueLocation]]:
    from pytest_modelcompat.artifacts.containers.sstable import read_table
    from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

    index = _index(inventory)
    if index is None or not index.is_file():
        return
    prefix = glob.escape(index.name.removesuffix(INDEX))
    for key, value in read_table(index.read_bytes()):
        entry = parse("BundleEntry", value)
        shard = sorted(index.parent.glob(f"{prefix}.data-{entry.shard_id:05d}-of-*"))
        if key and shard and not entry.slices:
            yield key.decode("utf-8", "backslashreplace"), ValueLocation(shard[0], entry.offset, checksum=entry.crc32c)


def _index(inventory: Inventory) -> Path | None:
    """Where the index is of the checkpoint that holds an artifact's variables; None where it has none."""
    if inventory.format == "saved_model":
        return inventory.path / "variables" / "variables.index"
    if inventory.format == "meta_graph":
        return inventory.path.with_suffix(INDEX)
    return checkpoint_index(inventory.path) if inventory.format == "checkpoint" else None


def asset_digests(inventory: Inventory) -> Mapping[str, str]:
    """A digest of each asset's content, by path; none for what is missing or lies outside the artifact.

    Args:
        inventory: what the artifact holds.

    Raises:
        BrokenArtifactError: an asset cannot be read.
    """
    try:
        if inventory.path.is_dir():
            return dict(_digests_of_files(inventory))
        if inventory.format == "keras" and inventory.assets:
            with zipfile.ZipFile(inventory.path) as archive:
                return {member.filename: f"{member.CRC:08x}" for member in archive.infolist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise BrokenArtifactError(f"the assets of {inventory.path} cannot be read: {error}") from error
    return {}


def _digests_of_files(inventory: Inventory) -> Iterator[tuple[str, str]]:
    root = inventory.path.resolve()
    for asset in inventory.assets:
        file = (root / asset.path).resolve()
        if asset.is_present and not is_outside(file, root) and file.is_file():
            yield asset.path, sha256_of(file)[:8]
