"""Criterion: what decides whether an output is as expected, in place of the tolerance of each element."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.arrays import ArrayDifference, as_wide_dtype, chunks
from pytest_modelcompat.comparison.classes import rows_with_same_top
from pytest_modelcompat.comparison.figures import figures_of
from pytest_modelcompat.comparison.leaves import expanded_leaf
from pytest_modelcompat.comparison.own_function import call_own
from pytest_modelcompat.comparison.tolerance import OwnComparison

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.leaves import ExpandedLeaf
    from pytest_modelcompat.comparison.tolerance import Tolerance

TOLERANCE = "tolerance"


class UnfitComparisonError(Exception):
    """An output cannot be compared as it is asked for; the message says why."""


@dataclass(frozen=True)
class Criterion:
    """What decides whether an output is as expected.

    Args:
        name: `tolerance`, `quantile`, `cosine`, `topk`, `psnr`, or `module:function`.
        arguments: its numbers, all of them.
        source: where it is written: `marker`, `ini`.
        is_for_all: whether it is for all outputs that are not named: one that it does not fit is compared by tolerance.
        function: a function that was given itself; None to import one by its name.
    """

    name: str
    arguments: tuple[float, ...] = ()
    source: str = ""
    is_for_all: bool = False
    function: Callable[..., Any] | None = None

    def __str__(self) -> str:
        """As it is written: `topk(5)`."""
        shown = ", ".join(f"{number:.12g}" for number in self.arguments)
        return f"{self.name}({shown})" if shown else self.name

    def __call__(self, output: str, actual: Any, expected: Any, tolerance: Tolerance) -> OwnComparison | None:
        """Compare an output; None where its tolerance decides.

        Args:
            output: its name.
            actual: a leaf; of the same dtype and shape as `expected`.
            expected: likewise.
            tolerance: what would be allowed.

        Raises:
            UnfitComparisonError: it cannot be compared this way.
        """
        if self.name == TOLERANCE:
            return None
        if ":" in self.name:
            return self._named(call_own(self.name, self.function, actual, expected))
        theirs, ours = expanded_leaf(actual), expanded_leaf(expected)
        unfit = self._unfit(ours)
        if unfit and self.is_for_all:
            return None
        if unfit:
            raise UnfitComparisonError(f"compare is {str(self)!r} for output {output!r}, {unfit}")
        found = ArrayDifference.of(theirs.values, ours.values, tolerance.rtol, tolerance.atol)
        if found.nan or found.infinite:
            count = found.nan + found.infinite
            return self._named(OwnComparison(False, f"{count} elements are NaN or infinite on one side only"))
        if found.identical:
            return self._named(OwnComparison(True))
        return self._named(_COMPARISONS[self.name](self, theirs.values, ours.values, found))

    def _named(self, own: OwnComparison) -> OwnComparison:
        return replace(own, by=str(self), source=self.source)

    def _unfit(self, leaf: ExpandedLeaf) -> str:
        """Why an output cannot be compared this way, as the end of a sentence; empty where it can."""
        if leaf.values.dtype.kind == "O":
            return "" if self.name == "quantile" else "which holds strings: choose 'tolerance' or 'quantile'"
        if self.name != "topk":
            return ""
        if leaf.kind != "dense" or leaf.values.dtype.kind == "c" or not leaf.values.ndim:
            return "which has no rows of scores: choose 'tolerance' or 'quantile'"
        width, count = leaf.values.shape[-1], int(self.arguments[0])
        return "" if width > count else f"which has {width} scores in a row: choose fewer than that"


def _quantile(criterion: Criterion, actual: NDArray[Any], _: NDArray[Any], found: ArrayDifference) -> OwnComparison:
    asked = criterion.arguments[0]
    held = actual.size - found.mismatched
    # 99 of 100 elements are the share 0.99, whatever is rounded on the way.
    holds = held >= math.ceil(asked * actual.size - 1e-9 * actual.size)
    return OwnComparison(
        holds,
        f"{_share(held, actual.size)} of the elements are within the tolerance, and {100 * asked:g} % must be",
        passes_at=f"quantile({_rounded_down(held / actual.size)})" if held else "",
    )


def _cosine(criterion: Criterion, actual: NDArray[Any], expected: NDArray[Any], _: ArrayDifference) -> OwnComparison:
    figures = figures_of(actual, expected, is_dense=False)
    reached = figures.cosine if figures is not None else None
    if reached is None:
        return OwnComparison(False, "the cosine cannot be computed: the numbers are too great or too small")
    return OwnComparison(
        reached >= criterion.arguments[0],
        f"the cosine similarity is {_text(reached)}, and must be at least {criterion.arguments[0]:.12g}",
        passes_at=f"cosine({_rounded_down(reached)})",
    )


def _topk(criterion: Criterion, actual: NDArray[Any], expected: NDArray[Any], _: ArrayDifference) -> OwnComparison:
    count, asked = int(criterion.arguments[0]), (*criterion.arguments, 1.0)[1]
    rows = expected.size // expected.shape[-1]
    same = rows_with_same_top(actual, expected, count)
    what = "greatest score is the same" if count == 1 else f"{count} greatest scores are the same"
    return OwnComparison(
        same >= math.ceil(asked * rows - 1e-9 * rows),
        f"the {what} as expected in {same} of {rows} rows, and must be in {100 * asked:g} % of them",
        passes_at=f"topk({count}, {_rounded_down(same / rows)})" if same else "",
    )


def _psnr(criterion: Criterion, actual: NDArray[Any], expected: NDArray[Any], __: ArrayDifference) -> OwnComparison:
    import numpy as np

    squares, low, high = 0.0, math.inf, -math.inf
    for (_, chunk), (_, wanted) in zip(chunks(actual), chunks(expected), strict=True):
        theirs, ours = as_wide_dtype(chunk), as_wide_dtype(wanted)
        known = np.isfinite(theirs) & np.isfinite(ours)
        theirs, ours = theirs[known], ours[known]
        sizes = np.abs(ours) if ours.dtype.kind == "c" else ours
        with np.errstate(all="ignore"):
            squares += float((np.abs(theirs - ours) ** 2).sum())
        low, high = min(low, float(sizes.min(initial=math.inf))), max(high, float(sizes.max(initial=-math.inf)))
    peak = criterion.arguments[1] if len(criterion.arguments) > 1 else high - low or abs(high)
    # Identical outputs do not come here, so that there is something to divide by, unless it is too small a number.
    mean = squares / expected.size
    reached = 20 * math.log10(peak) - 10 * math.log10(mean) if peak > 0 and 0 < mean < math.inf else -math.inf
    reached = math.inf if mean == 0 else reached
    asked = criterion.arguments[0]
    return OwnComparison(
        reached >= asked,
        f"the peak signal-to-noise ratio is {reached:.2f} dB for a peak of {peak:g}, and must be at least {asked:g} dB",
        passes_at=_psnr_text(criterion, reached),
    )


def _psnr_text(criterion: Criterion, reached: float) -> str:
    if not 0 < reached < math.inf:
        return ""
    return str(replace(criterion, arguments=(_rounded_down(reached), *criterion.arguments[1:])))


_COMPARISONS = {"quantile": _quantile, "cosine": _cosine, "topk": _topk, "psnr": _psnr}


def _share(part: int, whole: int) -> str:
    """A share in percent, which does not read 100 where a part is missing."""
    return f"{100 * part / whole:.4g} %" if part == whole else f"{min(100 * part / whole, 99.9999):.6g} %"


def _text(reached: float) -> str:
    return f"{reached:.9f}".rstrip("0").rstrip(".")


def _rounded_down(figure: float) -> float:
    """A figure with 4 digits, or with so many nines as it has and 2 more, and never more than it is."""
    digits = 4 if abs(figure) >= 1 or figure <= 0 else max(4, 2 - math.floor(math.log10(max(1 - figure, 1e-13))))
    scale = float(10**digits)
    return math.floor(figure * scale) / scale
