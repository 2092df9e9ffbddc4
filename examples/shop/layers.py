"""The shop's own layers and functions; the same code runs under Keras 3 and Keras 2 (`tf_keras`)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras


class Scale(keras.layers.Layer):  # type: ignore[misc]  # TensorFlow comes without types
    """Multiplies by one learned number. Declared by the tests with `custom_objects={"Scale": Scale}`."""

    def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape: Any) -> None:
        start = keras.initializers.Constant(self.factor)
        self.scale = self.add_weight(name="scale", shape=(), initializer=start)
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class Projection(keras.layers.Layer):  # type: ignore[misc]
    """A layer without `**kwargs` and `get_config`: it works until somebody loads it from a file."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="glorot_uniform")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        return tf.matmul(inputs, self.kernel)


@keras.utils.register_keras_serializable(package="shop")
class MendedProjection(keras.layers.Layer):  # type: ignore[misc]
    """`Projection`, mended with `**kwargs` and `get_config`; importing this module declares it."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="glorot_uniform")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        return tf.matmul(inputs, self.kernel)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def soft_clip(x: Any) -> Any:
    """Leave small activations almost alone and keep large ones between -3 and 3."""
    return 3.0 * tf.tanh(x / 3.0)
