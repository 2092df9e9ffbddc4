"""Findings that somebody has accepted: counted in a line, and left out of a page otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_modelcompat.results.finding import Finding


def unaccepted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that nobody has accepted."""
    return tuple(finding for finding in findings if not finding.accepted)


def accepted_text(findings: Iterable[Finding]) -> list[str]:
    """`2 findings of unsafe content accepted: U202 (it keeps its own log), U205 (in baseline.json)`, if any is."""
    accepted = dict.fromkeys(finding for finding in findings if finding.accepted)
    if not accepted:
        return []
    why = dict.fromkeys(f"{finding.code} ({finding.accepted})" for finding in accepted)
    return [f"{counted(len(accepted), 'finding')} of unsafe content accepted: {listed(why)}", ""]
