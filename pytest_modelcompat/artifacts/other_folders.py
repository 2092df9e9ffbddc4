"""A sentence for a folder that is no model which Keras or TensorFlow loads."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import SAVED_MODEL_FILES
from pytest_modelcompat.artifacts.other_json import (
    describe_tensorflow_js,
    hub_package,
    json_object,
    transformers_class,
)
from pytest_modelcompat.artifacts.text import clause, natural_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What is in a folder, and what such a folder is.
_OTHER_FOLDERS = (
    ("_CHECKPOINT_METADATA", "is an Orbax checkpoint: weights without a model"),
    ("manifest.ocdbt", "is an Orbax checkpoint: weights without a model"),
    ("checkpoint", "is a folder of TensorFlow checkpoints, which hold weights without a model"),
    ("variables.index", "is the variables folder of a SavedModel; give the folder that holds it"),
    ("MLmodel", "is an MLflow model; load it with mlflow.pyfunc.load_model(path), or give the model file in its data"),
    ("Data/com.apple.CoreML", "is a Core ML package; load it with coremltools.models.MLModel(path)"),
)
# Of a KerasHub preset without a model: what is in it, and the class that loads it.
_HUB_PARTS = (("tokenizer.json", "Tokenizer"), ("preprocessor.json", "Preprocessor"))
_MOST_FILES = 50


def describe_folder(path: Path, describe_file: Callable[[Path], str]) -> str:
    """Says in one sentence what a folder is that is no artifact.

    Args:
        path: the folder.
        describe_file: says what a file is, empty where that is not known.

    Raises:
        OSError: it cannot be read.
    """
    for name, what in _OTHER_FOLDERS:
        if (path / name).exists():
            return f"{path} {what}"
    what = _by_json(path)
    if what:
        return f"{path} {what}"
    below = sorted(found for name in SAVED_MODEL_FILES for found in path.glob(f"*/{name}"))
    hint = f"; there is one in {below[-1].parent}" if below else _other_model(path, describe_file)
    return f"{path} is a folder without saved_model.pb, so it is not a SavedModel{hint}"


def _by_json(path: Path) -> str:
    """What a folder is by the JSON files in it."""
    for name, part in _HUB_PARTS:
        package = hub_package(_object(path / name))
        if package:
            return f"is a KerasHub preset without a model; load it with {package}.models.{part}.from_preset(path)"
    what = describe_tensorflow_js(_object(path / "model.json"))
    if what:
        return f"{what} (its model.json)"
    named = transformers_class(_object(path / "config.json"))
    if named:
        return f"is the folder of a Hugging Face model ({named}); load it with its from_pretrained(path)"
    return ""


def _object(path: Path) -> dict[str, object]:
    return (json_object(path) or {}) if path.is_file() else {}


def _other_model(path: Path, describe_file: Callable[[Path], str]) -> str:
    """The first file in a folder whose kind is known, in words."""
    files = sorted(islice((each for each in path.iterdir() if each.is_file()), _MOST_FILES), key=_by_name)
    for file in files:
        said = "" if file.name.startswith(".") else describe_file(file)
        if said and "is JSON text" not in said:
            return f"; in it, {clause(said.replace(str(file), file.name, 1))}"
    return ""


def _by_name(path: Path) -> list[tuple[int, str]]:
    return natural_order(path.name)
