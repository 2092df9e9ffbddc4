"""The ways that remain: one for every kind of finding that a check may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pytest_modelcompat
from pytest_modelcompat.migration.needs.ways import REMAINING, WAYS, remaining_way
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind

RULES = Path(pytest_modelcompat.__file__).parent / "compatibility" / "rules"
# Notes, which need no answer.
NOTES = {Kind.CLASS_NOT_SEEN}
TARGET = Target(load_profile("tf2.21"), {"keras": "2.13.1"})


def kinds_of_rules() -> set[Kind]:
    texts = (path.read_text(encoding="utf-8") for path in RULES.glob("*.py"))
    return {Kind[name] for text in texts for name in re.findall(r"\bKind\.([A-Z_]+)", text)}


def test_every_kind_that_a_rule_finds_has_one() -> None:
    assert kinds_of_rules() - NOTES <= {kind for each in REMAINING for kind in each.kinds}


def test_each_is_one_of_the_ways() -> None:
    assert {each.way for each in REMAINING} == set(WAYS)


def test_the_last_of_a_kind_is_for_all_others() -> None:
    last = {kind: each for each in REMAINING for kind in each.kinds}
    assert [kind for kind, each in last.items() if each.when] == []


@pytest.mark.parametrize(
    ("kind", "subject", "way"),
    [
        (Kind.UNKNOWN_LAYER, "Scale", "code"),
        (Kind.UNKNOWN_LAYER, "shop>Dense", "code"),
        (Kind.UNKNOWN_LAYER, "TFOpLambda", "runtime"),
        (Kind.UNKNOWN_OBJECT, "clipped", "code"),
        (Kind.SEMANTICS_CHANGED, "hard_sigmoid", "code"),
        (Kind.SEMANTICS_CHANGED, "LeakyReLU", "runtime"),
        (Kind.VOCABULARY_LOST, "vocabulary", "data"),
        (Kind.PYTHON_FUNCTION, "PyFunc", "code"),
        (Kind.HOOK_FAILED, "of no rule", "runtime"),
    ],
)
def test_of_a_finding(kind: Kind, subject: str, way: str) -> None:
    assert remaining_way(Finding(kind, subject), TARGET).way == way
