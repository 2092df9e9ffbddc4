"""Edits of the output shape of a Lambda, which a first Keras 3 takes as a tuple alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import is_numbers
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.edits.conversion import converted, with_and_without_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_KEY = "output_shape"
# Keras 3 writes a tuple so, and makes one of it again. `keras/src/saving/serialization_lib.py`.
_TUPLE = "__tuple__"
_KERAS_3 = (3, 0)


def _tuples(draft: Draft, target: Target) -> Iterator[Change]:
    # A reader of .h5 files makes a list of a tuple.
    if target.reader < _KERAS_3 or draft.format != "keras":
        return
    for node in draft.layers("Lambda"):
        stored = node.config.get(_KEY)
        if target.known(node) is not None and isinstance(stored, list):
            node.config[_KEY] = _as_tuples(stored)
            yield change(node, before=stored, after=f"{_KEY} as a tuple", key=_KEY)


def _as_tuples(shape: list[Any]) -> Any:
    """A shape as a tuple; of a list of shapes, each."""
    if is_numbers(shape):
        return {"class_name": _TUPLE, "items": shape}
    return [_as_tuples(each) if isinstance(each, list) else each for each in shape]


def _tuples_in_keras(draft: Draft, target: Target) -> Iterator[Change]:
    if draft.format == "h5" and any(isinstance(each.config.get(_KEY), list) for each in draft.layers("Lambda")):
        yield from converted(draft, target, "keras")
        yield from _tuples(draft, target)


_EDIT = Edit(
    "output-shape-as-tuple",
    what="the output shape of a Lambda is written as a tuple",
    because="it is the same shape; {reader} puts the size of the batch before a tuple, and fails on a list",
    source="keras/src/layers/core/lambda_layer.py of Keras 3.3",
    wrong_if="the shape is a function, or {reader} takes lists",
    apply=_tuples,
)
EDITS = (_EDIT,)
LAST = with_and_without_state(
    replace(
        _EDIT,
        name="output-shape-as-tuple-in-keras",
        what="it is written as `.keras` instead of `.h5`, with the output shape of a Lambda as a tuple",
        because="shape, layers and weights are the same; {reader} makes a list of a tuple in an .h5 file",
        wrong_if="the shape is a function, or the place of a weight is not known for sure",
        apply=_tuples_in_keras,
    )
)
