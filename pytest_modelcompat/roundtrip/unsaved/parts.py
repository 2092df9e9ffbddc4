"""The objects of a live model that a load makes again from what was saved of them, each with its place in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import KERAS_ROOTS, is_of_keras
from pytest_modelcompat.roundtrip.classes.code import ClassCode, read_init
from pytest_modelcompat.roundtrip.model import sublayers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.roundtrip.model import ModelUnderTest

# What `compile()` takes that may be objects with arguments, each in the words of its place.
_COMPILED = {
    "optimizer": "the optimizer",
    "loss": "the loss",
    "metrics": "a metric",
    "weighted_metrics": "a weighted metric",
}
_OF_CONFIG = (".initializers", ".regularizers", ".constraints")
_SCHEDULES = ("_learning_rate", "learning_rate")


@dataclass(frozen=True)
class Part:
    """An object that a load makes again.

    Args:
        held: the object.
        place: where the model has it, in words.
        predicts: whether the model predicts with it: a layer, or the model itself.
    """

    held: Any
    place: str
    predicts: bool = False


def parts_of(model: ModelUnderTest, *, compiled: bool) -> Iterator[Part]:
    """The objects that a load makes again; what a class of the user's makes in its own code is none of them.

    Args:
        model: the live model, of Keras.
        compiled: whether what `compile()` was given is loaded, too.
    """
    seen: set[int] = set()
    for each in _layers(model.model, (), model.keras or "keras"):
        if id(each.held) not in seen:
            seen.add(id(each.held))
            yield each
    if compiled:
        yield from (each for each in _compiled(model.model) if id(each.held) not in seen)


def is_keras_own(cls: type) -> bool:
    """Whether a class is one of Keras itself, of which is recorded what it saves."""
    return cls.__module__.startswith(tuple(f"{root}." for root in KERAS_ROOTS))


def owner_of(cls: type, method: str) -> type:
    """The class by which objects of a class have a method: itself, or the nearest base that writes it."""
    return next((base for base in cls.__mro__ if method in vars(base)), object)


def _layers(held: Any, path: tuple[str, ...], package: str) -> Iterator[Part]:
    place = f'"{"/".join(path)}"' if path else "the model"
    yield Part(held, place, predicts=True)
    held_by = vars(held).items()
    parts = {name: value for name, value in held_by if _is_of_config(type(value))}  # type: ignore[arg-type]
    inner = sublayers(held)
    if (parts or inner) and not is_of_keras(owner_of(type(held), "__init__").__module__):
        # The rest of what it holds it makes itself, in the process that loads it, too.
        given = {id(each) for each in _given(held, package)}
        parts = {name: value for name, value in parts.items() if id(value) in given}
        inner = [layer for layer in inner if id(layer) in given]
    yield from (Part(value, f"the {name.lstrip('_')} of {place}") for name, value in parts.items())
    for layer in inner:
        yield from _layers(layer, (*path, str(layer.name)), package)


def _given(held: Any, package: str) -> list[Any]:
    """The values of the arguments that a class of the user's stores as they are."""
    init = read_init(type(held))
    return list(ClassCode(held, init, package).values()) if init is not None else []


@lru_cache(maxsize=512)
def _is_of_config(cls: type) -> bool:
    """Whether its objects are initializers, regularizers or constraints, of Keras or of the user's."""
    if cls.__module__ == "builtins" or not hasattr(cls, "get_config"):
        return False
    modules = (base.__module__ for base in cls.__mro__)
    return any(is_of_keras(module) and any(word in module for word in _OF_CONFIG) for module in modules)


def _compiled(model: Any) -> Iterator[Part]:
    if not all(is_of_keras(owner_of(type(model), each).__module__) for each in ("compile", "get_compile_config")):
        # The class says itself what it saves of it.
        return
    for name, words in _COMPILED.items():
        given = model.optimizer if name == "optimizer" else given_to_compile(model, name)
        for each in _objects(given):
            place = f"{words} of the compile config"
            yield Part(each, place)
            if name == "optimizer":
                yield from (Part(schedule, f"the schedule of {place}") for schedule in _schedules(each))


def given_to_compile(model: Any, name: str) -> Any:
    """What `compile()` was given, as it was: objects, functions, names, nested or not.

    Args:
        model: a model of Keras.
        name: `loss`, `metrics` or `weighted_metrics`.
    """
    config = getattr(getattr(model, "_compile_config", None), "config", None)
    if isinstance(config, dict):
        return config.get(name)
    # Keras 2 up to 2.10.
    holder = getattr(model, "compiled_loss" if name == "loss" else "compiled_metrics", None)
    attribute = {"loss": "_user_losses", "metrics": "_user_metrics", "weighted_metrics": "_user_weighted_metrics"}
    return getattr(holder, attribute[name], None)


def _objects(given: Any) -> Iterator[Any]:
    """The objects in what `compile()` was given: one, or nested in lists and dicts."""
    if isinstance(given, dict):
        for each in given.values():
            yield from _objects(each)
    elif isinstance(given, (list, tuple)):
        for each in given:
            yield from _objects(each)
    elif hasattr(given, "get_config") and not isinstance(given, type):
        yield given


def _schedules(optimizer: Any) -> Iterator[Any]:
    hyper = getattr(optimizer, "_hyper", None)
    values = [vars(optimizer).get(name) for name in _SCHEDULES]
    values += [hyper.get("learning_rate")] if isinstance(hyper, dict) else []
    yield from (each for each in values if hasattr(each, "get_config") and callable(each))
