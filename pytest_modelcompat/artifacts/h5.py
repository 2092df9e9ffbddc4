"""Reading the .h5 format: a model's configuration in an attribute of the file, the weights in its groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.hdf5.contents import read_contents
from pytest_modelcompat.artifacts.containers.hdf5.name_lists import WEIGHTS
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error, Source, TruncatedError
from pytest_modelcompat.artifacts.inventory import ArtifactWithoutModelError, BrokenArtifactError, Inventory
from pytest_modelcompat.artifacts.keras.broken_off import missing_weights
from pytest_modelcompat.artifacts.keras.config import read_compile, read_model
from pytest_modelcompat.artifacts.keras.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.containers.hdf5.contents import Hdf5Contents

# Groups that Keras' `save_weights` makes: the legacy layout, then those of Keras 2.12 and 3.
_WEIGHT_GROUPS = frozenset({"model_weights", "layers", "vars", "_layer_checkpoint_dependencies"})
# Of a list of names too long for one attribute, Keras puts the parts into attributes of their own.
_NAMES = frozenset({"layer_names", "layer_names0"})

_OPTIMIZER = "optimizer_weights/"


def read_h5(path: Path, budget: Budget) -> Inventory:
    """Reads an .h5 file's attributes; the weights are described from its metadata and stay untouched.

    Args:
        path: an HDF5 file.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: the file is damaged, or not complete.
        ArtifactWithoutModelError: it holds neither a Keras model nor its weights.
    """
    contents = _contents(path, budget)
    _refuse_broken_off(path, contents)
    inventory = Inventory(
        path=path,
        format="h5",
        saved_by=_saved_by(contents.attributes),
        weights=tuple(contents.weights),
        hazards=tuple(contents.hazards),
        optimizer_names=contents.name_lists.get(_OPTIMIZER, {}).get(WEIGHTS, ()),
    )
    if "model_config" in contents.attributes:
        return _with_model(inventory, contents.attributes, budget)
    if "model_config" in contents.others:
        raise BrokenArtifactError(f"{path} (its model_config) is corrupt: it is no text")
    if contents.groups & _WEIGHT_GROUPS or (contents.others | contents.attributes.keys()) & _NAMES:
        return replace(inventory, weights_only=True)
    raise ArtifactWithoutModelError(f"{path} is an HDF5 file that holds neither a Keras model nor its weights")


def _refuse_broken_off(path: Path, contents: Hdf5Contents) -> None:
    missing = [*missing_weights(contents)]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise BrokenArtifactError(
            f"{path} is not complete, as a save leaves it that broke off: it names {missing[0]}{more}, and does not "
            "hold what it names; save the model again"
        )


def _with_model(inventory: Inventory, attributes: Mapping[str, str], budget: Budget) -> Inventory:
    where = f"{inventory.path} (its model_config)"
    root = parse_json(attributes["model_config"], where, budget)
    contents = read_model(root, where, budget)
    where = f"{inventory.path} (its training_config)"
    training = parse_json(attributes["training_config"], where, budget) if "training_config" in attributes else {}
    read_compile(training, contents, where, budget)
    return replace(
        inventory,
        model_class=contents.model_class,
        layers=tuple(contents.layers),
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        references=tuple(contents.references),
        compute_dtypes=contents.compute_dtypes,
        compiled="training_config" in attributes,
        root=root,
        training=training,
    )


def _contents(path: Path, budget: Budget) -> Hdf5Contents:
    try:
        with path.open("rb", buffering=0) as file:
            return read_contents(Source(file, 0, path.stat().st_size, budget))
    except TruncatedError as error:
        raise BrokenArtifactError(f"{path} is a truncated HDF5 file: {error}") from error
    except Hdf5Error as error:
        raise BrokenArtifactError(f"{path} is a corrupt HDF5 file: {error}") from error


def _saved_by(attributes: Mapping[str, str]) -> dict[str, str]:
    keys = {"keras": "keras_version", "backend": "backend"}
    return {key: attributes[name] for key, name in keys.items() if name in attributes}
