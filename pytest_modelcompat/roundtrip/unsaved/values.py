"""What an object was given: its constructor's arguments, as far as it shows them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.roundtrip.classes.code import is_plain, read_init
from pytest_modelcompat.roundtrip.rebuilt.difference import are_same_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# They mean nothing once an object is made, or the base class of Keras saves what matters of them.
MEANINGLESS = frozenset(
    {
        *("name", "dtype", "weights", "trainable", "input_shape", "batch_input_shape", "batch_shape", "batch_size"),
        *("input_tensor", "input_dim", "input_length", "dynamic", "autocast", "seed", "activity_regularizer"),
        *("args", "kwargs", "inputs", "outputs", "layers"),
    }
)
# Nothing else is a value of it.
_NOT_THERE = object()


@dataclass(frozen=True)
class Given:
    """An argument with a value other than its default.

    Args:
        name: its name.
        value: its value.
        default: its default, in the constructor's signature.
        at: the path of the attribute that keeps it; empty where none is known to.
    """

    name: str
    value: Any
    default: Any
    at: str


def given_arguments(held: Any, known: Collection[str]) -> Iterator[Given]:
    """The arguments that an object was given, with a value other than their default.

    Args:
        held: the object, of a class of the user's.
        known: those that nobody asks for.
    """
    recorded = _recorded(held)
    for parameter in parameters_of(type(held)):
        if parameter.default is parameter.empty or parameter.name in MEANINGLESS or parameter.name in known:
            continue
        paths = _paths(parameter.name, _stored(type(held)))  # type: ignore[arg-type]
        at = next((path for path in paths if value_at(held, path) is not _NOT_THERE), "")
        value = value_at(held, at) if at else _NOT_THERE
        if recorded is not None:
            value = recorded.get(parameter.name, parameter.default)
        if value is _NOT_THERE or is_variable(value) or not differ(value, parameter.default):
            continue
        yield Given(parameter.name, value, parameter.default, at)


def parameters_of(cls: type) -> Iterator[inspect.Parameter]:
    """What a class takes by name, with what its bases take as far as it hands on what else it is given."""
    seen = set()
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        for each in parameters:
            if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.name not in seen:
                seen.add(each.name)
                yield each
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            return


def value_at(held: Any, path: str) -> Any:
    """The value at a path of attributes and keys, `_fn_kwargs.delta`; a marker of its own where there is none."""
    owner, _, key = path.rpartition(".")
    if owner:
        arguments = vars(held).get(owner)
        return arguments.get(key, _NOT_THERE) if isinstance(arguments, dict) else _NOT_THERE
    # A property may do anything; what an object was given is in its own dict, or there is no telling.
    return vars(held).get(path, _NOT_THERE)


def is_there(value: Any) -> bool:
    """Whether a value of `value_at` is one."""
    return value is not _NOT_THERE


def _recorded(held: Any) -> Mapping[str, Any] | None:
    """What Keras has noted of a layer's arguments, which it does where all are plain values; None where it has not.

    Source: `Operation.__new__` of Keras 3, `Layer.__new__` of Keras 2.12 and newer.
    """
    config = getattr(vars(held).get("_auto_config"), "config", None)
    if not isinstance(config, dict) or vars(held).get("_auto_get_config") is False:
        return None
    return config


@lru_cache(maxsize=32)
def _stored(cls: type) -> Mapping[str, str]:
    init = read_init(cls)
    return init.stored if init is not None else {}


def _paths(argument: str, stored: Mapping[str, str]) -> tuple[str, ...]:
    return (*([stored[argument]] if argument in stored else []), argument, f"_{argument}", f"_fn_kwargs.{argument}")


def is_variable(value: Any) -> bool:
    """Whether it is a weight or a tensor of a graph rather than what somebody gave."""
    return hasattr(value, "assign") or (hasattr(value, "shape") and not hasattr(value, "__array__"))


def differ(was: Any, now: Any) -> bool:
    """Whether two values are known to be different; of objects without a configuration their class tells."""
    if was is now:
        return False
    if is_plain(was) and is_plain(now):
        return bool(_as_json(was) != _as_json(now))
    if hasattr(was, "shape") and hasattr(now, "shape"):
        return not _are_same_arrays(was, now)
    return type(was) is not type(now) or _differ_alike(was, now)


def _differ_alike(was: Any, now: Any) -> bool:
    """Whether two values of one type, none of them plain, are known to be different."""
    if hasattr(was, "__qualname__"):
        return bool(was.__qualname__ != now.__qualname__)
    if isinstance(was, dict):
        return was.keys() != now.keys() or any(differ(was[key], now[key]) for key in was)
    if isinstance(was, (list, tuple)):
        return len(was) != len(now) or any(map(differ, was, now))
    return hasattr(was, "get_config") and differ(_config(was), _config(now))


def _config(held: Any) -> Any:
    """A configuration without names, which are given by counters."""
    try:
        config = dict(held.get_config())
    except Exception:  # noqa: BLE001 - of what has none, only the class tells
        return {}
    return {key: each for key, each in config.items() if key != "name" and is_plain(each)}


def _as_json(value: Any) -> Any:
    """A plain value as a file holds it, which knows no tuples; NaN is equal to itself there."""
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(each) for each in value]
    return "nan" if isinstance(value, float) and value != value else value  # noqa: PLR0124


def _are_same_arrays(was: Any, now: Any) -> bool:
    from pytest_modelcompat.loader import tensors

    try:
        return are_same_values(tensors.as_leaf(was), tensors.as_leaf(now))
    except Exception:  # noqa: BLE001 - a tensor of a graph has no value
        return True


def in_words(value: Any) -> str:
    """A value as a text has it: itself where it is plain, else the name of its function or class."""
    if is_plain(value):
        return shorten(repr(value), 60)
    if hasattr(value, "shape"):
        return f"<array of shape {tuple(value.shape)}>"
    return str(getattr(value, "__qualname__", None) or f"<{type(value).__name__}>")
