"""Reading the .keras format (Keras 2.12 and later): metadata.json, config.json, the weights, assets.

They are members of a zip; Keras 3 can leave them in a folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.contents import read_contents
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error
from pytest_modelcompat.artifacts.containers.member_hazards import zip_hazards
from pytest_modelcompat.artifacts.containers.npz import read_npz
from pytest_modelcompat.artifacts.containers.zip_reader import ZipArchive, ZipError
from pytest_modelcompat.artifacts.inventory import Asset, BrokenArtifactError, Hazard, Inventory
from pytest_modelcompat.artifacts.keras.config import read_model
from pytest_modelcompat.artifacts.keras.folder import Folder
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.artifacts.limits import LARGEST_JSON
from pytest_modelcompat.artifacts.other_json import HUB_PACKAGES
from pytest_modelcompat.artifacts.text import clause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.containers.hdf5.contents import Hdf5Contents
    from pytest_modelcompat.artifacts.containers.hdf5.source import Source
    from pytest_modelcompat.artifacts.inventory import WeightUse

CONFIG, METADATA = "config.json", "metadata.json"
ASSETS = "assets/"
_PROGRAMS = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe", ".com", ".sh", ".bat", ".ps1", ".jar")
# Of a KerasHub preset: the model for a task, around the backbone in config.json. A class' name, of whatever is there.
_TASK, _CLASS = "task.json", re.compile(r"^.*>|\W")
WEIGHTS, _WEIGHTS_NPZ = "model.weights.h5", "model.weights.npz"
_WEIGHTS_HDF5 = ".weights.h5"


def read_keras_zip(path: Path, budget: Budget) -> Inventory:
    """Reads a .keras model's metadata and configuration; the weights are described and stay untouched.

    Args:
        path: a zip or a folder that holds config.json.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: the zip is damaged, or its configuration describes no Keras model.
    """
    try:
        if path.is_dir():
            with Folder(path, budget) as folder:
                return _inventory(path, folder, budget)
        with path.open("rb") as file:
            return _inventory(path, ZipArchive(file, budget), budget)
    except ZipError as error:
        raise BrokenArtifactError(f"{path} is a truncated or corrupt .keras file: {error}") from error


def _inventory(path: Path, archive: ZipArchive | Folder, budget: Budget) -> Inventory:
    where = f"{path} (its {CONFIG})"
    root = parse_json(archive.read(CONFIG, LARGEST_JSON), where, budget)
    contents = read_model(root, where, budget)
    training = as_mapping(root.get("compile_config"))
    weights, hazards = _weights(path, archive)
    known = (CONFIG, METADATA, *(name for name in archive.sizes if name.endswith(_WEIGHTS_HDF5)))
    hazards += archive.hazards(known) if isinstance(archive, Folder) else zip_hazards(archive, budget, known)
    saved_by = _saved_by(path, archive)
    return Inventory(
        path=path,
        format="keras",
        saved_by=saved_by,
        preset=_preset(path, archive, saved_by, contents.model_class),
        model_class=contents.model_class,
        layers=tuple(contents.layers),
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        references=tuple(contents.references),
        compute_dtypes=contents.compute_dtypes,
        compiled=bool(training),
        weights=tuple(weights),
        assets=_assets(archive),
        hazards=_sorted((*_programs(archive), *hazards)),
        root=root,
        training=training,
    )


def _saved_by(path: Path, archive: ZipArchive | Folder) -> dict[str, str]:
    if METADATA not in archive.sizes:
        return {}
    metadata = parse_json(archive.read(METADATA, LARGEST_JSON), f"{path} (its {METADATA})")
    versions = {package: metadata.get(f"{package}_version") for package in ("keras", *HUB_PACKAGES)}
    return {package: version for package, version in versions.items() if isinstance(version, str)}


def _preset(path: Path, archive: ZipArchive | Folder, saved_by: Mapping[str, str], model_class: str | None) -> str:
    """The package and the class of a KerasHub preset: of its task, which holds more than its backbone."""
    package = next((each for each in HUB_PACKAGES if each in saved_by), "")
    if not package:
        return ""
    task = parse_json(archive.read(_TASK, LARGEST_JSON), f"{path} (its {_TASK})") if _TASK in archive.sizes else {}
    name = task.get("class_name")
    return f"{package}.{_CLASS.sub('', name if isinstance(name, str) else model_class or '') or 'Backbone'}"


def _assets(archive: ZipArchive | Folder) -> tuple[Asset, ...]:
    sizes = archive.sizes
    return tuple(Asset(name, sizes[name]) for name in sorted(sizes) if name.startswith(ASSETS))


def weights_source(path: Path, file: BinaryIO) -> Source | None:
    """The HDF5 file of the weights in a .keras file; None where it has none, or where it would have to be unpacked.

    Args:
        path: the .keras file.
        file: the same, open.

    Raises:
        BrokenArtifactError: the zip is damaged.
    """
    try:
        archive = ZipArchive(file)
        return archive.in_place(WEIGHTS) if WEIGHTS in archive.sizes else None
    except ZipError as error:
        raise BrokenArtifactError(f"{path} is a truncated or corrupt .keras file: {error}") from error


def _weights(path: Path, archive: ZipArchive | Folder) -> tuple[list[WeightUse], list[Hazard]]:
    """What the zip's weights are: one HDF5 file, several where they are sharded, or an .npz."""
    weights: list[WeightUse] = []
    hazards: list[Hazard] = []
    for name in archive.sizes:
        if not name.endswith(_WEIGHTS_HDF5):
            continue
        source = archive.source(name)
        if source is None:
            hazards.append(
                Hazard("unread member", name, "is compressed, and larger than what is unpacked to look into it")
            )
        else:
            held = _hdf5(f"{path} (its {clause(name)})", source)
            weights += held.weights
            hazards += held.hazards
    npz = archive.inner(_WEIGHTS_NPZ) if _WEIGHTS_NPZ in archive.sizes else None
    if npz is not None:
        weights += read_npz(npz)
    return sorted(weights, key=lambda weight: weight.path), hazards


def _hdf5(where: str, source: Source) -> Hdf5Contents:
    try:
        return read_contents(source)
    except Hdf5Error as error:
        raise BrokenArtifactError(f"{where} is corrupt: {error}") from error


def _programs(archive: ZipArchive | Folder) -> Iterator[Hazard]:
    """Programs among the members of a zip; a folder may be a checkout of much else."""
    for name in archive.sizes if isinstance(archive, ZipArchive) else ():
        if name.lower().endswith(_PROGRAMS):
            yield Hazard("program member", name, "is no part of a model")


def _sorted(hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    return tuple(sorted(hazards, key=lambda hazard: (hazard.subject, hazard.what)))
