"""Operations that are written wrongly: the file loads, and what it predicts shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.migration.operations.expression import op
from pytest_modelcompat.migration.operations.table import RULES
from tests.migration.operations.cases import INTEGERS, TWO, build, values
from tests.migration.operations.test_equal import as_list, migrated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.migration.operations.rule import Arguments

pytestmark = pytest.mark.needs_tensorflow


def subtracted_from_the_tensor(given: Arguments) -> Any:
    return op("Subtract", given["y"], given["x"])


def divided_as_float32(given: Arguments) -> Any:
    return op("Divide", given["x"], given["y"])


def mean_without_its_condition(given: Arguments) -> Any:
    return op("Mean", given["input_tensor"], axis=given["axis"], keepdims=False)


def sizes_as_places(given: Arguments) -> Any:
    return op("Split", given["value"], indices_or_sections=[1, 3], axis=given["axis"])


def approximate_gelu(given: Arguments) -> Any:
    return op("Gelu", given["features"], approximate=True)


def last_axis(given: Arguments) -> Any:
    return op("Argmax", given["input"], axis=-1, keepdims=False)


def without_epsilon(given: Arguments) -> Any:
    return op("Divide", given["x"], op("Sqrt", op("Sum", op("Square", given["x"]), axis=given["axis"], keepdims=True)))


WRONG: dict[str, tuple[Any, Any, str, Callable[[Arguments], Any]]] = {
    "operands in another order": (TWO, lambda _, x, __: 1 - x, "math.subtract", subtracted_from_the_tensor),
    "integers": (INTEGERS, lambda _, x, __: x / 3, "math.truediv", divided_as_float32),
    "sizes": (TWO, lambda tf, x, _: tf.split(x, [1, 3], axis=2)[1], "split", sizes_as_places),
    "a default of Keras": (TWO, lambda tf, x, _: tf.nn.gelu(x), "nn.gelu", approximate_gelu),
    "a default of TensorFlow": (TWO, lambda tf, x, _: tf.argmax(x, output_type="int32"), "math.argmax", last_axis),
    "epsilon": (
        TWO,
        lambda tf, x, _: tf.math.l2_normalize(x * 1e-9, axis=1),
        "math.l2_normalize",
        without_epsilon,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_outputs_show_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf
    import tf_keras

    inputs, function, symbol, broken = WRONG[name]
    given = values(np, inputs)
    model = build(tf, tf_keras, inputs, lambda tf, _, x, y: function(tf, x, y))
    expected = as_list(model(given))

    assert are_same(as_list(migrated(model, tmp_path)(given)), expected)
    monkeypatch.setitem(RULES, symbol, replace(RULES[symbol], build=broken))
    (tmp_path / "new.h5").unlink()
    assert not are_same(as_list(migrated(model, tmp_path)(given)), expected)


def test_a_mean_of_integers_is_no_integer_in_keras_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf
    import tf_keras

    given = values(np, INTEGERS)
    model = build(tf, tf_keras, INTEGERS, lambda tf, _, x, __: tf.reduce_mean(x, axis=1))

    with pytest.raises(AssertionError, match="TFOpLambda"):
        migrated(model, tmp_path)
    broken = replace(RULES["math.reduce_mean"], build=mean_without_its_condition)
    monkeypatch.setitem(RULES, "math.reduce_mean", broken)
    assert not are_same(as_list(migrated(model, tmp_path)(given)), as_list(model(given)))


def are_same(found: list[Any], expected: list[Any]) -> bool:
    return all(
        one.dtype == other.dtype and one.shape == other.shape and np.allclose(one, other, atol=2e-6)
        for one, other in zip(found, expected, strict=True)
    )
