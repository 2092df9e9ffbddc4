"""A user's test file is checked by mypy (strict) and pyright: right uses pass, wrong ones are refused by line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECTS = Path(__file__).resolve().parent / "projects"


def lines_refused(output: str) -> set[int]:
    return {int(line) for line in re.findall(r"test_ranker\.py:(\d+):.*error", output)}


def mypy(name: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    shutil.copy(PROJECTS / name, tmp_path / "test_ranker.py")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.10", "--no-error-summary", "."]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def pyright(name: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    if find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    shutil.copy(PROJECTS / name, tmp_path / "test_ranker.py")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        pytest.skip(f"pyright does not run here: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_right_uses_pass(checker: object, tmp_path: Path) -> None:
    done = checker("right_uses.py", tmp_path)  # type: ignore[operator]
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_wrong_uses_are_refused(checker: object, tmp_path: Path) -> None:
    text = (PROJECTS / "wrong_uses.py").read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(text, 1) if "# wrong" in line}
    done = checker("wrong_uses.py", tmp_path)  # type: ignore[operator]
    assert done.returncode == 1
    assert lines_refused(done.stdout) == wrong, done.stdout
