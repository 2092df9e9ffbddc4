"""What becomes of the operations of one model: entries as Keras 3 writes them, and operations that nothing uses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pytest_modelcompat.migration.operations.conversion import convert
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.operations.test_refused import KERAS_3_3, KERAS_3_15, entry, given, model


def after(config: dict[str, Any], runtime: str = KERAS_3_15) -> dict[str, Any]:
    """The layers of a model by their names, once its operations are converted."""
    convert(config, load_profile(runtime), lambda _: False)
    return {each["name"]: each for each in config["layers"]}


def tensor(name: str, node: int = 0, index: int = 0, shape: Any = (None, 3, 4), dtype: str = "float32") -> Any:
    config = {"shape": list(shape), "dtype": dtype, "keras_history": [name, node, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def test_an_entry_is_as_keras_3_writes_it() -> None:
    found = after(model(given(), entry("op", "math.multiply", ["x", 0, 0, {"y": 2, "name": None}])))

    assert found["op"] == {
        "module": "keras.src.ops.numpy",
        "class_name": "Multiply",
        "config": {"name": "op"},
        "registered_name": "Multiply",
        "name": "op",
        "inbound_nodes": [{"args": [tensor("x"), 2], "kwargs": {}}],
    }


def test_a_constant_has_the_dtype_of_the_tensor_beside_it() -> None:
    node = ["x", 0, 0, {"y": [1, 2, 3, 4]}]
    found = after(model(given(dtype="float16"), entry("op", "math.multiply", node)))

    array = {"class_name": "__tensor__", "config": {"value": [1, 2, 3, 4], "dtype": "float16"}}
    assert found["op"]["inbound_nodes"][0]["args"][1] == array


def test_what_one_operation_needs_several_for_stands_before_it() -> None:
    config = model(given(), entry("op", "math.squared_difference", ["x", 0, 0, {"y": ["x", 0, 0]}]))

    assert list(after(config)) == ["x", "op.subtract", "op"]
    assert config["layers"][2]["inbound_nodes"][0]["args"] == [tensor("op.subtract")]


def test_sizes_that_are_numbers_now_are_dropped() -> None:
    found = after(
        model(
            given(),
            entry("size", "compat.v1.shape", ["x", 0, 0, {"out_type": "int32"}]),
            entry("batch", "__operators__.getitem", ["size", 0, 0, {"slice_spec": 0}], class_name="SlicingOpLambda"),
            entry("op", "reshape", ["x", 0, 0, {"shape": [["batch", 0, 0], 12]}]),
        )
    )

    assert list(found) == ["x", "op"]
    assert found["op"]["config"]["newshape"] == [-1, 12]


def test_an_operation_that_is_an_output_is_never_dropped() -> None:
    config = model(given(), entry("op", "math.negative", ["x", 0, 0, {}]), end="op")

    assert "op" in after(config)


def test_a_model_without_operations_is_left_alone() -> None:
    config = model(given(), end="x")
    before = copy.deepcopy(config)

    after(config)

    assert config == before


NODE: dict[str, tuple[dict[str, Any], dict[str, Any], str, dict[str, Any]]] = {
    "Reshape": ({"1": [-1, 12]}, {"T": {"type": "DT_FLOAT"}}, "Reshape", {"newshape": [-1, 12]}),
    "Mean": ({"1": [1]}, {"keep_dims": {"b": True}}, "Mean", {"axis": 1, "keepdims": True}),
    "AddV2": ({"1": 2.0}, {}, "Add", {}),
    "Cast": ({}, {"SrcT": {"type": "DT_FLOAT"}, "DstT": {"type": "DT_INT32"}}, "Cast", {"dtype": "int32"}),
    "Squeeze": ({}, {"squeeze_dims": {"list": {"i": ["1"]}}}, "Squeeze", {"axis": 1}),
    "Transpose": ({"1": [0, 2, 1]}, {}, "Transpose", {"axes": [0, 2, 1]}),
    "ArgMax": ({"1": -1}, {"output_type": {"type": "DT_INT32"}}, "Argmax", {"axis": -1, "keepdims": False}),
    "SplitV": ({"1": [1, 3], "2": 2}, {}, "Split", {"indices_or_sections": [1], "axis": 2}),
}


@pytest.mark.parametrize("op", NODE)
def test_a_node_of_tensorflow_is_the_operation_that_later_versions_write(op: str) -> None:
    constants, attributes, class_name, settings = NODE[op]
    shape = (None, 1, 4) if op == "Squeeze" else (None, 3, 4)
    layer = entry("op", "", [["x", 0, 0, {}]], class_name="TensorFlowOpLayer")
    layer["config"] = {"name": op, "node_def": {"name": op, "op": op, "attr": attributes}, "constants": constants}

    found = after(model(given(shape=shape), layer))["op"]

    assert (found["class_name"], found["config"]) == (class_name, {"name": "op", **settings})


def test_the_masks_of_a_strided_slice_are_its_key() -> None:
    layer = entry("op", "", [["x", 0, 0, {}]], class_name="TensorFlowOpLayer")
    masks = {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}}
    constants = {"1": [0, 2, 1], "2": [0, 3, 3], "3": [1, 1, 1]}
    definition = {"name": "s", "op": "StridedSlice", "attr": masks}
    layer["config"] = {"name": "s", "node_def": definition, "constants": constants}

    found = after(model(given(), layer))["op"]

    ends = [(None, None, 1), 2, (1, 3, 1)]
    key = [
        {"class_name": "__slice__", "config": dict(zip(("start", "stop", "step"), each, strict=True))}
        if isinstance(each, tuple)
        else each
        for each in ends
    ]
    assert found["inbound_nodes"][0]["args"][1] == key


def layer(name: str, *calls: str) -> dict[str, Any]:
    nodes = [[[each.partition(":")[0], int(each.partition(":")[2] or 0), 0, {}]] for each in calls]
    return {"class_name": "Activation", "config": {"name": name}, "name": name, "inbound_nodes": nodes}


def test_older_readers_get_layers_in_the_order_of_their_calls() -> None:
    late = [given(), entry("op", "math.negative", ["first", 0, 0, {}]), layer("first", "x")]

    assert list(after(model(*copy.deepcopy(late)))) == ["x", "op", "first"]
    assert list(after(model(*late), KERAS_3_3)) == ["x", "first", "op"]


def test_older_readers_cannot_call_an_operation_after_a_layer_that_was_called_after_another_one() -> None:
    shared = layer("shared", "x", "one")
    config = model(
        given(),
        shared,
        entry("one", "math.negative", ["shared", 0, 0, {}]),
        entry("op", "math.negative", ["shared", 1, 0, {}]),
    )

    assert after(copy.deepcopy(config))["op"]["class_name"] == "Negative"
    assert after(config, KERAS_3_3)["op"]["class_name"] == "TFOpLambda"
