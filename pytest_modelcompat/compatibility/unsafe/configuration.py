"""Unsafe content of a Keras configuration: bytecode, functions, modules, and layers that load something more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.config import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.modules import is_third_party_module
from pytest_modelcompat.artifacts.text import first_few, listed
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.rules import TRUSTED_FIX, unsafe

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.results.finding import Finding

# Functions of Keras itself that a configuration has no reason to name.
_RISKY_FUNCTIONS = frozenset(
    {
        *("get_file", "load_model", "load_weights", "load_img", "enable_unsafe_deserialization"),
        *("unpack_archive", "extract_open_archive", "execfile", "exec", "eval", "__import__", "open"),
    }
)
_LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization"})


@dataclass(frozen=True)
class _Loads:
    """A layer of Keras that loads something more when it is rebuilt: the config key that names it, and what it is."""

    key: str
    what: str


_LOADING_LAYERS = {
    "TFSMLayer": _Loads("filepath", "loads the SavedModel that its configuration names, with everything in it"),
    "TorchModuleWrapper": _Loads("module", "unpickles a PyTorch module, which can run any code"),
    "JaxLayer": _Loads("call_fn", "calls a function that its configuration contains"),
    "FlaxLayer": _Loads("module", "calls a module that its configuration contains"),
}


def unsafe_in_configuration(inventory: Inventory, custom: Collection[str]) -> Iterator[Finding]:
    """A finding for each thing in a Keras configuration that can harm who loads or calls the model.

    Args:
        inventory: what the artifact holds.
        custom: names of classes and functions that will be declared, for which Keras imports nothing.
    """
    yield from _bytecode(inventory)
    yield from _risky_functions(inventory)
    yield from _loading_layers(inventory)
    yield from _third_party_modules(inventory, custom)
    yield from _vocabularies(inventory)


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


def _risky_functions(inventory: Inventory) -> Iterator[Finding]:
    named: dict[str, list[str]] = {}
    for use in inventory.lambdas:
        named.setdefault(use.function_name or "", []).append(layer_location(use.path))
    for each in inventory.objects:
        named.setdefault(each.name, []).extend(locations((each,)))
    for name in sorted(_RISKY_FUNCTIONS.intersection(named)):
        yield unsafe(
            rules.FUNCTION,
            f"the function {name}",
            first_few(named[name]),
            "a model does not need it, and calling the model runs it",
        )


def _loading_layers(inventory: Inventory) -> Iterator[Finding]:
    for layer in inventory.layers:
        loads = _LOADING_LAYERS.get(layer.class_name)
        if loads is None:
            continue
        named = layer.config.get(loads.key)
        target = f": {named}" if isinstance(named, str) and len(named) <= 200 else ""
        yield unsafe(
            rules.LOADING_LAYER, f"{layer.class_name}{target}", locations((layer,)), f"rebuilding it {loads.what}"
        )


def _third_party_modules(inventory: Inventory, custom: Collection[str]) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[Use]] = {}
    used: tuple[Use, ...] = (*inventory.layers, *inventory.objects)
    for use in used:
        name = use.name
        if use.module and is_third_party_module(use.module) and not {name, use.registered_name}.intersection(custom):
            groups.setdefault((use.module, name), []).append(use)
    for (module, name), uses in groups.items():
        yield unsafe(
            rules.MODULE,
            f"{module}.{name}",
            locations(uses),
            f"a Keras that trusts the file imports the module {module}, which runs its code",
            "register the class and pass it in custom_objects, so that Keras imports no module that the file names",
            f"or {TRUSTED_FIX}",
        )


def _vocabularies(inventory: Inventory) -> Iterator[Finding]:
    for layer in inventory.layers:
        for key in ("vocabulary", "idf_weights"):
            value = layer.config.get(key)
            if layer.class_name.rpartition(">")[2] in _LOOKUPS and isinstance(value, str) and value:
                over = "over the network" if re.match(r"[a-z][a-z0-9+.-]*://", value, re.IGNORECASE) else "of the host"
                yield unsafe(
                    rules.VOCABULARY,
                    f"{layer.class_name}({key}={value!r})",
                    locations((layer,)),
                    f"rebuilding it reads this file {over}; its lines become part of the model",
                    "build the layer from a list of terms, and save the model again",
                )
