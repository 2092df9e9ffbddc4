"""In what two sets of outputs differ, as data; builtins only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.figures import Figures
    from pytest_modelcompat.comparison.tolerance import OwnComparison, Tolerance

Value = bool | int | float | str


@dataclass(frozen=True)
class WorstElement:
    """One element that does not hold.

    Args:
        index: its place in the output; a ragged output's row first, a sparse one's as in the dense tensor.
        actual: its value; NaN, infinities, complex numbers and strings as text.
        expected: as `actual`.
        difference: `|actual - expected|`; None where one of them is no finite number.
    """

    index: tuple[int, ...]
    actual: Value
    expected: Value
    difference: float | None


@dataclass(frozen=True)
class Drift:
    """The numerical difference between an output and what was expected of it; builtins only.

    Args:
        output: the output's name.
        dtype: TensorFlow's short name.
        shape: the dense shape; None for a ragged dimension.
        total: the number of elements compared.
        mismatched: how many do not hold, NaN and infinities included.
        max_abs: the greatest absolute difference of finite elements, held or not.
        max_abs_at: its index; None if all are equal.
        max_rel: the greatest difference relative to the expected element, where that is not zero.
        max_rel_at: its index; None if all are equal or every expected element that differs is zero.
        tolerance: what was allowed.
        nan_mismatched: elements that are NaN on one side only.
        inf_mismatched: infinities that do not face the same infinity.
        identical: whether all elements are the same bit for bit.
        worst: up to five elements that do not hold: NaN and infinities first, then those furthest beyond what
            is allowed.
        allowance_used: the greatest share of its allowance an element uses up; above 1 it does not hold.
        passing_atol: the smallest atol that would hold with the given rtol, rounded up to three digits so
            that it can be copied from a message; None if none would.
        passing_rtol: the smallest rtol that would hold with the given atol, likewise.
        own: the project's own comparison, or that of the option `compare` or `stochastic`, where it decided.
        figures: how far all elements are apart; None where they are the same bit for bit, are strings, or are so many
            that only a failure is worth the time.
    """

    output: str
    dtype: str
    shape: tuple[int | None, ...]
    total: int
    mismatched: int
    max_abs: float
    max_abs_at: tuple[int, ...] | None
    max_rel: float
    max_rel_at: tuple[int, ...] | None
    tolerance: Tolerance
    nan_mismatched: int
    inf_mismatched: int
    identical: bool
    worst: tuple[WorstElement, ...]
    allowance_used: float
    passing_atol: float | None
    passing_rtol: float | None
    own: OwnComparison | None = None
    figures: Figures | None = None

    @property
    def holds(self) -> bool:
        """Whether every element is within the tolerance, or the project's own comparison says that it holds."""
        return self.mismatched == 0 if self.own is None else self.own.holds


@dataclass(frozen=True)
class StructureDifference:
    """Something about an output that no tolerance can excuse.

    Args:
        output: the output's name; `outputs` if it is about all of them.
        what: `missing`, `unexpected`, `kind` (dense, ragged, sparse), `dtype`, `shape`, `row lengths`,
            `sparsity`, or, beside a drift, `constant` or `all NaN`.
        expected: in words.
        actual: in words.
    """

    output: str
    what: str
    expected: str
    actual: str

    @property
    def is_degenerate(self) -> bool:
        """Whether the output has become constant or all NaN, which is reported with its drift."""
        return self.what in ("constant", "all NaN")


@dataclass(frozen=True)
class OutputComparison:
    """Everything in which two sets of outputs differ.

    Args:
        structure: what no tolerance can excuse.
        drifts: one for each output of the same structure, in the expected outputs' order.
    """

    structure: tuple[StructureDifference, ...]
    drifts: tuple[Drift, ...]

    @property
    def holds(self) -> bool:
        """Whether there was something to compare, and all of it is within the tolerances."""
        return bool(self.drifts) and not self.structure and all(drift.holds for drift in self.drifts)

    @property
    def identical(self) -> bool:
        """Whether it holds bit for bit."""
        return self.holds and all(drift.identical for drift in self.drifts)

    @property
    def failing(self) -> tuple[Drift, ...]:
        """The drifts beyond their tolerance."""
        return tuple(drift for drift in self.drifts if not drift.holds)

    @property
    def degenerate(self) -> tuple[StructureDifference, ...]:
        """The outputs that have become constant or all NaN."""
        return tuple(each for each in self.structure if each.is_degenerate)

    @property
    def has_other_structure(self) -> bool:
        """Whether the outputs differ in more than their values."""
        return len(self.degenerate) < len(self.structure)
