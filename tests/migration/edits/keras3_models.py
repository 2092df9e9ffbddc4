"""Models of Keras 3 that Keras 2 can hold, by what they show; and arrays to call them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Built = tuple[Any, Any]


def numbers(*shape: int) -> np.ndarray:
    """Numbers between 0 and 1, the same at every call."""
    return np.random.default_rng(len(shape)).random(shape, "float32")


def sequential(keras: Any) -> Built:
    """Layers whose arguments have other names or defaults in Keras 2, and a Sequential in a Sequential."""
    layers = keras.layers
    inner = keras.Sequential([layers.Conv2D(3, 2, padding="same"), layers.BatchNormalization(), layers.LeakyReLU(0.2)])
    last = layers.Dense(3, kernel_initializer="he_normal", kernel_regularizer="l2", activation="gelu")
    return keras.Sequential([keras.Input((4, 4, 2)), inner, layers.Flatten(), last]), numbers(2, 4, 4, 2)


def shared(keras: Any) -> Built:
    """A model and a Sequential that are called twice, the second call of what the first gave."""
    layers = keras.layers
    start, entry = keras.Input((3,)), keras.Input((3,))
    model = keras.Model(start, [layers.Dense(3)(start), layers.Dense(3, activation="tanh")(start)])
    chain = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
    first, second = model(entry)
    ends = [chain(first), model(chain(second))[1]]
    return keras.Model(entry, ends), numbers(2, 3)


def named_inputs(keras: Any) -> Built:
    """Inputs and outputs by name, and tensors among the arguments of a call."""
    layers = keras.layers
    one, other = keras.Input((3, 4), name="one"), keras.Input((3, 4), name="other")
    mixed = layers.MultiHeadAttention(2, 2)(query=one, value=other)
    state = layers.GlobalAveragePooling1D()(other)
    ends = {"mixed": mixed, "last": layers.GRU(4)(mixed, initial_state=state)}
    return keras.Model({"one": one, "other": other}, ends), {"one": numbers(2, 3, 4), "other": numbers(2, 3, 4) * 2}


def masked(keras: Any) -> Built:
    """A mask, which Keras 3 writes as operations."""
    layers = keras.layers
    entry = keras.Input((4,))
    words = layers.Dropout(0.5)(layers.Embedding(5, 3, mask_zero=True)(entry))
    states = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(words)
    return keras.Model(entry, layers.GRU(2)(states)), np.array([[1, 2, 0, 0], [3, 0, 0, 0]], "float32")


def operators(keras: Any) -> Built:
    """Operators, among them those that have the names of layers, and slices."""
    one, other = keras.Input((4,)), keras.Input((4,))
    scaled = (2.0 - one * 0.5) / (other + 1.0)
    parts = keras.ops.concatenate([scaled[:, 1:3], keras.ops.sum(one, axis=-1, keepdims=True)], axis=-1)
    ends = [keras.ops.maximum(one, other), keras.layers.Dense(2)(parts), scaled[..., -1], keras.ops.any(one > 0.5, -1)]
    return keras.Model([one, other], ends), [numbers(2, 4), numbers(2, 4) - 0.3]


def frozen(keras: Any) -> Built:
    """A model that is not trained, called with `training=False`."""
    entry = keras.Input((4,))
    base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.BatchNormalization()])
    base.trainable = False
    return keras.Model(entry, keras.layers.Dense(2)(base(entry, training=False))), numbers(2, 4)


def looked_up(keras: Any) -> Built:
    """Numbers looked up and sorted into bins, as rows of numbers."""
    layers = keras.layers
    entry = keras.Input((1,), dtype="int64")
    found = layers.IntegerLookup(vocabulary=[3, 5, 8], output_mode="one_hot")(entry)
    return keras.Model(entry, layers.Dense(2)(found)), np.array([[5], [7], [8]])


MODELS: dict[str, Callable[[Any], Built]] = {
    each.__name__: each for each in (sequential, shared, named_inputs, masked, operators, frozen, looked_up)
}
