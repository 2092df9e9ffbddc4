"""Edits of what a Lambda is given: its function and its output shape, which Keras 3 reads in one way alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.lambdas import stored_function
from pytest_modelcompat.artifacts.keras.nodes import is_numbers
from pytest_modelcompat.migration.configuration.translation import is_translated
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.edits.downward_connections import makes_mask
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_LAMBDA, _NODE = "Lambda", "__lambda__"
_ACTIVATION = "Activation"
_FUNCTION, _SHAPE = "function", "output_shape"


def _functions_as_objects(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader < KERAS_3:
        return
    for node in draft.layers(_LAMBDA):
        code, defaults, enclosed = stored_function(node.config)
        # A list of defaults is not made the tuple that a function needs.
        if not isinstance(code, str) or defaults is not None or is_translated(draft, node):
            continue
        if target.known(node) is not None:
            parts = {"code": code, "defaults": None, "closure": enclosed}
            node.config[_FUNCTION] = {"class_name": _NODE, "config": parts}
            yield change(node, before=f"{_FUNCTION} as a list", after="the same as an object")


def _activations(draft: Draft, target: Target) -> Iterator[Change]:
    # Another reader looks among its activations, too.
    if not target.is_down or draft.format != "h5":
        return
    # A Lambda ends a mask, and an Activation hands it on.
    if any(makes_mask(node, target) for node in draft.layers()):
        return
    for node in draft.layers(_LAMBDA):
        name = _activation(node.config, target)
        if name and target.known(node) is not None:
            node.data["class_name"] = _ACTIVATION
            node.config.pop(_FUNCTION)
            node.config.pop("arguments", None)
            node.config["activation"] = name
            yield change(node, before=f"{_LAMBDA} of {name}", after=_ACTIVATION)


def _activation(config: dict[str, Any], target: Target) -> str:
    """The activation that both versions have under the name of a Lambda's function; empty where it is none."""
    function: Any = config.get(_FUNCTION)
    name = function.get("config") if isinstance(function, dict) and function.get("class_name") == _FUNCTION else None
    more = any(config.get(key) for key in ("arguments", "mask", _SHAPE))
    writer = target.writer_profile
    if not isinstance(name, str) or more or writer is None or name in target.custom:
        return ""
    has_both = all(profile.find("activation", name) is not None for profile in (writer, target.profile))
    return name if has_both else ""


def _inferred_shapes(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader < KERAS_3:
        return
    for node in draft.layers(_LAMBDA):
        if target.known(node) is not None and _is_shape(node.config.get(_SHAPE)):
            yield change(node, before=node.config.pop(_SHAPE), key=_SHAPE)


def _is_shape(value: Any) -> bool:
    """Whether it is one list of sizes, or a list of such, and no function."""
    if not isinstance(value, list):
        return False
    return is_numbers(value) or all(isinstance(each, list) and is_numbers(each) for each in value)


# Before the function is written as Keras 2 writes one of the user's own.
FIRST = (
    Edit(
        "activation-for-lambda",
        what="a Lambda of a function of keras.activations is written as an Activation of that name",
        because="the function of this name is what {writer} reads; both layers give what it gives",
        source="keras/src/layers/core/lambda_layer.py of Keras 2, which finds no function of Keras in an .h5 file",
        wrong_if="the layer has arguments or an output shape, or a layer makes a mask, which a Lambda does not hand on",
        apply=_activations,
        is_unseen=True,
    ),
)
EDITS = (
    Edit(
        "lambda-as-object",
        what="the bytecode of a Lambda's function is written as an object",
        because="it is the same bytecode; {reader} takes such an object where the file says the layer's module, and a "
        "list where it does not",
        source="keras/src/layers/core/lambda_layer.py of Keras 3",
        wrong_if="the function has defaults, of which {reader} does not make a tuple",
        apply=_functions_as_objects,
    ),
    Edit(
        "drop-output-shape",
        what="the output shape of a Lambda is left out where {reader} fails on it",
        because="the layer gives what its function gives; {reader} finds the shape by calling the function when "
        "it builds the model, and fails where it cannot",
        source="keras/src/layers/core/lambda_layer.py of Keras 3.3",
        wrong_if="the shape is a function",
        apply=_inferred_shapes,
    ),
)
