"""Targets with findings, as they stand in a report."""

from __future__ import annotations

from typing import Any

from pytest_modelcompat.report.json_data import finding_data
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from tests.report.test_json_report import a_target

SCALE = Finding(
    Kind.UNKNOWN_LAYER,
    "Scale",
    where=('"scale_1", third of 5 layers',),
    cause="Keras 3.15 has no layer of this name, and the test declares none",
    fix=("from shop.layers import Scale", '@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'),
)
DRIFT = Finding(
    Kind.PREDICTIONS_DRIFTED,
    "score",
    cause="12 of 32 elements differ, by up to 3.1e-03",
    details=(("mismatch", "12 of 32 elements\nup to 3.1e-03"), ("worst", "[0, 0] is 1.0"), ("reloaded", "is equal")),
)
LOST = Finding(
    Kind.ARGUMENT_NOT_SAVED, "Huber(delta=3.0)", cause="get_config() does not return it", severity=Severity.WARNING
)


def failing(label: str, *findings: Finding, runtime: str = "local", **more: Any) -> Any:
    """A target that fails of some findings, at line 7 of its file unless something else is said."""
    found = [finding_data(finding) for finding in findings]
    kinds = list(dict.fromkeys(finding.kind.value for finding in findings if finding.severity is Severity.ERROR))
    given = {"file": "tests/test_it.py", "line": 7, "verdict": "failed" if kinds else "passed", **more}
    return a_target(label, runtime, **{"findings": found, "kinds": kinds, **given})


def raising(label: str, headline: str, **more: Any) -> Any:
    """A target whose test raised."""
    given = {"verdict": "error", "headline": headline, "kinds": [], "file": "tests/test_it.py", "line": 9, **more}
    return a_target(label, **given)
