"""The nodes of a configuration that is being edited: every `{"class_name": …, "config": …}` at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import (
    COMPILE_PATH,
    VALUE_CLASSES,
    ConfigLocation,
    as_mapping,
    is_layer,
    name_of,
    role_by_key,
    role_by_module,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is no part of the model that is rebuilt by its classes.
_WIRING = frozenset({"inbound_nodes", "input_layers", "output_layers", "build_config", "build_input_shape"})


@dataclass(frozen=True)
class Node:
    """One node, which may be edited in place.

    Args:
        data: the node itself: `class_name`, `config`, and what stands beside them.
        path: the names down to it, its own last; of an object that is no layer, those of its layer.
        key: the key under which it stands in what holds it.
        is_layer: whether it is a layer or a model.
        role: what an object serves as, as in `ObjectUse.role`; `layer` for a layer.
        holder: the node that holds it; None for the outermost model and for what `compile()` was given.
    """

    data: dict[str, Any]
    path: tuple[str, ...]
    key: str
    is_layer: bool
    role: str
    holder: Node | None = None

    @property
    def class_name(self) -> str:
        """The class as stored."""
        return str(self.data["class_name"])

    @property
    def config(self) -> dict[str, Any]:
        """Its own configuration; empty, and of no effect when changed, where it is none."""
        config = self.data.get("config")
        return config if isinstance(config, dict) else {}

    @property
    def in_compile(self) -> bool:
        """Whether it belongs to what `compile()` was given."""
        return self.path == COMPILE_PATH


def walk(root: dict[str, Any]) -> Iterator[Node]:
    """Every node of a model, the outermost one first, each before what it holds; what `compile()` was given is none.

    A node may be changed while it is given out; what it holds is walked afterwards.

    Args:
        root: the outermost node.
    """
    outermost = Node(root, (), "", is_layer=True, role="layer")
    yield outermost
    yield from _below(as_mapping(root.get("config")), (), outermost)


def walk_compiled(training: dict[str, Any]) -> Iterator[Node]:
    """Every node of what `compile()` was given.

    Args:
        training: a `training_config` or a `compile_config`.
    """
    yield from _children(training, COMPILE_PATH, None)


def _below(config: Any, path: tuple[str, ...], holder: Node) -> Iterator[Node]:
    if isinstance(config, dict):
        yield from _children(config, path, holder)


def _children(config: dict[str, Any], path: tuple[str, ...], holder: Node | None, key: str = "") -> Iterator[Node]:
    for name, value in list(config.items()):
        if name not in _WIRING:
            yield from _value(value, path, name if not key or role_by_key(name) else key, holder)


def _value(value: Any, path: tuple[str, ...], key: str, holder: Node | None) -> Iterator[Node]:
    if isinstance(value, list):
        for each in list(value):
            yield from _value(each, path, key, holder)
    elif isinstance(value, dict):
        class_name = value.get("class_name")
        if isinstance(class_name, str) and "config" in value and class_name not in VALUE_CLASSES:
            yield from _node(value, path, key, holder)
        elif class_name not in VALUE_CLASSES:
            yield from _children(value, path, holder, key if path == COMPILE_PATH else "")


def _node(data: dict[str, Any], path: tuple[str, ...], key: str, holder: Node | None) -> Iterator[Node]:
    place = ConfigLocation(path, path, key, role_by_key(key))
    if isinstance(data["config"], dict | list) and is_layer(data, place):
        own = (*path, name_of(data, as_mapping(data["config"])))
        node = Node(data, own, key, is_layer=True, role="layer", holder=holder)
        yield node
        yield from _below(as_mapping(data["config"]), own, node)
        return
    node = Node(data, path, key, is_layer=False, role=place.role or role_by_module(data) or "object", holder=holder)
    yield node
    yield from _below(data["config"], path, node)
