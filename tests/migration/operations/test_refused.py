"""Operations that stay as they are: what they compute depends on what is not in the file, or nothing is equal."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.migration.operations.conversion import Conversion
from pytest_modelcompat.profiles.store import load_profile

KERAS_3_15, KERAS_3_3 = "tf2.21", "tf2.16"


def entry(name: str, symbol: str, *nodes: Any, class_name: str = "TFOpLambda") -> dict[str, Any]:
    config = {"name": name, "function": symbol, "dtype": "float32"}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": list(nodes)}


def given(name: str = "x", dtype: str = "float32", shape: Any = (None, 3, 4), **more: Any) -> dict[str, Any]:
    config = {"name": name, "dtype": dtype, "batch_input_shape": list(shape), "sparse": False, "ragged": False, **more}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def own_layer() -> dict[str, Any]:
    return {"class_name": "Mine", "config": {"name": "mine"}, "name": "mine", "inbound_nodes": [[["x", 0, 0, {}]]]}


def model(*layers: dict[str, Any], end: str = "op") -> dict[str, Any]:
    return {"name": "model", "layers": list(layers), "input_layers": [["x", 0, 0]], "output_layers": [[end, 0, 0]]}


def converted(config: dict[str, Any], runtime: str = KERAS_3_15) -> Conversion:
    return Conversion.of(config, load_profile(runtime), lambda name: name == "Mine")


REFUSED = {
    "a quotient of what may be integers": (
        [given(), own_layer(), entry("op", "math.truediv", ["mine", 0, 0, {"y": 2}])],
        "the dtype of what it divides is not known",
    ),
    "a mean of integers": (
        [given(dtype="int32"), entry("op", "math.reduce_mean", ["x", 0, 0, {"axis": 1}])],
        "Keras 3 gives its result another dtype where it is given int32",
    ),
    "a sum of small integers": (
        [given(dtype="int8"), entry("op", "math.reduce_sum", ["x", 0, 0, {"axis": 1}])],
        "Keras 3 gives its result another dtype where it is given int8",
    ),
    "an array beside an unknown dtype": (
        [given(), own_layer(), entry("op", "math.multiply", ["mine", 0, 0, {"y": [1.0, 2.0]}])],
        "its `y` is an array, and the dtype of what it is computed with is not known",
    ),
    "a fraction beside integers": (
        [given(dtype="int32"), entry("op", "math.multiply", ["x", 0, 0, {"y": 0.5}])],
        "it is given 0.5 beside int32",
    ),
    "text": ([given(dtype="string"), entry("op", "__operators__.add", ["x", 0, 0, {"y": 1}])], "it is given string"),
    "a ragged tensor": (
        [given(ragged=True), entry("op", "math.multiply", ["x", 0, 0, {"y": 2.0}])],
        'the output of "x" may be ragged or sparse',
    ),
    "a product of integers": (
        [given(dtype="int32"), entry("op", "linalg.matmul", ["x", 0, 0, {"b": ["x", 0, 0], "transpose_b": True}])],
        "it is given int32",
    ),
    "an argument that Keras 3 does not have": (
        [given(), entry("op", "math.cumsum", ["x", 0, 0, {"axis": 1, "reverse": True}])],
        "its `reverse` is True",
    ),
    "another norm": (
        [given(), entry("op", "compat.v1.norm", ["x", 0, 0, {"ord": 1, "axis": 1}])],
        "its `ord` is 1",
    ),
    "an argument that is lost": (
        [given(), entry("op", "__operators__.eq", ["x", 0, 0, {}])],
        "its `y` is not in the file",
    ),
    "an argument that is not known": (
        [given(), entry("op", "math.add", ["x", 0, 0, {"y": 1, "strange": 2}])],
        "its `strange` has no equal in Keras 3",
    ),
    "an operation that is not in the table": (
        [given(), entry("op", "math.bessel_i0", ["x", 0, 0, {}])],
        "no operation of Keras 3 is known here for math.bessel_i0",
    ),
    "all axes of size 1, where one may have it": (
        [given(shape=(None, 1, 4)), entry("op", "compat.v1.squeeze", ["x", 0, 0, {"axis": None}])],
        "it drops every axis of size 1, and not all sizes are known",
    ),
    "an axis whose size only a call tells": (
        [given(shape=(None, None, 4)), entry("op", "compat.v1.squeeze", ["x", 0, 0, {"axis": [1]}])],
        "it drops an axis whose size only a call tells, which Keras 3 refuses",
    ),
    "two sizes that only a call tells": (
        [
            given(shape=(None, None, 4)),
            entry("size", "compat.v1.shape", ["x", 0, 0, {}]),
            entry("op", "reshape", ["x", 0, 0, {"shape": ["size", 0, 0]}]),
        ],
        "several of the sizes of its `shape` are such that only a call tells",
    ),
    "a slice by a size that only a call tells": (
        [
            given(shape=(None, None, 4)),
            entry("size", "compat.v1.shape", ["x", 0, 0, {}]),
            entry("one", "__operators__.getitem", ["size", 0, 0, {"slice_spec": 1}]),
            entry("op", "__operators__.getitem", ["x", 0, 0, {"slice_spec": ["one", 0, 0]}]),
        ],
        "it is sliced by a tensor, or by a size that only a call tells",
    ),
    "pictures of integers": (
        [given(dtype="uint8", shape=(None, 4, 4, 3)), entry("op", "image.resize", ["x", 0, 0, {"size": [2, 2]}])],
        "it makes float32 of uint8, and Keras 3 does not",
    ),
    "a pad that Keras does not have": (
        [given(), entry("op", "compat.v1.pad", ["x", 0, 0, {"paddings": [[0, 0], [1, 1], [0, 0]], "mode": "EDGE"}])],
        "its `mode` is EDGE",
    ),
    "where alone": ([given(dtype="bool"), entry("op", "where", ["x", 0, 0, {}])], "it gives the places where"),
    "tensors in batches": (
        [given(), entry("op", "compat.v1.gather", ["x", 0, 0, {"indices": [[0, 1]], "axis": 1, "batch_dims": 1}])],
        "its `batch_dims` is 1",
    ),
    "an operation on ragged tensors": (
        [given(), entry("op", "", ["x", 0, 0, {}], class_name="InstanceMethod")],
        "it is made for ragged or sparse tensors",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_stays_and_the_reason_is_named(name: str) -> None:
    layers, reason = REFUSED[name]

    found = converted(model(*layers))

    assert "op" not in found.entries
    assert found.left["op"].startswith(reason)


def test_an_operation_that_the_reader_does_not_have_stays() -> None:
    mean = [given(), entry("op", "math.reduce_mean", ["x", 0, 0, {"axis": 1}])]
    named = model(*mean, entry("mean_1", "math.negative", ["op", 0, 0, {}]), end="mean_1")

    assert "op" in converted(named).entries
    assert "gives to an operation Mean" in converted(named, KERAS_3_3).left["op"]
