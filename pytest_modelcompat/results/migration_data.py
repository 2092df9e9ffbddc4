"""What becomes of an artifact that is migrated, as plain data: for JSON, and for the file beside what was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.kind_codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.results.migration import MigrationResult, Need, PlannedEdit, Proof


def result_data(result: MigrationResult) -> dict[str, Any]:
    """One artifact: `path`, `runtime`, `outcome`, what was planned, how it was proven, what was written."""
    plan = result.plan
    return {
        "path": str(result.path),
        "runtime": result.runtime,
        "outcome": result.outcome.value,
        "problem": result.problem,
        "is_earlier": result.is_earlier,
        "written": str(result.written) if result.written else None,
        "format": plan.format if plan else None,
        "target": str(plan.target) if plan else None,
        "way": plan.way.value if plan else None,
        "through": plan.through if plan else "",
        "saved_by": dict(plan.saved_by) if plan else {},
        "findings": found_data(plan.findings) if plan else [],
        "edits": [edit_data(each) for each in plan.edits] if plan else [],
        "needs": [need_data(each) for each in plan.needs] if plan else [],
        "proof": proof_data(result.proof),
    }


def edit_data(edit: PlannedEdit) -> dict[str, Any]:
    """One edit: its sentences, the places that it changes, and the findings that it answers."""
    return {
        "name": edit.name,
        "what": edit.what,
        "because": edit.because,
        "source": edit.source,
        "wrong_if": edit.wrong_if,
        "loses": edit.loses,
        "changes": [asdict(each) for each in edit.changes],
        "answers": found_data(edit.answers),
    }


def need_data(need: Need) -> dict[str, Any]:
    """What an artifact still needs: the finding, the way that remains, what is to be pasted and declared."""
    return {
        **found_data([need.finding])[0],
        "cause": need.finding.cause,
        "way": need.way,
        "text": need.text,
        "paste": list(need.paste),
        "options": [list(each) for each in need.options],
    }


def proof_data(proof: Proof | None) -> dict[str, Any] | None:
    """How what was written was compared with the old artifact; None where nothing was."""
    if proof is None:
        return None
    return {
        "holds": proof.holds,
        "problem": proof.problem,
        "old": proof.old,
        "new": proof.new,
        "inputs": proof.inputs,
        "figures": dict(proof.figures),
        "weights": proof.weights,
        "training": proof.training,
        "details": dict(proof.details),
    }


def found_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings in short: `kind`, `kind_code`, `subject`, `where`."""
    return [
        {
            "kind": each.kind.value,
            "kind_code": CODES[each.kind],
            "subject": each.subject,
            "where": list(each.where),
        }
        for each in findings
    ]
