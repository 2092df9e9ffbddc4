"""Edits of connections: the calls of a functional model's layers, as Keras 2 writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.edits.downward_ends import is_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_TENSOR = "__keras_tensor__"
# What Keras 2 writes instead of a layer's name where the first argument is a number. `keras/src/engine/node.py`.
_CONSTANT = "_CONSTANT_VALUE"
# Layers of Keras 2 that take one tensor as it is, where others get a list of one.
# `keras/src/layers/core/tf_op_layer.py`.
_AS_IT_IS = frozenset({"TFOpLambda", "SlicingOpLambda"})
# The arguments of `call()` by position, as Keras 3 has them. Of another class only the first may stand without a name.
_ATTENTION = ("inputs", "mask", "training", "return_attention_scores", "use_causal_mask")
_RECURRENT = ("sequences", "initial_state", "mask", "training")
_MODEL = ("inputs", "training", "mask")
_CALLS: dict[str, tuple[str, ...]] = {
    "MultiHeadAttention": ("query", "value", "key"),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _ATTENTION),
    **dict.fromkeys(("RNN", "LSTM", "GRU", "SimpleRNN", "Bidirectional"), _RECURRENT),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _RECURRENT),
    **dict.fromkeys(("Functional", "Sequential"), _MODEL),
    **dict.fromkeys(("TimeDistributed", "BatchNormalization"), ("inputs", "training", "mask")),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), ("inputs", "training")),
}
_FIRST = ("inputs",)
# Layers whose `training` is True unless the model's call says otherwise, in both versions.
_ALWAYS_TRAINING = frozenset(
    f"Random{each}"
    for each in ("Brightness", "Contrast", "Crop", "Flip", "Height", "Rotation", "Translation", "Width", "Zoom")
)
_ATTENTION_OF_HEADS = "MultiHeadAttention"
# The first whose MultiHeadAttention takes `use_causal_mask` and heeds the masks of its inputs.
# `keras/layers/attention/multi_head_attention.py` of Keras 2.10.
_MASKS_ATTENTION = (2, 10)
# What Keras 3 writes of masks that it found itself, and Keras 2 has no arguments for.
_MASKS_OF_ATTENTION = frozenset({"query_mask", "value_mask", "key_mask"})


class _NotEqualError(Exception):
    """A call cannot be written for Keras 2 so that it does the same."""


@dataclass(frozen=True)
class _Network:
    """A functional model among whose layers connections are written.

    Args:
        node: the model.
        shifts: layer -> what Keras 2 counts before its first call: 1 for a model that begins with its own inputs.
        functional: the layers that are functional models, whose calls the ends of Keras 3 count from 1 already.
        has_masks: whether anything in the artifact makes a mask.
        masks_attention: whether MultiHeadAttention heeds the masks of what it is given.
    """

    node: Node
    shifts: Mapping[str, int]
    functional: frozenset[str]
    has_masks: bool
    masks_attention: bool

    @classmethod
    def of(cls, node: Node, *, has_masks: bool, masks_attention: bool) -> _Network:
        layers = [each for each in node.config["layers"] if isinstance(each, dict)]
        models = {str(each.get("name")): each["config"] for each in layers if "layers" in _config(each)}
        functional = frozenset(name for name, config in models.items() if "output_layers" in config)
        shifts = {name: int(name in functional or _begins_with_input(config)) for name, config in models.items()}
        return cls(node, shifts, functional, has_masks, masks_attention)

    def tensor(self, history: list[Any]) -> list[Any]:
        """Where a tensor that a call was given comes from."""
        name, call, output = history
        return [name, call + self.shifts.get(name, 0), output]

    def end(self, history: list[Any]) -> list[Any]:
        """Where an input or output of the model comes from."""
        name, call, output = history
        return [name, call, output] if name in self.functional else self.tensor(history)


def _connections(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down:
        return
    has_masks = any(makes_mask(node, target) for node in draft.layers())
    heeded = target.reader >= _MASKS_ATTENTION
    networks = [
        _Network.of(each, has_masks=has_masks, masks_attention=heeded)
        for each in draft.layers()
        if _is_functional(each)
    ]
    try:
        written = [(network, *_of_network(network)) for network in networks]
    except _NotEqualError:
        return
    for network, calls, ends in written:
        for layer, nodes in calls:
            layer["inbound_nodes"] = nodes
        network.node.config.update(ends)
        if calls or ends:
            yield change(network.node, before="connections of Keras 3", after="connections of Keras 2")


def _of_network(network: _Network) -> tuple[list[tuple[dict[str, Any], list[Any]]], dict[str, Any]]:
    config = network.node.config
    calls = [
        (layer, [_call(call, layer, network) for call in layer["inbound_nodes"]])
        for layer in config["layers"]
        if any(isinstance(call, dict) for call in layer.get("inbound_nodes", ()))
    ]
    keys = ("input_layers", "output_layers") if calls else ()
    return calls, {key: _ends(config[key], network) for key in keys if key in config}


def _ends(value: Any, network: _Network) -> Any:
    if is_tensor(value):
        return network.end(value)
    if isinstance(value, dict):
        return {key: _ends(each, network) for key, each in value.items()}
    if isinstance(value, list):
        return [_ends(each, network) for each in value]
    raise _NotEqualError


def _call(call: Any, layer: Mapping[str, Any], network: _Network) -> Any:
    """One call of a layer as Keras 2 writes it: its first argument, each tensor of which has the other arguments."""
    if not isinstance(call, dict):
        return call
    named = _named(call, layer)
    if layer["class_name"] == _ATTENTION_OF_HEADS and network.has_masks and not network.masks_attention:
        raise _NotEqualError
    name = next(iter(named))
    first = named.pop(name)
    others = _others(named, layer, network)
    if layer["class_name"] in _AS_IT_IS and isinstance(first, int | float):
        return [_CONSTANT, -1, first, others]
    written = _first(first, others, network)
    if is_call_of_one(written):
        return written if layer["class_name"] in _AS_IT_IS else [written]
    is_kept = layer["class_name"] in _AS_IT_IS or layer["name"] in network.functional
    if isinstance(first, list) and len(first) == 1 and not is_kept:
        raise _NotEqualError
    return written


def _named(call: Mapping[str, Any], layer: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of a call by name, the first one first."""
    names = _CALLS.get(str(layer["class_name"]), _FIRST)
    if "output_layers" in _config(layer):
        names = _MODEL
    args, kwargs = call.get("args", []), dict(call.get("kwargs", {}))
    if len(args) > len(names):
        raise _NotEqualError
    named = dict(zip(names, args, strict=False))
    if not named:
        if names[0] not in kwargs:
            raise _NotEqualError
        named[names[0]] = kwargs.pop(names[0])
    return {**named, **kwargs}


def _others(named: Mapping[str, Any], layer: Mapping[str, Any], network: _Network) -> dict[str, Any]:
    """The arguments after the first one.

    Keras 3 gives every layer the `training` of the model's own call, and writes what the first call had, so that False
    says nothing. `keras/src/models/functional.py`, operation_fn.
    """
    others = {key: value for key, value in named.items() if not _is_said_without(key, value, layer, network)}
    return {key: _argument(value, network) for key, value in others.items()}


def _is_said_without(key: str, value: Any, layer: Mapping[str, Any], network: _Network) -> bool:
    """Whether Keras 2 does the same without this argument.

    Raises:
        _NotEqualError: it does something else whether it is there or not.
    """
    if key == "training":
        if value and layer["class_name"] not in _ALWAYS_TRAINING:
            raise _NotEqualError
        return True
    if key in _MASKS_OF_ATTENTION:
        if value is not None or network.has_masks:
            raise _NotEqualError
        return True
    if key == "use_causal_mask" and not network.masks_attention:
        if value:
            raise _NotEqualError
        return True
    return key == "mask" and value is None and not network.has_masks


def _argument(value: Any, network: _Network) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == _TENSOR:
            return network.tensor(value["config"]["keras_history"])
        if "class_name" in value:
            raise _NotEqualError
        return {key: _argument(each, network) for key, each in value.items()}
    if isinstance(value, list):
        return [_argument(each, network) for each in value]
    return value


def _first(value: Any, others: dict[str, Any], network: _Network) -> Any:
    if isinstance(value, dict) and value.get("class_name") == _TENSOR:
        return [*network.tensor(value["config"]["keras_history"]), dict(others)]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _first(each, others, network) for key, each in value.items()}
    if isinstance(value, list) and value:
        return [_first(each, others, network) for each in value]
    raise _NotEqualError


def is_call_of_one(written: Any) -> bool:
    """Whether it is one tensor with the other arguments of its call, as Keras 2 writes them."""
    return isinstance(written, list) and len(written) == 4 and is_tensor(written[:3]) and isinstance(written[3], dict)


def _is_functional(node: Node) -> bool:
    return isinstance(node.config.get("layers"), list) and "output_layers" in node.config


def _begins_with_input(config: Mapping[str, Any]) -> bool:
    layers = config["layers"]
    return bool(layers) and isinstance(layers[0], dict) and layers[0].get("class_name") == "InputLayer"


def _config(layer: Mapping[str, Any]) -> Mapping[str, Any]:
    config = layer.get("config")
    return config if isinstance(config, dict) else {}


def makes_mask(node: Node, target: Target) -> bool:
    """Whether a layer makes a mask; one of the user's own may.

    Args:
        node: a layer.
        target: the runtime, with what the writer knew.
    """
    return node.class_name == "Masking" or bool(node.config.get("mask_zero")) or target.known_to_writer(node) is None


EDITS = (
    Edit(
        "keras-2-connections",
        what="the calls of layers are written as Keras 2 writes them, and the calls of inner models counted as it does",
        because="every layer is called with the same tensors and arguments; `training` is that of the model's call in "
        "both versions",
        source="keras/src/engine/functional.py of Keras 2, keras/src/models/functional.py of Keras 3",
        wrong_if="a call has an argument that Keras 2 cannot hold, such as `training=True`, a constant as its first "
        "argument, or a list of one tensor",
        apply=_connections,
    ),
)
