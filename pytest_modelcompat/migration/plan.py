"""The plan: which edits answer which findings of `check`, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.needs.need import need_of
from pytest_modelcompat.results.finding import Severity, Stage
from pytest_modelcompat.results.migration import PlannedEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.edit import Edit
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.migration import Change, Need

# What keeps a model from loading, or from predicting the same.
_TO_ANSWER = (Severity.ERROR, Severity.CHANGE)


@dataclass(frozen=True)
class DraftPlan:
    """What edits make of an .h5 or .keras file.

    Args:
        draft: what is to be written.
        edits: those that apply, in order.
        findings: what `check` says of the artifact as it is.
        left: what it still says of the draft.
        needs: what remains to be done by others, one for each of `left`.
    """

    draft: Draft
    edits: tuple[PlannedEdit, ...]
    findings: tuple[Finding, ...]
    left: tuple[Finding, ...]
    needs: tuple[Need, ...]


def plan_edits(
    inventory: Inventory, target: Target, edits: Sequence[Edit] = EDITS, *, is_written: bool = False
) -> DraftPlan:
    """Find the edits that answer what keeps an artifact from a runtime.

    Each edit is tried on a copy; it stays if a finding is gone with it, or if it says that no finding shows its need.
    So nothing is changed in a file that loads.

    Args:
        inventory: of an .h5 or .keras file with a model.
        target: the runtime.
        edits: in the order in which they are tried.
        is_written: whether it is written in any case, so that what no finding shows is edited, too.
    """
    draft = Draft.of(inventory)
    found = left = to_answer(target.findings(inventory))
    planned: list[PlannedEdit] = []
    if found or is_written:
        left = _tried(edits, draft, target, left, planned)
    if left and draft.format != inventory.format:
        # Of a format that the reader does not open nothing else was known.
        left = _tried(edits, draft, target, left, planned)
    needs = tuple(need_of(each, target, draft) for each in left)
    return DraftPlan(draft, tuple(planned), found, left, needs)


def _tried(
    edits: Iterable[Edit], draft: Draft, target: Target, left: tuple[Finding, ...], planned: list[PlannedEdit]
) -> tuple[Finding, ...]:
    """What is left of findings once each edit was tried; those that stay change the draft and are added to the plan."""
    for edit in edits:
        tried = draft.copy()
        changes = tuple(edit.apply(tried, target))
        after = _findings(tried, target) if changes else None
        if after is None:
            continue
        gone = _without(left, after)
        # In a second round, what changes nothing in the file is said already.
        is_said = any(each.name == edit.name and each.changes == changes for each in planned)
        if (gone or edit.is_unseen) and not is_said:
            draft.take(tried)
            left = after
            planned.append(_planned(edit, changes, gone, target))
    return left


def to_answer(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that keep an artifact from loading, from predicting the same, or from its first call."""
    return tuple(each for each in findings if each.severity in _TO_ANSWER or _fails_later(each))


def _fails_later(finding: Finding) -> bool:
    return finding.severity is Severity.NOTE and finding.stage is Stage.FIRST_CALL


def _findings(draft: Draft, target: Target) -> tuple[Finding, ...] | None:
    try:
        return to_answer(target.findings(draft.inventory(), draft.source))
    except BrokenArtifactError:
        return None


def _without(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings that are gone, or that name fewer places."""
    still = {(each.identity, each.where) for each in after}
    return tuple(each for each in before if (each.identity, each.where) not in still)


def _planned(edit: Edit, changes: tuple[Change, ...], gone: tuple[Finding, ...], target: Target) -> PlannedEdit:
    words = {"reader": target.reader_name, "writer": target.writer_name}
    return PlannedEdit(
        edit.name,
        what=edit.what.format(**words),
        because=edit.because.format(**words),
        source=edit.source,
        wrong_if=edit.wrong_if.format(**words),
        changes=changes,
        answers=gone,
        loses=edit.loses.format(**words),
        loses_loss=edit.loses_loss,
        loses_steps=edit.loses_steps,
    )
