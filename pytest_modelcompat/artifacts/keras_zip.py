"""Reading the .keras format (Keras 2.12 and later): a zip of metadata.json, config.json and the weights."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, Inventory
from pytest_modelcompat.artifacts.keras_config import parse_json, read_model

if TYPE_CHECKING:
    from pathlib import Path

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


def read_keras_zip(path: Path) -> Inventory:
    """Reads a .keras file's metadata and configuration; the weights stay untouched.

    Args:
        path: a zip that holds config.json.

    Raises:
        BrokenArtifactError: the zip is damaged, or its configuration describes no Keras model.
    """
    metadata, config = _members(path)
    where = f"{path} (its config.json)"
    root = parse_json(config, where)
    contents = read_model(root, where)
    return Inventory(
        path=path,
        format="keras",
        saved_by=_saved_by(path, metadata),
        model_class=contents.model_class,
        layers=tuple(contents.layers),
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        compute_dtypes=contents.compute_dtypes,
        compiled=bool(root.get("compile_config")),
    )


def _members(path: Path) -> tuple[bytes | None, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            has_metadata = "metadata.json" in archive.namelist()
            return archive.read("metadata.json") if has_metadata else None, archive.read("config.json")
    except _DAMAGED as error:
        raise BrokenArtifactError(f"{path} is a truncated or corrupt .keras file ({error})") from error
    except RuntimeError as error:
        raise BrokenArtifactError(f"{path} is a .keras file that cannot be unpacked ({error})") from error


def _saved_by(path: Path, metadata: bytes | None) -> dict[str, str]:
    if metadata is None:
        return {}
    version = parse_json(metadata, f"{path} (its metadata.json)").get("keras_version")
    return {"keras": version} if isinstance(version, str) else {}
