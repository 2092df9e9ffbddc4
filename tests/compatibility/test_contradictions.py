"""No rule prints a text that contradicts itself, what is declared, whose class it is, or what would help.

Every row's artifact is judged in versions of every kind, not only where the row says that it fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.advice import held_to_facts, recommended_runtime
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.profiles.known_names import is_keras_name
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind
from tests.compatibility.test_check import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.profiles.profile import Profile
    from tests.compatibility.rows import Row

RUNTIMES = ("tf2.4", "tf2.10", "tf2.13", "tf2.15", "tf2.16", "tf2.18", "tf2.21", "tf2.21+tf_keras")
# One version has it and has it not: the same minor version on both sides.
HAS_AND_HAS_NOT = re.compile(r"Keras (\d+\.\d+)[\d.]* has no [^;]*; Keras \1(?:\.\d+)*, which wrote it, has")
DECLARED_NOWHERE = re.compile(r"(?:is not|nothing is|none is) declared")
FOR_AUTHORS = re.compile(r"def (?:__init__|get_config|build|call)\b|get_config\(\) (?:to|that)|a build\(\)")
SWITCH = re.compile(r"unsafe|safe_mode")
MADE_BY_HAND = [row for row in ROWS if not isinstance(row.artifact, str)]


def contradictions(finding: Finding, custom: tuple[str, ...]) -> list[str]:
    """What a finding says against itself, against what is declared, and of code that nobody but Keras can change."""
    fix = "\n".join(finding.fix)
    is_declared = finding.subject in custom or finding.subject.rpartition(">")[2] in custom
    found = {
        "one version has it and has it not": HAS_AND_HAS_NOT.search(finding.cause),
        "what is declared is not": is_declared and DECLARED_NOWHERE.search(finding.cause),
        "has advice for the author of Keras' own class": is_keras_name("object", finding.subject)
        and FOR_AUTHORS.search(fix),
        "declares what is": is_declared and f"{finding.subject}=" in fix,
    }
    return [what for what, is_so in found.items() if is_so]


@pytest.mark.parametrize(
    ("subject", "cause", "fix"),
    [
        ("hard_silu", "Keras 2.15 has no activation of this name; Keras 2.15.0, which wrote it, has", "save it again"),
        ("Scale", "Keras 3.15 has no layer of this name, and it is not declared", "save it again"),
        ("Scale", "its module is gone", "--custom Scale=shop.layers:Scale"),
        ("Dense", "it takes no such argument", "def get_config(self):"),
        ("LSTM", "its weights are not found", "give the layer a build()"),
    ],
)
def test_a_contradiction_is_seen(subject: str, cause: str, fix: str) -> None:
    assert contradictions(Finding(Kind.UNKNOWN_LAYER, subject, cause=cause, fix=(fix,)), ("Scale",))


@pytest.fixture
def inventory_of(tmp_path: Path) -> Callable[[Row], Inventory]:
    def read(row: Row) -> Inventory:
        assert not isinstance(row.artifact, str)
        return read_inventory(row.artifact(tmp_path))

    return read


@pytest.mark.parametrize("row", MADE_BY_HAND, ids=lambda row: row.id)
class TestOfARow:
    def test_no_text_contradicts_itself(self, row: Row, inventory_of: Callable[[Row], Inventory]) -> None:
        inventory = inventory_of(row)
        for profile in map(load_profile, RUNTIMES):
            for custom in ((), row.custom, (*row.custom, *row.declared)):
                result = check_compatibility(inventory, profile, custom=custom, safe_mode=not row.unsafe)
                assert [
                    (each.cause, found) for each in result.findings if (found := contradictions(each, custom))
                ] == []

    def test_a_switch_that_helps_is_said_before_a_version(
        self, row: Row, inventory_of: Callable[[Row], Inventory]
    ) -> None:
        inventory = inventory_of(row)
        for profile in map(load_profile, RUNTIMES):
            for finding in _of_refused(inventory, profile, row):
                versions = [number for number, line in enumerate(finding.fix) if recommended_runtime(line)]
                switches = [
                    number for number, line in enumerate(finding.fix) if "unsafe" in line or "safe_mode" in line
                ]
                assert not versions or (switches and switches[0] < versions[0]), finding.fix


def _of_refused(inventory: Inventory, profile: Profile, row: Row) -> list[Finding]:
    """The findings of a load in safe mode that one without it does not have."""
    safe = check_compatibility(inventory, profile, custom=row.custom, safe_mode=True)
    unsafe = check_compatibility(inventory, profile, custom=row.custom, safe_mode=False)
    gone = {each.identity for each in safe.findings} - {each.identity for each in unsafe.findings}
    held = held_to_facts(safe.findings, inventory, profile, custom=row.custom, safe_mode=True)
    return [each for each in held if each.identity in gone]
