"""Order: in which layers stand in a file, which older versions of Keras 3 ask for where there are operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.call import first_calls, references

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts.versions import MinorVersion

    Layers = list[dict[str, Any]]

# From here on a call waits for what it is given; measured in 3.6, where it does not, and in 3.11.
_WAITS: MinorVersion = (3, 11)


def orderly(layers: Layers, ends: Any, reader: MinorVersion) -> Layers | None:
    """The layers so that a reader can call them one after another; None where no order is known.

    Args:
        layers: of a functional model.
        ends: its `output_layers`.
        reader: the version of Keras 3.
    """
    if reader >= _WAITS or _is_read(layers, ends):
        return layers
    moved = _sorted(layers)
    return moved if _is_read(moved, ends) else None


def _is_read(layers: Sequence[dict[str, Any]], ends: Any) -> bool:
    """Whether a reader gets through that refuses an operation's call whose tensors are not made yet."""
    names = {each["name"]: each for each in layers}
    first = first_calls(layers, ends)
    done = {name: 0 if each.get("inbound_nodes") else 1 for name, each in names.items()}
    while True:
        before = dict(done)
        for layer in layers:
            nodes = layer.get("inbound_nodes") or []
            while done[layer["name"]] < len(nodes):
                node = nodes[done[layer["name"]]]
                if not all(done[source] > number - first[source] for source, number, _ in references(node, names)):
                    if isinstance(node, dict):
                        return False
                    break
                done[layer["name"]] += 1
        if done == before:
            return True


def _sorted(layers: Layers) -> Layers:
    """Each layer behind those that its first call is given something of."""
    names = {each["name"]: each for each in layers}
    found: dict[str, dict[str, Any]] = {}

    def put(layer: dict[str, Any], above: frozenset[str]) -> None:
        name = layer["name"]
        if name in found or name in above:
            return
        for source, _, _ in references((layer.get("inbound_nodes") or [None])[0], names):
            put(names[source], above | {name})
        found[name] = layer

    for each in layers:
        put(each, frozenset())
    return list(found.values())
