"""Static verdicts in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_modelcompat.artifacts import Inventory
from pytest_modelcompat.compatibility.verdict import CompatibilityResult
from pytest_modelcompat.report.compatibility import check_page, compatibility_text
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


def test_a_verdict_says_how_much_of_it_was_never_observed() -> None:
    result = CompatibilityResult(Path("m.h5"), "tf2.21", unobserved=("layer Dense", "layer Dense.units=int"))
    assert compatibility_text(result) == "loads (2 constructs never observed)"
    assert compatibility_text(replace(result, unobserved=("layer Dense",))) == "loads (1 construct never observed)"
    assert compatibility_text(replace(result, findings=UNSEEN)).endswith("configuration (2 constructs never observed)")


def test_a_page_names_what_was_never_observed() -> None:
    result = CompatibilityResult(Path("m.h5"), "tf2.21", unobserved=tuple(f"layer L{number}" for number in range(7)))
    page = list(check_page(Inventory(Path("m.h5"), "h5"), [result]))
    assert "  never observed: layer L0, layer L1, layer L2, layer L3, layer L4 and 2 more" in page
