"""What a configuration names and holds where neither layers nor objects stand: calls, slices, specifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, Reference
from pytest_modelcompat.artifacts.keras.config import read_model, without_compile_config

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.keras.contents import ConfigContents

LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wEA", None, None]}}
FUNCTION = {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}
TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "keras_history": ["x", 0, 0]}}


def walk(*layers: dict[str, Any]) -> ConfigContents:
    return read_model({"class_name": "Model", "config": {"name": "top", "layers": list(layers)}}, "model.keras")


def called(*args: Any, **kwargs: Any) -> ConfigContents:
    node = {"class_name": "Add", "module": "keras.layers", "config": {"name": "add"}, "name": "add"}
    return walk({**node, "inbound_nodes": [{"args": list(args), "kwargs": kwargs}]})


@pytest.mark.parametrize(
    "nested",
    [
        LAMBDA,
        [TENSOR, [LAMBDA]],
        {"first": {"second": LAMBDA}},
        {"class_name": "__tuple__", "items": [LAMBDA]},
        {"class_name": "__slice__", "config": {"start": LAMBDA, "stop": None, "step": None}},
        {"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "tf", "config": [LAMBDA]},
    ],
    ids=["alone", "list", "dictionary", "tuple", "slice", "specification"],
)
def test_code_in_a_call_is_that_of_its_layer(nested: Any) -> None:
    for contents in (called(nested), called(TENSOR, mask=nested)):
        (use,) = contents.lambdas
        assert (use.path, use.has_bytecode, use.key, len(use.codes)) == (("add",), True, "inbound_nodes", 1)


def test_a_function_in_a_call_goes_by_module_and_name() -> None:
    (use,) = called(TENSOR, mask=[FUNCTION]).references
    assert use == Reference("system", ("add",), "os", "function", is_function=True, key="inbound_nodes")


def test_what_compile_was_given_names_nothing_for_who_loads_without_it() -> None:
    loss = {"class_name": "Own", "module": "shop", "config": {}, "build_config": {"given": FUNCTION}}
    root = {"class_name": "Sequential", "config": {"layers": []}, "compile_config": {"loss": loss}}
    (named,) = read_model(root, "model.keras").references
    inventory = Inventory(Path("model.keras"), "keras", root=root, compiled=True, references=(named,))
    assert without_compile_config(inventory).references == ()


def test_a_specification_goes_by_its_own_name() -> None:
    (use,) = called(
        {"class_name": "__typespec__", "spec_name": "Popen", "module": "subprocess", "config": []}
    ).references
    assert (use.module, use.name, use.is_function) == ("subprocess", "Popen", False)


def test_a_function_in_the_place_of_a_layer_has_a_name_and_a_call() -> None:
    contents = walk({**FUNCTION, "name": "fetch", "inbound_nodes": [{"args": [LAMBDA], "kwargs": {}}]})
    assert [(use.path, use.key) for use in contents.references] == [(("fetch",), "layers")]
    assert [use.path for use in contents.lambdas] == [("fetch",)]
    assert not contents.objects


@pytest.mark.parametrize("key", ["function", "output_shape", "mask"])
def test_the_functions_of_a_lambda_have_their_modules(key: str) -> None:
    (use,) = walk({"class_name": "Lambda", "config": {"name": "double", key: FUNCTION}}).references
    assert (use.module, use.name, use.path, use.key) == ("os", "system", ("double",), key)


@pytest.mark.parametrize(
    ("key", "module"), [("function", "module"), ("output_shape", "output_shape_module"), ("mask", "mask_module")]
)
def test_those_of_keras_2_too(key: str, module: str) -> None:
    config = {"name": "double", key: "system", f"{key}_type": "function", module: "os"}
    (use,) = walk({"class_name": "Lambda", "config": config}).references
    assert (use.module, use.name, use.key) == ("os", "system", key)


def test_code_in_a_mask_alone_says_so() -> None:
    config = {"name": "double", "function": FUNCTION, "mask": LAMBDA}
    (use,) = walk({"class_name": "Lambda", "config": config}).lambdas
    assert (use.has_bytecode, use.key) == (True, "mask")


def test_a_build_configuration_is_looked_into() -> None:
    contents = walk({"class_name": "ReLU", "config": {"name": "relu"}, "build_config": {"note": [LAMBDA, FUNCTION]}})
    assert [use.key for use in contents.lambdas] == ["build_config"]
    assert [use.key for use in contents.references] == ["build_config"]


def test_tensors_and_shapes_name_nothing() -> None:
    contents = called(TENSOR, [TENSOR], shape={"class_name": "TensorShape", "items": [None, 2]})
    assert not contents.references
    assert not contents.lambdas
