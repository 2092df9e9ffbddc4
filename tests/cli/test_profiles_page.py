"""docs/profiles.md: its commands print what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import handmade

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")


def shown(command: str) -> str:
    """What the page shows below a command, figures and versions left open."""
    found = re.search(rf"^\$ modelcompat {re.escape(command)}\n(.*?)(?=^\$|^```)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, command
    return re.sub(r"\d[\d.,]*\d", r"[\\d.,]+", re.escape(found[1]).replace(r"\.", ".").replace(r"\,", ","))


def run(command: str, folder: Path) -> str:
    words = [sys.executable, "-m", "pytest_modelcompat.cli", *command.split()]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.needs_tensorflow
def test_recorded_and_consulted(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "profiles").mkdir()
    model = handmade.sequential(handmade.dense())
    weights = {f"layers/dense/vars/{number}": np.ones(shape, "float32") for number, shape in enumerate([(4, 2), (2,)])}
    handmade.write_keras(tmp_path / "models" / "classifier.keras", model, weights)
    record = "profile record --out profiles/prod.json"
    assert re.fullmatch(shown(record), run(record, tmp_path))
    check = "check models/classifier.keras --runtime profiles/prod.json"
    assert re.fullmatch(shown(check), run(check, tmp_path))
