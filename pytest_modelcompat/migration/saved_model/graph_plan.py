"""The plan for a SavedModel: which edits answer which findings of `check`, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.text import counted
from pytest_modelcompat.migration.saved_model.graph_changes import CAPTURED_TENSORS, OP, SLOT_VARIABLES
from pytest_modelcompat.migration.saved_model.graph_draft import GRAPH_FILE, GraphDraft
from pytest_modelcompat.migration.saved_model.graph_edits import EDITS
from pytest_modelcompat.migration.saved_model.graph_needs import need_of_graph, tensorflow_name
from pytest_modelcompat.results.finding import Severity
from pytest_modelcompat.results.migration import Change, PlannedEdit

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.migration.saved_model.graph_changes import Place
    from pytest_modelcompat.migration.saved_model.graph_edit import GraphEdit
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.migration import Need

_TO_ANSWER = (Severity.ERROR, Severity.CHANGE)


@dataclass(frozen=True)
class SavedModelPlan:
    """What edits make of a SavedModel.

    Args:
        draft: what is to be written; None where its graph is text, which no edit changes.
        edits: those that apply, in order.
        findings: what `check` says of the artifact as it is.
        left: what it still says of the draft.
        needs: what remains to be done by others, one for each of `left`.
    """

    draft: GraphDraft | None
    edits: tuple[PlannedEdit, ...]
    findings: tuple[Finding, ...]
    left: tuple[Finding, ...]
    needs: tuple[Need, ...]


def plan_saved_model(inventory: Inventory, target: Target, edits: Sequence[GraphEdit] = EDITS) -> SavedModelPlan:
    """Find the edits that answer what keeps a SavedModel from a runtime.

    Each edit is tried; it stays if a finding is gone with it. So nothing is changed in a SavedModel that loads.

    Args:
        inventory: of a SavedModel.
        target: the runtime.
        edits: in the order in which they are tried.

    Raises:
        BrokenArtifactError: the file of its graph is damaged.
    """
    found = _to_answer(target.findings(inventory))
    if not (inventory.path / GRAPH_FILE).is_file():
        return SavedModelPlan(
            None, (), found, found, tuple(need_of_graph(each, target, is_text=True) for each in found)
        )
    draft, left = GraphDraft.of(inventory), found
    planned: list[PlannedEdit] = []
    for edit in edits if found else ():
        tried = _tried(draft, edit, target)
        after = left if tried is None else _to_answer(target.findings(tried.inventory))
        gone = _without(left, after)
        if tried is not None and gone:
            planned.append(_planned(edit, tried.places - draft.places, gone, target))
            draft, left = tried, after
    return SavedModelPlan(draft, tuple(planned), found, left, tuple(need_of_graph(each, target) for each in left))


def _tried(draft: GraphDraft, edit: GraphEdit, target: Target) -> GraphDraft | None:
    changes = edit.change(draft, target)
    if changes is None:
        return None
    tried = draft.with_changes(changes)
    try:
        return tried if tried.places - draft.places and tried.inventory else None
    except (BrokenArtifactError, ValueError):
        return None


def _to_answer(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if each.severity in _TO_ANSWER)


def _without(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings that are gone, or that name fewer places."""
    still = {(each.identity, each.where) for each in after}
    return tuple(each for each in before if (each.identity, each.where) not in still)


def _planned(edit: GraphEdit, places: Counter[Place], gone: tuple[Finding, ...], target: Target) -> PlannedEdit:
    words = {"reader": tensorflow_name(target), "writer": _writer_name(target)}
    return PlannedEdit(
        edit.name,
        what=edit.what.format(**words),
        because=edit.because.format(**words),
        source=edit.source,
        wrong_if=edit.wrong_if.format(**words),
        changes=tuple(_change(place, count) for place, count in sorted(places.items())),
        answers=gone,
        loses=edit.loses.format(**words),
    )


def _writer_name(target: Target) -> str:
    version = target.saved_by.get("tensorflow", "")
    return f"TensorFlow {version}" if version else "the TensorFlow that wrote it"


def _change(place: Place, count: int) -> Change:
    if place.what == SLOT_VARIABLES:
        return Change("the object graph", f"{counted(count, 'slot variable')} of an optimizer")
    if place.what == CAPTURED_TENSORS:
        return Change("the object graph", counted(count, "captured tensor"))
    where = f"{counted(count, 'node')} {place.op}"
    if place.what == OP:
        return Change(where, place.op, place.value)
    return Change(where, f"{place.attribute}={place.value}" if place.value else place.attribute)
