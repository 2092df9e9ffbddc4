"""docs/migration.md: its tables come from the package, and its code is what is printed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.needs.ways import REMAINING
from pytest_modelcompat.migration.stubs import hard_sigmoid

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "migration.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_migration", DOCS / "make_migration.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_code_is_what_is_printed() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert code.splitlines() == hard_sigmoid(is_of_keras_3=False)[:-1]


def test_every_edit_and_way_is_in_it(script: Any) -> None:
    page = script.page(TEXT)
    assert [each.name for each in EDITS if f"\n### {each.name}\n" not in page] == []
    assert [kind for each in REMAINING for kind in each.kinds if f"| {kind.value} |" not in page] == []
    assert script.page(page) == page


def test_no_placeholder_is_left(script: Any) -> None:
    assert re.findall(r"\{(?:reader|writer)\}", script.page(TEXT)) == []
