"""Files that others saved, years ago and with other versions; skipped where they are not at hand."""

from __future__ import annotations

import json
import math
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


# Read by hand: with the HDF5 library, unzip and a JSON viewer.
KERAS_FILES: dict[str, dict[str, Any]] = {
    "h5_addons_layer_keras2.2": {
        "saved_by": {"keras": "2.2.4-tf", "backend": "tensorflow"},
        "model_class": "Sequential",
        "layers": ["Addons>AdaptiveAveragePooling2D"],
        "objects": {("loss", "mse"), ("optimizer", "RMSprop")},
        "weights": (0, 0),
    },
    "h5_conv1d_keras2.3": {
        "saved_by": {"keras": "2.3.1", "backend": "tensorflow"},
        "model_class": "Sequential",
        "layers": ["Conv1D"],
        "objects": {("loss", "binary_crossentropy"), ("metric", "accuracy"), ("optimizer", "RMSprop")}
        | {("activation", "sigmoid"), ("initializer", "VarianceScaling"), ("initializer", "Zeros")},
        "weights": (2, 28),
    },
    "h5_conv_batchnorm_keras2.1": {
        "saved_by": {"keras": "2.1.3", "backend": "tensorflow"},
        "model_class": "Sequential",
        "layers": ["Conv2D", "BatchNormalization", "Activation", "Conv2D", "Flatten", "Dense"],
        "objects": {("loss", "mse"), ("optimizer", "Adam"), ("activation", "linear"), ("activation", "relu")}
        | {("initializer", "VarianceScaling"), ("initializer", "Zeros"), ("initializer", "Ones")},
        "weights": (10, 79),
    },
    "h5_depthwise_conv_keras2.14": {
        "saved_by": {"keras": "2.14.0", "backend": "tensorflow"},
        "model_class": "Functional",
        "layers": [
            "InputLayer",
            *(["DepthwiseConv2D", "Conv2D", "BatchNormalization", "Activation", "Dropout"] * 4),
            *("Flatten", "Dense"),
        ],
        "objects": {("loss", "CategoricalCrossentropy"), ("loss", "categorical_crossentropy")}
        | {("metric", "CategoricalAccuracy"), ("metric", "Precision"), ("metric", "Recall")}
        | {("optimizer", "Custom>Adam")}
        | {("activation", "linear"), ("activation", "relu"), ("activation", "softmax")}
        | {("initializer", name) for name in ("GlorotUniform", "Zeros", "Ones")},
        "weights": (63, 141_458),
    },
    "h5_simple_rnn_keras2.1": {
        "saved_by": {"keras": "2.1.3", "backend": "tensorflow"},
        "model_class": "Sequential",
        "layers": ["SimpleRNN", "Dense"],
        "objects": {("loss", "mse"), ("optimizer", "RMSprop"), ("activation", "tanh"), ("activation", "linear")}
        | {("initializer", name) for name in ("VarianceScaling", "Zeros", "Orthogonal")},
        "weights": (10, 5302),
    },
    "h5_tensorflow_op_layer_keras2.2": {
        "saved_by": {"keras": "2.2.4-tf", "backend": "tensorflow"},
        "model_class": "Model",
        "layers": ["InputLayer", "TensorFlowOpLayer", "Dense"],
        "objects": {("activation", "linear"), ("initializer", "GlorotUniform"), ("initializer", "Zeros")},
        "weights": (2, 35),
    },
    "keras_mlp_keras2.15": {
        "saved_by": {"keras": "2.15.0"},
        "model_class": "Sequential",
        "layers": ["InputLayer", "Dense", "Dropout", "Dense", "Dropout", "Flatten", "Dense"],
        "objects": {("loss", "binary_crossentropy"), ("metric", "accuracy"), ("optimizer", "Adam")}
        | {("activation", "relu"), ("activation", "sigmoid")}
        | {("initializer", "GlorotUniform"), ("initializer", "Zeros")},
        "weights": (23, 229_640),
    },
    "keras_mlp_keras3.1": {
        "saved_by": {"keras": "3.1.1"},
        "model_class": "Sequential",
        "layers": ["InputLayer", "Dense", "Dense", "Dense"],
        "objects": {("loss", "mean_absolute_error"), ("optimizer", "Adam")}
        | {("activation", "relu"), ("activation", "linear")}
        | {("initializer", "GlorotUniform"), ("initializer", "Zeros")},
        "weights": (20, 1985),
    },
}
# Read by hand: with TensorFlow's own protobuf classes and `tf.train.list_variables`.
SAVED_MODELS: dict[str, dict[str, Any]] = {
    "savedmodel_half_plus_two_tf1.1": {
        "saved_by": {"tensorflow": "1.1.0-rc2"},
        "versions": (23, 0),
        "functions": 0,
        "nodes": 65,
        "ops": {"Const": 24, "VariableV2": 4, "Assign": 8, "ParseExample": 1},
        "definitions": 16,
        "has_object_graph": False,
        "weights": ["a", "b", "c"],
        "assets": [("assets/foo.txt", 19)],
        "classes": {},
        "inputs": {"regress_x2_to_y3": ("float32", (None, 1)), "regress_x_to_y": ("string", None)}
        | {"classify_x2_to_y3": ("float32", (None, 1)), "classify_x_to_y": ("string", None)}
        | {"regress_x_to_y2": ("string", None), "serving_default": ("float32", (None, 1))},
    },
    "savedmodel_half_plus_two_tf2.14": {
        "saved_by": {"tensorflow": "2.14.0"},
        "versions": (1569, 12),
        "functions": 14,
        "nodes": 151,
        "ops": {"Const": 31, "DisableCopyOnRead": 3, "StatefulPartitionedCall": 14, "ParseExampleV2": 3},
        "definitions": 23,
        "has_object_graph": True,
        "weights": [f"{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in "abc"],
        "assets": [("assets/foo.txt", 19)],
        "classes": {"_generic_user_object": 1, "signature_map": 1},
        "inputs": {"regress_x2_to_y3": ("float32", (1,)), "regress_x_to_y": ("string", (None,))}
        | {"classify_x2_to_y3": ("float32", (1,)), "classify_x_to_y": ("string", (None,))}
        | {"regress_x_to_y2": ("string", (None,)), "serving_default": ("float32", (1,))},
    },
    "savedmodel_two_signatures_tf2.0": {
        "saved_by": {"tensorflow": "2.0.0-beta1"},
        "versions": (55, 12),
        "functions": 7,
        "nodes": 54,
        "ops": {"Const": 13, "Mul": 2, "ReadVariableOp": 4},
        "definitions": 6,
        "has_object_graph": True,
        "weights": ["two/.ATTRIBUTES/VARIABLE_VALUE", "v/.ATTRIBUTES/VARIABLE_VALUE"],
        "assets": [],
        "classes": {"_generic_user_object": 1, "signature_map": 1},
        "inputs": {"serving_default": ("float32", ()), "timestwo": ("float32", ())},
    },
    "savedmodel_mlp_keras2.9": {
        "saved_by": {"tensorflow": "2.9.1", "keras": "2.9.0", "backend": "tensorflow"},
        "versions": (1087, 12),
        "functions": 23,
        "nodes": 262,
        "ops": {"MatMul": 15, "BiasAdd": 15, "Relu": 10, "VarHandleOp": 25},
        "definitions": 19,
        "has_object_graph": True,
        "weights": 25,
        "assets": [],
        "classes": {"_tf_keras_layer": 3, "_tf_keras_sequential": 1, "_tf_keras_metric": 1, "optimizer": 1}
        | {"trackable_list_wrapper": 29, "trackable_dict_wrapper": 4, "_generic_user_object": 5, "signature_map": 1},
        "inputs": {"serving_default": ("float32", (None, 10))},
    },
}


def test_every_artifact_has_its_facts() -> None:
    assert {*KERAS_FILES, *SAVED_MODELS} == {entry["name"] for entry in INDEX if "corrupt" not in entry["name"]}


@pytest.mark.parametrize("name", KERAS_FILES)
def test_keras_files(name: str) -> None:
    inventory, facts = read(name), KERAS_FILES[name]
    assert inventory.saved_by == facts["saved_by"]
    assert inventory.model_class == facts["model_class"]
    assert [layer.class_name for layer in inventory.layers] == facts["layers"]
    assert {(use.role, use.name) for use in inventory.objects if use.role != "dtype policy"} == facts["objects"]
    elements = sum(math.prod(weight.shape) for weight in inventory.weights)
    assert (len(inventory.weights), elements) == facts["weights"]
    assert inventory.compiled == any(role == "optimizer" for role, _ in facts["objects"])
    assert bool(inventory.training) == inventory.compiled
    assert inventory.root["class_name"] == inventory.model_class
    assert not inventory.hazards
    assert not inventory.lambdas
    assert not inventory.weights_only


@pytest.mark.parametrize("name", SAVED_MODELS)
def test_saved_models(name: str) -> None:
    inventory, facts = read(name), SAVED_MODELS[name]
    counts = {use.op: use.count for use in inventory.ops}
    assert inventory.saved_by == facts["saved_by"]
    assert (inventory.producer, inventory.min_consumer) == facts["versions"]
    assert inventory.functions == facts["functions"]
    assert sum(counts.values()) == facts["nodes"]
    assert facts["ops"].items() <= counts.items()
    assert len(inventory.op_definitions) == facts["definitions"]
    assert inventory.has_object_graph == facts["has_object_graph"]
    assert inventory.tags == (("serve",),)
    weights = [weight.path for weight in inventory.weights]
    assert facts["weights"] in (weights, len(weights))
    assert [(asset.path, asset.nbytes) for asset in inventory.assets] == facts["assets"]
    assert all(asset.is_present for asset in inventory.assets)
    assert inventory.object_classes == facts["classes"]
    inputs = {each.name: (each.inputs[0].dtype, each.inputs[0].shape) for each in inventory.signatures}
    assert inputs == facts["inputs"]
    assert not inventory.hazards


def test_keras_metadata_beside_a_graph() -> None:
    inventory = read("savedmodel_mlp_keras2.9")
    assert [(layer.class_name, layer.path) for layer in inventory.layers] == [
        ("InputLayer", ("dense_21_input",)),
        ("Dense", ("dense_21",)),
        ("Dense", ("dense_22",)),
        ("Dense", ("dense_23",)),
    ]
    assert inventory.compiled
    assert inventory.slot_variables == 12
    by_path = {weight.path: weight for weight in inventory.weights}
    kernel = by_path["layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE"]
    assert (kernel.dtype, kernel.shape, kernel.nbytes) == ("float32", (10, 20), 800)
    assert by_path["optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE"].dtype == "int64"


def test_attributes_and_their_defaults() -> None:
    inventory = read("savedmodel_half_plus_two_tf1.1")
    uses = {use.op: use for use in inventory.ops}
    parse = uses["ParseExample"]
    assert parse.values == {
        "Ndense": ("2",),
        "Nsparse": ("0",),
        "Tdense": ("[float32, float32]",),
        "sparse_types": ("[]",),
    }
    assert parse.always == ("Ndense", "Nsparse", "Tdense", "dense_shapes", "sparse_types")
    assert uses["Const"].values["dtype"] == ("float32", "int32", "string")
    definitions = {each.op: each.attributes for each in inventory.op_definitions}
    assert definitions["Assign"] == {"T": None, "validate_shape": "true", "use_locking": "true"}
    assert definitions["VariableV2"] == {"shape": None, "dtype": None, "container": '""', "shared_name": '""'}


def test_legacy_weights() -> None:
    conv = read_inventory(REAL / "h5_conv1d_keras2.3" / "conv1d_k2_s1_d1_cf_same_weights.h5")
    assert conv.weights_only
    assert [(each.path, each.shape) for each in conv.weights] == [
        ("conv0/conv0/bias:0", (4,)),
        ("conv0/conv0/kernel:0", (2, 3, 4)),
    ]
    rnn = read_inventory(REAL / "h5_simple_rnn_keras2.1" / "simple_rnn_tf_keras_2_weights.h5")
    assert (rnn.weights_only, len(rnn.weights), rnn.saved_by["keras"]) == (True, 5, "2.1.3")


def test_hdf5_that_holds_something_else() -> None:
    path = REAL / "h5_conv1d_keras2.3" / "conv1d_k2_s1_d1_cf_same_inputs_and_outputs.h5"
    with pytest.raises(BrokenArtifactError, match="holds neither a Keras model nor its weights"):
        read_inventory(path)
