"""CheckOutcome: how the check of a target ended, before it joins the target's circumstances in a `Result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.comparison.pictures import Picture


@dataclass(frozen=True)
class CheckOutcome:
    """How a check ended.

    Args:
        findings: problems, those that fail the target first.
        drifts: reloaded against saved, one for each output (of an artifact: against its golden).
        golden: `matched`, `written`, `updated`, `unchanged`, or empty if the check did not get there.
        golden_made_by: versions of what recorded the golden; empty if there was none.
        moved: what an update changed in the golden's outputs, old to new.
        frozen: the label its artifact was frozen under; empty if it was not.
        golden_drifts: saved against golden, one for each output; of an artifact those are `drifts`.
        pictures: of the outputs that fail it, where a report is written.
    """

    findings: tuple[Finding, ...] = ()
    drifts: tuple[Drift, ...] = ()
    golden: str = ""
    golden_made_by: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[Drift, ...] = ()
    frozen: str = ""
    golden_drifts: tuple[Drift, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a finding fails the target."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def with_golden(self, golden: CheckOutcome) -> CheckOutcome:
        """A round trip's outcome with that of its golden, whose findings stand between its errors and its notes."""
        errors = [finding for finding in self.findings if finding.severity is Severity.ERROR]
        others = [finding for finding in self.findings if finding.severity is not Severity.ERROR]
        return CheckOutcome(
            most_severe_first([*errors, *golden.findings, *others]),
            golden.drifts or self.drifts,
            "" if errors else golden.golden,
            golden.golden_made_by,
            golden.moved,
            golden_drifts=golden.golden_drifts,
        )


def most_severe_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in their order, those that fail the target first."""
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
