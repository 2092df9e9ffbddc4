"""`modelcompat doctor`: what this machine gives, really tried, and whether what the tests need is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat import cli
from pytest_modelcompat.loader import landlock
from pytest_modelcompat.report.machine import machine_lines
from pytest_modelcompat.runtimes.machine import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(cli.__file__).resolve().parents[2]
NO_TENSORFLOW = "raise ModuleNotFoundError(\"No module named 'tensorflow'\")"
SOME_TENSORFLOW = "import types, sys\n__version__ = '9.8.7'\nkeras = types.SimpleNamespace(layers=1, __version__='6.5')"


def doctor(folder: Path, tensorflow: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command where a module of a test's own stands for TensorFlow, which need not be imported for this."""
    (folder / "modules").mkdir(exist_ok=True)
    (folder / "modules" / "tensorflow.py").write_text(tensorflow)
    return subprocess.run(
        [sys.executable, "-m", "pytest_modelcompat.cli", "doctor", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder / 'modules'}{os.pathsep}{PROJECT}", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def by_name(done: subprocess.CompletedProcess[str]) -> Mapping[str, Mapping[str, Any]]:
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row for row in rows}


def test_it_says_what_there_is(tmp_path: Path) -> None:
    done = doctor(tmp_path, SOME_TENSORFLOW, "--json", MODELCOMPAT_CACHE=str(tmp_path / "cache"))
    found = by_name(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert found["TensorFlow"] == {
        "topic": "environment",
        "name": "TensorFlow",
        "is_ok": True,
        "found": "9.8.7",
        "fix": "",
        "is_needed": True,
    }
    assert found["Keras"]["found"]
    assert found["runtimes"]["found"] == str(tmp_path / "cache" / "runtimes")
    assert list(found)[:6] == ["privileges", "processes", "limits", "memory", "files", "network"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux isolates")
def test_it_tries_the_isolation(tmp_path: Path) -> None:
    found = by_name(doctor(tmp_path, SOME_TENSORFLOW, "--json"))
    try:
        version = landlock.version()
    except OSError:
        pytest.skip("this machine has no Landlock")
    assert found["files"]["found"] == f"written only below the job's folder, by Landlock, version {version}"
    assert [name for name in ("privileges", "processes", "limits", "memory") if not found[name]["is_ok"]] == []


def test_it_fails_where_something_needed_is_missing_and_says_what_gives_it(tmp_path: Path) -> None:
    done = doctor(tmp_path, NO_TENSORFLOW, MODELCOMPAT_CACHE="/proc/nowhere")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    place = next(number for number, line in enumerate(lines) if line.startswith("  TensorFlow  missing"))
    assert "No module named 'tensorflow'" in lines[place]
    assert lines[place + 1].split() == ["fix", "pip", "install", '"pytest-modelcompat[tensorflow]"']
    if sys.platform.startswith("linux"):
        assert "  runtimes    missing  /proc cannot be written: " in done.stdout
        assert "set MODELCOMPAT_CACHE to a folder that you may write" in done.stdout


def test_what_is_not_needed_does_not_fail_it() -> None:
    rows = [Check("isolation", "files", is_ok=False, found="Landlock: Function not implemented", fix="use another")]
    assert list(machine_lines(rows)) == [
        "isolation",
        "  files       missing  Landlock: Function not implemented",
        "                  fix  use another",
    ]
