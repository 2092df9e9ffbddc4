"""Reading the .keras format (Keras 2.12 and later): a zip of metadata.json, config.json and the weights."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.hdf5 import read_weights
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, Inventory
from pytest_modelcompat.artifacts.keras_config import as_mapping, parse_json, read_model
from pytest_modelcompat.artifacts.slices import FileSlice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pytest_modelcompat.artifacts.inventory import WeightUse

_WEIGHTS = "model.weights.h5"
# Of a zip's local file header: its fixed part, and where the lengths of what follows it stand.
_LOCAL_HEADER = 30
_LOCAL_LENGTHS = 26
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


def read_keras_zip(path: Path) -> Inventory:
    """Reads a .keras file's metadata and configuration; the weights stay untouched.

    Args:
        path: a zip that holds config.json.

    Raises:
        BrokenArtifactError: the zip is damaged, or its configuration describes no Keras model.
    """
    metadata, config, weights = _members(path)
    where = f"{path} (its config.json)"
    root = parse_json(config, where)
    contents = read_model(root, where)
    training = as_mapping(root.get("compile_config"))
    return Inventory(
        path=path,
        format="keras",
        saved_by=_saved_by(path, metadata),
        model_class=contents.model_class,
        layers=tuple(contents.layers),
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        compute_dtypes=contents.compute_dtypes,
        compiled=bool(training),
        weights=weights,
        root=root,
        training=training,
    )


def _members(path: Path) -> tuple[bytes | None, bytes, tuple[WeightUse, ...]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            metadata = archive.read("metadata.json") if "metadata.json" in members else None
            return metadata, archive.read("config.json"), _weights(path, members)
    except _DAMAGED as error:
        raise BrokenArtifactError(f"{path} is a truncated or corrupt .keras file ({error})") from error
    except RuntimeError as error:
        raise BrokenArtifactError(f"{path} is a .keras file that cannot be unpacked ({error})") from error


def _weights(path: Path, members: Mapping[str, zipfile.ZipInfo]) -> tuple[WeightUse, ...]:
    """What the weights' HDF5 file in the zip holds, where it can be read in place: Keras stores it as it is."""
    member = members.get(_WEIGHTS)
    if member is None or member.compress_type != zipfile.ZIP_STORED:
        return ()
    import h5py

    with path.open("rb") as file:
        data = FileSlice(file, _data_start(file, member), member.file_size)
        with h5py.File(data, "r") as weights:
            return read_weights(weights)


def _data_start(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind a local header that repeats its name and has extra data of its own."""
    file.seek(member.header_offset + _LOCAL_LENGTHS)
    name, extra = struct.unpack("<HH", file.read(4))
    return member.header_offset + _LOCAL_HEADER + int(name) + int(extra)


def _saved_by(path: Path, metadata: bytes | None) -> dict[str, str]:
    if metadata is None:
        return {}
    version = parse_json(metadata, f"{path} (its metadata.json)").get("keras_version")
    return {"keras": version} if isinstance(version, str) else {}
