"""The layer whose copy has weights of other shapes, so that those of the model do not fit it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.rebuilt.difference import LayerDifference

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


def first_misfit(model: ModelUnderTest, copy: Any) -> LayerDifference | None:
    """The innermost layer of the user's own with weights of other shapes once it is made again; None if none is.

    Args:
        model: the live model.
        copy: the same, made again and called.
    """
    # A layer comes after the one that holds it.
    pairs = zip(model.with_layers(), replace(model, model=copy).with_layers(), strict=False)
    found = None
    for live, again in pairs:
        if type(live) is not type(again):
            break
        if not is_of_keras(type(live).__module__) and _shapes(live) != _shapes(again):
            found = LayerDifference(live, again)
    return found


def _shapes(layer: Any) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
