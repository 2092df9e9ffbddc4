"""Merging the reports of several jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.merge import merge_reports
from tests.report.test_json_report import a_report, a_target

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report

EARLY, LATE = "2026-03-01T10:00:00.000+00:00", "2026-03-01T11:00:00.000+00:00"
NEW = {"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
OLD = {"keras": "2.15.0", "tensorflow": "2.15.1", "python": "3.11.7"}


def cells(report: Report) -> list[tuple[str, str, str]]:
    return [(target["title"], target["runtime"], target["verdict"]) for target in report.targets]


def test_jobs_with_a_runtime_each() -> None:
    one = a_report(
        a_target(runtime="tf2.15"), runtimes={"tf2.15": OLD}, started=LATE, seconds=3.0, stale=("gone", "moved")
    )
    two = a_report(
        a_target(runtime="tf2.21", verdict="failed"),
        runtimes={"tf2.21": NEW},
        started=EARLY,
        stale=("moved", "other"),
        complete=False,
    )
    merged, replaced = merge_reports([one, two])
    assert replaced == 0
    assert cells(merged) == [
        ("test_ranker[h5-tf2.15]", "tf2.15", "passed"),
        ("test_ranker[h5-tf2.21]", "tf2.21", "failed"),
    ]
    assert merged.runtimes == {"tf2.15": OLD, "tf2.21": NEW}
    assert (merged.started, merged.seconds, merged.project) == (EARLY, 5.0, "shop")
    assert merged.stale == ("moved",)
    assert merged.complete is False


def test_of_a_target_in_two_the_later_run_wins_whatever_the_order() -> None:
    early = a_report(a_target(runtime="tf2.4", verdict="failed"), runtimes={"tf2.4": OLD}, started=EARLY)
    late = a_report(a_target(runtime="tf2.4"), runtimes={"tf2.4": NEW}, started=LATE)
    for reports in ([early, late], [late, early]):
        merged, replaced = merge_reports(reports)
        assert cells(merged) == [("test_ranker[h5-tf2.4]", "tf2.4", "passed")]
        assert merged.runtimes == {"tf2.4": NEW}
        assert replaced == 1
    again, _ = merge_reports([merge_reports([late])[0], early])
    assert cells(again) == [("test_ranker[h5-tf2.4]", "tf2.4", "passed")]


def test_a_later_run_that_loaded_nothing_leaves_the_versions() -> None:
    early = a_report(a_target(runtime="tf2.4"), runtimes={"tf2.4": OLD}, started=EARLY)
    late = a_report(a_target(runtime="tf2.4", verdict="error"), runtimes={"tf2.4": {}}, started=LATE)
    assert merge_reports([early, late])[0].runtimes == {"tf2.4": OLD}


def test_a_frozen_artifact_and_a_call_of_another_format_are_targets_of_their_own() -> None:
    call = {"nodeid": "test_it.py::test_call", "case": "test_it/test_call"}
    targets = (
        a_target("test_ranker[h5]"),
        a_target("test_ranker[h5:v1.2]"),
        a_target("test_call[h5]", **call),
        a_target("test_call[keras]", **call),
    )
    assert len(merge_reports([a_report(*targets), a_report(targets[0])])[0].targets) == 4


def test_local_is_distinguished_where_it_is_not_the_same() -> None:
    def local(made: Any, **more: Any) -> Report:
        return a_report(a_target(), runtimes={"local": made}, **more)

    merged, replaced = merge_reports([local(NEW), local(OLD)])
    assert list(merged.runtimes) == ["local (TensorFlow 2.21.0)", "local (TensorFlow 2.15.1)"]
    assert (len(merged.targets), replaced) == (2, 0)

    again, replaced = merge_reports([merged, local(OLD, started=LATE), local({**NEW, "python": "3.13.1"})])
    assert list(again.runtimes) == [
        "local (TensorFlow 2.21.0, Python 3.11.7)",
        "local (TensorFlow 2.15.1, Python 3.11.7)",
        "local (TensorFlow 2.21.0, Python 3.13.1)",
    ]
    assert (len(again.targets), replaced) == (3, 1)

    same, replaced = merge_reports([local(NEW), local(NEW)])
    assert (list(same.runtimes), len(same.targets), replaced) == (["local"], 1, 1)
    unknown, _ = merge_reports([local(NEW), local({})])
    assert list(unknown.runtimes) == ["local (TensorFlow 2.21.0)", "local (nothing loaded)"]


def test_problems_of_all_are_kept_once() -> None:
    broken, dead = {"nodeid": "a.py", "headline": "x"}, {"nodeid": "b.py", "headline": "y"}
    merged, _ = merge_reports([a_report(problems=(broken,)), a_report(problems=(broken, dead), project="shop2")])
    assert merged.problems == (broken, dead)
    assert merged.project == "shop, shop2"
