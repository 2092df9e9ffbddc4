"""Configurations of Keras 1 and 2.0, as their files hold them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import Inventory, read_inventory

RECORDED = Path(__file__).resolve().parents[1] / "bytecode" / "data" / "3.11.json"
RAW = base64.b64decode(json.loads(RECORDED.read_text())["plus"]).decode("raw_unicode_escape")


def saved(path: Path, model: dict[str, Any], *, names: int = 0, **attributes: Any) -> Inventory:
    """An .h5 file as Keras 1 lays it out: attributes of bytes, a group for each layer, lists of weights' names."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model).encode()
        for name, value in attributes.items():
            file.attrs[name] = value
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense_1"]
        layer = group.create_group("dense_1")
        layer.attrs["weight_names"] = [b"dense_1_W", b"dense_1_b"]
        layer["dense_1_W"], layer["dense_1_b"] = np.zeros((4, 2), "f4"), np.zeros(2, "f4")
        for chunk in range(names):
            # As Keras does: a group for each name.
            long = "abcd"[chunk] * 60_000
            group.attrs[f"layer_names{chunk}"] = [long.encode()]
            group.create_group(long)
    return read_inventory(path)


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, "trainable": True, **config}}


def test_sequential_of_keras_1(tmp_path: Path) -> None:
    convolution = layer("Convolution2D", "convolution2d_1", nb_filter=8, nb_row=3, nb_col=3, dim_ordering="th")
    dense = layer("Dense", "dense_1", output_dim=2, init="glorot_uniform", activation="softmax", W_regularizer=None)
    model = {"class_name": "Sequential", "keras_version": "1.2.2", "config": [convolution, dense]}
    training = {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {"lr": 0.001}}, "metrics": ["acc"]}
    inventory = saved(
        tmp_path / "model.h5", model, keras_version=b"1.2.2", backend=b"theano", training_config=json.dumps(training)
    )
    assert inventory.saved_by == {"keras": "1.2.2", "backend": "theano"}
    assert [use.class_name for use in inventory.layers] == ["Convolution2D", "Dense"]
    assert inventory.layers[0].config["dim_ordering"] == "th"
    assert {(use.role, use.name) for use in inventory.objects} == {
        *[("activation", "softmax"), ("loss", "mse"), ("metric", "acc"), ("optimizer", "Adam")],
    }
    assert [(weight.path, weight.shape) for weight in inventory.weights] == [
        ("model_weights/dense_1/dense_1_W", (4, 2)),
        ("model_weights/dense_1/dense_1_b", (2,)),
    ]
    assert inventory.root == model
    assert inventory.training == training


def test_no_version_before_keras_1_1(tmp_path: Path) -> None:
    inventory = saved(tmp_path / "model.h5", {"class_name": "Sequential", "config": [layer("Dense", "dense_1")]})
    assert inventory.saved_by == {}


def test_graph(tmp_path: Path) -> None:
    nodes = {"first": layer("Dense", "dense_1", activation="relu"), "second": layer("Activation", "activation_1")}
    config = {
        "input_config": [{"name": "input", "input_shape": [4], "dtype": "float"}],
        "node_config": [{"name": "first", "input": "input", "inputs": [], "merge_mode": "concat"}],
        "output_config": [{"name": "output", "input": "second"}],
        "nodes": nodes,
    }
    inventory = saved(tmp_path / "model.h5", {"class_name": "Graph", "config": config})
    assert inventory.model_class == "Graph"
    assert [(use.class_name, use.path) for use in inventory.layers] == [
        ("Dense", ("dense_1",)),
        ("Activation", ("activation_1",)),
    ]


def test_merge_of_branches_by_a_lambda(tmp_path: Path) -> None:
    branch = {"class_name": "Sequential", "config": [layer("Dense", "dense_1")]}
    merge = layer("Merge", "merge_1", layers=[branch], mode=RAW, mode_type="lambda", output_shape=None)
    inventory = saved(tmp_path / "model.h5", {"class_name": "Sequential", "config": [merge]})
    assert [use.path for use in inventory.layers] == [
        ("merge_1",),
        ("merge_1", "Sequential"),
        ("merge_1", "Sequential", "dense_1"),
    ]
    (use,) = inventory.lambdas
    assert (use.path, use.has_bytecode, use.function_name) == (("merge_1",), True, None)
    assert [code.problem for code in use.codes] == [""]


@pytest.mark.parametrize(
    "config",
    [
        {"function": RAW, "function_type": "lambda"},
        {"function": [RAW, None, None], "function_type": "lambda"},
        {"function": "double", "function_type": "function", "output_shape": RAW, "output_shape_type": "lambda"},
    ],
)
def test_lambdas_whose_code_is_text(tmp_path: Path, config: dict[str, Any]) -> None:
    inventory = saved(tmp_path / "model.h5", {"class_name": "Sequential", "config": [layer("Lambda", "l", **config)]})
    (use,) = inventory.lambdas
    assert (use.has_bytecode, use.function_name) == (True, None if config["function"] != "double" else "double")
    assert [code.problem for code in use.codes] == [""]


@pytest.mark.parametrize(
    "attributes", [{"layer_names": [b"dense_1"]}, {"layer_names0": [b"dense_1"], "layer_names1": [b"dense_2"]}]
)
def test_weights_alone_with_names_in_one_attribute_or_in_several(tmp_path: Path, attributes: dict[str, Any]) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        for name, value in attributes.items():
            file.attrs[name] = value
            for layer_name in value:
                file.require_group(layer_name.decode())
        file["dense_1/dense_1_W"] = np.zeros((4, 2), "f4")
    inventory = read_inventory(path)
    assert inventory.weights_only
    assert [weight.path for weight in inventory.weights] == ["dense_1/dense_1_W"]


def test_layers_so_many_that_their_names_fill_several_attributes(tmp_path: Path) -> None:
    model = {"class_name": "Sequential", "config": [layer("Dense", "dense_1")]}
    assert len(saved(tmp_path / "model.h5", model, names=4).weights) == 2
