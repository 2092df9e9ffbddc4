"""Values come out of a script's expressions as they went in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import tensors
from pytest_modelcompat.reproduction.values import expression

pytestmark = pytest.mark.needs_tensorflow


def again(value: Any) -> Any:
    """A value made of the arrays of a packed one, by the expression alone."""
    structure, arrays = tensors.pack(tensors.as_leaves(value))
    assert all(each.dtype.kind in "biufc" for each in arrays.values()), "no array needs pickling"
    return eval(expression(structure, "data"), {"tf": tf, "np": np, "data": arrays})  # noqa: S307 - our own text


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6, dtype="int64").reshape(2, 3),
        np.array(2.5, "float32"),
        np.zeros((0, 3), "float16"),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array([["a", "b\x00"], ["", "r\u00e9"]], object),
        np.array(b"one", object),
        np.array([], object),
    ],
)
def test_one_array(value: Any) -> None:
    made = again(value)
    wanted: Any = tensors.as_leaf(value)
    assert made.shape == wanted.shape
    np.testing.assert_array_equal(np.asarray(made.numpy(), wanted.dtype), wanted)


def test_nested_values() -> None:
    one, two = np.ones(2, "float32"), np.zeros(3, "int32")
    made = again({"a": [one, {"b": two}], "c": (one,), "it's": None})
    assert isinstance(made["c"], tuple)
    assert made["it's"] is None
    np.testing.assert_array_equal(made["a"][1]["b"], two)


def test_ragged_and_sparse() -> None:
    ragged = tf.ragged.constant([[[1, 2], [3]], []], dtype=tf.int32)
    assert again(ragged).to_list() == ragged.to_list()
    words = tf.ragged.constant([["a"], ["b", "c"]])
    assert again(words).to_list() == words.to_list()
    sparse = tf.SparseTensor([[0, 1], [2, 0]], ["x", "y"], [3, 2])
    np.testing.assert_array_equal(tf.sparse.to_dense(again(sparse)), tf.sparse.to_dense(sparse))


def test_numbers_that_numpy_does_not_know() -> None:
    value = tf.cast([1.5, -2.0], tf.bfloat16)
    made = again(value)
    assert made.dtype == tf.bfloat16
    np.testing.assert_array_equal(tf.cast(made, tf.float32), [1.5, -2.0])
