"""What no edit answers: the way that remains for a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.results.migration import Need

if TYPE_CHECKING:
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding


def need_of(finding: Finding, target: Target) -> Need:
    """The way that remains.

    Args:
        finding: of the draft, after all edits.
        target: the runtime.
    """
    del target
    return Need(finding, "runtime", finding.fix[0] if finding.fix else "no way is known")
