"""Results as `user_properties`: what travels from xdist workers and into JUnit XML, plain strings only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.layout import heading
from pytest_modelcompat.results.finding import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.result import Result

PREFIX = "modelcompat."

Properties = list[tuple[str, str]]


@dataclass(frozen=True)
class SummaryLine:
    """One target in the summary, read back from its properties."""

    title: str
    case: str = ""
    verdict: str = "passed"
    drift: str = ""
    golden: str = ""
    moved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    frozen: str = ""
    expected: bool = False

    @property
    def failed(self) -> bool:
        """Whether it failed and nobody expected it to."""
        return self.verdict != "passed" and not self.expected


def of_result(result: Result) -> Properties:
    """A result as properties, the target's title first."""
    properties = [
        ("target", result.title),
        ("case", result.case),
        ("format", result.format),
        ("runtime", result.runtime),
        ("verdict", result.verdict),
        ("golden", result.golden),
    ]
    drift = _shown_drift(result)
    if drift is not None:
        properties.append(("greatest_drift", f"{drift.max_abs:.3g}"))
    if result.peak_memory:
        properties.append(("peak_memory_mb", str(result.peak_memory // 2**20)))
    properties.extend((f"seconds_{stage}", f"{seconds:.3f}") for stage, seconds in result.timings.items())
    for drift in result.moved:
        text = f"golden {drift.output} moved by up to {drift.max_abs:.3g} in {drift.mismatched} of {drift.total}"
        properties.append(("moved", text + " elements beyond tolerance, old to new"))
    if result.frozen:
        properties.append(("frozen", result.frozen))
    if result.expected:
        properties.append(("expected", result.expected))
    properties.extend(("note", _in_a_line(finding)) for finding in result.notes)
    properties.extend(("warning", _in_a_line(finding)) for finding in result.warnings)
    return [(PREFIX + name, value) for name, value in properties]


def _shown_drift(result: Result) -> Drift | None:
    """The greatest drift that failed the target; of one that none has failed, the greatest."""
    for drifts in (result.drifts, result.golden_drifts):
        failing = [drift for drift in drifts if not drift.holds]
        if failing and result.failed:
            return max(failing, key=lambda drift: (drift.allowance_used, drift.max_abs))
    return result.drift if result.drifts else None


def without_results(properties: Iterable[tuple[str, Any]]) -> Properties:
    """An item's properties without those of results, for an item that runs again.

    Args:
        properties: the item's. What it claims it claims in every run.
    """
    kept = (PREFIX + "claims", PREFIX + "calls_fixture")
    return [(name, value) for name, value in properties if not name.startswith(PREFIX) or name in kept]


def _in_a_line(finding: Finding) -> str:
    """What a note or warning says; the cause of what a rule with a code found need not name its subject."""
    if finding.kind is Kind.ARGUMENT_NOT_SAVED:
        return f"{heading(finding)}: {finding.cause}; add {dict(finding.details)['add']}"
    if finding.kind is Kind.INPUTS_NEEDED and finding.fix:
        return f"{finding.cause}; give them: {finding.fix[0]}"
    return f"{heading(finding)}: {finding.subject}: {finding.cause}" if finding.code else finding.cause


def claim(case: str) -> tuple[str, str]:
    """The property by which an item claims a golden, whether it runs or not."""
    return PREFIX + "claims", case


def claims(properties: Iterable[tuple[str, Any]]) -> set[str]:
    """The goldens an item claims."""
    return {str(value) for name, value in properties if name in (PREFIX + "claims", PREFIX + "case")}


def calls_fixture(folder: str) -> tuple[str, str]:
    """The property of an item that may claim further goldens in its module's folder while it runs."""
    return PREFIX + "calls_fixture", folder


def uncertain_folders(properties: Iterable[tuple[str, Any]], *, passed: bool) -> set[str]:
    """The folders of goldens that an item may have claimed had it run to its end, or called the fixture at all."""
    given = [(name, str(value)) for name, value in properties]
    if passed and any(name == PREFIX + "case" for name, _ in given):
        return set()
    return {value for name, value in given if name == PREFIX + "calls_fixture"}


def lines(properties: Sequence[tuple[str, Any]], *, expected: bool = False) -> list[SummaryLine]:
    """The targets an item ran, in order.

    Args:
        properties: the item's.
        expected: whether the item was marked to fail, and did.
    """
    found: list[SummaryLine] = []
    for name, value in properties:
        if name == PREFIX + "target":
            found.append(SummaryLine(str(value), expected=expected))
        elif found and name.startswith(PREFIX):
            found[-1] = _with(found[-1], name[len(PREFIX) :], str(value))
    return found


def _with(line: SummaryLine, name: str, value: str) -> SummaryLine:
    if name == "moved":
        return replace(line, moved=(*line.moved, value))
    if name == "note":
        return replace(line, notes=(*line.notes, value))
    if name == "warning":
        return replace(line, warnings=(*line.warnings, value))
    if name == "expected":
        return replace(line, expected=True)
    field = "drift" if name == "greatest_drift" else name
    return replace(line, **{field: value}) if field in ("drift", "case", "verdict", "golden", "frozen") else line  # type: ignore[arg-type]
