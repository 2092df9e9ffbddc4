"""The results of a pytest run as SARIF 2.1.0, which code scanning and editors show at the lines of the tests.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.report.problems import problems_of
from pytest_modelcompat.report.sarif_rules import SCHEMA, rule, rule_id

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.problems import Problem
    from pytest_modelcompat.report.repository import Repository


def run_sarif(report: Report, repository: Repository | None = None) -> str:
    """One SARIF log with a result for every problem of a case; what a test raised is a notification of the run.

    Args:
        report: of a run, or of several merged ones.
        repository: what paths are relative to; None leaves them relative to the project.
    """
    problems = problems_of(report.targets)
    found = [problem for problem in problems if problem.kind is not None]
    raised = [problem for problem in problems if problem.kind is None]
    rules = {rule_id(each.kind, each.code): rule(each.kind, each.code) for each in found if each.kind is not None}
    driver = {"name": "pytest-modelcompat", "version": own_version(), "rules": list(rules.values())}
    invocation = {
        "executionSuccessful": report.complete and not report.problems and not raised,
        "startTimeUtc": report.started.replace("+00:00", "Z"),
        "toolExecutionNotifications": [
            *(_notification(problem.text, _location(problem, repository)) for problem in raised),
            *(_notification(f"{each['nodeid']}: {each['headline']}") for each in report.problems),
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(problem, list(rules), repository) for problem in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _result(problem: Problem, rules: list[str], repository: Repository | None) -> dict[str, Any]:
    finding, targets = problem.finding, problem.targets
    assert finding is not None and problem.kind is not None  # noqa: S101, PT018 - those without are notifications
    identity = rule_id(problem.kind, problem.code)
    return {
        "ruleId": identity,
        "ruleIndex": rules.index(identity),
        "level": problem.severity,
        "message": {"text": problem.text},
        "locations": [_location(problem, repository)],
        "partialFingerprints": {"modelcompat/v1": problem.fingerprint},
        "properties": {
            "case": problem.case,
            "targets": [target["title"] for target in targets],
            "runtimes": list(dict.fromkeys(target["runtime"] for target in targets)),
        },
    }


def _notification(text: str, location: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"level": "error", "message": {"text": text}, **({"locations": [location]} if location else {})}


def _location(problem: Problem, repository: Repository | None) -> dict[str, Any]:
    file, line = problem.place(repository)
    places = problem.finding["where"] if problem.finding is not None else ()
    return {
        "physicalLocation": {"artifactLocation": _artifact_location(file), "region": {"startLine": line}},
        "logicalLocations": [
            {"fullyQualifiedName": problem.targets[0]["nodeid"], "kind": "function"},
            *({"fullyQualifiedName": place, "kind": "member"} for place in places),
        ],
    }


def _artifact_location(file: str) -> dict[str, str]:
    if PurePosixPath(file).is_absolute():
        return {"uri": f"file://{quote(file)}"}
    return {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
