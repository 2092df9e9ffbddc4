"""What is left is named, with a layer that computes it in Keras 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.migration.operations.stub import layer_stub, left_operations, symbol_of
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.operations.test_refused import entry, given, model


def test_each_operation_that_is_left_is_named_with_its_reason() -> None:
    config = model(given(), entry("op", "math.bessel_i0", ["x", 0, 0, {}]))

    found = left_operations([config], load_profile("tf2.21"), lambda _: False)

    assert found == {"op": ("tf.math.bessel_i0", "no operation of Keras 3 is known here for math.bessel_i0")}


@pytest.mark.parametrize(
    ("layer", "symbol"),
    [
        ({"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "Betainc"}}}, "tf.raw_ops.Betainc"),
        ({"class_name": "InstanceMethod", "config": {"attr_name": "to_tensor"}}, "to_tensor"),
        ({"class_name": "Dense", "config": {}}, "Dense"),
    ],
)
def test_an_operation_has_the_name_that_its_author_wrote(layer: dict[str, Any], symbol: str) -> None:
    assert symbol_of(layer) == symbol


@pytest.mark.needs_tensorflow
def test_the_layer_that_is_printed_computes_the_operation(tmp_path: Any) -> None:
    import keras
    import tensorflow as tf

    names: dict[str, Any] = {}
    exec("\n".join(layer_stub("tf.math.bessel_i0")), names)  # noqa: S102 - the text that is printed
    x = keras.Input((3,))
    made = keras.Model(x, names["TfMathBesselI0"]()(x))
    made.save(tmp_path / "made.keras")

    found = keras.saving.load_model(tmp_path / "made.keras")(np.ones((1, 3), "float32"))

    np.testing.assert_allclose(found, tf.math.bessel_i0(np.ones((1, 3), "float32")))
