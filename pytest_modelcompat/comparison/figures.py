"""How far two outputs are apart, in figures: means, percentiles, units in the last place, cosine, changed classes.

All of them are summed up chunk by chunk: beyond the two arrays they take some MB, whatever the size of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import as_wide_dtype, chunks, is_integer
from pytest_modelcompat.comparison.classes import ChangedClasses, changed_classes
from pytest_modelcompat.comparison.frontier import Frontier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.frontier import Point

PERCENTILES = (50, 90, 99, 100)
# The sign, the exponent and 7 bits of the mantissa of a float64: neighbours are less than 1 % apart.
_LOW_BITS = 45
_GREATEST = 1.7976931348623157e308
_WITH_ULPS = frozenset({"float16", "bfloat16", "float32", "float64"})
_PARTS = {"complex64": "float32", "complex128": "float64"}


@dataclass(frozen=True)
class Figures:
    """How far the elements of two outputs of one dtype and shape are apart; builtins only.

    Args:
        compared: how many pairs of finite elements there are, of which all other figures are.
        mean_abs: the mean absolute difference.
        mean_rel: the mean difference relative to the expected element, over those that are not zero; None without any.
        percentiles: the absolute difference that 50, 90, 99 and 100 % of the pairs do not exceed: the last one exactly,
            the others at most 1 % too high.
        max_ulps: the greatest number of representable numbers that a pair is apart; None where the dtype is no float.
        cosine: the cosine of the angle between the two outputs as vectors; None where it cannot be computed.
        classes: how many rows of a classifier have their greatest element elsewhere; None for any other output.
        frontier: the pairs (magnitude of the expected element, absolute difference) that decide for every rtol and atol
            whether all pairs are within them; None where these are too many to be kept.
    """

    compared: int
    mean_abs: float
    mean_rel: float | None
    percentiles: tuple[float, float, float, float]
    max_ulps: int | None
    cosine: float | None
    classes: ChangedClasses | None
    frontier: tuple[Point, ...] | None


def figures_of(actual: NDArray[Any], expected: NDArray[Any], *, is_dense: bool = True) -> Figures | None:
    """The figures of two arrays; None of strings.

    Args:
        actual: any shape; numbers, bool, `ml_dtypes`, or objects (bytes).
        expected: of the same shape and dtype.
        is_dense: whether rows of the last axis can be those of a classifier.
    """
    if expected.dtype.kind == "O":
        return None
    sums = _Sums(expected.dtype.name)
    for (_, chunk), (_, wanted) in zip(chunks(actual), chunks(expected), strict=True):
        sums.add(chunk, wanted)
    return sums.figures(changed_classes(actual, expected) if is_dense else None)


@dataclass
class _Sums:
    """What the figures are made of, summed up over chunks."""

    dtype: str
    compared: int = 0
    absolute: float = 0.0
    greatest: float = 0.0
    relative: float = 0.0
    with_relative: int = 0
    ulps: int = 0
    product: float = 0.0
    squares: tuple[float, float] = (0.0, 0.0)
    frontier: Frontier = field(default_factory=Frontier)
    _counts: NDArray[np.int64] | None = None

    def add(self, actual: NDArray[Any], expected: NDArray[Any]) -> None:
        import numpy as np

        theirs, ours = as_wide_dtype(actual), as_wide_dtype(expected)
        finite = np.isfinite(theirs) & np.isfinite(ours)
        if not finite.all():
            actual, expected, theirs, ours = actual[finite], expected[finite], theirs[finite], ours[finite]
        if not ours.size:
            return
        with np.errstate(all="ignore"):
            difference, size = _differences(actual, expected, theirs, ours), np.abs(ours)
            self.product += float(np.vdot(ours, theirs).real)
            self.squares = tuple(
                square + float(np.vdot(each, each).real)
                for square, each in zip(self.squares, (theirs, ours), strict=True)
            )  # type: ignore[assignment]
            self.absolute += float(difference.sum())
        self.compared += ours.size
        self.greatest = max(self.greatest, float(difference.max()))
        self._add_relative(difference, size)
        self._count(difference)
        self.frontier.add(size, difference)
        if _PARTS.get(self.dtype, self.dtype) in _WITH_ULPS:
            self.ulps = max(self.ulps, _greatest_ulps(actual, expected))

    def _add_relative(self, difference: NDArray[np.float64], size: NDArray[np.float64]) -> None:
        import numpy as np

        known = size > 0
        self.with_relative += int(known.sum())
        with np.errstate(all="ignore"):
            self.relative += float((difference[known] / size[known]).sum())

    def _count(self, difference: NDArray[np.float64]) -> None:
        import numpy as np

        if self._counts is None:
            self._counts = np.zeros(1 << (63 - _LOW_BITS), np.int64)
        keys = (np.abs(difference).view(np.uint64) >> np.uint64(_LOW_BITS)).astype(np.int64)
        low = int(keys.min())
        found = np.bincount(keys - low)
        self._counts[low : low + found.size] += found

    def figures(self, classes: ChangedClasses | None) -> Figures:
        has_ulps = _PARTS.get(self.dtype, self.dtype) in _WITH_ULPS
        return Figures(
            compared=self.compared,
            mean_abs=_known(self.absolute / self.compared if self.compared else 0.0),
            mean_rel=_known(self.relative / self.with_relative) if self.with_relative else None,
            percentiles=self._percentiles(),
            max_ulps=self.ulps if has_ulps else None,
            cosine=self._cosine(),
            classes=classes,
            frontier=self.frontier.points,
        )

    def _percentiles(self) -> tuple[float, float, float, float]:
        import numpy as np

        if self._counts is None:
            return (0.0, 0.0, 0.0, 0.0)
        reached = np.cumsum(self._counts)
        # `ceil` of the exact share: of 10 elements, 90 % are 9 and not 10.
        wanted = [-(-percent * self.compared // 100) for percent in PERCENTILES]
        keys = np.searchsorted(reached, wanted)
        edges = ((keys.astype(np.uint64) + np.uint64(1)) << np.uint64(_LOW_BITS)).view(np.float64)
        # No difference at all and the smallest there are have one key.
        shown = [0.0 if key == 0 else min(float(edge), self.greatest) for key, edge in zip(keys, edges, strict=True)]
        return (shown[0], shown[1], shown[2], self.greatest)

    def _cosine(self) -> float | None:
        theirs, ours = self.squares
        if not self.compared:
            return None
        if theirs == 0 or ours == 0:
            # A vector of zeros has no direction, but is the same as itself; the squares of tiny numbers are 0 too.
            return 1.0 if self.greatest == 0 else 0.0 if theirs or ours else None
        cosine = self.product / math.sqrt(theirs) / math.sqrt(ours)
        return max(-1.0, min(1.0, cosine)) if math.isfinite(cosine) else None


def _known(figure: float) -> float:
    """A figure, or the greatest one there is in place of an infinite one: JSON knows no other."""
    return min(figure, _GREATEST)


def _differences(
    actual: NDArray[Any], expected: NDArray[Any], theirs: NDArray[Any], ours: NDArray[Any]
) -> NDArray[np.float64]:
    import numpy as np

    if is_integer(expected.dtype) and expected.dtype.itemsize == 8:
        # Far from zero float64 does not tell neighbours apart; unsigned arithmetic wraps around.
        greater = actual > expected
        wide = (actual.astype(np.uint64), expected.astype(np.uint64))
        exact: NDArray[np.float64] = np.where(greater, wide[0] - wide[1], wide[1] - wide[0]).astype(np.float64)
        return exact
    difference: NDArray[np.float64] = np.minimum(np.abs(theirs - ours), _GREATEST)
    return difference


def _greatest_ulps(actual: NDArray[Any], expected: NDArray[Any]) -> int:
    import numpy as np

    if expected.dtype.kind == "c":
        part = f"f{expected.dtype.itemsize // 2}"
        actual, expected = actual.view(part), expected.view(part)
    bits = np.dtype(f"u{expected.dtype.itemsize}")
    sign = np.uint64(1) << np.uint64(8 * bits.itemsize - 1)
    theirs, ours = (np.ascontiguousarray(each).view(bits).astype(np.uint64) for each in (actual, expected))
    # Without their signs, the bits of floating-point numbers are in the order of the numbers.
    sizes = [each & (sign - np.uint64(1)) for each in (theirs, ours)]
    apart = np.where(sizes[0] > sizes[1], sizes[0] - sizes[1], sizes[1] - sizes[0])
    return int(np.where((theirs ^ ours) & sign, sizes[0] + sizes[1], apart).max(initial=0))
