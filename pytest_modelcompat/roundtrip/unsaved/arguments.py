"""Arguments that no configuration holds: each proven by making its object again, which then has another value."""

from __future__ import annotations

import copy
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.profiles.lost_arguments import arguments_lost_by
from pytest_modelcompat.roundtrip.model import is_layer, own_objects, sublayers
from pytest_modelcompat.roundtrip.unsaved.parts import is_keras_own, parts_of
from pytest_modelcompat.roundtrip.unsaved.values import Given, differ, given_arguments, is_there, is_variable, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.roundtrip.model import ModelUnderTest
    from pytest_modelcompat.roundtrip.unsaved.parts import Part


@dataclass(frozen=True)
class UnsavedArgument:
    """An argument that is not saved.

    Args:
        held: an object that was given it.
        given: the argument.
        now: its value once the object is made again from its configuration.
        places: where the model has such objects, in words.
        predicts: whether one of them is a layer.
        public: the public path of its class, `losses.Huber`, where that is one of Keras' own; else empty.
    """

    held: Any
    given: Given
    now: Any
    places: tuple[str, ...]
    predicts: bool = False
    public: str = ""


def unsaved_arguments(model: ModelUnderTest, *, compiled: bool) -> tuple[UnsavedArgument, ...]:
    """The constructor's arguments of a live model's objects that a file of its configuration does not hold.

    Args:
        model: the live model; a plain `tf.Module` saves no configuration.
        compiled: whether what `compile()` was given is loaded, too.
    """
    if not model.is_keras:
        return ()
    found: dict[tuple[Any, ...], UnsavedArgument] = {}
    try:
        for part in parts_of(model, compiled=compiled):
            for each in _of_part(part, model):
                key = (type(each.held), each.given.name, repr(each.given.value))
                known = found.setdefault(key, each)
                if known is not each:
                    places = tuple(dict.fromkeys((*known.places, *each.places)))
                    found[key] = UnsavedArgument(
                        known.held, known.given, known.now, places, known.predicts or each.predicts, known.public
                    )
    except Exception:  # noqa: BLE001 - it runs the user's code; what is found until then stands
        return tuple(found.values())
    return tuple(found.values())


def _of_part(part: Part, model: ModelUnderTest) -> Iterator[UnsavedArgument]:
    cls = type(part.held)
    suspects: Sequence[tuple[Given, str]]
    if is_keras_own(cls):
        suspects = list(_recorded_suspects(part.held, model.keras or "keras"))
    else:
        suspects = [(each, "") for each in _own_suspects(part.held)]
    if not suspects:
        return
    again = _made_again(part.held, model)
    if again is None:
        return
    for given, public in suspects:
        is_lost, now = _is_lost(part.held, again, given)
        if is_lost:
            yield UnsavedArgument(part.held, given, now, (part.place,), part.predicts, public)


def _recorded_suspects(held: Any, package: str) -> Iterator[tuple[Given, str]]:
    """What is known that this class of Keras does not save, as far as this object was given it."""
    keras = sys.modules[type(held).__module__.split(".")[0]]
    version = str(getattr(keras, "__version__", "0.0"))
    for each in arguments_lost_by(type(held), version, is_tf_keras=package == "tf_keras"):
        value = value_at(held, each.at)
        if is_there(value) and differ(value, each.default):
            yield Given(each.name, value, each.default, each.at), each.public


def _own_suspects(held: Any) -> list[Given]:
    """What an object of the user's was given that its configuration has no entry for."""
    try:
        return list(given_arguments(held, held.get_config()))
    except Exception:  # noqa: BLE001 - a class of the user's raises what it likes; what cannot be saved says so itself
        return []


def _made_again(held: Any, model: ModelUnderTest) -> Any:
    """An object made again from its configuration, and built like it; None where that fails."""
    keras = sys.modules[model.keras or "keras"]
    try:
        with keras.utils.custom_object_scope(_own_by_name(held)):
            again = type(held).from_config(_as_loaded(held.get_config()))
            if getattr(held, "built", False) and hasattr(held, "get_build_config"):
                built = held.get_build_config()
                if built:
                    again.build_from_config(built)
    except Exception:  # noqa: BLE001 - it runs the user's code, and what cannot be made again fails its load
        return None
    return again


def _own_by_name(held: Any) -> Mapping[str, Any]:
    classes = (each if isinstance(each, type) else type(each) for each in own_objects(held))
    return {each.__name__: each for each in classes if not is_keras_own(each) and each.__module__ != "builtins"}


def _as_loaded(config: Any) -> Any:
    """A configuration as a file gives it back, where it holds nothing but what a file can."""
    try:
        return json.loads(json.dumps(config))
    except TypeError:
        return copy.deepcopy(config)


def _is_lost(held: Any, again: Any, given: Given) -> tuple[bool, Any]:
    """Whether an object that was made again has another value, and which."""
    if not given.at:
        return _differ_inside(held, again), given.default
    was, now = value_at(held, given.at), value_at(again, given.at)
    if not is_there(now) or is_variable(now):
        return False, None
    return differ(was, now), now


def _differ_inside(held: Any, again: Any) -> bool:
    """Whether two objects are known to differ where no attribute shows the argument itself."""
    there, here = vars(held), vars(again)
    own = [name for name in there if name in here and not name.startswith(("_", "name"))]
    plain = any(differ(there[name], here[name]) for name in own if isinstance(there[name], (int, float, str, list)))
    if plain or not is_layer(held):
        return plain
    return any(differ(one, other) for one, other in zip(sublayers(held), sublayers(again), strict=False))
