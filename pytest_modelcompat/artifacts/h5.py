"""Reading the .h5 format: a model's configuration in an attribute of the file, the weights in its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.hdf5 import read_weights
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError, Inventory
from pytest_modelcompat.artifacts.keras_config import parse_json, read_compile, read_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import WeightUse

_ATTRIBUTES = ("model_config", "training_config", "keras_version", "backend")
# Groups that Keras' `save_weights` makes: the legacy layout, then those of Keras 2.12 and 3.
_WEIGHT_GROUPS = frozenset({"model_weights", "layers", "vars", "_layer_checkpoint_dependencies"})


def read_h5(path: Path) -> Inventory:
    """Reads an .h5 file's attributes; the weights stay untouched.

    Args:
        path: an HDF5 file.

    Raises:
        BrokenArtifactError: the file is damaged, or holds neither a Keras model nor its weights.
    """
    attributes, holds_weights, weights = _contents(path)
    saved_by = _saved_by(attributes)
    if "model_config" in attributes:
        return _model_inventory(path, attributes, weights)
    if holds_weights:
        return Inventory(path=path, format="h5", saved_by=saved_by, weights_only=True, weights=weights)
    raise BrokenArtifactError(f"{path} is an HDF5 file that holds neither a Keras model nor its weights")


def _model_inventory(path: Path, attributes: Mapping[str, str], weights: tuple[WeightUse, ...]) -> Inventory:
    where = f"{path} (its model_config)"
    root = parse_json(attributes["model_config"], where)
    contents = read_model(root, where)
    where = f"{path} (its training_config)"
    training = parse_json(attributes["training_config"], where) if "training_config" in attributes else {}
    read_compile(training, contents, where)
    return Inventory(
        path=path,
        format="h5",
        saved_by=_saved_by(attributes),
        model_class=contents.model_class,
        layers=tuple(contents.layers),
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        compute_dtypes=contents.compute_dtypes,
        compiled="training_config" in attributes,
        weights=weights,
        root=root,
        training=training,
    )


def _contents(path: Path) -> tuple[dict[str, str], bool, tuple[WeightUse, ...]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            attributes = {name: _text(file.attrs[name]) for name in _ATTRIBUTES if name in file.attrs}
            holds_weights = "layer_names" in file.attrs or not _WEIGHT_GROUPS.isdisjoint(file)
            return attributes, holds_weights, read_weights(file)
    # h5py raises whatever comes to hand where HDF5 meets damage.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise BrokenArtifactError(_explain(path, error)) from error


def _explain(path: Path, error: Exception) -> str:
    cause = " ".join(str(error).split())
    if "truncated" in cause:
        return f"{path} is a truncated HDF5 file: it ends before the size it declares ({cause})"
    if isinstance(error, OSError) and error.errno:
        return f"{path} cannot be read: {error.strerror or cause}"
    return f"{path} is a corrupt HDF5 file ({cause})"


def _saved_by(attributes: Mapping[str, str]) -> dict[str, str]:
    keys = {"keras": "keras_version", "backend": "backend"}
    return {key: attributes[name] for key, name in keys.items() if name in attributes}


def _text(value: Any) -> str:
    """Unpacks what h5py makes of a text attribute: str, bytes, or an array of one of them."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise TypeError(f"an attribute holds {type(value).__name__} instead of text")
    return value
