"""What a layer knows and its copy does not: attributes that neither its configuration nor its weights hold."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.roundtrip.classes.code import is_plain
from pytest_modelcompat.roundtrip.rebuilt.difference import are_same_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.roundtrip.rebuilt.difference import LayerDifference


@dataclass(frozen=True)
class LostAttribute:
    """An attribute with another value once its layer is made again.

    Args:
        name: its name.
        was: its value in the live model.
        now: its value in the copy.
    """

    name: str
    was: Any
    now: Any

    @property
    def is_plain(self) -> bool:
        """Whether a configuration can hold it as it is."""
        return is_plain(self.was)

    @property
    def is_array(self) -> bool:
        """Whether it is a tensor or an array."""
        return hasattr(self.was, "shape")

    @property
    def is_trainable(self) -> bool:
        """Whether it is a variable that training changes, of those that Keras does not know of."""
        return bool(getattr(self.was, "trainable", False))

    def __str__(self) -> str:
        """It, with both values where they are short: `factor was 3.0 and is 1.0`."""
        if self.is_array:
            return f"{self.name} holds other numbers"
        return f"{self.name} was {_words(self.was)} and is {_words(self.now)}"


def lost_attributes(difference: LayerDifference, package: str) -> list[LostAttribute]:
    """The attributes of the user's own that differ.

    Args:
        difference: a layer and its copy.
        package: the Keras that they are of: `keras` or `tf_keras`.
    """
    kept = _of_any_layer(package)
    there, here = vars(difference.layer), vars(difference.copy)
    saved = [value for weight in difference.layer.weights for value in (weight, getattr(weight, "value", None))]
    found = (LostAttribute(name, there[name], here[name]) for name in there if name in here and name not in kept)
    return [each for each in found if _differ(each.was, each.now) and not any(each.was is value for value in saved)]


def _of_any_layer(package: str) -> set[str]:
    keras = sys.modules[package]
    return {"name", "call", *vars(keras.layers.Layer()), *vars(keras.Model())}


def _differ(was: Any, now: Any) -> bool:
    if is_plain(was):
        return not is_plain(now) or bool(_as_json(was) != _as_json(now))
    if hasattr(was, "shape"):
        return any(not are_same_values(first, second) for first, second in _leaves(was, now))
    # Of other objects only functions tell by their names whether they are the same.
    name = getattr(was, "__qualname__", None)
    return name is not None and name != getattr(now, "__qualname__", None)


def _as_json(value: Any) -> Any:
    """A plain value as a file holds it, which knows no tuples."""
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, (list, tuple)) else value


def _leaves(was: Any, now: Any) -> Iterator[tuple[Any, Any]]:
    from pytest_modelcompat.loader import tensors

    try:
        yield tensors.as_leaf(was), tensors.as_leaf(now)
    except Exception:  # noqa: BLE001 - a tensor of a graph has no value
        return


def _words(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    return shorten(str(name or repr(value)), 40)
