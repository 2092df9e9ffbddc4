"""Results as properties and back: what travels from workers and into JUnit XML."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.report import user_properties
from pytest_modelcompat.report.user_properties import SummaryLine
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.result import Result, ResultContext

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import Drift


def drift(by: float) -> Drift:
    values = {"score": np.array([1.0 + by, 2.0], np.float32)}
    (found,) = compare_outputs(
        values, {"score": np.array([1.0, 2.0], np.float32)}, lambda _, __: Tolerance(0, 0.1, "marker")
    ).drifts
    return found


NOTE = Finding(Kind.MODEL_CHANGED_BY_SAVING, "h5", cause="saving changed it", severity=Severity.NOTE)
FAILED = Finding(Kind.UNKNOWN_LAYER, "Scale", cause="no such layer")
PASSED = Result(
    "test_ranker[h5]",
    "test_it/test_ranker",
    "h5",
    "local",
    (NOTE,),
    ResultContext("model.h5"),
    drifts=(drift(0.03125), drift(0.0625)),
    golden="updated",
    moved=(drift(0.25),),
    timings={"load": 0.12345},
    peak_memory=300 * 2**20,
)
BARE = Result("test_other[keras]", "test_it/test_other", "keras", "local", (FAILED,), ResultContext("model.keras"))


def test_of_a_result() -> None:
    assert user_properties.of_result(PASSED) == [
        ("modelcompat.target", "test_ranker[h5]"),
        ("modelcompat.case", "test_it/test_ranker"),
        ("modelcompat.format", "h5"),
        ("modelcompat.runtime", "local"),
        ("modelcompat.verdict", "passed"),
        ("modelcompat.golden", "updated"),
        ("modelcompat.greatest_drift", "0.0625"),
        ("modelcompat.peak_memory_mb", "300"),
        ("modelcompat.seconds_load", "0.123"),
        (
            "modelcompat.moved",
            "golden score moved by up to 0.25 in 1 of 2 elements beyond tolerance, old to new",
        ),
        ("modelcompat.note", "saving changed it"),
    ]


def test_the_drift_that_failed_is_said_not_a_greater_one_that_holds() -> None:
    """`score` fails with a small difference, as its tolerance is smaller still; `wide` holds with a greater one."""
    wide = replace(drift(0.0625), output="wide", max_abs=8.0, allowance_used=0.9)
    failing = replace(drift(0.25), allowance_used=2.5)
    reloaded = replace(BARE, drifts=(wide, failing))
    golden = replace(BARE, drifts=(drift(0.0), drift(0.03125)), golden_drifts=(wide, failing))
    for result in (reloaded, golden):
        assert dict(user_properties.of_result(result))["modelcompat.greatest_drift"] == "0.25"
    loads_not = replace(BARE, drifts=(drift(0.03125),))
    assert dict(user_properties.of_result(loads_not))["modelcompat.greatest_drift"] == "0.0312"


def test_an_item_that_runs_again_keeps_what_it_claims() -> None:
    claims = [user_properties.claim("test_it/test_ranker"), user_properties.calls_fixture("test_it")]
    noted = [("other.plugin", "x"), *claims, *user_properties.of_result(PASSED)]
    assert user_properties.without_results(noted) == noted[:3]


def test_a_warning_says_in_a_line_what_to_add_or_to_give() -> None:
    unsaved = Finding(
        Kind.ARGUMENT_NOT_SAVED,
        "Scale(factor=3.0)",
        cause="Scale(factor=3.0) is not saved",
        severity=Severity.WARNING,
        details=(("add", '"factor": self.factor'),),
    )
    needed = Finding(Kind.INPUTS_NEEDED, "train", cause="none", fix=("train=...",), severity=Severity.WARNING)
    told = user_properties.of_result(replace(PASSED, findings=(unsaved, needed)))
    assert [text for name, text in told if name == "modelcompat.warning"] == [
        'ARGUMENT NOT SAVED: Scale(factor=3.0) is not saved; add "factor": self.factor',
        "none; give them: train=...",
    ]


def test_only_plain_strings_travel() -> None:
    told = user_properties.of_result(PASSED)
    assert {type(part) for pair in told for part in pair} == {str}
    assert json.loads(json.dumps(told)) == [list(pair) for pair in told]


def test_lines_of_an_item_with_two_targets() -> None:
    told = [
        ("other.plugin", "x"),
        *user_properties.of_result(PASSED),
        ("target", "y"),
        *user_properties.of_result(BARE),
    ]
    passed, failed = user_properties.lines(told)
    assert passed == SummaryLine(
        "test_ranker[h5]",
        "test_it/test_ranker",
        drift="0.0625",
        golden="updated",
        moved=("golden score moved by up to 0.25 in 1 of 2 elements beyond tolerance, old to new",),
        notes=("saving changed it",),
    )
    assert failed == SummaryLine("test_other[keras]", "test_it/test_other", "UNKNOWN LAYER")
    assert (passed.failed, failed.failed) == (False, True)


def test_an_expected_failure_is_none() -> None:
    (line,) = user_properties.lines(user_properties.of_result(BARE), expected=True)
    assert (line.verdict, line.expected, line.failed) == ("UNKNOWN LAYER", True, False)


def test_an_item_without_targets_has_no_lines() -> None:
    assert user_properties.lines([("other.plugin", "x"), ("modelcompat.claims", "test_it/test_ranker")]) == []


def test_claims_of_items_that_ran_and_that_did_not() -> None:
    told = [user_properties.claim("test_it/test_skipped"), *user_properties.of_result(PASSED), ("case", "foreign")]
    assert user_properties.claims(told) == {"test_it/test_skipped", "test_it/test_ranker"}
