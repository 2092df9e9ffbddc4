"""Calls: how often a layer of a functional model is called, and with whose outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 200


def sources_of(inbound_nodes: Any, depth: int = 0) -> Iterator[str]:
    """The layers that a layer's `inbound_nodes` names, in order, one that is named twice twice.

    Args:
        inbound_nodes: as stored: `["dense", 0, 0, {...}]` in Keras 2, `"keras_history": ["dense", 0, 0]` in Keras 3.
        depth: how deep it stands in another value; nothing is read below 200.
    """
    if depth > _DEEPEST:
        return
    if isinstance(inbound_nodes, list):
        if _is_tensor(inbound_nodes):
            yield inbound_nodes[0]
            inbound_nodes = inbound_nodes[3:]
        for each in inbound_nodes:
            yield from sources_of(each, depth + 1)
    elif isinstance(inbound_nodes, dict):
        for each in inbound_nodes.values():
            yield from sources_of(each, depth + 1)


def calls_of(node: Mapping[str, Any]) -> list[Any]:
    """The calls of a layer in a functional model, as stored; none where that is no list of them.

    Args:
        node: the layer, as its model stores it.
    """
    calls = node.get("inbound_nodes")
    return calls if isinstance(calls, list) else []


def _is_tensor(value: list[Any]) -> bool:
    """Whether it names an output of a layer: its name, the number of the call, and that of the output."""
    return len(value) >= 3 and isinstance(value[0], str) and all(isinstance(each, int) for each in value[1:3])
