"""Constructs: what a Keras configuration is made of, as the facts about loads are kept by.

A construct is a class that a model names (`layer Dense`), one of its arguments with the kind of its value
(`layer Dense.units=int`), or what a wrapper is around (`layer TimeDistributed > Dense`). What is measured of files and
what is asked of the facts about a file are read by the same function, so that the two cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.inventory import LayerUse, Reference
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.modules import NO_MODULE, PACKAGE_END, is_declared_registered, is_in_full
from pytest_modelcompat.compatibility.input_shapes import input_ranks, models_of
from pytest_modelcompat.profiles.facts import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.artifacts.locations import Use

# A class or function of the user's own, whatever it is called; and one that was registered, which a file names in full,
# so that versions find it by another way.
OWN, REGISTERED = "*", "registered *"
# That the file has weights, whatever they belong to.
WITH_WEIGHTS = "model with weights"
# Names, places and wiring; and what has constructs of its own.
_NOT_ARGUMENTS = frozenset(
    {"name", "layers", "build_config", "build_input_shape", "batch_input_shape"} | {"batch_shape", "shared_object_id"}
)
# How a model's ends are written, whatever layers they are.
_ENDS = frozenset({"input_layers", "output_layers"})
# What may be any name, and says nothing about what is done with it.
_FREE = frozenset({"encoding", "mask_token", "oov_token"})
_FREE_IN_LAMBDAS = frozenset({"function", "module", "output_shape", "output_shape_module", "mask"})
_WORD = re.compile(r"[A-Za-z_][\w.+-]{0,29}")
_NUMBERED = re.compile(r"_\d+$")
_MOST_IN_LIST = 3
# What a layer writes, and an InputLayer does not.
_EVERY_LAYER, _SHAPES = "trainable", frozenset({"batch_shape", "batch_input_shape"})
_LAMBDA = "Lambda"
# Where a file has what an optimizer keeps of each weight, and that it does.
_OF_OPTIMIZER, _STATE = frozenset({"optimizer", "optimizer_weights"}), "state=tensors"
_LEGACY = "legacy"


class Construct(NamedTuple):
    """One construct of an artifact.

    Args:
        text: what it is, the same in every artifact.
        use: the layer or object that it is of.
    """

    text: str
    use: Use


def constructs(
    inventory: Inventory, is_own: Callable[[Use | Reference], bool], declared: Collection[str] = ()
) -> Iterator[Construct]:
    """The constructs of an artifact, those of the outermost model first; one may come more than once.

    Args:
        inventory: what the artifact holds.
        is_own: whether a layer, an object or what a configuration names elsewhere is the user's own.
        declared: the names of what the user declares, which a text in a configuration may be.
    """
    named: tuple[Use | Reference, ...] = (*inventory.layers, *inventory.objects, *inventory.references)
    own = {name: REGISTERED if PACKAGE_END in name else OWN for name in declared}
    own |= {each.name: _own_name(each, declared) for each in named if is_own(each)}
    root = inventory.root
    has_axes = any(_from_the_front(layer) for layer in inventory.layers)
    ranks = input_ranks(models_of(inventory)) if has_axes else {}
    if isinstance(root.get("class_name"), str):
        yield from _of_model(inventory, own)
    wrapped = _Wrapped(inventory)
    is_bare = inventory.format == "h5" and inventory.saved_by.get("keras", "").startswith("3.")
    for layer in inventory.layers:
        is_operation = _is_operation(layer, is_bare=is_bare and layer.name not in own)
        role = "operation" if is_operation else "layer"
        chain = wrapped.chain(layer)
        # Versions find a class of the user's own beside other layers and do not find it in some of these, or both.
        if not (chain and layer.name in own):
            yield from _of_use(_with_last_axis(layer, ranks.get(layer.path)), role, own)
        if chain:
            yield Construct("layer " + HOLDS.join(_name(each.name, own) for each in chain), layer)
    has_state = any(weight.path.partition("/")[0] in _OF_OPTIMIZER and weight.shape for weight in inventory.weights)
    for each in inventory.objects:
        yield from _of_use(each, _role(each), own)
        if has_state and each.role == "optimizer" and each.path == COMPILE_PATH and each.name not in own:
            yield Construct(f"{_role(each)} {each.name}.{_STATE}", each)


def _of_model(inventory: Inventory, own: Mapping[str, str]) -> Iterator[Construct]:
    """The constructs of the outermost model itself."""
    config = inventory.root.get("config")
    use = LayerUse(inventory.root["class_name"], (), config=config if isinstance(config, dict) else {})
    yield from _of_use(use, "model", own)
    if use.name in own:
        # Versions look up the class of a model as they do that of a layer.
        yield Construct(f"layer {own[use.name]}", use)
    if inventory.weights:
        yield Construct(WITH_WEIGHTS, use)


def _role(use: Use) -> str:
    """What an object is to the model; an optimizer of `keras.optimizers.legacy` is another class of the same name."""
    role = f"compiled {use.role}" if use.path == COMPILE_PATH else use.role
    return f"{role} {_LEGACY}" if use.role == "optimizer" and _LEGACY in (use.module or "").split(".") else role


def _from_the_front(layer: LayerUse) -> bool:
    """Whether its axis is counted from the front."""
    axis = layer.config.get("axis")
    return isinstance(axis, int) and axis > 0


def _with_last_axis(layer: LayerUse, rank: int | None) -> LayerUse:
    """A layer whose axis is written from the end where it is the last: keras.applications write it either way."""
    if rank and layer.config.get("axis") == rank - 1:
        return replace(layer, config={**layer.config, "axis": -1})
    return layer


def _of_use(use: Use, role: str, own: Mapping[str, str]) -> Iterator[Construct]:
    head = f"{role} {_name(use.name, own)}"
    yield Construct(head, use)
    config: Mapping[str, Any] = use.config
    for key, value in config.items() if not head.endswith(OWN) else ():
        if key in _ENDS:
            yield Construct(f"{head}.{key}={_ends(value)}", use)
        elif key not in _NOT_ARGUMENTS:
            is_free = isinstance(value, str) and (key in _FREE or (use.name == _LAMBDA and key in _FREE_IN_LAMBDAS))
            yield Construct(f"{head}.{key}={'text' if is_free else _kind(value, own)}", use)


def _ends(value: Any) -> str:
    """How the ends of a model are written: one alone, a list of one or of several, or by names."""
    if isinstance(value, list) and value and not isinstance(value[0], str):
        return "[one]" if len(value) == 1 else "[several]"
    return "one" if isinstance(value, list) else "{}"


def _own_name(each: Use | Reference, declared: Collection[str]) -> str:
    """Whether it is registered, which the file says, or who declares a function as `Custom>halve`."""
    is_registered = is_in_full(each.name, each.registered_name) or is_registered_function(each, declared)
    return REGISTERED if is_registered else OWN


def is_registered_function(each: Use | Reference, declared: Collection[str]) -> bool:
    """Whether it is a function that is declared as `Custom>halve`, of which the file has the name alone.

    Keras up to 3.6 writes no more of a Lambda's. Measured, as is that every Keras 3 finds it.
    """
    is_bare = isinstance(each, Reference) and each.is_function and each.module == NO_MODULE
    return is_bare and is_declared_registered(each.name, declared)


def _name(name: str, own: Mapping[str, str]) -> str:
    return own.get(name, name)


def _is_operation(layer: LayerUse, *, is_bare: bool) -> bool:
    """Whether it is an operation on tensors: of a module of these, or without what every layer of Keras writes.

    Args:
        layer: of Keras' own class of that name.
        is_bare: whether the file names no modules, as the .h5 files of Keras 3.
    """
    if is_bare:
        return _EVERY_LAYER not in layer.config and _SHAPES.isdisjoint(layer.config)
    return ".ops." in f".{layer.module or ''}."


class _Wrapped:
    """Which layers stand in others that are no models."""

    def __init__(self, inventory: Inventory) -> None:
        self.by_path = {layer.path: layer for layer in inventory.layers}

    def chain(self, layer: LayerUse) -> list[LayerUse]:
        """The layers around a layer, the outermost first, and itself; nothing where only models are around it."""
        around: list[LayerUse] = [layer]
        path = layer.path[:-1]
        while path in self.by_path and "layers" not in self.by_path[path].config:
            around.insert(0, self.by_path[path])
            path = path[:-1]
        return around if len(around) > 1 else []


def _kind(value: Any, own: Mapping[str, str]) -> str:
    """What tells a value of an argument from others that versions may treat otherwise."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return _kind_of_number(value)
    if isinstance(value, str):
        return _kind_of_text(value, own)
    if isinstance(value, list):
        # What stands in a list is data, and may be any text.
        kinds = ("text" if isinstance(each, str) else _kind(each, own) for each in value[:_MOST_IN_LIST])
        return f"[{', '.join(dict.fromkeys(kinds))}]"
    return _kind_of_dictionary(value, own) if isinstance(value, dict) else "other"


def _kind_of_text(value: str, own: Mapping[str, str]) -> str:
    if value in own:
        return own[value]
    if value.rpartition(PACKAGE_END)[2] in own:
        return REGISTERED
    return value if _WORD.fullmatch(value) else "text"


def _kind_of_number(value: float) -> str:
    if type(value) is float:
        return "float" if value else "0.0"
    return "int" if value > 0 else "<0" if value else "0"


def _kind_of_dictionary(value: Mapping[str, Any], own: Mapping[str, str]) -> str:
    class_name, config = value.get("class_name"), value.get("config")
    if not isinstance(class_name, str):
        return "{}"
    if isinstance(config, str) and class_name == "function":
        return f"<function {_name(config, own)}>"
    return f"<{_name(_NUMBERED.sub('', class_name), own)}>"
