"""A sentence for JSON text that belongs to a model: a configuration, a TensorFlow.js model, an index of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import KERAS_FOLDER
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.limits import LARGEST_JSON
from pytest_modelcompat.artifacts.text import clause, counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HUB_PACKAGES = ("keras_hub", "keras_nlp")


def json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where it holds none, or is larger than any model's.

    Raises:
        OSError: it cannot be read.
    """
    from pytest_modelcompat.artifacts.keras.json_text import parse_json

    with path.open("rb") as file:
        text = file.read(LARGEST_JSON + 1)
    try:
        return parse_json(text, str(path))
    except BrokenArtifactError:
        return None


def describe_json(path: Path) -> str:
    """Says in one sentence what a file of JSON text is.

    Args:
        path: an existing file.

    Raises:
        OSError: it cannot be read.
    """
    data = json_object(path)
    if data is None:
        return f"{path} is JSON text, not a model with weights"
    if path.name in KERAS_FOLDER and all((path.parent / name).is_file() for name in KERAS_FOLDER):
        return f"{path} is one file of an unzipped .keras model; give the folder that holds it, {path.parent}"
    what = (
        describe_tensorflow_js(data)
        or _index(data)
        or _configuration(data)
        or ("is the configuration of a Hugging Face model" if transformers_class(data) else "")
        or ("is an XGBoost model; load it with xgboost.Booster(model_file=path)" if "learner" in data else "")
    )
    return f"{path} {what}" if what else f"{path} is JSON text, not a model with weights"


def describe_tensorflow_js(data: Mapping[str, Any]) -> str:
    """Says what a TensorFlow.js model is, without its path; empty where it is none.

    Args:
        data: what stands in its model.json.
    """
    manifest = data.get("weightsManifest")
    if "modelTopology" not in data or not isinstance(manifest, list):
        return ""
    groups = [each for each in manifest if isinstance(each, dict)]
    arrays = sum(len(each["weights"]) for each in groups if isinstance(each.get("weights"), list))
    made_by = data.get("generatedBy") or data.get("convertedBy")
    made = f" made by {clause(made_by)}" if isinstance(made_by, str) else ""
    if data.get("format") == "graph-model":
        way = "it loads with tf.loadGraphModel in JavaScript alone: export the Keras model again"
        return f"is a TensorFlow.js graph model{made} with {counted(arrays, 'array')} of weights; {way}"
    way = "make it an .h5: tensorflowjs_converter --input_format tfjs_layers_model --output_format keras IN OUT"
    return f"is a TensorFlow.js layers model{made} with {counted(arrays, 'array')} of weights; {way}"


def transformers_class(data: Mapping[str, Any]) -> str:
    """The class of a Hugging Face model by its config.json; empty where it is none."""
    classes = data.get("architectures")
    named = classes[0] if isinstance(classes, list) and classes else data.get("model_type")
    return clause(named) if isinstance(named, str) else ""


def hub_package(data: Mapping[str, Any]) -> str:
    """The package of a KerasHub preset whose configuration names a class of it; empty for any other."""
    module = data.get("module") or data.get("registered_name")
    package = module.replace(">", ".").partition(".")[0] if isinstance(module, str) else ""
    return package if package in HUB_PACKAGES else ""


def _index(data: Mapping[str, Any]) -> str:
    """What an index of weights in several files is."""
    files = data.get("weight_map")
    if not isinstance(files, dict):
        return ""
    kind = "safetensors files" if "safetensors" in str(list(files.values())[:1]) else "files"
    way = "" if kind == "safetensors files" else "; build the model in code and call model.load_weights(path)"
    keras = "that Keras saved " if way else ""
    return f"is the index of weights {keras}in several {kind}, which hold no model ({len(files):,} entries){way}"


def _configuration(data: Mapping[str, Any]) -> str:
    name = data.get("class_name")
    if not isinstance(name, str) or not isinstance(data.get("config"), dict | list):
        return ""
    if hub_package(data):
        return f"is one file of a KerasHub preset, the configuration of its {clause(name)}; give the folder"
    version = data.get("keras_version")
    by = f", Keras {clause(version)}" if isinstance(version, str) else ""
    return (
        f"is the configuration of a model ({clause(name)}{by}) without its weights, as model.to_json() gives it; "
        "build it with keras.models.model_from_json(text), then model.load_weights"
    )
