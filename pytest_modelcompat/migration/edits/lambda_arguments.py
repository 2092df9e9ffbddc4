"""Edits of what a Lambda is given: its function and its output shape, which Keras 3 reads in one way alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.lambdas import stored_function
from pytest_modelcompat.artifacts.keras.nodes import is_numbers
from pytest_modelcompat.migration.configuration.translation import is_translated
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_LAMBDA, _NODE = "Lambda", "__lambda__"
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
