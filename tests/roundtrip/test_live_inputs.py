"""Derived inputs that a live model can be called with: sizes that its layers bound, values that tell something."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.roundtrip.case import Case
from pytest_modelcompat.roundtrip.inputs.derivation import inputs_for_model
from pytest_modelcompat.roundtrip.inputs.live_model import CalledInputs, call_on_derived
from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.stop import TargetStoppedError
from pytest_modelcompat.settings.settings import Settings

pytestmark = pytest.mark.needs_tensorflow

L: Any = keras.layers
CASE = Case("test_it[keras]", Target("keras"), Settings(), GoldenName(("test_it",), "test_it"))


def called(model: Any, recorded: Any = None) -> CalledInputs:
    return call_on_derived(CASE, as_model_under_test(model), lambda: recorded)


class TokenAndPosition(L.Layer):  # type: ignore[misc]
    """As on keras.io: an embedding of the positions, which states no more than that it has so many vectors."""

    def __init__(self, longest: int, words: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tokens, self.positions = L.Embedding(words, 2), L.Embedding(longest, 2)

    def call(self, x: Any) -> Any:
        return self.tokens(x) + self.positions(keras.ops.arange(keras.ops.shape(x)[-1]))


class PositionEmbedding(L.Layer):  # type: ignore[misc]
    """As in KerasHub: it slices its vectors."""

    def __init__(self, sequence_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sequence_length = sequence_length

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(self.sequence_length, shape[-1]))

    def call(self, x: Any) -> Any:
        return x + keras.ops.slice(self.table, (0, 0), (keras.ops.shape(x)[1], x.shape[-1]))


class Unsaid(L.Layer):  # type: ignore[misc]
    """A table of nine vectors, of whose number no attribute speaks."""

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(9, shape[-1]))

    def call(self, x: Any) -> Any:
        return x + keras.ops.take(self.table, keras.ops.arange(keras.ops.shape(x)[1]), axis=0)


def over(shape: Any, *layers: Any, dtype: str = "float32") -> Any:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (lambda: over((None,), TokenAndPosition(12, 50), dtype="int32"), (4, 12)),
        (lambda: over((None, 2), PositionEmbedding(7)), (4, 7, 2)),
        (lambda: over((None, 2), L.Conv1D(2, 2, strides=2), PositionEmbedding(6)), (4, 8, 2)),
        (lambda: over((None, 2), Unsaid()), (4, 8, 2)),
        (lambda: over((None, None, 1), *(L.MaxPool2D(3) for _ in range(4))), (4, 128, 128, 1)),
        # What fits stays as it was.
        (lambda: over((None,), L.Embedding(3, 2), dtype="int32"), (4, 32)),
        (lambda: over((None, 2), PositionEmbedding(40)), (4, 32, 2)),
    ],
    ids=["keras.io", "KerasHub", "behind a stride", "unsaid", "large", "fits", "longer"],
)
def test_an_open_size_is_what_the_model_can_be_called_with(model: Any, shape: Any) -> None:
    assert called(model()).values.shape == shape


def test_what_is_derived_is_said_with_its_source() -> None:
    ids, scores = keras.Input((None,), name="ids", dtype="int32"), keras.Input((2,), name="scores")
    model = keras.Model({"ids": ids, "scores": scores}, [L.Embedding(30522, 1)(ids), L.Dense(1)(scores)])
    assert called(model).derived.splitlines()[1:] == [
        "ids int32 (4, 32) below 30522, from Embedding's input_dim",
        "scores float32 (4, 2)",
    ]


def test_what_fits_nothing_fails_as_it_did_first() -> None:
    layer: Any = L.Reshape((5,))
    model = keras.Model(inputs := keras.Input((None, 2), name="x"), layer(inputs))
    with pytest.raises(TargetStoppedError) as stopped:
        called(model)
    (finding,) = stopped.value.findings
    assert dict(finding.details)["inputs"].endswith(
        "keras_tensor float32 (4, 32, 2)".replace("keras_tensor", inputs.name)
    )
    assert finding.fix[0] == "return (model, inputs) from the test, or declare"


def dead_below(bound: float) -> Any:
    """A model whose outputs are all zero for inputs that are below a bound."""
    return over((1,), L.Rescaling(1.0, offset=-bound), L.ReLU())


def greatest(seed: int) -> float:
    return float(inputs_for_model(as_model_under_test(dead_below(0.0)), seed).values.max())


class TestOtherSeeds:
    first, best = greatest(0), max(range(1, 5), key=greatest)

    def model(self) -> Any:
        assert self.first < greatest(self.best)
        return dead_below((self.first + greatest(self.best)) / 2)

    def values(self, seed: int) -> Any:
        return inputs_for_model(as_model_under_test(self.model()), seed).values

    def test_are_tried_where_all_outputs_are_the_same(self) -> None:
        found = called(self.model())
        assert np.ptp(found.outputs) > 0
        np.testing.assert_array_equal(found.values, called(self.model()).values)

    def test_are_not_tried_where_the_outputs_tell_something(self) -> None:
        np.testing.assert_array_equal(called(dead_below(-5.0)).values, self.values(0))

    def test_the_first_is_kept_where_none_helps(self) -> None:
        np.testing.assert_array_equal(called(dead_below(50.0)).values, self.values(0))

    @pytest.mark.parametrize("seed", [0, 3])
    def test_a_golden_that_was_recorded_with_one_decides(self, seed: int) -> None:
        np.testing.assert_array_equal(called(self.model(), self.values(seed)).values, self.values(seed))

    def test_a_golden_of_other_inputs_does_not(self) -> None:
        found = called(self.model(), np.ones((4, 1), np.float32))
        np.testing.assert_array_equal(found.values, called(self.model()).values)


def test_a_golden_of_another_size_decides() -> None:
    model = over((None, 2), PositionEmbedding(7))
    recorded = inputs_for_model(as_model_under_test(model), 0, 4).values
    assert called(model, recorded).values.shape == (4, 4, 2)


class Net(keras.Model):  # type: ignore[misc]
    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def call(self, inputs: Any) -> Any:
        parts = inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, list) else [inputs]
        return sum(self.layer(each) for each in parts)


def built(layer: Any, how: str, given: Any) -> Any:
    model: Any = Net(layer)
    if how == "fit":
        model.compile("sgd", "mse")
        model.fit(given, np.zeros((2, 1)), verbose=0)
    else:
        getattr(model, how)(given)
    return model


TWO = np.zeros((2, 3), "float32")


@pytest.mark.filterwarnings("ignore:`build\\(\\)` was called")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: built(L.Dense(1), "build", (None, 3)), ["inputs float32 (4, 3)"]),
        (lambda: built(L.Dense(1), "__call__", TWO), ["inputs float32 (4, 3)"]),
        (lambda: built(L.Dense(1), "fit", TWO), ["inputs float32 (4, 3)"]),
        (lambda: built(L.Dense(1), "__call__", {"b": TWO, "a": TWO}), ["b float32 (4, 3)", "a float32 (4, 3)"]),
        (
            lambda: built(L.Embedding(9, 1), "build", (None, 3)),
            ["inputs int32 (4, 3) below 9, from Embedding's input_dim"],
        ),
        (
            lambda: built(L.StringLookup(vocabulary=["a", "b"]), "build", (None, 3)),
            ["inputs string (4, 3), from StringLookup's vocabulary"],
        ),
    ],
    ids=["built", "called", "fitted", "dict", "embedding", "words"],
)
def test_a_subclassed_model_knows_the_shapes_it_was_built_with(model: Any, said: list[str]) -> None:
    assert called(model()).derived.splitlines()[1:] == said


def test_a_call_of_several_arguments_needs_inputs() -> None:
    class Pair(keras.Model):  # type: ignore[misc]
        def call(self, first: Any, second: Any) -> Any:
            return first + second

    model: Any = Pair()
    model(TWO, TWO)
    with pytest.raises(TargetStoppedError, match="its call\\(\\) takes several arguments"):
        called(model)
