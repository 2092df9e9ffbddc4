"""The small files beside a SavedModel's graph: its assets, and its fingerprint."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.containers.folder_hazards import folder_hazards
from pytest_modelcompat.artifacts.detection import KERAS_METADATA, SAVED_MODEL_FILES
from pytest_modelcompat.artifacts.inventory import Asset, Hazard
from pytest_modelcompat.artifacts.outside import leads_out
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget

_ASSETS = "assets"
_COLLECTION = "saved_model_assets"
# In the order in which TensorFlow looks for them; the last is one in chunks, which is not read here.
_GRAPHS = (*SAVED_MODEL_FILES, "saved_model.cpb")
_OWN = frozenset({*_GRAPHS, "fingerprint.pb", KERAS_METADATA})
_VALUES = "variables/variables."
_KERAS_CONFIG = "config.json"
_LARGEST_FINGERPRINT = 4096
_MOST_FILES = 10_000


def read_assets(folder: Path, graph: Any) -> tuple[tuple[Asset, ...], tuple[Hazard, ...]]:
    """The files that a graph names as its assets, there or not, and all others in the folder for them.

    Args:
        folder: the SavedModel's folder.
        graph: a `MetaGraphDef` message.

    Returns:
        The assets sorted by path, and those that stand outside of the folder as hazards.

    Raises:
        ValueError: a name does not parse.
    """
    names = set(_named(graph))
    outside = sorted(name for name in names if leads_out(name))
    names |= _found(folder / _ASSETS)
    assets = tuple(_asset(folder, name) for name in sorted(names.difference(outside)))
    return assets, tuple(Hazard("escaping member", name, "is an asset outside of the SavedModel") for name in outside)


def read_surroundings(folder: Path, budget: Budget) -> tuple[Hazard, ...]:
    """What stands in a SavedModel's folder and can harm: links out of it, other graphs, another format, pickles.

    Args:
        folder: the SavedModel's folder.
        budget: what looking at it may cost.
    """
    graphs = [name for name in _GRAPHS if (folder / name).is_file()]
    seconds = [Hazard("second graph", name, f"stands beside {graphs[0]}") for name in graphs[1:]]
    if (folder / _KERAS_CONFIG).is_file():
        seconds.append(Hazard("polyglot", _KERAS_CONFIG, "makes Keras take the folder for an unzipped .keras"))
    return (*seconds, *folder_hazards(folder, budget, _is_known))


def _is_known(name: str) -> bool:
    """Whether a file is one of a SavedModel's own, with numbers in it or a reader of its own."""
    return name in _OWN or name.startswith(_VALUES)


def read_fingerprint(folder: Path) -> str:
    """The checksum of its graph that fingerprint.pb records, in hexadecimal; empty where there is none to read.

    Args:
        folder: the SavedModel's folder.
    """
    file = folder / "fingerprint.pb"
    if not file.is_file() or file.stat().st_size > _LARGEST_FINGERPRINT:
        return ""
    try:
        checksum = parse("FingerprintDef", file.read_bytes()).saved_model_checksum
    except ValueError:
        return ""
    return f"{checksum:016x}" if checksum else ""


def _named(graph: Any) -> Iterator[str]:
    """What the graph names: in a field of its own since TensorFlow 1.13, in a collection before."""
    for asset in graph.asset_file_def:
        yield asset.filename
    for packed in graph.collection_def[_COLLECTION].any_list.value if _COLLECTION in graph.collection_def else ():
        yield parse("AssetFileDef", packed.value).filename


def _found(folder: Path) -> set[str]:
    found: set[str] = set()
    for at, _, names in os.walk(folder):
        below = os.path.relpath(at, folder).replace(os.sep, "/")
        found.update(name if below == "." else f"{below}/{name}" for name in names)
        if len(found) >= _MOST_FILES:
            break
    return found


def _asset(folder: Path, name: str) -> Asset:
    file = folder / _ASSETS / name
    is_present = file.is_file()
    return Asset(f"{_ASSETS}/{name}", file.stat().st_size if is_present else 0, is_present)
