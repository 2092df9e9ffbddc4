"""Inputs made for a model: shaped, typed and ranged by what it states, the same every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader.tensors import Ragged, Sparse
from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_model
from pytest_modelcompat.roundtrip.inputs.values import InputsNeededError, InputSpec, generate
from pytest_modelcompat.roundtrip.model import as_model_under_test

pytestmark = pytest.mark.needs_tensorflow

keras = tf.keras
L = keras.layers


def make(shape: Any, dtype: str = "float32", **options: Any) -> Any:
    return generate(InputSpec("x", shape, dtype, **options), np.random.default_rng(0))


def derived(model: Any, seed: int = 0) -> Any:
    return inputs_for_model(as_model_under_test(model), seed).values


def test_open_sizes() -> None:
    assert make((None, 3)).shape == (4, 3)
    assert make((None, None, 2)).shape == (4, 32, 2)
    assert make((7, 3)).shape == (7, 3)
    assert make(()).shape == ()


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16", "int8", "uint16", "bool", "complex64"])
def test_dtypes(dtype: str) -> None:
    assert make((None, 3), dtype).dtype.name == dtype


def test_ranges() -> None:
    assert set(make((None, 100), "int32").ravel()) == {0, 1}
    assert set(make((None, 100), "int64", bound=5).ravel()) == set(range(5))
    assert set(make((None, 100), "float32", bound=3).ravel()) == {0.0, 1.0, 2.0}, "an Embedding fed with floats"
    assert make((None, 400), "uint8").max() > 200
    assert set(make((None, 50), "string", vocabulary=("a", "b")).ravel()) == {"a", "b"}
    assert make((None, 50), "int64", vocabulary=(70, 90)).dtype == np.int64


def test_ragged_and_sparse() -> None:
    ragged = make((None, None, 2), kind="ragged")
    assert isinstance(ragged, Ragged)
    lengths = np.diff(ragged.row_splits[0])
    assert (len(lengths), ragged.values.shape) == (4, (int(lengths.sum()), 2))
    assert len(set(lengths)) > 1, "rows of one length are not ragged"
    sparse = make((None, 6), kind="sparse")
    assert isinstance(sparse, Sparse)
    assert sparse.dense_shape == (4, 6)
    assert len({tuple(index) for index in sparse.indices}) == len(sparse.values) == 12


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((None, 1), "string", "takes strings and the model states no vocabulary"),
        (None, "float32", "has no known shape"),
        ((None,), "resource", "of dtype 'resource' cannot be derived"),
    ],
)
def test_what_cannot_be_derived(shape: Any, dtype: str, message: str) -> None:
    with pytest.raises(InputsNeededError, match=message):
        make(shape, dtype)


def test_the_seed_decides() -> None:
    model = keras.Sequential([keras.Input((3,)), L.Dense(1)])
    np.testing.assert_array_equal(derived(model), derived(model))
    assert not np.array_equal(derived(model), derived(model, 1))


def test_the_nesting_is_the_models() -> None:
    one, two = keras.Input((1,), name="one"), keras.Input((2,), name="two", dtype="int32")
    total = L.Concatenate()([one, L.Rescaling(1.0)(two)])
    as_dict = derived(keras.Model({"two": two, "one": one}, total))
    assert {name: (value.shape, value.dtype.name) for name, value in as_dict.items()} == {
        "one": ((4, 1), "float32"),
        "two": ((4, 2), "int32"),
    }
    assert [value.shape for value in derived(keras.Model([two, one], total))] == [(4, 2), (4, 1)]


def test_the_smallest_of_two_embeddings_bounds() -> None:
    ids = keras.Input((200,), dtype="int32")
    model = keras.Model(ids, [L.Embedding(9, 1)(ids), L.Embedding(3, 1)(L.Reshape((20, 10))(ids))])
    assert set(derived(model).ravel()) == {0, 1, 2}


def test_an_embedding_behind_several_inputs_bounds_only_its_own() -> None:
    ids, scores = keras.Input((50,), name="ids"), keras.Input((50,), name="scores")
    model = keras.Model([scores, ids], [L.Dense(1)(scores), L.Embedding(3, 1)(ids)])
    first, second = derived(model)
    assert set(second.ravel()) == {0.0, 1.0, 2.0}
    assert len(set(first.ravel())) > 50


def test_a_model_without_a_signature_needs_inputs() -> None:
    base: Any = keras.Model

    class Free(base):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(InputsNeededError, match=r"inputs of Free cannot be derived.*neither built nor called"):
        derived(Free())
    with pytest.raises(InputsNeededError, match="inputs of Sequential cannot be derived"):
        derived(keras.Sequential([L.Dense(1)]))
