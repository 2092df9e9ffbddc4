"""The examples in other versions: each cell is what docs/matrix.md says, and none of them fails for reasons unknown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.report.matrix import mark

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "matrix.md"
# Headings that say that something failed and not what.
VAGUE = {"LOAD FAILED", "PREDICTION FAILED", "LOADER CRASHED", "LOADER EXITED", "LOADER TIMED OUT"}


def documented(runtime: str) -> dict[str, str]:
    """The column of a runtime in docs/matrix.md by row; empty where it has none."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    cells = [[re.sub(r"[`\\]", "", cell).strip() for cell in row] for row in rows]
    if runtime not in cells[0]:
        return {}
    column = cells[0].index(runtime)
    return {row[0]: row[column] for row in cells[2:]}


def test_each_cell_is_as_documented(runtime: str, python_of: Callable[[str], Path], tmp_path: Path) -> None:
    assert python_of(runtime)
    out = tmp_path / "report.json"
    command = [sys.executable, "-m", "pytest_modelcompat.cli", "matrix", "examples/", "--runtime", runtime]
    done = subprocess.run([*command, "--out", out], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    targets = json.loads(out.read_text(encoding="utf-8"))["targets"]
    assert len(targets) >= 40
    assert not [target["headline"] for target in targets if target["verdict"] == "failed" and VAGUE & {mark(target)}]
    told = documented(runtime)
    if told:
        assert {target["title"].replace(f"-{runtime}]", "]"): cell(target) for target in targets} == told


def cell(target: dict[str, Any]) -> str:
    """What stands in the table of docs/matrix.md."""
    return f"{target['kinds'][0]} (expected)" if target["verdict"] == "expected" else mark(target)
