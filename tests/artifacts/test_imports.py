"""A test run without model tests pays for no heavy library, and reading needs no TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def imported(code: str, *arguments: object) -> set[str]:
    code += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_room_is_cheap() -> None:
    assert not imported("import pytest_modelcompat.artifacts") & {
        "h5py",
        "google",
        "numpy",
        "tensorflow",
        "keras",
    }


def test_reading_imports_no_tensorflow(zoo: Path) -> None:
    code = (
        "import sys, pathlib; from pytest_modelcompat.artifacts import read_inventory; "
        "[read_inventory(pathlib.Path(path)) for path in sys.argv[1:]]"
    )
    names = imported(code, *(zoo / name for name in ("nested.h5", "nested.keras", "nested_keras2")))
    assert "google" in names
    assert not names & {"tensorflow", "keras", "tf_keras", "h5py", "numpy", "zoo"}
