"""Layers of two artifacts: which were added, removed, renamed or replaced, and what changed in their configuration."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.calls import sources_of
from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.comparison.artifacts.configs import config_changes, flat_config
from pytest_modelcompat.comparison.artifacts.difference import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import LayerUse

LayerPair = tuple["LayerUse", "LayerUse"]

# More layers than this left without a namesake are not aligned: that takes time with their number squared.
_MOST_ALIGNED = 2000
_DEEPEST = 200
_MOST_IN_ORDER = 12
# Keras numbers optimizers by how many were made before in the process.
_NUMBERED = frozenset({"optimizer.name", "optimizer_config.name"})


def layer_differences(one: Inventory, other: Inventory) -> Iterator[Difference]:
    """Yields how the layers, their configuration, their wiring and what `compile()` was given differ.

    Args:
        one: what the first artifact holds.
        other: what the second holds.
    """
    if one.layers and other.layers:
        pairs, removed, added = paired_layers(one.layers, other.layers)
        yield from (Difference("layer", layer_name(layer), old=layer.class_name) for layer in removed)
        yield from (Difference("layer", layer_name(layer), new=layer.class_name) for layer in added)
        for old, new in pairs:
            if old.class_name != new.class_name:
                yield Difference("layer", layer_name(old), old.class_name, new.class_name)
            if old.path != new.path:
                yield Difference(
                    "layer",
                    layer_name(old),
                    f"{old.class_name} {layer_name(old)}",
                    f"{new.class_name} {layer_name(new)}",
                )
        yield from _configs([pair for pair in pairs if pair[0].class_name == pair[1].class_name])
        yield from _wiring(one, other, {layer_name(old): layer_name(new) for old, new in pairs})
        yield from _orders(one, other, pairs)
    yield from _compiled(one, other)


def layer_name(layer: LayerUse) -> str:
    """What a layer is called in differences and feeds: `tower/dense`."""
    return "/".join(layer.path)


def paired_layers(
    old: Sequence[LayerUse], new: Sequence[LayerUse]
) -> tuple[list[LayerPair], list[LayerUse], list[LayerUse]]:
    """Pairs layers by path, then those left over by the order of their classes: they were renamed.

    Args:
        old: the layers of the first artifact.
        new: those of the second.

    Returns:
        The pairs, the layers that were removed, and those that were added.
    """
    by_path = {layer.path: layer for layer in new}
    pairs = [(layer, by_path[layer.path]) for layer in old if layer.path in by_path]
    met = {layer.path for layer, _ in pairs}
    removed = [layer for layer in old if layer.path not in met]
    added = [layer for layer in new if layer.path not in met]
    if len(removed) + len(added) > _MOST_ALIGNED:
        return pairs, removed, added
    classes = [layer.class_name for layer in removed], [layer.class_name for layer in added]
    renamed = [
        (removed[block.a + step], added[block.b + step])
        for block in SequenceMatcher(None, *classes, autojunk=False).get_matching_blocks()
        for step in range(block.size)
    ]
    gone = {id(layer) for pair in renamed for layer in pair}
    left = [layer for layer in removed if id(layer) not in gone], [layer for layer in added if id(layer) not in gone]
    return pairs + renamed, *left


def _configs(pairs: Sequence[LayerPair]) -> Iterator[Difference]:
    """A change of configuration that several layers share is one difference."""
    changes: dict[tuple[str, str, str], list[LayerUse]] = {}
    for old, new in pairs:
        for change in config_changes(flat_config(old.config), flat_config(new.config)):
            changes.setdefault((f"{old.class_name}.{change[0]}", *change[1:]), []).append(old)
    for (key, before, after), layers in changes.items():
        where = first_few(layer_location(layer.path) for layer in layers)
        yield Difference("config", key, before, after, where)


def _wiring(one: Inventory, other: Inventory, renamed: dict[str, str]) -> Iterator[Difference]:
    """Layers that are fed by other layers than before, where both artifacts say by which."""
    before, after = dict(layer_feeds(one.root)), dict(layer_feeds(other.root))
    for name, sources in before.items():
        now = after.get(renamed.get(name, name))
        expected = [renamed.get(source, source) for source in sources]
        if now is not None and expected != now:
            yield Difference("wiring", name, ", ".join(sources) or "nothing", ", ".join(now) or "nothing")


def _orders(one: Inventory, other: Inventory, pairs: Sequence[LayerPair]) -> Iterator[Difference]:
    """Sequential models that call the layers that both have in another order."""
    models: dict[tuple[str, ...], list[LayerPair]] = {}
    for old, new in pairs:
        if old.position and new.position and "InputLayer" not in (old.class_name, new.class_name):
            models.setdefault(old.path[:-1], []).append((old, new))
    sequential = [{each.path for each in kept.layers if each.class_name == "Sequential"} for kept in (one, other)]
    for paths, kept in zip(sequential, (one, other), strict=True):
        paths.update([()] if kept.model_class == "Sequential" else [])
    for path, held in models.items():
        inside = {new.path[:-1] for _, new in held}
        if path in sequential[0] and len(inside) == 1 and inside <= sequential[1]:
            yield from _order("/".join(path) or "the model", held)


def _order(name: str, pairs: Sequence[LayerPair]) -> Iterator[Difference]:
    before = [old.path[-1] for old, _ in sorted(pairs, key=lambda pair: pair[0].position)]
    after = [old.path[-1] for old, _ in sorted(pairs, key=lambda pair: pair[1].position)]
    moved = [place for place, names in enumerate(zip(before, after, strict=True)) if names[0] != names[1]]
    if moved:
        old, new = (", ".join(first_few(names[moved[0] : moved[-1] + 1], _MOST_IN_ORDER)) for names in (before, after))
        yield Difference("wiring", f"order of {name}", old, new)


def layer_feeds(node: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Yields each layer of a functional model, at any depth, with the layers whose outputs it takes.

    Args:
        node: the model's configuration, as stored.
        prefix: what stands before the names of its layers.
        depth: how deep it stands in another; nothing is read below 200.
    """
    config = node.get("config") if isinstance(node, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or depth > _DEEPEST:
        return
    for layer in layers:
        if not isinstance(layer, dict):
            continue
        own = layer.get("config")
        name = prefix + str(layer.get("name") or (own.get("name") if isinstance(own, dict) else ""))
        if isinstance(layer.get("inbound_nodes"), list):
            yield name, [prefix + source for source in sources_of(layer["inbound_nodes"])]
        yield from layer_feeds(layer, f"{name}/", depth + 1)


def _compiled(one: Inventory, other: Inventory) -> Iterator[Difference]:
    if one.format == other.format and one.training and other.training:
        changes = config_changes(flat_config(one.training), flat_config(other.training))
        yield from (Difference("compile", *change) for change in changes if change[0] not in _NUMBERED)
        return
    before, after = _given(one), _given(other)
    for role in dict.fromkeys((*before, *after)):
        if before.get(role) != after.get(role):
            yield Difference("compile", role, before.get(role, ""), after.get(role, ""))


def _given(inventory: Inventory) -> dict[str, str]:
    """What `compile()` was given: role -> names."""
    names: dict[str, list[str]] = {}
    for each in inventory.objects:
        if each.path == ("compile",):
            names.setdefault(each.role, []).append(each.name)
    return {role: ", ".join(dict.fromkeys(each)) for role, each in names.items()}
