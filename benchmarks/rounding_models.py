"""The models of `layer_rounding.py`: builders by name, for whatever Keras `tf.keras` is."""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ZOO = ("compiled", "custom", "details", "images", "preprocessing", "sequences", "shapes")
APPLICATIONS = ("MobileNetV2", "ResNet50V2", "DenseNet121", "EfficientNetB0", "NASNetMobile", "VGG16")
BATCH = 8
HALF = ("float64", "mixed_float16", "mixed_bfloat16", "bfloat16")


def deep(keras: Any, width: int, activation: str, depth: int, dtype: str | None = None) -> Any:
    made = [keras.layers.Dense(width, activation=activation, dtype=dtype) for _ in range(depth)]
    return keras.Sequential([keras.Input((width,)), *made])


def conv(keras: Any, dtype: str | None = None) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((24, 24, 3))
    for _ in range(4):
        x = layers.BatchNormalization(dtype=dtype)(layers.Conv2D(16, 3, dtype=dtype)(x))
        x = layers.ReLU(dtype=dtype)(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(dtype=dtype)(x))


def recurrent(keras: Any, name: str, dtype: str | None = None) -> Any:
    made = [getattr(keras.layers, name)(32, return_sequences=True, dtype=dtype) for _ in range(3)]
    return keras.Sequential([keras.Input((20, 8)), *made, keras.layers.Dense(3, dtype=dtype)])


def attention(keras: Any, dtype: str | None = None) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((12, 32))
    for _ in range(4):
        x = layers.Add(dtype=dtype)([x, layers.MultiHeadAttention(4, 8, dtype=dtype)(x, x)])
        x = layers.LayerNormalization(dtype=dtype)(x)
        x = layers.Add(dtype=dtype)([x, layers.Dense(32, activation="gelu", dtype=dtype)(x)])
    return keras.Model(inputs, layers.Dense(5, activation="softmax", dtype=dtype)(x))


def application(keras: Any, name: str) -> Any:
    return getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), classes=10)


def with_free_batch() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Names and builders of models of the layers that most have; each takes one input of normal numbers."""
    for activation in ("relu", "tanh", "sigmoid", "gelu"):
        yield f"20 Dense {activation}", partial(deep, width=64, activation=activation, depth=20)
    yield "4 Dense of 2,000", partial(deep, width=2000, activation="relu", depth=4)
    for dtype in HALF:
        yield f"8 Dense {dtype}", partial(deep, width=64, activation="relu", depth=8, dtype=dtype)
        yield f"attention {dtype}", partial(attention, dtype=dtype)
        yield f"Conv2D {dtype}", partial(conv, dtype=dtype)
        yield f"LSTM {dtype}", partial(recurrent, name="LSTM", dtype=dtype)
    yield from ((name, partial(recurrent, name=name)) for name in ("LSTM", "GRU", "SimpleRNN"))
    yield from (("attention", attention), ("Conv2D", conv))
    yield from ((name, partial(application, name=name)) for name in APPLICATIONS)


def of_zoo() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Names and builders of the models of the accuracy matrix, each with the list of its inputs."""
    from accuracy.zoo.registry import MODELS

    for module in ZOO:
        importlib.import_module(f"accuracy.zoo.{module}")
    for name, model in MODELS.items():
        yield name, partial(_of_kit, model.build)


def _of_kit(build: Callable[[Any], Any], _: Any) -> Any:
    from accuracy.zoo.registry import Kit

    return build(Kit())


def set_weights(model: Any) -> None:
    """Give a model numbers that are the same everywhere, of about the size that training leaves."""
    random = np.random.RandomState(2)
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight.name.split("/")[-1].split(":")[0]
        if "float" in str(weight.dtype):
            numbers = random.normal(size=shape) * np.sqrt(2 / max(1, int(np.prod(shape[:-1] or (100,)))))
            is_positive = name in ("gamma", "moving_variance", "variance")
            weight.assign((random.uniform(0.5, 1.5, shape) if is_positive else numbers).astype(np.float32))


def inputs_of(model: Any) -> Any:
    """Numbers of a normal distribution in the shape of its one input, the same everywhere."""
    return np.random.RandomState(1).normal(size=(BATCH, *model.inputs[0].shape[1:])).astype("float32")
