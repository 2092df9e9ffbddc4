"""The results of a pytest run as a Code Quality report, which GitLab shows in merge requests.

The format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.compatibility.unsafe.rules import RULES
from pytest_modelcompat.report.problems import TEST_ERROR, problems_of
from pytest_modelcompat.report.sarif_rules import rule_id

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.problems import Problem
    from pytest_modelcompat.report.repository import Repository

_SEVERITIES = {"error": "major", "warning": "minor"}
_OF_UNSAFE_CONTENT = {"high": "critical", "medium": "major", "low": "minor"}


def is_code_quality_name(name: str) -> bool:
    """Whether a file's name asks for this format: `gl-code-quality-report.json`, as GitLab's documentation calls it."""
    plain = name.lower().replace("-", "").replace("_", "")
    return plain.endswith(".json") and "codequality" in plain


def code_quality(report: Report, repository: Repository | None = None) -> str:
    """An array with an object for every problem of a case; GitLab shows those that the target branch does not have.

    Args:
        report: of a run, or of several merged ones.
        repository: what paths are relative to; None leaves them relative to the project.
    """
    return json.dumps([_entry(problem, repository) for problem in problems_of(report.targets)], indent=1)


def _entry(problem: Problem, repository: Repository | None) -> dict[str, Any]:
    path, line = problem.place(repository)
    return {
        "description": problem.text,
        "check_name": rule_id(problem.kind, problem.code) if problem.kind is not None else TEST_ERROR,
        "fingerprint": problem.fingerprint,
        "severity": _severity(problem),
        "location": {"path": path, "lines": {"begin": line}},
    }


def _severity(problem: Problem) -> str:
    rule = RULES.get(problem.code)
    return _OF_UNSAFE_CONTENT[rule.severity] if rule is not None else _SEVERITIES[problem.severity]
