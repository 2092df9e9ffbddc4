"""The shapes of weights that a layer is sure to have, by its configuration alone."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.compatibility.expected_shapes import expected_shapes, shape_matches, shape_text


def shapes_of(class_name: str, **config: Any) -> tuple[Any, ...] | None:
    return expected_shapes(LayerUse(class_name, ("layer",), config=config))


SIZES: dict[str, dict[str, Any]] = {
    "Dense": {"units": 5, "use_bias": True},
    "Conv1D": {"filters": 5, "kernel_size": [3], "use_bias": True},
    "Conv2D": {"filters": 5, "kernel_size": [3, 2], "use_bias": True},
    "Conv3D": {"filters": 5, "kernel_size": [3, 2, 1], "use_bias": True},
    "Embedding": {"input_dim": 9, "output_dim": 4},
    "BatchNormalization": {"axis": -1, "center": True, "scale": True},
    "LayerNormalization": {"axis": [-1], "center": True, "scale": True},
    "LSTM": {"units": 5, "use_bias": True},
}
ASKED = {
    "Dense": ((None, 5), (5,)),
    "Conv1D": ((3, None, 5), (5,)),
    "Conv2D": ((3, 2, None, 5), (5,)),
    "Conv3D": ((3, 2, 1, None, 5), (5,)),
    "Embedding": ((9, 4),),
    "BatchNormalization": ((None,),) * 4,
    "LayerNormalization": ((None,),) * 2,
    "LSTM": ((None, 20), (5, 20), (20,)),
}


@pytest.mark.parametrize("class_name", SIZES)
def test_the_shapes_of_a_layer(class_name: str) -> None:
    config = SIZES[class_name]
    assert shapes_of(class_name, **config) == ASKED[class_name]
    if "use_bias" in config:
        assert shapes_of(class_name, **{**config, "use_bias": False}) == ASKED[class_name][:-1]
    for key in config:
        assert shapes_of(class_name, **{other: value for other, value in config.items() if other != key}) is None


@pytest.mark.parametrize(
    ("center", "scale", "axis", "count"),
    [(True, False, -1, 3), (False, True, [1], 3), (False, False, -1, 2), (True, True, [1, 2], None)],
)
def test_the_shapes_of_batch_normalization(center: bool, scale: bool, axis: Any, count: int | None) -> None:
    asked = shapes_of("BatchNormalization", axis=axis, center=center, scale=scale)
    assert asked == (None if count is None else ((None,),) * count)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ({"center": False}, 1),
        ({"scale": False}, 1),
        ({"rms_scaling": True}, 1),
        ({"rms_scaling": True, "scale": False}, 1),
        ({"center": False, "scale": False}, 0),
        ({"axis": [1, 2]}, None),
    ],
)
def test_the_shapes_of_layer_normalization(config: dict[str, Any], count: int | None) -> None:
    asked = shapes_of("LayerNormalization", **{**SIZES["LayerNormalization"], **config})
    assert asked == (None if count is None else ((None,),) * count)


@pytest.mark.parametrize(
    ("dtype", "is_known"),
    [
        (None, True),
        ("float32", True),
        ("mixed_float16", True),
        ("bfloat16", True),
        ("int8_from_float32", False),
        ({"class_name": "DTypePolicy", "config": {"name": "float32"}}, True),
        ({"class_name": "QuantizedDTypePolicy", "config": {"name": "int8_from_float32"}}, False),
        ({"class_name": "DTypePolicyMap", "config": {}}, False),
        ({"class_name": "DTypePolicy", "config": None}, False),
        (3, False),
    ],
)
def test_the_shapes_of_quantized_layers_are_not_known(dtype: object, is_known: bool) -> None:
    assert (shapes_of("Dense", units=5, use_bias=True, dtype=dtype) is not None) is is_known


@pytest.mark.parametrize("key", ["quantization_config", "lora_rank", "renorm", "stateful"])
def test_what_adds_weights_leaves_a_doubt(key: str) -> None:
    assert shapes_of("Dense", units=5, use_bias=True, **{key: None}) is not None
    assert shapes_of("Dense", units=5, use_bias=True, **{key: 4}) is None


@pytest.mark.parametrize("units", ["5", None, 5.0])
def test_a_size_that_is_no_number_leaves_a_doubt(units: object) -> None:
    assert shapes_of("Dense", units=units, use_bias=True) is None
    assert shapes_of("Nobody", units=5, use_bias=True) is None


@pytest.mark.parametrize(
    ("shape", "asked", "matches"),
    [
        ((4, 5), (None, 5), True),
        ((4, 6), (None, 5), False),
        ((5,), (None, 5), False),
        ((5,), (5,), True),
        ((4, 5), (4, 5), True),
        ((3, 5), (4, 5), False),
        ((), (), True),
    ],
)
def test_what_a_shape_matches(shape: tuple[int, ...], asked: tuple[int | None, ...], matches: bool) -> None:
    assert shape_matches(shape, asked) is matches


def test_shapes_in_words() -> None:
    assert [shape_text(shape) for shape in ((5,), (None,), (None, 5), (3, None, 5))] == [
        *("(5,)", "(?,)", "(?, 5)", "(3, ?, 5)"),
    ]
