"""Code to paste and to complete: functions and classes that a file names and its reader does not have."""

from __future__ import annotations

import json
import keyword
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Weight = tuple[str, tuple[int, ...], str]

# The file that all of it is pasted into, and the package under which stands what takes the place of Keras' own.
MODULE_FILE = "legacy.py"
REPLACED = "legacy"
# What every layer takes.
_OF_EVERY_LAYER = ("name", "trainable", "dtype", "activity_regularizer", "autocast", "dynamic")
_NOT_ARGUMENTS = frozenset({*_OF_EVERY_LAYER, "batch_input_shape", "batch_shape"})
# What .keras files number: they say nothing of the attribute.
_NUMBERED = re.compile(r"\d+")


def begin(package: str) -> list[str]:
    """The lines above a class or function that is registered: they run in the old TensorFlow and in the new one.

    Args:
        package: under which it is registered; empty where the file does not say.
    """
    return [
        "from tensorflow import keras",
        "",
        "",
        f"@keras.utils.register_keras_serializable(package={json.dumps(package or 'Custom')})",
    ]


def identifier(name: str) -> str:
    """A name as Python takes it: `my_layer_2` of `my-layer/2`."""
    word = re.sub(r"\W", "_", name)
    return word if is_name(word) else f"_{word}"


def is_name(word: str) -> bool:
    """Whether Python takes a word as the name of something: files hold any text."""
    return word.isidentifier() and not keyword.iskeyword(word)


def hard_sigmoid(*, is_of_keras_3: bool) -> list[str]:
    """The function as the Keras that wrote the file has it, in code for the other one.

    Args:
        is_of_keras_3: whether that is Keras 3, rather than Keras 1 or 2.
    """
    of_keras_3 = "keras.activations.relu(x + 3.0, max_value=6.0) / 6.0"
    computes = of_keras_3 if is_of_keras_3 else "keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)"
    return [*begin(REPLACED), "def hard_sigmoid(x):", f"    return {computes}", ""]


def function(name: str, arguments: str, package: str = REPLACED) -> list[str]:
    """A function that is to be completed.

    Args:
        name: its name.
        arguments: what it takes.
        package: under which it is registered.
    """
    return [
        *begin(package),
        f"def {name}({arguments}):",
        f'    raise NotImplementedError("write here what {name} computes")',
        "",
    ]


def layer_class(
    name: str,
    package: str,
    configs: Sequence[Mapping[str, Any]],
    weights: Sequence[Sequence[Weight]],
) -> list[str]:
    """A layer that is to be completed: its arguments and weights are those of the file.

    Args:
        name: its class.
        package: under which it is registered; empty where the file does not say.
        configs: of each layer of this class.
        weights: of each of them.
    """
    keys = list(dict.fromkeys(key for config in configs for key in config if _is_argument(key)))
    inner = {key for key in keys for config in configs if _is_object(config.get(key))}
    given = "".join(f", {_given(key, is_object=key in inner)}" for key in keys)
    return [
        *begin(package),
        f"class {name}(keras.layers.Layer):",
        f"    def __init__(self, {''.join(f'{key}, ' for key in keys)}**kwargs):",
        "        super().__init__(**kwargs)",
        *(f"        self.{key} = {_taken(key, is_object=key in inner)}" for key in keys),
        *_build(weights),
        "",
        "    def call(self, inputs):",
        f'        raise NotImplementedError("write here what {name} computes")',
        "",
        "    def get_config(self):",
        f"        return {{**super().get_config(){given}}}",
        "",
    ]


def _is_argument(key: str) -> bool:
    return is_name(key) and key not in _NOT_ARGUMENTS


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and "class_name" in value and "config" in value


def _taken(key: str, *, is_object: bool) -> str:
    return f"keras.utils.deserialize_keras_object({key})" if is_object else key


def _given(key: str, *, is_object: bool) -> str:
    value = f"keras.utils.serialize_keras_object(self.{key})" if is_object else f"self.{key}"
    return f'"{key}": {value}'


def _build(weights: Sequence[Sequence[Weight]]) -> list[str]:
    """The method that makes the weights, where every layer of the class has the same ones."""
    first = weights[0] if weights else ()
    if not first or any([each[1:] for each in of_one] != [each[1:] for each in first] for of_one in weights):
        listed = sorted({f"{shape} {dtype}" for of_one in weights for _, shape, dtype in of_one})
        return [f"        # Its weights in the file: {', '.join(listed)}."] if listed else []
    lines = ["", "    def build(self, input_shape):", "        # In the order in which the class made them."]
    for number, (name, shape, dtype) in enumerate(first):
        word = f"weight_{number}" if _NUMBERED.fullmatch(name) else identifier(name)
        lines.append(f'        self.{word} = self.add_weight(name="{word}", shape={shape}, dtype="{dtype}")')
    return [*lines, "        super().build(input_shape)"]


def recurrent_class(name: str) -> list[str]:
    """A recurrent layer that takes `time_major` as in Keras 2: the first axis of its sequences is the time.

    Args:
        name: `LSTM`, `GRU` or `SimpleRNN`.
    """
    body = """
class {name}(keras.layers.{name}):
    def __init__(self, *args, time_major=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.time_major = time_major

    def call(self, sequences, initial_state=None, mask=None, training=False):
        if not self.time_major:
            return super().call(sequences, initial_state, mask, training)
        turned = None if mask is None else keras.ops.swapaxes(mask, 0, 1)
        outputs = super().call(keras.ops.swapaxes(sequences, 0, 1), initial_state, turned, training)
        if not self.return_sequences:
            return outputs
        if not self.return_state:
            return keras.ops.swapaxes(outputs, 0, 1)
        return (keras.ops.swapaxes(outputs[0], 0, 1), *outputs[1:])

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        if not self.time_major:
            return super().compute_output_shape(sequences_shape, initial_state_shape)
        time, batch, *rest = sequences_shape
        shapes = super().compute_output_shape((batch, time, *rest), initial_state_shape)
        if not self.return_sequences:
            return shapes
        if not self.return_state:
            return (shapes[1], shapes[0], *shapes[2:])
        return ((shapes[0][1], shapes[0][0], *shapes[0][2:]), *shapes[1:])

    def get_config(self):
        return {{**super().get_config(), "time_major": self.time_major}}
"""
    return [*begin(REPLACED), *body.format(name=name).strip("\n").splitlines(), ""]


def changed_class(name: str, argument: str, value: Any) -> list[str]:
    """A subclass of a layer of Keras that takes one more argument, and is to be completed.

    Args:
        name: the class.
        argument: what its reader does not take.
        value: what the file gives.
    """
    return [
        *begin(REPLACED),
        f"class {name}(keras.layers.{name}):",
        f"    def __init__(self, *args, {argument}=None, **kwargs):",
        "        super().__init__(*args, **kwargs)",
        f"        self.{argument}_of_file = {argument}",
        "",
        "    def call(self, inputs, **kwargs):",
        f'        raise NotImplementedError("write here what {name} does with {argument}={_short(value)}")',
        "",
        "    def get_config(self):",
        f'        return {{**super().get_config(), "{argument}": self.{argument}_of_file}}',
        "",
    ]


def _short(value: Any) -> str:
    text = repr(value).replace('"', "'").replace("\\", "/")
    return text if len(text) <= 40 else f"{text[:39]}…"
