"""Targets of a stored report, judged again by another tolerance: nothing runs, and what is not stored is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import aligned, counted
from pytest_modelcompat.comparison.frontier import is_within
from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.report.json_report import Report

_NOT_COMPARED = {
    "error": "its test raised an error",
    "skipped": "it did not run",
    "expected": "it failed as it was expected to",
}


@dataclass(frozen=True)
class Rejudgement:
    """A target under another tolerance.

    Args:
        target: its data, as the report has them.
        verdict: what it is now: `passed`, `failed`, or as before where it cannot be judged again.
        reason: which outputs decide, or why it cannot be judged again.
        is_judged: whether it was judged again.
    """

    target: Mapping[str, Any]
    verdict: str
    reason: str
    is_judged: bool

    @property
    def fails(self) -> bool:
        """Whether it fails now."""
        return self.verdict in ("failed", "error")

    @property
    def changed(self) -> bool:
        """Whether it was something else before."""
        return bool(self.verdict != self.target["verdict"])


def rejudge(report: Report, rtol: float | None, atol: float | None) -> list[Rejudgement]:
    """Each target of a report under another tolerance.

    Args:
        report: the report.
        rtol: share of the expected element's magnitude that is allowed; None for that of each output.
        atol: absolute part that is allowed; None for that of each output.
    """
    return [_rejudged(target, rtol, atol) for target in report.targets]


def _rejudged(target: Mapping[str, Any], rtol: float | None, atol: float | None) -> Rejudgement:
    why = _why_not(target)
    if why:
        return Rejudgement(target, target["verdict"], why, is_judged=False)
    held: dict[str, bool | None] = {}
    own: dict[str, bool] = {}
    for drift, where in _drifts(target):
        name = f"{drift['output']}{where}"
        if drift.get("compared_by"):
            own[f"{name} is decided by {drift['compared_by']}"] = bool(drift["holds"])
        else:
            held[name] = holds(drift, rtol, atol)
    refused = [name for name, each in own.items() if not each]
    beyond = [name for name, each in held.items() if each is False]
    unknown = [name for name, each in held.items() if each is None]
    if refused or (unknown and not beyond):
        why = f"{'; '.join(refused)}, not by a tolerance" if refused else f"no figures of {', '.join(unknown)}"
        return Rejudgement(target, target["verdict"], f"cannot be judged again: {why}", is_judged=False)
    if beyond:
        return Rejudgement(target, "failed", f"beyond it: {', '.join(beyond)}", is_judged=True)
    reason = "; ".join((*(["within it"] if held else []), *(f"{name}, as before" for name in own)))
    return Rejudgement(target, "passed", reason, is_judged=bool(held))


def _drifts(target: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The drifts that a target has, and where each stands beside what is saved."""
    yield from ((drift, "") for drift in target["drifts"])
    yield from ((drift, " (golden)") for drift in target.get("golden_drifts") or ())


def _why_not(target: Mapping[str, Any]) -> str:
    """Why no tolerance changes what a target is; empty where one may."""
    if target["verdict"] in _NOT_COMPARED:
        return f"cannot be judged again: {_NOT_COMPARED[target['verdict']]}"
    others = [kind for kind in target["kinds"] if kind != Kind.PREDICTIONS_DRIFTED.value]
    if others:
        return f"cannot be judged again: {', '.join(others)}, which no tolerance decides"
    drifts = list(_drifts(target))
    if not drifts:
        return "cannot be judged again: no outputs were compared"
    is_drifted = bool(target["kinds"])
    if not is_drifted and not all(drift["holds"] for drift, _ in drifts):
        return "cannot be judged again: its predictions are not checked"
    if is_drifted and all(drift["holds"] for drift, _ in drifts):
        return "cannot be judged again: the figures of the output that drifted are not stored"
    return ""


def holds(drift: Mapping[str, Any], rtol: float | None, atol: float | None) -> bool | None:
    """Whether an output is within another tolerance; None where what is stored does not say.

    Args:
        drift: its data, as the report has them, of this version or of an earlier one without figures.
        rtol: as for `rejudge`.
        atol: likewise.
    """
    before = (drift.get("rtol"), drift.get("atol"))
    rtol, atol = before[0] if rtol is None else rtol, before[1] if atol is None else atol
    if drift["mismatched"] == 0 and drift["max_abs"] == 0:
        return True
    if drift.get("nan_mismatched") or drift.get("inf_mismatched") or drift["dtype"] == "string":
        return False
    if rtol is None or atol is None:
        return None
    frontier = (drift.get("figures") or {}).get("frontier")
    if frontier is not None:
        return is_within([(float(size), float(difference)) for size, difference in frontier], rtol, atol)
    return _by_what_was_allowed(drift, rtol, atol)


def _by_what_was_allowed(drift: Mapping[str, Any], rtol: float, atol: float) -> bool | None:
    """By the greatest difference, or by a tolerance that is wider or narrower than the one before in both parts."""
    has_counts = "nan_mismatched" in drift
    if drift["max_abs"] <= atol and (drift["holds"] or has_counts):
        return True
    if drift.get("rtol") is None or drift.get("atol") is None:
        return None
    if drift["holds"] and rtol >= drift["rtol"] and atol >= drift["atol"]:
        return True
    if not drift["holds"] and rtol <= drift["rtol"] and atol <= drift["atol"]:
        return False
    return None


def rejudgement_lines(judged: Sequence[Rejudgement]) -> Iterator[str]:
    """A line for each target, and the counts.

    Args:
        judged: all targets of a report.
    """
    yield from aligned([(each.target["title"], f"{_verdict(each)}  ({each.reason})") for each in judged])
    changed, fails = sum(each.changed for each in judged), sum(each.fails for each in judged)
    left = sum(not each.is_judged for each in judged)
    yield f"{counted(len(judged), 'target')}: {fails} failed, {changed} changed, {left} not judged again"


def _verdict(each: Rejudgement) -> str:
    before = each.target["verdict"]
    return f"{before} -> {each.verdict}" if each.changed else each.verdict


def rejudgement_data(each: Rejudgement) -> dict[str, Any]:
    """A target under another tolerance as one JSON object."""
    names = ("nodeid", "title", "case", "format", "runtime", "frozen")
    return {
        **{name: each.target[name] for name in names},
        "before": each.target["verdict"],
        "verdict": each.verdict,
        "judged": each.is_judged,
        "reason": each.reason,
    }
