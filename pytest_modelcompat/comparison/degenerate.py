"""Outputs that say little of a model: constant, not a number, saturated, or the same for every example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import as_wide_dtype, is_integer

if TYPE_CHECKING:
    from numpy.typing import NDArray


def why_degenerate(output: Any) -> str:
    """What makes an output say little of the model that computes it, in words; empty for one that says something.

    Args:
        output: an array or tensor of any shape; ragged and sparse values and texts are never called degenerate.
    """
    import numpy as np

    if not hasattr(output, "__array__"):
        return ""
    values = np.asarray(output)
    if values.size < 2 or values.dtype.kind in "OSU" or is_integer(values.dtype):
        return ""
    return _why(as_wide_dtype(values))


def _why(values: NDArray[Any]) -> str:
    import numpy as np

    if np.isnan(values).all():
        return "every element is NaN: weights or inputs that are NaN, or a division by zero"
    if not np.isfinite(values).all():
        return ""
    if (values == values.flat[0]).all():
        return _constant(values.flat[0])
    if _is_saturated(values):
        return "every element is 0.0, 1.0 or -1.0: an activation that is saturated, as by inputs that are not scaled"
    is_same = values.ndim > 1 and len(values) > 1 and bool((values[1:] == values[:1]).all())
    return "every example has the same output: inputs that do not matter" if is_same else ""


def _constant(value: Any) -> str:
    if value == 0.0:
        return "every element is 0.0: a dead ReLU, zero weights, or inputs that do not matter"
    return f"every element is {value}: a saturated activation, constant weights, or inputs that do not matter"


def _is_saturated(output: NDArray[Any]) -> bool:
    """Whether a sigmoid, tanh or softmax has nothing but its ends. A row with a single 1 may be a one-hot answer."""
    import numpy as np

    ends = bool(np.isin(output, (-1.0, 0.0, 1.0)).all())
    return ends and not (output.ndim > 1 and bool((np.abs(output).sum(axis=-1) == 1.0).all()))
