"""Values taken apart into JSON and plain arrays, and put together again."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pytest_modelcompat.loader import tensors
from pytest_modelcompat.loader.tensors import Ragged, Sparse

pytestmark = pytest.mark.needs_tensorflow


def through_files(value: Any) -> Any:
    """What is left of a value after JSON and an .npz that may hold no pickles."""
    structure, arrays = tensors.pack(value)
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return tensors.unpack(json.loads(json.dumps(structure)), stored)


def assert_same(actual: Any, expected: Any) -> None:
    assert type(actual) is type(expected)
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key, value in expected.items():
            assert_same(actual[key], value)
    elif isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray):
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(actual, expected)
    else:
        assert actual == expected


def words(*items: bytes) -> Any:
    result = np.empty(len(items), dtype=object)
    result[:] = items
    return result


SPLITS = np.array([0, 2, 3], np.int64)
VALUES = {
    "float32": np.array([[1.5, np.nan], [np.inf, -0.0]], np.float32),
    "scalar": np.array(3.0, np.float64),
    "empty": np.zeros((0, 3), np.int8),
    "bool": np.array([True, False]),
    "uint64": np.array([2**64 - 1], np.uint64),
    "complex64": np.array([1 + 2j], np.complex64),
    "transposed": np.arange(6, dtype=np.int16).reshape(2, 3).T,
    "bfloat16": np.array([[1.5, -2.0]], ml_dtypes.bfloat16),
    "float8": np.array([0.5], ml_dtypes.float8_e4m3fn),
    "strings": words(b"", b"a\x00b", "größe".encode(), b"\xff\n"),
    "no strings": np.empty((0, 2), dtype=object),
    "ragged": Ragged(np.array([1.0, 2.0, 3.0]), (SPLITS,)),
    "twice ragged": Ragged(words(b"x", b"", b"z"), (np.array([0, 1, 2], np.int64), SPLITS)),
    "sparse": Sparse(np.array([[0, 1], [2, 0]], np.int64), np.array([1.0, 2.0], np.float32), (3, 2)),
    "none": None,
    "nested": {"b": [np.ones(1), (np.zeros(2), None)], "a": {"deep/er": np.ones(3)}, "c": []},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_comes_back_as_it_went(value: Any) -> None:
    assert_same(through_files(value), value)


def test_bfloat16_where_only_tensorflow_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow before 2.12 has a bfloat16 of its own, and its environment no ml_dtypes."""
    import tensorflow as tf

    structure, arrays = tensors.pack(np.array([[1.5, -2.0]], ml_dtypes.bfloat16))
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    unpacked: Any = tensors.unpack(structure, arrays)
    assert unpacked.dtype == tf.bfloat16.as_numpy_dtype
    assert unpacked.tolist() == [[1.5, -2.0]]


def test_two_leaves_never_sharere_an_array() -> None:
    value = {"a/b": np.zeros(1), "a": {"b": np.ones(1)}}
    assert_same(through_files(value), value)


def test_tensors_become_leaves() -> None:
    import tensorflow as tf

    as_leaf: Any = tensors.as_leaf
    ragged = as_leaf(tf.ragged.constant([[[1], [2, 3]], []], dtype=tf.int32))
    assert [split.tolist() for split in ragged.row_splits] == [[0, 2, 2], [0, 1, 3]]
    assert ragged.values.tolist() == [1, 2, 3]
    sparse = as_leaf(tf.sparse.from_dense([[0.0, 5.0]]))
    assert (sparse.indices.tolist(), sparse.values.tolist(), sparse.dense_shape) == ([[0, 1]], [5.0], (1, 2))
    assert as_leaf(tf.constant(["a", "ü"])).tolist() == [b"a", "ü".encode()]
    assert as_leaf(tf.constant([1.0], tf.bfloat16)).dtype == ml_dtypes.bfloat16
    assert as_leaf(tf.Variable([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert as_leaf(["a", b"b"]).tolist() == [b"a", b"b"]


def test_what_is_neither_numbers_nor_strings_is_refused() -> None:
    with pytest.raises(TypeError, match="found dict in an object array"):
        tensors.pack(np.array([{}], dtype=object))


def test_a_list_of_numbers_is_one_array_and_a_list_of_arrays_is_several() -> None:
    assert not tensors.is_container([[1, 2], [3, 4]])
    assert tensors.is_container([np.ones(1), np.ones(1)])
    assert tensors.is_container([[np.ones(1)]])
    assert tensors.as_leaves([[1, 2], [3, 4]]).shape == (2, 2)


def test_names_of_leaves() -> None:
    one, two = np.zeros(1), np.ones(1)
    assert list(tensors.named_leaves(one)) == ["output"]
    assert list(tensors.named_leaves(one, ["score"])) == ["score"]
    assert list(tensors.named_leaves([one, two], ["b", "a"])) == ["b", "a"]
    assert list(tensors.named_leaves([one, two], ["same", "same"])) == ["output_0", "output_1"]
    assert list(tensors.named_leaves({"z": one, "a": [two, two]}, ["x", "y", "w"])) == ["z", "a/0", "a/1"]
    assert list(tensors.named_leaves([one, [two]], ["b", "a"])) == ["output_0", "output_1/0"]


def test_leaves_whose_names_collide_keep_one_each() -> None:
    one, two, three = np.zeros(1), np.ones(1), np.full(1, 2.0)
    value = {"a": {"b": two}, "a/b": one, "0": three, "output_0": one}
    names = {name: np.asarray(leaf).item() for name, leaf in tensors.named_leaves(value).items()}
    assert names == {"a/b#2": 1.0, "a/b": 0.0, "output_0": 2.0, "output_0#2": 0.0}
    assert list(names) == ["a/b#2", "a/b", "output_0", "output_0#2"]
    turned = dict(reversed(value.items()))
    assert {name: np.asarray(leaf).item() for name, leaf in tensors.named_leaves(turned).items()} == names


def test_natural_order_counts() -> None:
    names = ["inputs_10", "inputs_2", "inputs", "inputs_1", "b_1", "b"]
    assert sorted(names, key=tensors.natural) == ["b", "b_1", "inputs", "inputs_1", "inputs_2", "inputs_10"]
