"""Differences and drifts as labelled facts of a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.samples import STOCHASTIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.comparison.differences import Drift, StructureDifference
    from pytest_modelcompat.comparison.figures import Figures
    from pytest_modelcompat.comparison.routes import RouteComparison
    from pytest_modelcompat.comparison.tolerance import OwnComparison


# Percentiles of fewer elements are the elements.
_FEWEST_FOR_PERCENTILES = 10
# Beyond them it is no rounding, and the relative difference says it better.
_MOST_ULPS = 1_000_000


def difference_details(rerun: RouteComparison, checks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Labelled facts of what differs; empty where nothing does that the case checks.

    Args:
        rerun: the comparison.
        checks: what the case checks.
    """
    yield from structure_details([each for each in rerun.structure if not each.is_degenerate])
    if rerun.failing and "predictions" in checks:
        yield from drift_details(rerun.failing)
        yield from structure_details(rerun.degenerate)


def structure_details(differences: Sequence[StructureDifference]) -> tuple[tuple[str, str], ...]:
    """Labelled facts of differences that no tolerance can excuse."""
    return tuple(("output", _difference(each)) for each in differences)


def _difference(each: StructureDifference) -> str:
    if each.output == "outputs":
        return f"expected {each.expected}, got {each.actual}"
    if each.is_degenerate:
        return f"{each.output}: {each.actual}"
    if each.what == "missing":
        return f"{each.output} is missing; it was {each.expected}"
    if each.what == "unexpected":
        return f"{each.output} was not there; it is {each.actual}"
    return f"{each.output}: {each.what} was {each.expected}, is {each.actual}"


def drift_details(drifts: Sequence[Drift]) -> Iterator[tuple[str, str]]:
    """Labelled facts of each drift that does not hold."""
    for drift in drifts:
        yield "output", f"{drift.output}   {drift.dtype} {drift.shape}"
        if drift.own is not None:
            yield "decided by", _own_text(drift.own)
        if drift.own is not None and drift.own.by == STOCHASTIC:
            continue
        yield "mismatch", "\n".join(_mismatch(drift))
        if drift.worst:
            yield (
                "worst",
                "\n".join(
                    f"{list(each.index)} is {_figure(each.actual)}, expected {_figure(each.expected)}"
                    for each in drift.worst
                ),
            )
        if drift.figures is not None and drift.total > 1:
            yield "figures", "\n".join(figure_lines(drift.figures))
        if drift.own is not None and drift.own.passes_at:
            yield "passes at", drift.own.passes_at
        if drift.own is None and drift.passing_atol is not None and drift.passing_rtol is not None:
            yield (
                "passes at",
                (
                    f"atol={drift.passing_atol:.3g} (rtol={drift.tolerance.rtol:g}), "
                    f"or rtol={drift.passing_rtol:.3g} (atol={drift.tolerance.atol:g})"
                ),
            )


def _own_text(own: OwnComparison) -> str:
    if not own.by:
        return own.because or "the project's hook pytest_modelcompat_compare"
    because = own.because or "the output is not as expected"
    return f"{own.by}, from {own.source}: {because}" if own.source else because


def figure_lines(figures: Figures) -> Iterator[str]:
    """How far all elements of an output are apart, as lines.

    Args:
        figures: of the output.
    """
    relative = f", mean relative {figures.mean_rel:.1e}" if figures.mean_rel is not None else ""
    ulps = f", {_ulps(figures.max_ulps)}" if figures.max_ulps is not None else ""
    yield f"mean absolute difference {figures.mean_abs:.1e}{relative}{ulps}"
    if figures.compared >= _FEWEST_FOR_PERCENTILES:
        half, ninety, ninety_nine, _ = figures.percentiles
        yield f"50 % of the elements differ by at most {half:.1e}, 90 % by {ninety:.1e}, 99 % by {ninety_nine:.1e}"
    if figures.cosine is not None:
        yield f"cosine similarity {figures.cosine + 0.0:.9f}".rstrip("0").rstrip(".")
    if figures.classes is not None:
        yield f"the greatest score is another one in {figures.classes.changed} of {figures.classes.rows} rows"


def _ulps(greatest: int) -> str:
    return f"at most {greatest:,} ULPs" if greatest <= _MOST_ULPS else f"over {_MOST_ULPS:,} ULPs"


def _mismatch(drift: Drift) -> Iterator[str]:
    share = 100 * drift.mismatched / drift.total
    yield f"{drift.mismatched} of {drift.total} elements ({share:.3g} %){_decides_not(drift)}"
    allowed = drift.tolerance
    if drift.max_abs_at is not None:
        yield (
            f"greatest absolute difference {drift.max_abs:.1e} at {list(drift.max_abs_at)} "
            f"(allowed {allowed.atol:g}, from {allowed.source})"
        )
    if drift.max_rel_at is not None:
        yield (
            f"greatest relative difference {drift.max_rel:.1e} at {list(drift.max_rel_at)} "
            f"(allowed {allowed.rtol:g}, from {allowed.source})"
        )
    if drift.nan_mismatched:
        yield f"NaN on one side only: {drift.nan_mismatched}"
    if drift.inf_mismatched:
        yield f"infinities that do not match: {drift.inf_mismatched}"


def _decides_not(drift: Drift) -> str:
    return " beyond tolerance, which does not decide" if drift.own is not None and drift.own.by else ""


def _figure(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
