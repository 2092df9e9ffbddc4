"""Where and how the elements of two outputs differ, as binned counts of bounded size, of which a report draws charts.

Both arrays are read chunk by chunk; of very many elements, chunks that are evenly spread are read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import as_wide_dtype, flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.leaves import ExpandedLeaf

    Pair = tuple[int, NDArray[np.float64], NDArray[np.float64]]

_CHUNK = 2**16
# So many elements are read at most: two passes over them take some seconds.
_MOST_READ = 2**24
_BINS = 24
_SIDE = 32
_VALUE_BINS = 8
_LEVELS = "0123456789"
_GREATEST_EXPONENT = 308.25
NOTHING, NOT_FINITE = ".", "!"


@dataclass(frozen=True)
class Histogram:
    """Absolute differences, counted by size; builtins only.

    Args:
        edges: bounds of the bins, rising, each ten to the power of a number; one more than `counts`.
        counts: pairs of finite elements that differ by as much as the bin says.
        equal: pairs that are equal.
        not_finite: pairs of which one is NaN or infinite and the other not the same.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    equal: int
    not_finite: int


@dataclass(frozen=True)
class Grid:
    """A plane of bins, as one character each: `.` is nothing, a digit a level, `!` a NaN or an infinity.

    Args:
        x: from where to where the columns reach.
        y: from where to where the rows reach, the first row first.
        levels: the least that a bin of each digit has, rising.
        rows: the bins.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    levels: tuple[float, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class HeatMap:
    """Where in a dense output the differences are: the greatest one of each bin over two of its axes.

    Args:
        axes: the two axes, the one of the rows first; the only one twice where there is one.
        grid: over the indices of these axes.
        by_row: the greatest difference in each row of bins.
        by_column: likewise in each column.
    """

    axes: tuple[int, int]
    grid: Grid
    by_row: tuple[float, ...]
    by_column: tuple[float, ...]


@dataclass(frozen=True)
class ValueBin:
    """Pairs whose expected element is in one range.

    Args:
        low: the range's lower bound.
        high: its upper bound.
        count: how many pairs.
        mean_error: the mean of actual less expected.
        greatest: the greatest absolute difference.
    """

    low: float
    high: float
    count: int
    mean_error: float
    greatest: float


@dataclass(frozen=True)
class Picture:
    """The differences of one output, binned; builtins only.

    Args:
        output: the output's name.
        against: what was expected: `saved` for the model that was saved, `golden` for its golden.
        taken: how many pairs were read.
        total: how many there are.
        histogram: of the absolute differences; None where all pairs that differ are not finite.
        heat_map: where they are; None for an output that is not dense or has one element.
        values: counts by expected element (x) and actual element (y).
        errors: counts by expected element (x) and actual less expected (y).
        by_value: the numbers behind these two.
    """

    output: str
    against: str
    taken: int
    total: int
    histogram: Histogram | None
    heat_map: HeatMap | None
    values: Grid | None
    errors: Grid | None
    by_value: tuple[ValueBin, ...]


def picture_of(output: str, against: str, actual: ExpandedLeaf, expected: ExpandedLeaf) -> Picture | None:
    """The differences of two outputs of one dtype and shape; None of strings, and where there are none.

    Args:
        output: its name.
        against: what is expected: `saved` or `golden`.
        actual: numbers or bool of any shape; of complex numbers, the magnitudes are taken.
        expected: likewise.
    """
    if expected.values.dtype.kind == "O" or actual.values.shape != expected.values.shape or not expected.values.size:
        return None
    ranges = _Ranges()
    taken = 0
    for _, mine, other in _pairs(actual.values, expected.values):
        ranges.add(mine, other)
        taken += mine.size
    if not ranges.differs:
        return None
    planes = _Planes(ranges, expected)
    for start, mine, other in _pairs(actual.values, expected.values):
        planes.add(start, mine, other)
    return planes.picture(output, against, taken)


def _pairs(actual: NDArray[Any], expected: NDArray[Any]) -> Iterator[Pair]:
    """Positions and chunks of both as float64, as many as are read."""
    import numpy as np

    mine, other = flat(actual), flat(expected)
    step = _CHUNK * max(1, -(-expected.size // _MOST_READ))
    for start in range(0, expected.size, step):
        parts = [as_wide_dtype(each[start : start + _CHUNK]) for each in (mine, other)]
        real = [np.abs(each) if each.dtype.kind == "c" else each for each in parts]
        yield start, real[0], real[1]


class _Ranges:
    """How far values, differences and errors reach, and whether anything differs."""

    def __init__(self) -> None:
        self.values = [math.inf, -math.inf]
        self.expected = [math.inf, -math.inf]
        self.errors = [math.inf, -math.inf]
        self.differences = [math.inf, -math.inf]
        self.not_finite = False

    @property
    def differs(self) -> bool:
        return self.not_finite or math.isfinite(self.differences[0])

    def add(self, actual: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
        import numpy as np

        finite, other = _finite(actual, expected)
        self.not_finite = self.not_finite or bool(other.any())
        if not finite.any():
            return
        mine, theirs = expected[finite], actual[finite]
        with np.errstate(all="ignore"):
            error = np.nan_to_num(theirs - mine)
        difference = np.abs(error)
        for bounds, numbers in (
            (self.values, mine),
            (self.values, theirs),
            (self.expected, mine),
            (self.errors, error),
            (self.differences, difference[difference > 0]),
        ):
            if numbers.size:
                bounds[0], bounds[1] = min(bounds[0], float(numbers.min())), max(bounds[1], float(numbers.max()))


def _finite(actual: NDArray[np.float64], expected: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pairs are of two finite numbers, and which of a NaN or an infinity and something else."""
    import numpy as np

    finite = np.isfinite(actual) & np.isfinite(expected)
    same = (np.isnan(actual) & np.isnan(expected)) | (actual == expected)
    return finite, ~finite & ~same


class _Planes:
    """The bins of a picture, filled chunk by chunk."""

    def __init__(self, ranges: _Ranges, expected: ExpandedLeaf) -> None:
        import numpy as np

        self._ranges = ranges
        self._leaf = expected
        self._exponents = _exponents(ranges.differences)
        self._counts = np.zeros(max(len(self._exponents) - 1, 0), np.int64)
        self._equal, self._not_finite = 0, 0
        self._values, self._errors = (np.zeros((_SIDE, _SIDE), np.int64) for _ in range(2))
        self._of_value = np.zeros((3, _VALUE_BINS), np.float64)
        self._place = _Place(expected.values.shape) if expected.kind == "dense" and expected.values.size > 1 else None

    def add(self, start: int, actual: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
        import numpy as np

        finite, other = _finite(actual, expected)
        with np.errstate(all="ignore"):
            error = np.where(finite, np.nan_to_num(actual - expected), 0.0)
        difference = np.abs(error)
        if self._place is not None:
            self._place.add(start, np.where(other, np.inf, difference))
        self._not_finite += int(other.sum())
        differs = difference > 0
        self._equal += int((~differs & ~other).sum())
        if differs.any():
            places = np.log10(difference[differs])
            self._counts += np.histogram(places, bins=np.array(self._exponents))[0]
        if finite.any():
            self._add_values(actual[finite], expected[finite], error[finite])

    def _add_values(
        self, actual: NDArray[np.float64], expected: NDArray[np.float64], error: NDArray[np.float64]
    ) -> None:
        import numpy as np

        across = _bins(expected, self._ranges.values, _SIDE)
        np.add.at(self._values, (_bins(actual, self._ranges.values, _SIDE), across), 1)
        of_expected = _bins(expected, self._ranges.expected, _SIDE)
        np.add.at(self._errors, (_bins(error, self._ranges.errors, _SIDE), of_expected), 1)
        coarse = _bins(expected, self._ranges.expected, _VALUE_BINS)
        self._of_value[0] += np.bincount(coarse, minlength=_VALUE_BINS)
        self._of_value[1] += np.bincount(coarse, weights=error, minlength=_VALUE_BINS)
        np.maximum.at(self._of_value[2], coarse, np.abs(error))

    def picture(self, output: str, against: str, taken: int) -> Picture:
        ranges, has_values = self._ranges, math.isfinite(self._ranges.values[0])
        histogram = None
        if self._exponents:
            edges = tuple(_short(10.0 ** min(each, _GREATEST_EXPONENT)) for each in self._exponents)
            histogram = Histogram(edges, tuple(self._counts.tolist()), self._equal, self._not_finite)
        return Picture(
            output=output,
            against=against,
            taken=taken,
            total=self._leaf.values.size,
            histogram=histogram,
            heat_map=self._place.heat_map() if self._place is not None else None,
            values=_count_grid(self._values, ranges.values, ranges.values) if has_values else None,
            errors=_count_grid(self._errors, ranges.expected, ranges.errors) if has_values else None,
            by_value=tuple(self._value_bins()) if has_values else (),
        )

    def _value_bins(self) -> Iterator[ValueBin]:
        low, high = self._ranges.expected
        width = (high - low) / _VALUE_BINS
        for place, (count, error, greatest) in enumerate(self._of_value.T.tolist()):
            if count:
                ends = (low + place * width, high if place == _VALUE_BINS - 1 else low + (place + 1) * width)
                shown = (_short(each) for each in (*ends, error / count, greatest))
                first, last, mean, most = shown
                yield ValueBin(first, last, int(count), mean, most)


class _Place:
    """The greatest difference in each bin over the two longest axes of an output."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        import numpy as np

        longest = sorted(range(len(shape)), key=lambda axis: -shape[axis])[:2]
        self._axes = sorted(longest) if len(longest) == 2 else [longest[0]] * 2
        self._sizes = [shape[axis] for axis in self._axes]
        if len(longest) == 1:
            self._sizes[0] = 1
        self._strides = [math.prod(shape[axis + 1 :]) for axis in self._axes]
        self._grid = np.zeros([min(size, _SIDE) for size in self._sizes], np.float64)

    def add(self, start: int, difference: NDArray[np.float64]) -> None:
        import numpy as np

        at = np.arange(start, start + difference.size)
        places = tuple(
            (at // stride) % size * bins // size if size > 1 else np.zeros_like(at)
            for stride, size, bins in zip(self._strides, self._sizes, self._grid.shape, strict=True)
        )
        np.maximum.at(self._grid, places, difference)

    def heat_map(self) -> HeatMap:
        import numpy as np

        finite = np.where(np.isfinite(self._grid), self._grid, 0.0)
        levels = _geometric(finite[finite > 0])
        grid = Grid((0, self._sizes[1]), (0, self._sizes[0]), levels, _characters(self._grid, levels))
        return HeatMap(
            (self._axes[0], self._axes[1]),
            grid,
            tuple(_short(each) for each in self._grid.max(axis=1).tolist()),
            tuple(_short(each) for each in self._grid.max(axis=0).tolist()),
        )


def _exponents(differences: list[float]) -> list[float]:
    """Bounds of bins over the decimal logarithms of differences; empty where there are none."""
    if not math.isfinite(differences[0]):
        return []
    low, high = math.floor(math.log10(differences[0])), math.log10(differences[1])
    # The greatest must be below the last bound, as it is the bound of no bin.
    top = math.ceil(high) if math.ceil(high) > high else math.ceil(high) + 1
    per_decade = max(1, _BINS // (top - low))
    steps = (top - low) * per_decade
    if steps <= _BINS:
        return [low + step / per_decade for step in range(steps + 1)]
    return [low + step * (top - low) / _BINS for step in range(_BINS + 1)]


def _bins(numbers: NDArray[np.float64], bounds: list[float], bins: int) -> NDArray[np.intp]:
    import numpy as np

    low, high = bounds
    # Halves, as the width of a range may be beyond what float64 reaches.
    width = high / 2 - low / 2
    if width == 0:
        return np.zeros(numbers.shape, np.intp)
    return np.clip(((numbers / 2 - low / 2) / width * bins).astype(np.intp), 0, bins - 1)


def _count_grid(counts: NDArray[np.int64], x: list[float], y: list[float]) -> Grid:
    levels = _geometric(counts[counts > 0].astype("f8"))
    return Grid((_short(x[0]), _short(x[1])), (_short(y[0]), _short(y[1])), levels, _characters(counts, levels))


def _geometric(numbers: NDArray[np.float64]) -> tuple[float, ...]:
    """Rising levels from the least to near the greatest of positive numbers, at most one for each digit."""
    if not numbers.size:
        return ()
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return (_short(low),)
    steps = [low * math.exp(math.log(high / low) * step / len(_LEVELS)) for step in range(len(_LEVELS))]
    return tuple(dict.fromkeys(map(_short, steps)))


def _characters(numbers: NDArray[Any], levels: tuple[float, ...]) -> tuple[str, ...]:
    import numpy as np

    # The least one may be rounded up in its level.
    places = np.clip(np.searchsorted(np.array(levels), numbers, side="right") - 1, 0, None)
    return tuple(
        "".join(
            NOT_FINITE if math.isinf(number) else _LEVELS[place] if number > 0 else NOTHING
            for number, place in zip(row, of_row, strict=True)
        )
        for row, of_row in zip(numbers.tolist(), places.tolist(), strict=True)
    )


def _short(number: float) -> float:
    short = float(f"{number:.4g}")
    # The greatest numbers that there are would be rounded to an infinity.
    return number if math.isinf(short) else short
