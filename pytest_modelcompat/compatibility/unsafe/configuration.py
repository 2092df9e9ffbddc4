"""Unsafe content of a Keras configuration: bytecode, functions, modules, and layers that load something more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS, vocabulary_file
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.outside import leads_out
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.references import place_of, rebuilt, unsafe_references
from pytest_modelcompat.compatibility.unsafe.rules import TRUSTED_FIX, unsafe

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.results.finding import Finding

# With the class that they are derived from.
_LOOKUPS = frozenset({*LOOKUPS, "IndexLookup"})


@dataclass(frozen=True)
class _Loads:
    """A layer of Keras that loads something more when it is rebuilt: the config key that names it, and what it is."""

    key: str
    what: str


_LOADING_LAYERS = {
    "TFSMLayer": _Loads("filepath", "loads the SavedModel that its configuration names, with everything in it"),
    "TorchModuleWrapper": _Loads("module", "unpickles a PyTorch module, which can run any code"),
    "JaxLayer": _Loads("call_fn", "calls a function that its configuration contains"),
    "KerasLayer": _Loads("handle", "loads the module of TensorFlow Hub that its configuration names, with all in it"),
    "FlaxLayer": _Loads("module", "calls a module that its configuration contains"),
}


def unsafe_in_configuration(inventory: Inventory, custom: Collection[str]) -> Iterator[Finding]:
    """A finding for each thing in a Keras configuration that can harm who loads or calls the model.

    Args:
        inventory: what the artifact holds.
        custom: names of classes and functions that will be declared, for which Keras imports nothing.
    """
    yield from _bytecode(inventory)
    yield from _loading_layers(inventory, custom)
    yield from unsafe_references(inventory, custom)
    yield from _vocabularies(inventory)
    yield from _escaping_names(inventory)


def _bytecode(inventory: Inventory) -> Iterator[Finding]:
    uses = [use for use in inventory.lambdas if use.has_bytecode]
    if not uses:
        return
    names = sorted({name for use in uses for code in use.codes for name in code.names})
    refers = f"; it refers to {listed(names, 8)}" if names else ""
    yield unsafe(
        rules.BYTECODE,
        f"Python bytecode in {'compile()' if all(use.path == COMPILE_PATH for use in uses) else 'a Lambda layer'}",
        first_few(layer_location(use.path) for use in uses),
        f"loading with safe_mode=False, or with a Keras that has no safe mode, runs it{refers}",
        "replace it by a layer or a registered function of your own, and save the model again",
        f"or {TRUSTED_FIX}",
        name="bytecode",
    )


def _loading_layers(inventory: Inventory, custom: Collection[str]) -> Iterator[Finding]:
    for use in rebuilt(inventory):
        loads = _LOADING_LAYERS.get(use.name)
        if loads is None or use.name in custom:
            continue
        named = use.config.get(loads.key)
        target = f": {named}" if isinstance(named, str) and len(named) <= 200 else ""
        yield unsafe(rules.LOADING_LAYER, f"{use.name}{target}", (place_of(use),), f"rebuilding it {loads.what}")


def _escaping_names(inventory: Inventory) -> Iterator[Finding]:
    for layer in inventory.layers:
        name = layer.path[-1]
        if leads_out(name):
            yield unsafe(
                rules.NAME,
                f"the name {name}",
                locations((layer,)),
                "Keras makes folders of the names of layers: saving the model writes outside of its folder",
                "name the layer otherwise, and save the model again",
            )


def _vocabularies(inventory: Inventory) -> Iterator[Finding]:
    for use in rebuilt(inventory):
        value = vocabulary_file(use.config)
        if value and use.name.rpartition(">")[2] in _LOOKUPS:
            over = "over the network" if re.match(r"[a-z][a-z0-9+.-]*://", value, re.IGNORECASE) else "of the host"
            yield unsafe(
                rules.VOCABULARY,
                f"{use.name}(vocabulary={value!r})",
                (place_of(use),),
                f"rebuilding it reads this file {over}; its lines become part of the model",
                "build the layer from a list of terms, and save the model again",
            )
