"""Ten small models that every suite here saves and reloads, each with a batch of inputs."""

from __future__ import annotations

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


BUILDERS: tuple[Callable[[], tuple[Any, Any]], ...] = (
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
)
