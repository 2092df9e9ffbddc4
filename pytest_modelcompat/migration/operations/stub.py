"""Stubs: a class to paste that computes in Keras 3 those operations of Keras 2 for which Keras 3 has no equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.conversion import Conversion
from pytest_modelcompat.migration.operations.graph import OF_OTHER_TENSORS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_modelcompat.profiles.profile import Profile


def left_operations(
    configs: Iterable[dict[str, Any]], profile: Profile, is_own: Callable[[str], bool]
) -> dict[str, tuple[str, str]]:
    """The operations of a draft that no operation of Keras 3 equals: layer -> its symbol in TensorFlow, and why.

    Args:
        configs: of the functional models of a draft, after all edits.
        profile: of the reader.
        is_own: whether a class of this name is the user's own.
    """
    found: dict[str, tuple[str, str]] = {}
    for config in configs:
        symbols = {each.get("name"): symbol_of(each) for each in config["layers"] if isinstance(each, dict)}
        for name, why in Conversion.of(config, profile, is_own).left.items():
            found[name] = (symbols[name], why)
    return found


def symbol_of(layer: dict[str, Any]) -> str:
    """What an operation is in TensorFlow, as a user writes it: `tf.math.add`; the class of any other layer."""
    config = layer.get("config") or {}
    definition = config.get("node_def")
    if isinstance(definition, dict):
        return f"tf.raw_ops.{definition.get('op')}"
    if layer.get("class_name") in OPERATIONS and config.get("function"):
        return f"tf.{config['function']}"
    if layer.get("class_name") in OF_OTHER_TENSORS:
        return str(config.get("attr_name") or config.get("method_name") or layer.get("class_name"))
    return str(layer.get("class_name"))


def layer_stub(symbol: str) -> tuple[str, ...]:
    """Lines of a layer that computes one operation in Keras 3 with TensorFlow, to build the model's code with.

    Args:
        symbol: as `symbol_of` gives it.

    Returns:
        A program: a registered layer, whose instances are called as the function is.
    """
    name = "".join(part[:1].upper() + part[1:] for part in symbol.replace("_", ".").split(".") if part)
    return (
        "import keras",
        "import tensorflow as tf",
        "",
        "",
        "@keras.saving.register_keras_serializable()",
        f"class {name}(keras.layers.Layer):",
        "    def call(self, *args, **kwargs):",
        f"        return {symbol}(*args, **kwargs)",
    )
