"""Live model -> the same made again in this process, from its configuration and with its weights."""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.model import own_objects

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


def copy_of(model: ModelUnderTest, inputs: Any) -> Any:
    """The model made again, as a load makes it, with weights of its own; None where that fails.

    Args:
        model: the live model, of Keras.
        inputs: nested inputs that it takes.
    """
    for is_sized in (False, True):
        # Classes of the user's raise what they like, and so does Keras where what was built does not fit any more.
        with contextlib.suppress(Exception):
            made = _deserialized(model, is_sized=is_sized)
            if not made.weights:
                # A model that is defined by its call() has none before it is called.
                replace(model, model=made).call(inputs)
            return made
    return None


def fits(model: ModelUnderTest, copy: Any) -> bool:
    """Whether a copy takes the weights of the model that it was made of."""
    return [tuple(each.shape) for each in model.model.weights] == [tuple(each.shape) for each in copy.weights]


def _deserialized(model: ModelUnderTest, *, is_sized: bool = False) -> Any:
    """A model made of a configuration; `is_sized`: each layer's sizes are those that come in, not those of the file."""
    keras = sys.modules[model.keras or "keras"]
    own = _own_by_name(model)
    if model.keras == "tf_keras":
        return keras.models.model_from_json(model.model.to_json(), custom_objects=own)
    # Through JSON, where a tuple becomes a list and a key becomes text.
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model.model)))
    config.pop("compile_config", None)
    made = _without(config, "build_config") if is_sized else config
    # Its code has run in this process already: the test built it.
    return keras.saving.deserialize_keras_object(made, custom_objects=own, safe_mode=False)


def _without(config: Any, key: str) -> Any:
    """A configuration without an entry, at any depth."""
    if isinstance(config, dict):
        return {name: _without(each, key) for name, each in config.items() if name != key}
    return [_without(each, key) for each in config] if isinstance(config, list) else config


def _own_by_name(model: ModelUnderTest) -> dict[str, Any]:
    """The user's own classes and functions in a model, which a load has of its test's declarations."""
    held = (each for layer in model.with_layers() for each in own_objects(layer))
    named = (each if inspect.isclass(each) or inspect.isfunction(each) else type(each) for each in held)
    return {each.__name__: each for each in named if not is_of_keras(each.__module__)}
