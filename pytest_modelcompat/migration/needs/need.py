"""What no edit answers: the way that remains for a finding, and the lines to paste where a person supplies it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.needs.pastes import paste_for
from pytest_modelcompat.migration.needs.ways import remaining_way
from pytest_modelcompat.results.migration import Need

if TYPE_CHECKING:
    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding


def need_of(finding: Finding, target: Target, draft: Draft | None = None) -> Need:
    """The way that remains.

    Args:
        finding: of the draft, after all edits.
        target: the runtime.
        draft: what would be written; None of an artifact without a configuration.
    """
    remaining = remaining_way(finding, target)
    paste = paste_for(finding, target, draft) if draft is not None else None
    if paste is None:
        return Need(finding, remaining.way, remaining.text)
    return Need(finding, remaining.way, remaining.text, paste.lines, paste.options)
