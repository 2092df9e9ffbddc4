"""Layers of the user's own that compute in Keras 3 what an operation of Keras 2 does, and code for them to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.graph import OF_OTHER_TENSORS, OPERATIONS
from pytest_modelcompat.migration.operations.layers import data_of
from pytest_modelcompat.migration.operations.tensor import NoEqualError

if TYPE_CHECKING:
    from pytest_modelcompat.migration.operations.graph import Graph


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


def stub_name(symbol: str) -> str:
    """The name of a class for an operation: `TfMathBesselI0` for `tf.math.bessel_i0`."""
    return "".join(part[:1].upper() + part[1:] for part in symbol.replace("_", ".").split(".") if part)


def layer_stub(symbol: str, package: str) -> tuple[str, ...]:
    """Lines of a layer that computes one operation in Keras 3 with TensorFlow.

    Args:
        symbol: as `symbol_of` gives it.
        package: under which it is registered.

    Returns:
        A program, whose layer is called as the function is; it takes tensors in the dtype that they have.
    """
    return (
        "import tensorflow as tf",
        "from tensorflow import keras",
        "",
        "",
        f'@keras.utils.register_keras_serializable(package="{package}")',
        f"class {stub_name(symbol)}(keras.layers.Layer):",
        "    def __init__(self, **kwargs):",
        '        super().__init__(**{**kwargs, "autocast": False})',
        "",
        "    def call(self, first, **others):",
        f"        return {symbol}(first, **others)",
        "",
    )


def own_entry(graph: Graph, layer: dict[str, Any], registered: str) -> dict[str, Any] | None:
    """An operation as a layer of the user's own, which is called with the same; None where a call is not in the file.

    Args:
        graph: of the model.
        layer: a `TFOpLambda`.
        registered: the name under which its class is registered.
    """
    if layer.get("class_name") != "TFOpLambda":
        return None
    try:
        calls = [graph.call(layer, node) for node in range(len(layer["inbound_nodes"]))]
    except NoEqualError:
        return None
    nodes = [
        {
            "args": [data_of(call.first)],
            "kwargs": {key: data_of(value) for key, value in call.others.items() if key != "name"},
        }
        for call in calls
    ]
    package, _, name = registered.rpartition(">")
    return {
        "module": package,
        "class_name": name,
        "config": {key: value for key, value in layer["config"].items() if key != "function"},
        "registered_name": registered,
        "name": layer["name"],
        "inbound_nodes": nodes,
    }
