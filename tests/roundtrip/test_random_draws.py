"""Which layers draw random numbers in a SavedModel, in whatever they are held, and whatever seeds them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from pytest_modelcompat.roundtrip.draws.random_draws import draws_at_inference, draws_of_saved_model
from pytest_modelcompat.roundtrip.draws.texts import fixes, places
from pytest_modelcompat.roundtrip.model import as_model_under_test

pytestmark = pytest.mark.needs_tensorflow

L: Any = keras.layers

ROWS = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")


class Unseeded(L.Layer):  # type: ignore[misc]
    """It is given no seed, so that the generator which all such share is drawn from."""

    def call(self, x: Any, training: bool = True) -> Any:
        return x + keras.random.normal(keras.ops.shape(x)) if training else x


class Encoder(keras.Model):  # type: ignore[misc]
    """A model that holds a seed generator itself, inside another model."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(1)
        self.dense = L.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x) + keras.random.normal((1,), seed=self.seeds)


class Net(keras.Model):  # type: ignore[misc]
    """A model that calls its dropout to train, as for Monte Carlo dropout."""

    def __init__(self, *held: Any) -> None:
        super().__init__()
        self.held = list(held)

    def call(self, x: Any) -> Any:
        for each in self.held:
            x = each(x, training=True)
        return x


def around(layer: Any, **keywords: Any) -> Any:
    inputs = keras.Input((4, 4, 3))
    return keras.Model(inputs, layer(inputs, **keywords))


def noisy(x: Any) -> Any:
    return x + keras.random.normal(keras.ops.shape(x))


DRAWING: dict[str, tuple[Any, str]] = {
    "unseeded": (lambda: around(Unseeded()), "unseeded (Unseeded): its call() has training=True by default"),
    "function": (lambda: around(L.Lambda(noisy)), "lambda (Lambda): it draws whether the model trains or not"),
    "of layers": (
        lambda: around(L.RandomColorJitter(brightness_factor=0.5)),
        "random_color_jitter (RandomColorJitter): its call() has training=True by default",
    ),
    "pipeline": (
        lambda: around(L.Pipeline([L.RandomFlip()])),
        "pipeline (Pipeline): its call() has training=True by default",
    ),
    "inner model": (
        lambda: around(Encoder()),
        "encoder (Encoder): it draws whether the model trains or not",
    ),
    "called to train": (lambda: Net(L.GaussianNoise(1.0)), "gaussian_noise (GaussianNoise): Net.call() has it train"),
}


@pytest.mark.parametrize("kind", DRAWING)
def test_what_draws_is_named_with_its_reason(kind: str) -> None:
    build, place = DRAWING[kind]
    keras.backend.clear_session()
    model = as_model_under_test(build())
    draws = draws_of_saved_model(model, ROWS, is_exported=True)
    assert places(draws) == (place,)
    assert fixes(draws)


@pytest.mark.parametrize(
    "build",
    [
        lambda: around(L.Dropout(0.5)),
        lambda: around(L.RandomFlip(), training=False),
        lambda: around(Unseeded(), training=False),
        lambda: around(L.Resizing(2, 2)),
        Net,
    ],
)
def test_what_draws_only_in_training_is_not(build: Any) -> None:
    assert draws_of_saved_model(as_model_under_test(build()), ROWS, is_exported=False) == ()


def test_only_a_save_that_stores_the_models_inside_asks_for_them() -> None:
    model = as_model_under_test(around(keras.Sequential([L.RandomFlip(name="flip")], name="augment"), training=False))
    assert draws_of_saved_model(model, ROWS, is_exported=True) == ()
    (draw,) = draws_of_saved_model(model, ROWS, is_exported=False)
    assert draw.path == "augment/flip"


def test_a_call_with_training_false_draws_less() -> None:
    model = as_model_under_test(around(L.RandomFlip()))
    assert draws_at_inference(model, ROWS) == ()
    assert [draw.path for draw in draws_at_inference(as_model_under_test(Net(L.Dropout(0.5, name="d"))), ROWS)] == ["d"]


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_a_layer_called_without_training_still_trains() -> None:
    """What the fix says of `fit()`: Keras gives `training=True` in its place."""
    model = around(L.RandomBrightness((0.5, 0.6)), training=False)
    rows = np.ones((2, 4, 4, 3), "float32")
    np.testing.assert_array_equal(model(rows), rows)
    model.compile("sgd", "mse")
    lost = model.fit(rows, rows, verbose=0).history["loss"][0]
    assert lost > 1.0
