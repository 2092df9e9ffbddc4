"""Calls of layers that are written as Keras 3 writes them, in a draft for Keras 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.nodes import nodes_of
from pytest_modelcompat.artifacts.locations import layer_location
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import Inventory

_SOURCE = "keras/src/engine/functional.py of Keras 2"


def unread_calls(inventory: Inventory, reader: str) -> Iterator[Finding]:
    """A finding where Keras 2 meets calls that are objects with `args` and `kwargs`.

    Args:
        inventory: of a draft, or of the artifact as it is.
        reader: Keras 2 in words: `Keras 2.15`.
    """
    models = [((), inventory.root.get("config")), *((each.path, each.config) for each in inventory.layers)]
    unread = [
        (*path, str(node.get("name")))
        for path, config in models
        if isinstance(config, dict) and "output_layers" in config
        for node in nodes_of(config)
        if any(isinstance(call, dict) for call in node.get("inbound_nodes") or ())
    ]
    if unread:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="calls",
            where=first_few(layer_location(path) for path in unread),
            cause=f"calls of layers are written by name, as Keras 3 does, and {reader} reads lists of tensors only",
            fix=(f"build the model in {reader} from its code, and load its weights from an .h5 file",),
            stage=Stage.CONFIG,
            source=_SOURCE,
        )
