"""Rows of scores: whether they are those of a classifier, and in how many the greatest ones are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_FEWEST, _MOST = 2, 10_000
_BLOCK = 2**16
_SUM_ERROR = {"float16": 2e-2, "bfloat16": 5e-2}


@dataclass(frozen=True)
class ChangedClasses:
    """How many rows of a classifier have their greatest element elsewhere.

    Args:
        changed: how many.
        rows: of how many.
    """

    changed: int
    rows: int


def changed_classes(actual: NDArray[Any], expected: NDArray[Any]) -> ChangedClasses | None:
    """How many rows of probabilities have another class; None where they are no probabilities.

    Probabilities are rows of 2 to 10,000 elements on the last axis, none of them negative, with a sum of 1.

    Args:
        actual: any shape; numbers.
        expected: of the same shape and dtype.
    """
    import numpy as np

    if not (expected.ndim > 1 and _FEWEST <= expected.shape[-1] <= _MOST and expected.size):
        return None
    if expected.dtype.kind in "biuc":
        return None
    error, changed = _SUM_ERROR.get(expected.dtype.name, 1e-3), 0
    for theirs, ours in _row_blocks(actual, expected):
        with np.errstate(all="ignore"):
            are_shares = (ours >= 0).all() and (np.abs(ours.sum(axis=-1) - 1) <= error).all()
        if not are_shares:
            return None
        changed += int((theirs.argmax(axis=-1) != ours.argmax(axis=-1)).sum())
    return ChangedClasses(changed, expected.size // expected.shape[-1])


def rows_with_same_top(actual: NDArray[Any], expected: NDArray[Any], count: int) -> int:
    """In how many rows of the last axis the greatest elements are the same ones, in whatever order.

    Where several expected elements are equal, each of them may be among the greatest.

    Args:
        actual: any shape with at least `count + 1` elements on the last axis; numbers.
        expected: of the same shape and dtype.
        count: how many elements are the greatest.
    """
    import numpy as np

    same = 0
    for block in _row_blocks(actual, expected):
        alike = (np.isnan(block[0]) == np.isnan(block[1])).all(axis=-1)
        theirs, ours = (np.where(np.isnan(each), -np.inf, each) for each in block)
        least = [np.partition(each, -count, axis=-1)[:, -count, None] for each in (theirs, ours)]
        chosen = theirs >= least[0]
        # What is chosen must be among the expected ones, and what is above all doubt there must be chosen.
        alike &= ((ours >= least[1]) | ~chosen).all(axis=-1)
        alike &= (chosen | ~(ours > least[1])).all(axis=-1)
        same += int(alike.sum())
    return same


def _row_blocks(
    actual: NDArray[Any], expected: NDArray[Any]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Some rows of both at a time, as float64."""
    import numpy as np

    width = expected.shape[-1]
    step = max(1, _BLOCK // width) * width
    theirs, ours = flat(actual), flat(expected)
    for start in range(0, expected.size, step):
        yield (
            np.asarray(theirs[start : start + step]).reshape(-1, width).astype(np.float64),
            np.asarray(ours[start : start + step]).reshape(-1, width).astype(np.float64),
        )
