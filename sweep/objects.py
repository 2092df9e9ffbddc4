"""Custom classes and functions of the sweep, which writers use and readers are given by name."""

from typing import Any, Dict

import tensorflow as tf

Layer: Any = tf.keras.layers.Layer
_register = getattr(getattr(tf.keras, "saving", None), "register_keras_serializable", None) or (
    tf.keras.utils.register_keras_serializable
)


class PlainScale(Layer):  # type: ignore[misc]
    """A layer that nobody registered."""

    def __init__(self, factor: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Scaled inputs."""
        return inputs * self.factor

    def get_config(self) -> Dict[str, Any]:
        """What it was made with."""
        return dict(super().get_config(), factor=self.factor)


@_register("sweep")
class RegisteredScale(PlainScale):
    """The same, registered."""


class Unsaveable(Layer):  # type: ignore[misc]
    """A layer that cannot be saved."""

    def call(self, inputs: Any) -> Any:
        """Its inputs."""
        return inputs * 1.0

    def get_config(self) -> Dict[str, Any]:
        """Fails."""
        raise NotImplementedError("it has no configuration")


class PlainCell(Layer):  # type: ignore[misc]
    """An RNN cell of the user's own."""

    def __init__(self, units: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.state_size = units
        self.output_size = units

    def build(self, input_shape: Any) -> None:
        """Its kernel."""
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
        super().build(input_shape)

    def call(self, inputs: Any, states: Any) -> Any:
        """The next state, which is the output too."""
        output = tf.matmul(inputs, self.kernel) + states[0]
        return output, [output]

    def get_config(self) -> Dict[str, Any]:
        """What it was made with."""
        return dict(super().get_config(), units=self.units)


@_register("sweep")
class RegisteredCell(PlainCell):
    """The same, registered."""


def plain_function(value: Any) -> Any:
    """A function that nobody registered."""
    return value * 2.0


@_register("sweep")  # type: ignore[untyped-decorator]
def registered_function(value: Any) -> Any:
    """A function that is registered."""
    return value * 2.0


def plain_identity(value: Any) -> Any:
    """A function that nobody registered, and that takes texts too."""
    return tf.identity(value)


@_register("sweep")  # type: ignore[untyped-decorator]
def registered_identity(value: Any) -> Any:
    """The same, registered."""
    return tf.identity(value)


def plain_loss(true: Any, predicted: Any) -> Any:
    """A loss, or a metric, that nobody registered."""
    return tf.reduce_mean(tf.square(true - predicted), axis=-1)


def plain_initializer(shape: Any, dtype: Any = None) -> Any:
    """An initializer that nobody registered."""
    return tf.ones(shape, dtype=dtype or "float32") * 0.5


def plain_regularizer(weights: Any) -> Any:
    """A regularizer that nobody registered."""
    return 0.01 * tf.reduce_sum(weights)


def plain_constraint(weights: Any) -> Any:
    """A constraint that nobody registered."""
    return weights * 1.0
