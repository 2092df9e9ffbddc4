"""Configurations that no installed Keras writes any more, or that only a user's own classes write."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.artifacts.dtypes import compute_dtype, dtype_name
from pytest_modelcompat.artifacts.keras.config import read_compile, read_model
from pytest_modelcompat.artifacts.keras.contents import ConfigContents


def walk(*layers: dict[str, Any], **config: Any) -> ConfigContents:
    node = {"class_name": "Sequential", "config": {"name": "top", "layers": list(layers), **config}}
    return read_model(node, "model.h5")


def layer(class_name: str = "Dense", **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": class_name.lower(), **config}}


def found(contents: ConfigContents) -> list[tuple[str, str]]:
    return [(use.role, use.name) for use in contents.objects]


def compiled(**config: Any) -> list[tuple[str, str]]:
    contents = ConfigContents()
    read_compile(config, contents, "model.h5")
    assert {use.path for use in contents.objects} <= {("compile",)}
    return found(contents)


def test_lambda_given_to_another_layer() -> None:
    contents = walk(layer("Own", activation={"class_name": "__lambda__", "config": {"code": "4wEA"}}))
    assert [(use.path, use.has_bytecode) for use in contents.lambdas] == [(("own",), True)]


def test_function_by_module() -> None:
    function = {"module": "shop.acts", "class_name": "function", "config": "act", "registered_name": "act"}
    (use,) = walk(layer(activation=function)).objects
    assert (use.role, use.name, use.module, use.registered_name) == ("activation", "act", "shop.acts", "act")
    assert not use.is_class


def test_layer_given_as_an_activation_is_a_layer() -> None:
    relu = {"module": "keras.layers", "class_name": "LeakyReLU", "config": {"name": "leaky"}}
    contents = walk(layer(activation=relu))
    assert [use.path for use in contents.layers] == [("dense",), ("dense", "leaky")]
    assert not contents.objects


@pytest.mark.parametrize("key", ["cell", "cells", "backward_layer", "inner_layer", "expert_layers"])
def test_layers_by_key(key: str) -> None:
    inner = {"class_name": "Scale", "config": {}}
    value = [inner] if key.endswith("s") else inner
    assert [use.path for use in walk(layer("Outer", **{key: value})).layers] == [
        ("outer",),
        ("outer", "Scale"),
    ]


def test_layers_in_a_tuple_or_a_dictionary() -> None:
    inner = layer("Scale", trainable=True)
    contents = walk(layer("A", blocks={"class_name": "__tuple__", "items": [inner]}), layer("B", by={"x": inner}))
    assert [use.path for use in contents.layers] == [("a",), ("a", "scale"), ("b",), ("b", "scale")]


def test_custom_object_is_no_layer_because_its_module_says_layers() -> None:
    initializer = {"module": "shop.layers", "class_name": "Halves", "config": {}, "registered_name": "Halves"}
    contents = walk(layer(kernel_initializer=initializer))
    assert found(contents) == [("initializer", "Halves")]


@pytest.mark.parametrize(
    ("module", "role"),
    [("keras.losses", "loss"), ("shop.metrics", "metric"), ("shop.things", "object"), (None, "object")],
)
def test_role_by_module_where_the_key_tells_none(module: str | None, role: str) -> None:
    thing: dict[str, Any] = {"module": module, "class_name": "Thing", "config": {}}
    assert found(walk(layer(extra=thing))) == [(role, "Thing")]


def test_values_and_wiring_are_no_objects() -> None:
    values = {
        "shape": {"class_name": "TensorShape", "items": [None, 3]},
        "spec": {"class_name": "TypeSpec", "config": {}, "serialized": []},
        "tensor": {"class_name": "__keras_tensor__", "config": {"shape": [1]}},
        "metric": "cosine",
        "inbound_nodes": [[layer("Ghost")]],
        "build_config": layer("Ghost"),
    }
    contents = walk(layer("Own", **values))
    assert [use.class_name for use in contents.layers] == ["Own"]
    assert not contents.objects


def test_objects_of_the_outermost_model_name_it() -> None:
    (use,) = walk(activation="relu").objects
    assert use.path == ("top",)


@pytest.mark.parametrize(
    ("loss", "uses"),
    [
        ("mse", [("loss", "mse")]),
        (["mse", None, "my_loss"], [("loss", "mse"), ("loss", "my_loss")]),
        ({"activation": "mse", "b": ["mae"]}, [("loss", "mse"), ("loss", "mae")]),
        (None, []),
        (
            {
                "class_name": "LossFunctionWrapper",
                "config": {"name": "x", "fn": "my_loss", "reduction": "auto"},
            },
            [("loss", "LossFunctionWrapper"), ("loss", "my_loss")],
        ),
    ],
)
def test_loss(loss: object, uses: list[tuple[str, str]]) -> None:
    assert compiled(loss=loss, loss_weights={"a": 1.0}, sample_weight_mode="temporal") == uses


def test_metrics_and_optimizer() -> None:
    schedule = {"module": "shop.schedules", "class_name": "Warmup", "config": {"name": "warmup"}}
    optimizer = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": schedule}}
    wrapped = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "m", "dtype": "float32", "fn": "my_metric"},
    }
    uses = compiled(optimizer_config=optimizer, metrics=[["acc", wrapped]], weighted_metrics={"out": ["auc"]})
    assert uses == [
        ("optimizer", "Adam"),
        ("object", "Warmup"),
        ("metric", "acc"),
        ("metric", "MeanMetricWrapper"),
        ("metric", "my_metric"),
        ("metric", "auc"),
    ]


def test_compiled_model_inside_a_model() -> None:
    inner = {**layer("Functional"), "compile_config": {"loss": "my_loss"}}
    (use,) = walk(inner).objects
    assert (use.role, use.name, use.path) == ("loss", "my_loss", ("compile",))


@pytest.mark.parametrize(
    ("config", "has_bytecode", "function_name"),
    [
        ({"function": "double", "function_type": "function"}, False, "double"),
        ({"function": ["4wEA", None, None], "function_type": "lambda"}, True, None),
        ({"function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}, True, None),
        ({"function": "double", "output_shape": ["4w" + "A" * 60, None, None]}, True, "double"),
        ({"function": "double", "output_shape": [None, 3]}, False, "double"),
        ({"function": {"class_name": "function", "config": "double", "module": "shop"}}, False, "double"),
    ],
)
def test_lambda(config: dict[str, Any], has_bytecode: bool, function_name: str | None) -> None:
    (use,) = walk(layer("Lambda", **config)).lambdas
    assert (use.path, use.has_bytecode, use.function_name) == (("lambda",), has_bytecode, function_name)


@pytest.mark.parametrize(
    ("policy", "dtype"),
    [
        ("float32", "float32"),
        ("mixed_bfloat16", "bfloat16"),
        ("int8_from_mixed_bfloat16", "bfloat16"),
        ({"class_name": "Policy", "config": {"name": "mixed_float16"}}, "float16"),
        ({"class_name": "QuantizedDTypePolicy", "config": {"source_name": "mixed_bfloat16"}}, "bfloat16"),
        ({"class_name": "DTypePolicyMap", "config": {"default_policy": "float64"}}, "float64"),
        (None, None),
        ({"class_name": "Policy", "config": None}, None),
    ],
)
def test_compute_dtype(policy: object, dtype: str | None) -> None:
    assert compute_dtype(policy) == dtype


def test_compute_dtypes_leave_out_inputs_and_integers() -> None:
    assert walk(layer("InputLayer", dtype="float64"), layer(dtype="mixed_float16")).compute_dtypes == ("float16",)
    assert walk(layer("Embedding", dtype="int32"), layer(dtype=None)).compute_dtypes == ("float32",)


def test_nan_is_what_keras_writes_and_reads() -> None:
    assert walk(layer("Masking", mask_value=float("nan"))).layers[0].class_name == "Masking"


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "float32"), (14, "bfloat16"), (19, "float16"), (21, "variant"), (101, "float32"), (77, "dtype 77")],
)
def test_dtype_names(number: int, name: str) -> None:
    assert dtype_name(number) == name
