"""Edits with declared code: where they apply, and where they do not; `test_pastes.py` loads what they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.compatibility.models import K213, K315, coded, stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compatibility.writers import Part, Writer

NAME = "legacy>hard_sigmoid"


def hard(writer: Writer) -> Part:
    return stack(writer, writer.dense().but(activation="hard_sigmoid"))


def recurrent(writer: Writer, *, time_major: bool) -> Part:
    layer = writer.layer("SimpleRNN", "rnn", [(4, 4), (4, 4), (4,)], units=4, time_major=time_major)
    return stack(writer, layer, shape=(3, 4))


def edits_of(path: Path, runtime: str, *custom: str) -> list[str]:
    inventory = read_inventory(path)
    plan = plan_edits(inventory, Target(load_profile(runtime), dict(inventory.saved_by), frozenset(custom)))
    return [each.name for each in plan.edits if each.name.startswith("use-declared")]


CASES: dict[str, tuple[Writer, Any, str, tuple[str, ...], list[str]]] = {
    "a function of Keras 2": (K213, hard(K213), "tf2.21", (NAME,), ["use-declared-function"]),
    "which nobody declares": (K213, hard(K213), "tf2.21", (), []),
    "which is declared without its registered name": (K213, hard(K213), "tf2.21", ("hard_sigmoid",), []),
    "of the same Keras": (K213, hard(K213), "tf2.15", (NAME,), []),
    "a function of Keras 3": (K315, hard(K315), "tf2.15", (NAME,), ["use-declared-function"]),
    "of Keras 3": (K315, hard(K315), "tf2.21", (NAME,), []),
    "bytecode": (K213, coded(K213, "3.11"), "tf2.21", ("legacy>double",), ["use-declared-function-of-lambda"]),
    "bytecode of another layer": (K213, coded(K213, "3.11"), "tf2.21", ("legacy>triple",), []),
    "an argument": (K213, recurrent(K213, time_major=True), "tf2.21", ("legacy>SimpleRNN",), ["use-declared-class"]),
    "an argument at its default": (K213, recurrent(K213, time_major=False), "tf2.21", ("legacy>SimpleRNN",), []),
}


@pytest.mark.parametrize("case", CASES)
def test_they_apply_where_code_is_declared_for_a_finding(tmp_path: Path, case: str) -> None:
    writer, model, runtime, custom, expected = CASES[case]
    assert edits_of(writer.h5(tmp_path / "old.h5", model), runtime, *custom) == expected
