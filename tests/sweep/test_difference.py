"""What two runs saw otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep import observed
from sweep.difference import differences
from sweep.summary import observations

ROOT = Path(__file__).resolve().parents[2]
ROWS: list[dict[str, Any]] = [
    {"name": name, "kind": "layer", "format": "h5", "id": name, "constructs": [f"layer {name}"]}
    for name in ("Dense", "Dropout", "Softmax")
]
LOADS = {"outcome": "loads"}
FAILS = {"outcome": "fails", "stage": "load", "text": "TypeError: a | b"}


def run(folder: Path, readers: dict[str, dict[str, Any]], rows: list[dict[str, Any]]) -> Path:
    observed.write("2.15", observations(rows, {reader: dict(found) for reader, found in readers.items()}), folder)
    return folder


def test_the_same_results_differ_in_nothing(tmp_path: Path) -> None:
    results = {"3.15": {"Dense": LOADS, "Dropout": FAILS, "Softmax": LOADS}}
    one, other = run(tmp_path / "one", results, ROWS), run(tmp_path / "other", results, ROWS[::-1])
    assert list(differences(one, other)) == []


def test_each_artifact_that_becomes_something_else_is_a_line(tmp_path: Path) -> None:
    before = run(tmp_path / "one", {"3.15": {"Dense": LOADS, "Dropout": FAILS, "Softmax": LOADS}}, ROWS)
    after = run(tmp_path / "other", {"3.15": {"Dense": FAILS, "Dropout": FAILS}, "3.0": {"Dense": FAILS}}, ROWS[:2])
    lines = "\n".join(differences(before, after))
    assert "## Saved by 2.15, read by 3.15" in lines
    assert "| `Dense` | h5 | loads | fails load: TypeError: a \\| b |" in lines
    assert "| `Softmax` | h5 | loads | not made |" in lines
    assert "Dropout" not in lines
    assert "3.0" not in lines


def test_the_command_says_by_its_exit_code_whether_anything_differs(tmp_path: Path) -> None:
    one = run(tmp_path / "one", {"3.15": {"Dense": LOADS}}, ROWS[:1])
    other = run(tmp_path / "other", {"3.15": {"Dense": FAILS}}, ROWS[:1])
    codes = []
    for after in (one, other):
        command = [sys.executable, "-m", "sweep.difference", str(one), str(after)]
        codes.append(subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode)
    assert codes == [0, 1]
