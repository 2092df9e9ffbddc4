"""The SARIF of a pytest run, against the schema of SARIF 2.1.0."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.report.repository import Repository
from pytest_modelcompat.report.sarif_rules import rule
from pytest_modelcompat.report.sarif_run import run_sarif
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import page_url
from tests.report.report_data import DRIFT, LOST, SCALE, failing, raising
from tests.report.test_json_report import a_report
from tests.sarif_schema import problems_of_log

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report

REPOSITORY = Repository(Path("/repo"), Path("/repo/services/my ml"))


def run_of(report: Report, repository: Repository | None = REPOSITORY) -> Any:
    (run,) = json.loads(run_sarif(report, repository))["runs"]
    return run


def test_the_schema_finds_what_is_wrong() -> None:
    log = json.loads(run_sarif(a_report(failing("test_a[h5]", SCALE))))
    log["runs"][0]["results"][0]["level"] = "grave"
    del log["runs"][0]["tool"]["driver"]["name"]
    assert [each.partition(":")[0] for each in problems_of_log(json.dumps(log))] == [
        "$.runs[0].tool.driver",
        "$.runs[0].results[0].level",
    ]


def test_logs_are_valid() -> None:
    old = failing("test_a[h5]", SCALE)
    del old["file"], old["line"]
    problems = ({"nodeid": "tests/test_z.py", "headline": "SyntaxError: invalid syntax"},)
    outside = failing("test_b[h5]", replace(DRIFT, where=()), file="/opt/zoo/mödels.py")
    full = a_report(old, outside, failing("test_c[keras]", LOST), raising("test_d[h5]", "OSError"), problems=problems)
    for report in (full, a_report()):
        for repository in (REPOSITORY, None):
            assert problems_of_log(run_sarif(report, repository)) == []


def test_a_result_for_each_finding_of_a_case_at_its_test() -> None:
    run = run_of(
        a_report(
            failing("test_a[h5]", SCALE, LOST),
            failing("test_a[keras]", SCALE, DRIFT),
            failing("test_b[h5]", SCALE, line=20),
            failing("test_c[h5]", SCALE, verdict="expected"),
        )
    )
    rules = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert rules == ["unknown-layer", "argument-not-saved", "predictions-drifted"]
    found = [(each["ruleId"], each["level"], each["properties"]["targets"]) for each in run["results"]]
    assert found == [
        ("unknown-layer", "error", ["test_a[h5]", "test_a[keras]"]),
        ("argument-not-saved", "warning", ["test_a[h5]"]),
        ("predictions-drifted", "error", ["test_a[keras]"]),
        ("unknown-layer", "error", ["test_b[h5]"]),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    first, *_, last = (each["locations"][0]["physicalLocation"] for each in run["results"])
    assert first == {
        "artifactLocation": {"uri": "services/my%20ml/tests/test_it.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    assert last["region"] == {"startLine": 20}
    assert run["results"][0]["message"]["text"] == (
        'test_a[h5], test_a[keras]: unknown layer Scale ("scale_1", third of 5 layers): Keras 3.15 has no layer of '
        "this name, and the test declares none\nFix: from shop.layers import Scale\n"
        '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'
    )


def test_fingerprints_are_those_of_the_run_before_and_tell_problems_apart() -> None:
    def prints(*targets: Any) -> list[str]:
        run = run_of(a_report(*targets))
        return [result["partialFingerprints"]["modelcompat/v1"] for result in run["results"]]

    before = prints(failing("test_a[h5]", SCALE, DRIFT), failing("test_b[h5]", SCALE))
    assert len(set(before)) == len(before) == 3
    moved = replace(SCALE, cause="said in other words", where=(), fix=("something else",))
    worse = replace(DRIFT, cause="99 of 32 elements differ")
    assert prints(failing("test_a[keras]", moved, worse, line=99), failing("test_b[h5]", SCALE)) == before


def test_what_a_test_raises_and_what_was_not_collected_are_notifications() -> None:
    problems = ({"nodeid": "tests/test_z.py", "headline": "SyntaxError: invalid syntax"},)
    run = run_of(a_report(raising("test_a[h5]", "OSError: no data"), problems=problems))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    raised, unseen = invocation["toolExecutionNotifications"]
    assert raised["message"]["text"] == "test_a[h5]: OSError: no data"
    assert raised["locations"][0]["physicalLocation"]["region"] == {"startLine": 9}
    assert unseen["message"]["text"] == "tests/test_z.py: SyntaxError: invalid syntax"
    assert run_of(a_report(failing("test_a[h5]", SCALE)))["invocations"][0]["executionSuccessful"] is True


def test_paths_without_a_repository_and_reports_of_an_earlier_version() -> None:
    old = failing("test_a[h5]", SCALE)
    del old["file"], old["line"]
    outside = failing("test_b[h5]", SCALE, file="/opt/zoo/mödels.py")
    run = run_of(a_report(old, outside), None)
    places = [each["locations"][0]["physicalLocation"] for each in run["results"]]
    assert places == [
        {"artifactLocation": {"uri": "test_it.py", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}},
        {"artifactLocation": {"uri": "file:///opt/zoo/m%C3%B6dels.py"}, "region": {"startLine": 7}},
    ]


def test_every_kind_has_a_rule_with_a_sentence_and_a_page() -> None:
    assert all(rule(kind)["shortDescription"]["text"] for kind in Kind)
    for kind in Kind:
        made = rule(kind)
        assert made["helpUri"] == page_url(kind)
        assert made["shortDescription"]["text"].endswith(".")
        assert made["shortDescription"]["text"][0].isupper()
