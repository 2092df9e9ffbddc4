"""Migrations as text."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_modelcompat.report.migration import migration_line, migration_page, migration_summary, provenance_lines
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.migration import Change, MigrationResult, Need, Outcome, Plan, PlannedEdit, Proof, Way

FINDING = Finding(Kind.UNKNOWN_ARGUMENT, "GRU(time_major=…)")
CHANGES = tuple(Change(f'"gru_{number}"', before="time_major=false") for number in range(8))
EDIT = PlannedEdit("drop", "what it changes", "why", "keras-team/keras#1", "when", CHANGES, (FINDING,), "its slots")
NEED = Need(
    Finding(Kind.UNKNOWN_LAYER, "Scale", where=('"scale"',), cause="it is not declared"),
    "code",
    "declare it",
    ("class Scale:", "    pass", ""),
    (("--custom", "legacy.py:Scale"),),
)
PLAN = Plan(Path("a b.h5"), "tf2.21", "h5", Path("a b.tf2.21.h5"), Way.EDITS, (EDIT,), findings=(FINDING, FINDING))
RESULT = MigrationResult(PLAN.path, "tf2.21", Outcome.PLANNED, PLAN)
DRIFT = Proof("tf2.13", "tf2.21", "2 rows", {"score": "0.2 (allowed 1e-05)"}, problem="the outputs drift")


def page(result: MigrationResult, *, in_full: bool = False) -> str:
    return "\n".join(migration_page(result, in_full=in_full))


def test_a_plan_in_full_explains_each_edit() -> None:
    text = page(RESULT, in_full=True)
    for line in (
        "drop: what it changes",
        '  changes    "gru_0": time_major=false is dropped',
        "             and 2 more places",
        "  answers    UNKNOWN ARGUMENT GRU(time_major=…)",
        "  because    why",
        "  lost       its slots",
        "  source     keras-team/keras#1",
        "  wrong if   when",
        "  found      2 findings: 2 UNKNOWN ARGUMENT",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change("x", "a=1", "b=1"), "x: a=1 -> b=1"),
        (Change("x", after="b=1"), "x: b=1 is added"),
        (Change("x"), "x"),
    ],
)
def test_a_change_says_what_it_does(change: Change, text: str) -> None:
    plan = replace(PLAN, edits=(replace(EDIT, changes=(change,)),))
    assert f"  changes    {text}" in page(replace(RESULT, plan=plan), in_full=True).splitlines()


def test_what_was_done_names_edits_and_proof() -> None:
    proof = Proof("tf2.13", "tf2.21", "2 rows", {"score": "1e-08 (allowed 1e-05)"}, "6 of 6 are the same")
    text = page(replace(RESULT, outcome=Outcome.PROVEN, proof=proof, written=PLAN.target))
    assert text.splitlines() == [
        "a b.h5: migrated to tf2.21 and proven",
        "",
        "  found      2 findings: 2 UNKNOWN ARGUMENT",
        "  edits      drop: 8 places",
        "  lost       its slots",
        "  loaded in  tf2.13 (the old one), tf2.21 (the new one)",
        "  inputs     2 rows",
        "  outputs    score: 1e-08 (allowed 1e-05)",
        "  weights    6 of 6 are the same",
        "  written    a b.tf2.21.h5",
    ]


def test_what_is_not_proven_says_why() -> None:
    written = Path("a b.tf2.21.h5.unproven")
    result = replace(RESULT, outcome=Outcome.UNPROVEN, proof=DRIFT, written=written)
    assert "  unproven   the outputs drift" in page(result).splitlines()
    assert migration_line(result).endswith("unproven       a b.tf2.21.h5.unproven: the outputs drift")


def test_code_is_printed_from_the_first_column_on_and_the_command_can_be_pasted() -> None:
    result = replace(RESULT, outcome=Outcome.NEEDS, plan=replace(PLAN, needs=(NEED, NEED)))
    lines = page(result).splitlines()
    assert "class Scale:" in lines
    (command,) = [line.removeprefix("  then").strip() for line in lines if line.startswith("  then")]
    assert shlex.split(command)[2:] == ["a b.h5", "--runtime", "tf2.21", "--custom", "legacy.py:Scale"]


def test_a_summary_has_each_cause_once() -> None:
    needs = replace(RESULT, outcome=Outcome.NEEDS, plan=replace(PLAN, needs=(NEED,)))
    lines = list(migration_summary([needs, replace(needs, path=Path("b.h5")), RESULT], with_needs=True))
    assert lines[1] == "NEEDS YOUR CODE  UNKNOWN LAYER Scale: 2 artifacts"
    assert "  in         a b.h5, b.h5" in lines
    assert lines.count("class Scale:") == 1
    assert lines[-1] == "3 artifacts for tf2.21: 1 planned, 2 needs you"


def test_an_earlier_run_is_named() -> None:
    result = MigrationResult(PLAN.path, "tf2.21", Outcome.PROVEN, written=PLAN.target, is_earlier=True)
    assert migration_line(result).endswith("a b.tf2.21.h5 (an earlier run)")
    assert "by an earlier run" in page(result)


def test_a_record_is_one_line() -> None:
    data = {"source": {"name": "a.h5"}, "runtime": "tf2.21", "outcome": "proven", "edits": [{"name": "drop"}]}
    assert list(provenance_lines({**data, "through": "tf2.15"}, is_unchanged=True)) == [
        "  migrated   from a.h5 to tf2.21, proven, saved again in tf2.15, by drop"
    ]
