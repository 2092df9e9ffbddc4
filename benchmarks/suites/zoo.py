"""Twenty small models that every suite here saves and reloads, each with a batch of inputs.

The variable `MODELS` takes the first so many of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

keras = tf.keras
layers = keras.layers


def _floats(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def dense() -> tuple[Any, Any]:
    return keras.Sequential([keras.Input((16,)), layers.Dense(32, activation="relu"), layers.Dense(3)]), _floats(8, 16)


def deep() -> tuple[Any, Any]:
    hidden = [layers.Dense(32, activation="relu") for _ in range(6)]
    return keras.Sequential([keras.Input((16,)), *hidden, layers.Dense(1)]), _floats(8, 16)


def normalized() -> tuple[Any, Any]:
    return keras.Sequential([keras.Input((16,)), layers.BatchNormalization(), layers.Dense(4)]), _floats(8, 16)


def image() -> tuple[Any, Any]:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x))), _floats(8, 16, 16, 3)


def residual() -> tuple[Any, Any]:
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    return keras.Model(inputs, layers.Flatten()(layers.Add()([inputs, x]))), _floats(8, 8, 8, 4)


def sequence() -> tuple[Any, Any]:
    return keras.Sequential([keras.Input((10, 4)), layers.LSTM(8), layers.Dense(1)]), _floats(8, 10, 4)


def recurrent() -> tuple[Any, Any]:
    return keras.Sequential([keras.Input((10, 4)), layers.GRU(8), layers.Dense(1)]), _floats(8, 10, 4)


def attention() -> tuple[Any, Any]:
    inputs = keras.Input((6, 8))
    x = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    return keras.Model(inputs, layers.LayerNormalization()(layers.Add()([inputs, x]))), _floats(8, 6, 8)


def text() -> tuple[Any, Any]:
    inputs = keras.Input((12,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(100, 8)(inputs))
    batch = np.random.default_rng(0).integers(0, 100, (8, 12)).astype(np.int32)
    return keras.Model(inputs, layers.Dense(2)(x)), batch


def windows() -> tuple[Any, Any]:
    return (
        keras.Sequential([keras.Input((20, 3)), layers.Conv1D(8, 3), layers.GlobalMaxPooling1D(), layers.Dense(2)]),
        _floats(8, 20, 3),
    )


def separable() -> tuple[Any, Any]:
    inputs = keras.Input((16, 16, 3))
    x = layers.SeparableConv2D(8, 3, activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.AveragePooling2D(2)(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Flatten()(x))), _floats(8, 16, 16, 3)


def inverted() -> tuple[Any, Any]:
    inputs = keras.Input((12, 12, 4))
    x = layers.Conv2D(16, 1, activation="relu6")(inputs)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = layers.BatchNormalization()(layers.Conv2D(4, 1)(x))
    return keras.Model(inputs, layers.GlobalMaxPooling2D()(layers.Add()([inputs, x]))), _floats(8, 12, 12, 4)


def segmentation() -> tuple[Any, Any]:
    inputs = keras.Input((16, 16, 2))
    down = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    deep = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.MaxPooling2D()(down))
    up = layers.Conv2DTranspose(4, 2, strides=2)(deep)
    return keras.Model(inputs, layers.Conv2D(1, 1)(layers.Concatenate()([down, up]))), _floats(8, 16, 16, 2)


def autoencoder() -> tuple[Any, Any]:
    encoder = keras.Sequential([keras.Input((24,)), layers.Dense(8, activation="elu"), layers.Dense(3)])
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(8, activation="elu"), layers.Dense(24)])
    inputs = keras.Input((24,))
    return keras.Model(inputs, decoder(encoder(inputs))), _floats(8, 24)


def both_ways() -> tuple[Any, Any]:
    return (
        keras.Sequential([keras.Input((10, 4)), layers.Bidirectional(layers.LSTM(6)), layers.Dense(2)]),
        _floats(8, 10, 4),
    )


def stacked() -> tuple[Any, Any]:
    return (
        keras.Sequential(
            [
                keras.Input((8, 5)),
                layers.GRU(6, return_sequences=True),
                layers.TimeDistributed(layers.Dense(4, activation="tanh")),
                layers.LSTM(4),
            ]
        ),
        _floats(8, 8, 5),
    )


def siamese() -> tuple[Any, Any]:
    tower = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(4)])
    inputs = keras.Input((12,))
    left, right = layers.Reshape((2, 6))(inputs), layers.Reshape((2, 6))(inputs)
    halves = [layers.Cropping1D((0, 1))(left), layers.Cropping1D((1, 0))(right)]
    towers = [tower(layers.Flatten()(half)) for half in halves]
    return keras.Model(inputs, layers.Dense(1)(layers.Multiply()(towers))), _floats(8, 12)


def mixer() -> tuple[Any, Any]:
    inputs = keras.Input((9, 6))
    x = layers.Permute((2, 1))(layers.LayerNormalization()(inputs))
    x = layers.Permute((2, 1))(layers.Dense(9, activation="gelu")(x))
    x = layers.Add()([inputs, x])
    return keras.Model(inputs, layers.GlobalAveragePooling1D()(layers.Dense(6, activation="gelu")(x))), _floats(8, 9, 6)


def transformer() -> tuple[Any, Any]:
    inputs = keras.Input((10,), dtype="int32")
    x = layers.Embedding(50, 8)(inputs)
    x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)]))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(8)(layers.Dense(16, activation="gelu")(x))]))
    batch = np.random.default_rng(0).integers(0, 50, (8, 10)).astype(np.int32)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))), batch


def gated() -> tuple[Any, Any]:
    inputs = keras.Input((14, 3))
    x = layers.Conv1D(8, 3, padding="causal", dilation_rate=2)(inputs)
    gate = layers.Conv1D(8, 3, padding="causal", activation="sigmoid")(inputs)
    x = layers.Multiply()([layers.Activation("tanh")(x), gate])
    return keras.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(x))), _floats(8, 14, 3)


ALL: tuple[Callable[[], tuple[Any, Any]], ...] = (
    dense,
    deep,
    normalized,
    image,
    residual,
    sequence,
    recurrent,
    attention,
    text,
    windows,
    separable,
    inverted,
    segmentation,
    autoencoder,
    both_ways,
    stacked,
    siamese,
    mixer,
    transformer,
    gated,
)
BUILDERS = ALL[: int(os.environ.get("MODELS", len(ALL)))]
