"""A stored report judged again: as a run with that tolerance would, and what cannot be judged is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.tolerance import OwnComparison, Tolerance
from pytest_modelcompat.report.drift_data import drift_data
from pytest_modelcompat.report.json_report import portable
from pytest_modelcompat.report.rejudgement import holds, rejudge, rejudgement_lines
from tests.comparison.comparisons import FLOAT32, drift_of, float32, strings
from tests.report.test_json_report import a_report, a_target

EXPECTED = np.random.default_rng(0).normal(size=500).astype(np.float32)
ACTUAL = EXPECTED + np.random.default_rng(1).normal(size=500).astype(np.float32) * np.float32(1e-3)


def data(actual: Any, expected: Any, **more: Any) -> Any:
    return portable({**drift_data(drift_of(actual, expected)), **more})


def target(*drifts: Any, title: str = "test_ranker[h5]", **more: Any) -> Any:
    failed = not all(drift["holds"] for drift in drifts)
    given = {"verdict": "failed" if failed else "passed", "kinds": ["PREDICTIONS DRIFTED"] if failed else []}
    return {**a_target(title), **given, "drifts": list(drifts), **more}


def judged(given: Any, rtol: float | None = None, atol: float | None = None) -> Any:
    (found,) = rejudge(a_report(given), rtol, atol)
    return found


@pytest.mark.parametrize("rtol", [0.0, 1e-6, 1e-3, 1e-2, 1.0])
@pytest.mark.parametrize("atol", [0.0, 1e-6, 1e-4, 1e-3, 4e-3])
def test_the_answer_is_that_of_a_run(rtol: float, atol: float) -> None:
    of_a_run = drift_of(ACTUAL, EXPECTED, Tolerance(rtol, atol, "marker")).holds
    assert holds(data(ACTUAL, EXPECTED), rtol, atol) == of_a_run
    found = judged(target(data(ACTUAL, EXPECTED)), rtol, atol)
    assert (found.verdict, found.is_judged) == ("passed" if of_a_run else "failed", True)


def test_what_passes_by_a_message_passes_here() -> None:
    drift = drift_of(ACTUAL, EXPECTED)
    assert drift.passing_atol is not None
    assert holds(data(ACTUAL, EXPECTED), None, drift.passing_atol)
    assert not holds(data(ACTUAL, EXPECTED), None, drift.passing_atol * 0.98)


def test_a_target_that_passed_fails_by_less() -> None:
    close = data(float32(1.0, 2.000001), float32(1.0, 2.0))
    found = judged(target(close), 0.0, 1e-9)
    assert (found.verdict, found.reason, found.changed, found.fails) == ("failed", "beyond it: score", True, True)
    assert not judged(target(close), 1e-3, 1e-3).changed


def test_the_golden_counts_as_well() -> None:
    far = data(float32(1.0), float32(1.5))
    given = target(
        data(float32(1.0), float32(1.0)), golden_drifts=[far], verdict="failed", kinds=["PREDICTIONS DRIFTED"]
    )
    assert judged(given, 0.0, 0.1).reason == "beyond it: score (golden)"
    assert judged(given, 0.0, 1.0).verdict == "passed"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (a_target(verdict="failed"), "UNKNOWN OP, which no tolerance decides"),
        (a_target(verdict="expected"), "it failed as it was expected to"),
        (a_target(verdict="error"), "its test raised an error"),
        (a_target(verdict="skipped"), "it did not run"),
        (a_target(), "no outputs were compared"),
        (
            target(data(ACTUAL, EXPECTED), kinds=["WEIGHTS CHANGED", "PREDICTIONS DRIFTED"]),
            "WEIGHTS CHANGED, which no tolerance decides",
        ),
        (target(data(ACTUAL, EXPECTED), verdict="passed", kinds=[]), "its predictions are not checked"),
        (
            target(data(EXPECTED, EXPECTED), verdict="failed", kinds=["PREDICTIONS DRIFTED"]),
            "the figures of the output that drifted are not stored",
        ),
        (target(data(ACTUAL, EXPECTED, compared_by="topk(5)")), "score is decided by topk(5), not by a tolerance"),
        (
            target(
                {name: data(ACTUAL, EXPECTED)[name] for name in ("output", "dtype", "max_abs", "mismatched", "holds")}
            ),
            "no figures of score",
        ),
    ],
)
def test_what_cannot_be_judged_again_stays_and_is_said(given: Any, reason: str) -> None:
    found = judged(given, 1e-3, 1e-3)
    assert (found.verdict, found.reason, found.is_judged) == (
        given["verdict"],
        f"cannot be judged again: {reason}",
        False,
    )


def test_what_something_else_decides_stays_beside_what_is_judged() -> None:
    own = {**data(ACTUAL, EXPECTED, compared_by="cosine(0.9)"), "output": "logits", "holds": True}
    found = judged(target(data(EXPECTED, EXPECTED), own), 0.0, 0.0)
    assert (found.verdict, found.reason) == ("passed", "within it; logits is decided by cosine(0.9), as before")
    drift = drift_of(ACTUAL, EXPECTED)
    assert drift_data(replace(drift, own=OwnComparison(True)))["compared_by"] == "hook"


def test_nan_and_strings_are_within_no_tolerance() -> None:
    assert holds(data(float32(np.nan), float32(1.0)), 1.0, 1e9) is False
    assert holds(data(float32(np.inf), float32(1.0)), 1.0, 1e9) is False
    assert holds(data(strings("a"), strings("b")), 1.0, 1e9) is False
    assert holds(data(strings("a"), strings("a")), 0.0, 0.0) is True


def test_without_figures_a_wider_or_narrower_tolerance_says_something() -> None:
    given = data(ACTUAL, EXPECTED, figures=None)
    assert (holds(given, 1e-7, 1e-6), holds(given, 1.0, 1.0), holds(given, 1e-3, 1e-3)) == (False, True, None)
    close = data(float32(1.0, 2.000001), float32(1.0, 2.0), figures=None)
    assert (holds(close, 1e-5, None), holds(close, 1e-9, 1e-9)) == (True, None)
    # Half at a million is within the relative part alone: less of that says nothing, whatever the other is.
    great = data(float32(1e6 + 0.5), float32(1e6), figures=None)
    assert (great["holds"], holds(great, 1e-9, 1e-5), holds(great, 1e-5, 1e-5)) == (True, None, True)
    assert FLOAT32.atol == close["atol"]


def test_each_target_has_a_line() -> None:
    lines = list(rejudgement_lines(rejudge(a_report(target(data(ACTUAL, EXPECTED)), a_target("b[keras]")), 1.0, 1.0)))
    assert lines == [
        "test_ranker[h5]  failed -> passed  (within it)",
        "b[keras]         passed  (cannot be judged again: no outputs were compared)",
        "2 targets: 0 failed, 1 changed, 1 not judged again",
    ]
