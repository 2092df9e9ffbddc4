"""The nodes of a Keras configuration: which are layers, what the others serve as, and what they are called."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPILE_PATH = ("compile",)
_LAYER_KEYS = frozenset({"layers", "layer", "cell", "cells", "backward_layer", "forward_layer"})
_LAYER_SUFFIXES = ("_layer", "_layers", "_cell", "_cells")
MODEL_CLASSES = frozenset({"Functional", "Sequential", "Model"})
_ROLE_BY_KEY = {
    "activation": "activation",
    "initializer": "initializer",
    "regularizer": "regularizer",
    "constraint": "constraint",
    "loss": "loss",
    "losses": "loss",
    "metric": "metric",
    "metrics": "metric",
    "optimizer": "optimizer",
    "optimizer_config": "optimizer",
    "dtype": "dtype policy",
    "policy": "dtype policy",
}
_ROLE_BY_MODULE = {
    "activations": "activation",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "dtype_policies": "dtype policy",
    "mixed_precision": "dtype policy",
}
# Only these roles are written as a bare name inside a layer; its own `"metric": "cosine"` is its business.
NAMED_IN_LAYERS = frozenset({"activation", "initializer", "regularizer", "constraint"})
_KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow")
# More of a key or a module says nothing about a role, and is not worth remembering.
LONGEST_KEY, _LONGEST_MODULE = 40, 200
_NUMBERS = frozenset({int, float, bool, type(None)})
WALKED = (dict, list, str)
# Wiring and shapes: they repeat names that `layers` already gave, or hold values rather than objects.
NOT_WALKED = frozenset({"inbound_nodes", "input_layers", "output_layers", "build_config", "build_input_shape"})
VALUE_CLASSES = frozenset(
    {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__lambda__"}
    | {"TensorShape", "TypeSpec", "__typespec__"}
)


class ConfigLocation(NamedTuple):
    """Where the walk stands: in which layer, under which key, and among how many siblings."""

    path: tuple[str, ...]
    owner: tuple[str, ...]
    key: str = ""
    role: str | None = None
    position: int = 0
    siblings: int = 0

    @property
    def in_compile(self) -> bool:
        """Whether it belongs to what `compile()` was given."""
        return self.owner == COMPILE_PATH


def nodes_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The layers of a model's configuration, as stored; what else stands among them is none.

    Args:
        config: the model's.
    """
    layers = config.get("layers")
    return [node for node in layers if isinstance(node, dict)] if isinstance(layers, list) else []


def is_numbers(value: object) -> bool:
    """Whether it is a list of numbers, such as strides, of which a configuration is full."""
    return isinstance(value, list) and _NUMBERS.issuperset(map(type, value))


def is_layer(node: Mapping[str, Any], place: ConfigLocation) -> bool:
    """Whether a node is a layer, by where it stands, what it is called, and what it holds."""
    if place.in_compile or place.role == "dtype policy":
        return False
    if place.key in _LAYER_KEYS or place.key.endswith(_LAYER_SUFFIXES) or node["class_name"] in MODEL_CLASSES:
        return True
    if _keras_layer_module(node) or _looks_like_layer(node["config"]):
        return True
    return place.role is None and role_by_module(node) is None and "layers" in _segments(node)


def _keras_layer_module(node: Mapping[str, Any]) -> bool:
    segments = _segments(node)
    return bool(segments) and segments[0] in _KERAS_PACKAGES and not {"layers", "models"}.isdisjoint(segments)


def _looks_like_layer(config: object) -> bool:
    """Whether it has the two keys `Layer.get_config()` writes in every Keras, unlike other base classes."""
    return isinstance(config, dict) and "trainable" in config and "name" in config


@lru_cache(maxsize=1000)
def role_by_key(key: str) -> str | None:
    """What the value of a key serves as; None where the key does not say."""
    return _ROLE_BY_KEY.get(key) or _ROLE_BY_KEY.get(key.rsplit("_", 1)[-1])


def role_by_module(node: Mapping[str, Any]) -> str | None:
    """What a node serves as by its module; None where that does not say."""
    return next((_ROLE_BY_MODULE[part] for part in _segments(node) if part in _ROLE_BY_MODULE), None)


def _segments(node: Mapping[str, Any]) -> tuple[str, ...]:
    return _parts((text_of(node.get("module")) or "")[:_LONGEST_MODULE])


@lru_cache(maxsize=1000)
def _parts(module: str) -> tuple[str, ...]:
    return tuple(module.split("."))


def as_mapping(config: object) -> Mapping[str, Any]:
    """A configuration that can be walked; empty for what is none.

    Makes the plain list that a Sequential's config was up to Keras 2.2 look like what it became.
    """
    if isinstance(config, list):
        return {"layers": config}
    return config if isinstance(config, dict) else {}


def name_of(node: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """The name of a layer or model."""
    return text_of(config.get("name")) or text_of(node.get("name")) or str(node["class_name"])


def text_of(value: object) -> str | None:
    """A value that is a text; None for any other."""
    return value if isinstance(value, str) else None
