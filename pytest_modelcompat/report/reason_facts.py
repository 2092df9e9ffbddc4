"""What to do about a reason why targets failed, and by how much: of targets as they stand in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import counted
from pytest_modelcompat.report.layout import labelled
from pytest_modelcompat.results.finding import AS_ABOVE, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Of targets that each need a fix of their own, as many as somebody reads; the JSON has all.
_MOST_FIXES = 3


def fact_lines(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    """The drift and the fix of targets that failed for the same reason.

    Args:
        targets: as they stand in a report.
    """
    return [*_drift_lines(targets), *_fix_lines(targets)]


def _drift_lines(targets: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    failing = [(drift, target) for target in targets for drift in failing_drifts(target)]
    if not failing:
        return
    drift, target = max(failing, key=lambda each: float(each[0]["max_abs"]))
    share = f"{drift['mismatched']:,} of {counted(drift['total'], 'element')}"
    allowed = "" if drift.get("compared_by") else f" (allowed rtol={drift['rtol']:g}, atol={drift['atol']:g})"
    by = f", by {drift['compared_by']}" if drift.get("compared_by") else ""
    where = f" in {target['title']}" if len({id(each) for _, each in failing}) > 1 else ""
    greatest = f"greatest absolute difference {float(drift['max_abs']):.3g}{allowed}{by}"
    yield from labelled("drift", f"{drift['output']}{where}: {share} differ, {greatest}")


def failing_drifts(target: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The drifts that do not hold: of the reloaded outputs, or where those hold, of the saved ones from the golden."""
    for name in ("drifts", "golden_drifts"):
        failing = [drift for drift in target.get(name) or () if not drift["holds"]]
        if failing:
            return failing
    return []


def _fix_lines(targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    fixes: dict[tuple[str, ...], list[str]] = {}
    for target in targets:
        for fix in _fixes(target):
            fixes.setdefault(fix, []).append(f"{target['title']} in {target['runtime']}")
    for number, (fix, where) in enumerate(fixes.items()):
        if number == _MOST_FIXES:
            yield from labelled("", f"and {len(fixes) - number:,} more for other targets; --json has all")
            return
        first = f"# {where[0]}\n" if len(where) < len(targets) else ""
        yield from labelled("fix", first + "\n".join(fix))


def _fixes(target: Mapping[str, Any]) -> dict[tuple[str, ...], None]:
    """The fixes of a target, each once."""
    errors = [finding for finding in target.get("findings") or () if finding["severity"] == Severity.ERROR.value]
    return dict.fromkeys(tuple(each["fix"]) for each in errors if each["fix"] and each["fix"] != [AS_ABOVE])
