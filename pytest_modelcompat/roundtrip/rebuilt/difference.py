"""The first layer that computes something else in a copy of a model: found by calling both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.model import ModelUnderTest

# Both models run in one process, with the same kernels: what is left is the order of additions.
_RTOL, _ATOL = 1e-5, 1e-6


@dataclass(frozen=True)
class _Call:
    """A call of a layer.

    Args:
        layer: the layer.
        inputs: its nested inputs, as arrays.
        outputs: its nested outputs, as arrays.
    """

    layer: Any
    inputs: Any
    outputs: Any


@dataclass(frozen=True)
class LayerDifference:
    """A layer that gives other outputs for the same inputs once it is made again.

    Args:
        layer: the layer of the live model.
        copy: the same one of the copy.
    """

    layer: Any
    copy: Any


def first_difference(model: ModelUnderTest, copy: Any, inputs: Any) -> LayerDifference | None:
    """The innermost layer with which a model and its copy part; None where they compute the same.

    Args:
        model: the live model.
        copy: the same, made again.
        inputs: nested inputs that it takes.
    """
    # A call ends before the call around it, so that a layer comes before what applies it.
    for live, again in zip(_calls(model, inputs), _calls(replace(model, model=copy), inputs), strict=False):
        if type(live.layer) is not type(again.layer):
            return None
        if _are_close(live.inputs, again.inputs) and not _are_close(live.outputs, again.outputs):
            return LayerDifference(live.layer, again.layer)
    return None


def _calls(model: ModelUnderTest, inputs: Any) -> list[_Call]:
    """The calls of all layers of a model, and of itself, in the order in which they end."""
    from pytest_modelcompat.loader import layers

    calls: list[_Call] = []

    def record(layer: Any, given: list[Any], outputs: Any) -> None:
        calls.append(_Call(layer, layers.arrays(given), layers.arrays(outputs)))

    with layers.watched(model.with_layers(), record):
        model.call(inputs)
    return calls


def _are_close(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(map(are_same_values, first, second))


def are_same_values(first: Any, second: Any) -> bool:
    """Whether two leaves are equal, but for the rounding of floating-point numbers."""
    import numpy as np

    if isinstance(first, tuple) or isinstance(second, tuple):
        return type(first) is type(second) and all(map(are_same_values, _parts(first), _parts(second)))
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.dtype.kind in "biuOSU":
        return bool(np.array_equal(first, second))
    return bool(np.allclose(first.astype("float64"), second.astype("float64"), _RTOL, _ATOL, equal_nan=True))


def _parts(leaf: Any) -> list[Any]:
    from pytest_modelcompat.loader import calls

    return calls.components(leaf)
