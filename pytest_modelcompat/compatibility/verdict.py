"""The static verdict on one artifact in one runtime."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Severity, Stage

if TYPE_CHECKING:
    from pathlib import Path


class Compatibility(str, Enum):
    """What becomes of an artifact in a runtime.

    `CHANGED` is an artifact that loads and then predicts something else, or lacks what predicting needs.
    """

    LOADS = "loads"
    CHANGED = "changed"
    FAILS = "fails"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class CompatibilityResult:
    """One artifact in one runtime.

    Args:
        path: the artifact.
        runtime: the runtime's name, or the profile file's path.
        findings: everything found, the most severe first.
        is_readable: whether it could be read at all.
        unobserved: its constructs, such as `layer Dense.units=int`, that were never tried in any version, so that rules
            alone judge them.
    """

    path: Path
    runtime: str
    findings: tuple[Finding, ...] = ()
    is_readable: bool = True
    unobserved: tuple[str, ...] = ()

    @property
    def compatibility(self) -> Compatibility:
        """What the findings add up to."""
        if not self.is_readable:
            return Compatibility.UNREADABLE
        severities = {finding.severity for finding in self.findings}
        if Severity.ERROR in severities:
            return Compatibility.FAILS
        return Compatibility.CHANGED if Severity.CHANGE in severities else Compatibility.LOADS

    @property
    def stage(self) -> Stage | None:
        """Where the load ends; None if it does not fail. The earliest stage any error names."""
        order = list(Stage)
        stages = [finding.stage for finding in self.findings if finding.severity is Severity.ERROR and finding.stage]
        return min(stages, key=order.index, default=None)
