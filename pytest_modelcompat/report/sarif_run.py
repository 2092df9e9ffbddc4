"""The results of a pytest run as SARIF 2.1.0.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.versions import own_version
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.matrix import kind_of

if TYPE_CHECKING:
    from pytest_modelcompat.report.json_report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def run_sarif(report: Report) -> str:
    """One SARIF log with a result for every target that fails.

    Args:
        report: of a run, or of several merged ones.
    """
    results = [
        {
            "ruleId": (kind_of(target) or "test error").lower().replace(" ", "-"),
            "level": "error",
            "message": {"text": str(target["headline"] or target["title"])},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": target["nodeid"].partition("::")[0]}}}],
        }
        for target in report.targets
        if fails(target)
    ]
    driver = {"name": "pytest-modelcompat", "version": own_version()}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=1) + "\n"
