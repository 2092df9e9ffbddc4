"""Static verdicts in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.compatibility.verdict import CompatibilityResult
from pytest_modelcompat.report.compatibility import compatibility_text
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

UNSEEN = tuple(Finding(Kind.CLASS_NOT_SEEN, name, severity=Severity.NOTE) for name in ("Scale", "Shift"))
NEEDED = Finding(Kind.PACKAGE_NEEDED, "keras_hub", severity=Severity.NOTE)
FAILURE = Finding(Kind.UNKNOWN_LAYER, "Shift", stage=Stage.CONFIG)


@pytest.mark.parametrize(
    ("findings", "text"),
    [
        ((), "loads"),
        (UNSEEN[:1], "loads, if Scale takes its configuration"),
        (UNSEEN, "loads, if Scale and Shift take their configuration"),
        ((NEEDED,), "loads, if keras_hub is installed"),
        ((*UNSEEN[:1], NEEDED), "loads, if Scale takes its configuration and keras_hub is installed"),
        ((*UNSEEN[:1], FAILURE), "fails at config"),
    ],
)
def test_a_verdict_in_words(findings: tuple[Finding, ...], text: str) -> None:
    assert compatibility_text(CompatibilityResult(Path("model.keras"), "tf2.21", findings)) == text
