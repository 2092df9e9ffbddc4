"""Edits of the names that users gave their layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.migration.configuration.calls import references
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_INITIALIZER = "Initializer"
_SLASH, _INSTEAD = "/", "_"


def _initializers(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.nodes() if target.is_up else ():
        if node.role != "initializer" or node.class_name in target.custom or target.known(node) is not None:
            continue
        before, after = node.class_name, f"{node.class_name}{_INITIALIZER}"
        known = target.profile.find(node.role, after)
        if known is not None and known.is_class and target.known_to_writer(node) is not None:
            node.data["class_name"] = after
            yield change(node, before, after)


def _slashes(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    nodes = list(draft.layers())
    names = {str(each.config.get("name") or each.data.get("name") or "") for each in nodes}
    renamed = {each: each.replace(_SLASH, _INSTEAD) for each in names if _SLASH in each}
    taken = [*renamed.values(), *(names - set(renamed))]
    if len(set(taken)) < len(taken) or _is_named_in(draft.training, renamed):
        return
    draft.renamed |= renamed
    for node in nodes:
        before = str(node.config.get("name"))
        if before in renamed:
            node.config["name"] = renamed[before]
            yield change(node, before, renamed[before])
        for inner in nodes_of(node.config):
            if inner.get("name") in renamed:
                inner["name"] = renamed[inner["name"]]
        for each in _connections(node.config):
            each[0] = renamed.get(each[0], each[0])


def _connections(config: dict[str, Any]) -> Iterator[list[Any]]:
    for key in ("input_layers", "output_layers"):
        yield from references(config.get(key))
    for inner in nodes_of(config):
        yield from references(inner.get("inbound_nodes"))


def _is_named_in(training: dict[str, Any], names: dict[str, str]) -> bool:
    text = json.dumps(training)
    return any(json.dumps(each) in text for each in names)


EDITS = (
    Edit(
        "name-of-initializer",
        what="an initializer is named as {reader} names its class",
        because="{reader} calls the same class OrthogonalInitializer, and it makes only the first values of weights, "
        "which the file holds",
        source=MEASURED,
        wrong_if="{reader} has an initializer of the old name, or none of the new one, or it is the user's own",
        apply=_initializers,
    ),
    Edit(
        "name-without-slash",
        what="a slash in the name of a layer becomes an underscore, here and wherever the model names it",
        because="the name tells nothing but which layer is meant",
        source=MEASURED,
        wrong_if="another layer has that name already, or compile() was given something for this name",
        apply=_slashes,
    ),
)
