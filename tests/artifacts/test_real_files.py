"""Files that others saved, years ago and with other versions; skipped where they are not at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, Inventory, read_inventory

REAL = Path(__file__).resolve().parents[3] / "shared" / "artifacts"
INDEX: list[dict[str, Any]] = json.loads((REAL / "index.json").read_text()) if (REAL / "index.json").is_file() else []

pytestmark = pytest.mark.skipif(not INDEX, reason="the real artifacts are not at hand")


def path_of(entry: dict[str, Any]) -> Path:
    path: Path = REAL / entry["file"]
    return path.parent if path.name == "saved_model.pb" else path


def read(name: str) -> Inventory:
    return read_inventory(path_of(next(entry for entry in INDEX if entry["name"] == name)))


@pytest.mark.parametrize("entry", [e for e in INDEX if "corrupt" not in e["name"]], ids=lambda e: e["name"])
def test_version_and_kind(entry: dict[str, Any]) -> None:
    inventory = read_inventory(path_of(entry))
    assert all(version in entry["saved_by"] for key, version in inventory.saved_by.items() if key != "backend")
    assert {"keras", "tensorflow"} & inventory.saved_by.keys()
    assert inventory.compute_dtypes == ("float32",)
    assert bool(inventory.layers) == ("keras" in entry["saved_by"])
    assert bool(inventory.ops) == ("tf " in entry["saved_by"])


@pytest.mark.parametrize("entry", [e for e in INDEX if "corrupt" in e["name"]], ids=lambda e: e["name"])
def test_corrupt(entry: dict[str, Any]) -> None:
    with pytest.raises(BrokenArtifactError, match="corrupt"):
        read_inventory(path_of(entry))


@pytest.mark.parametrize(
    ("name", "op_types"),
    [
        ("savedmodel_half_plus_two_tf2.14", 23),
        ("savedmodel_half_plus_two_tf1.1", 16),
        ("savedmodel_two_signatures_tf2.0", 15),
        ("savedmodel_mlp_keras2.9", 19),
    ],
)
def test_op_types(name: str, op_types: int) -> None:
    assert len(read(name).ops) == op_types


@pytest.mark.parametrize(
    ("name", "model_class", "class_names"),
    [
        ("h5_addons_layer_keras2.2", "Sequential", ["Addons>AdaptiveAveragePooling2D"]),
        ("h5_tensorflow_op_layer_keras2.2", "Model", ["InputLayer", "TensorFlowOpLayer", "Dense"]),
        ("h5_simple_rnn_keras2.1", "Sequential", ["SimpleRNN", "Dense"]),
        ("keras_mlp_keras3.1", "Sequential", ["InputLayer", "Dense", "Dense", "Dense"]),
        ("savedmodel_mlp_keras2.9", "Sequential", ["InputLayer", "Dense", "Dense", "Dense"]),
    ],
)
def test_layers(name: str, model_class: str, class_names: list[str]) -> None:
    inventory = read(name)
    assert inventory.model_class == model_class
    assert [layer.class_name for layer in inventory.layers] == class_names


def test_signatures() -> None:
    names = [signature.name for signature in read("savedmodel_two_signatures_tf2.0").signatures]
    assert names == ["serving_default", "timestwo"]
    classify = read("savedmodel_half_plus_two_tf1.1").signatures[1]
    assert (classify.name, classify.inputs[0].dtype, classify.inputs[0].shape) == (
        "classify_x_to_y",
        "string",
        None,
    )


def test_legacy_weights() -> None:
    assert read_inventory(REAL / "h5_conv1d_keras2.3" / "conv1d_k2_s1_d1_cf_same_weights.h5").weights_only
