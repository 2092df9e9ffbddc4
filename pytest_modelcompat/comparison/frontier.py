"""The few differences that decide for every rtol and atol whether all of them are within it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

# The magnitude of an expected element, and how far the actual one is from it.
Point = tuple[float, float]

# Of a million random differences it is some ten; more than these are those of no real model.
_MOST = 200


@dataclass
class Frontier:
    """The upper left border of the points (magnitude, difference), which decides for all of them.

    A line `atol + rtol * magnitude` that is nowhere below the border is nowhere below a point.
    """

    _points: tuple[Point, ...] = ()

    @property
    def points(self) -> tuple[Point, ...] | None:
        """The border, from left to right; None where it has too many points to be kept."""
        return self._points if len(self._points) <= _MOST else None

    def add(self, sizes: NDArray[np.float64], differences: NDArray[np.float64]) -> None:
        """Take in pairs.

        Args:
            sizes: magnitudes of expected elements, (n,).
            differences: how far the actual ones are from them, (n,).
        """
        import numpy as np

        above = differences > self._heights(sizes)
        if not above.any():
            return
        sizes, differences = sizes[above], differences[above]
        order = np.lexsort((-differences, sizes))
        sizes, differences = sizes[order], differences[order]
        before = np.concatenate([[-np.inf], np.maximum.accumulate(differences)[:-1]])
        higher = differences > before
        new = zip(sizes[higher].tolist(), differences[higher].tolist(), strict=True)
        self._points = tuple(_border([*self._points, *new]))

    def _heights(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """How high the border is above each magnitude; 0 on its left."""
        import numpy as np

        if not self._points:
            return np.zeros_like(sizes)
        where, heights = zip(*self._points, strict=True)
        above: NDArray[np.float64] = np.interp(sizes, where, heights, left=0.0)
        return above


def _border(points: Iterable[Point]) -> list[Point]:
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each[0], -each[1])):
        if found and point[1] <= found[-1][1]:
            continue
        while len(found) > 1 and _is_below(found[-1], found[-2], point):
            found.pop()
        found.append(point)
    return found


def _is_below(middle: Point, left: Point, right: Point) -> bool:
    """Whether a point is on or below the line between two others."""
    share = (middle[0] - left[0]) / (right[0] - left[0])
    return middle[1] <= left[1] + share * (right[1] - left[1])


def is_within(points: Sequence[Point], rtol: float, atol: float) -> bool:
    """Whether all pairs with this border are within a tolerance.

    Args:
        points: the border.
        rtol: share of the expected element's magnitude that is allowed.
        atol: absolute part that is allowed.
    """
    return all(difference <= atol + rtol * size for size, difference in points)
