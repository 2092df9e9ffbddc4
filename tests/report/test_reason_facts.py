"""The drift and the fix of a reason why targets failed."""

from __future__ import annotations

from typing import Any

from pytest_modelcompat.report.matrix import reason_lines
from pytest_modelcompat.report.reason_facts import fact_lines
from tests.report.test_json_report import a_target


def a_drift(output: str, max_abs: Any, *, holds: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "output": output,
        "max_abs": max_abs,
        "mismatched": 0 if holds else 3,
        "total": 4,
        "holds": holds,
        "rtol": 1.3e-6,
        "atol": 1e-5,
        "compared_by": None,
        **more,
    }


def a_finding(*fix: str, severity: str = "error") -> dict[str, Any]:
    return {"severity": severity, "fix": list(fix)}


def test_the_drift_that_failed_is_said_and_not_a_greater_one_that_holds() -> None:
    target = a_target(verdict="failed", drifts=[a_drift("wide", 7.0, holds=True), a_drift("score", 0.25)])
    allowed = "(allowed rtol=1.3e-06, atol=1e-05)"
    assert fact_lines([target]) == [
        f"  drift      score: 3 of 4 elements differ, greatest absolute difference 0.25 {allowed}"
    ]


def test_of_a_golden_where_the_reloaded_outputs_hold() -> None:
    target = a_target(verdict="failed", drifts=[a_drift("score", 0.0, holds=True)], golden_drifts=[a_drift("score", 2)])
    assert "greatest absolute difference 2 " in fact_lines([target])[0]


def test_the_greatest_of_several_targets_is_named_with_its_target() -> None:
    one = a_target(verdict="failed", drifts=[a_drift("score", 0.25)])
    other = a_target("test_tagger[h5]", verdict="failed", drifts=[a_drift("tag", "inf", compared_by="topk(1)")])
    assert fact_lines([one, other]) == [
        "  drift      tag in test_tagger[h5]: 3 of 4 elements differ, greatest absolute difference inf, by topk(1)"
    ]


def test_a_fix_of_all_is_said_once_and_one_of_its_own_names_its_target() -> None:
    one = a_target(verdict="failed", findings=[a_finding("a", "b"), a_finding("no", severity="note")])
    other = a_target("test_tagger[h5]", verdict="failed", findings=[a_finding("c")])
    assert fact_lines([one, one]) == ["  fix        a", "             b"]
    assert fact_lines([one, other])[:2] == ["  fix        # test_ranker[h5] in local", "             a"]
    both = a_target(verdict="failed", findings=[a_finding("a", "b"), a_finding("as above"), a_finding("c")])
    assert fact_lines([both, both]) == ["  fix        a", "             b", "  fix        c"]
    assert fact_lines([both, other])[-2:] == ["             b", "  fix        c"]
    more = a_target("test_plain[h5]", verdict="failed")
    assert fact_lines([one, more])[0] == "  fix        # test_ranker[h5] in local"
    many = [a_target(verdict="failed", findings=[a_finding(str(number))]) for number in range(5)]
    assert fact_lines(many)[-1] == "             and 2 more for other targets; --json has all"


def test_a_report_of_an_earlier_version_has_neither() -> None:
    target = a_target(verdict="failed")
    assert fact_lines([target, {**target, "golden_drifts": []}]) == []


def test_they_stand_below_the_places() -> None:
    target = a_target(verdict="failed", findings=[a_finding("record it")])
    assert reason_lines([target]) == [
        "UNKNOWN OP: it has no op Erf",
        "  test_ranker[h5] in local",
        "  fix        record it",
    ]
