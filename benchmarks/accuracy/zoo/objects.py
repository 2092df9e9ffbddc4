"""Custom classes and functions of the matrix's models: what a user's package would hold."""

from __future__ import annotations

import importlib
from typing import Any

tf = importlib.import_module("tensorflow")
keras = tf.keras


@keras.utils.register_keras_serializable(package="accuracy")
class Scale(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A registered layer with a weight and an argument of its own."""

    def __init__(self, factor: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def build(self, input_shape: Any) -> None:
        self.offset = self.add_weight(name="offset", shape=(input_shape[-1],), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor + self.offset

    def get_config(self) -> Any:
        return {**super().get_config(), "factor": self.factor}


class Double(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A layer that is not registered."""

    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


class Forgetful(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A layer whose config lacks its argument."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


def clipped(values: Any) -> Any:
    """An activation that is not registered."""
    return tf.clip_by_value(values, -0.5, 0.5)


def squared(truth: Any, prediction: Any) -> Any:
    """A loss that is not registered."""
    return tf.reduce_mean(tf.square(truth - prediction), axis=-1)


@keras.utils.register_keras_serializable(package="accuracy")
class Ranker(keras.Model):  # type: ignore[misc, name-defined]
    """A subclassed model that says what it is made with."""

    def __init__(self, units: int = 3, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.hidden = keras.layers.Dense(units, activation="relu")
        self.score = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.score(self.hidden(inputs))

    def get_config(self) -> Any:
        return {"units": self.units}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        del custom_objects
        return cls(units=config["units"])


class Plain(keras.Model):  # type: ignore[misc, name-defined]
    """A subclassed model without a config."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(3)

    def call(self, inputs: Any) -> Any:
        return self.hidden(inputs)
