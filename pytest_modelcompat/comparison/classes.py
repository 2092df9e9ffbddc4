"""Rows of scores: whether they are those of a classifier, and in how many the greatest ones are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

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
    for theirs, ours in _rows(actual, expected):
        least = _least_of_greatest(theirs, count), _least_of_greatest(ours, count)
        alike = np.ones(len(ours), np.bool_)
        for mine, other in zip(_pieces(ours), _pieces(theirs), strict=True):
            alike &= _have_same_top(other, mine, *least)
        same += int(alike.sum())
    return same


def _have_same_top(theirs: Rows, ours: Rows, least_of_theirs: Rows, least_of_ours: Rows) -> NDArray[np.bool_]:
    """Of each row whether these of its elements allow that the greatest are the same ones."""
    import numpy as np

    chosen = theirs >= least_of_theirs
    alike = (np.isnan(theirs) == np.isnan(ours)).all(axis=-1)
    # What is chosen must be among the expected ones, and what is above all doubt there must be chosen.
    alike &= ((ours >= least_of_ours) | ~chosen).all(axis=-1)
    same: NDArray[np.bool_] = alike & (chosen | ~(ours > least_of_ours)).all(axis=-1)
    return same


def _least_of_greatest(rows: NDArray[Any], count: int) -> Rows:
    """The least of so many greatest elements of each row, (rows, 1); NaN is the least there is."""
    import numpy as np

    greatest = np.full((len(rows), 0), -np.inf)
    for piece in _pieces(rows):
        joined = np.concatenate([greatest, np.where(np.isnan(piece), -np.inf, piece)], axis=-1)
        greatest = np.partition(joined, -count, axis=-1)[:, -count:] if joined.shape[-1] > count else joined
    least: Rows = greatest.min(axis=-1, keepdims=True)
    return least


def _pieces(rows: NDArray[Any]) -> Iterator[Rows]:
    """Some columns of rows at a time, as float64."""
    import numpy as np

    for start in range(0, rows.shape[-1], _BLOCK):
        yield rows[:, start : start + _BLOCK].astype(np.float64)


def _row_blocks(actual: NDArray[Any], expected: NDArray[Any]) -> Iterator[tuple[Rows, Rows]]:
    """Some rows of both at a time, as float64."""
    import numpy as np

    for theirs, ours in _rows(actual, expected):
        yield theirs.astype(np.float64), ours.astype(np.float64)


def _rows(actual: NDArray[Any], expected: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Some rows of both at a time, as they are."""
    import numpy as np

    width = expected.shape[-1]
    step = max(1, _BLOCK // width) * width
    theirs, ours = flat(actual), flat(expected)
    for start in range(0, expected.size, step):
        yield (
            np.asarray(theirs[start : start + step]).reshape(-1, width),
            np.asarray(ours[start : start + step]).reshape(-1, width),
        )
