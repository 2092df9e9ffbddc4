"""Creating the environment of a runtime with uv: its interpreter, its TensorFlow, its Keras."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.runtimes.known import known_runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERPRETERS = "MODELCOMPAT_INTERPRETERS"
UNFINISHED = "modelcompat-unfinished"
LAST_LINES = 15


class EnvironmentUnavailableError(Exception):
    """A runtime's environment cannot be created; the message says why and what would help."""


def find(name: str, folder: Path) -> Path | None:
    """The interpreter of a runtime's environment in `folder`; None where there is none, or half of one."""
    home = folder / name
    python = _python(home)
    return python if python.exists() and not (home / UNFINISHED).exists() else None


def create(name: str, folder: Path, *, interpreters: Path | None = None) -> Path:
    """The interpreter of a runtime's environment in `folder`, which is created unless it is there.

    Args:
        name: of the runtime, as `known_runtime` takes it.
        folder: where environments live, each under its runtime's name.
        interpreters: a folder with an installation of CPython in each subfolder named by its version (`3.8.18`),
            as pyenv keeps them; by default what the variable MODELCOMPAT_INTERPRETERS names. Without it, or where it
            has no such version, uv looks for an interpreter and fetches one if need be.

    Raises:
        UnknownRuntimeError: there is no such runtime.
        EnvironmentUnavailableError: uv is missing, or what it was asked to do failed.
    """
    runtime = known_runtime(name)
    existing = find(name, folder)
    if existing is not None:
        return existing
    uv = find_uv()
    home = folder / name
    _run(name, [uv, "venv", "--quiet", "--clear", "--python", interpreter(runtime.python, interpreters), str(home)])
    marker = home / UNFINISHED
    marker.touch()
    python = _python(home)
    _run(name, [uv, "pip", "install", "--quiet", "--python", str(python), *runtime.packages])
    marker.unlink()
    return python


def find_uv() -> str:
    """The uv on the path.

    Raises:
        EnvironmentUnavailableError: there is none.
    """
    found = shutil.which("uv")
    if found is None:
        raise EnvironmentUnavailableError("creating a runtime needs uv, which is not on PATH: `pip install uv`")
    return found


def interpreter(version: str, folder: Path | None = None) -> str:
    """What to tell uv to take as Python: a path if the folder of interpreters has the version, else the version."""
    home = folder or (Path(os.environ[INTERPRETERS]) if os.environ.get(INTERPRETERS) else None)
    if home is None:
        return version
    patches = [int(found.name.rpartition(".")[2]) for found in home.glob(f"{version}.*") if _is_release(found)]
    return str(_python(home / f"{version}.{max(patches)}")) if patches else version


def _is_release(home: Path) -> bool:
    return home.name.rpartition(".")[2].isdigit() and _python(home).exists()


def _python(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _run(name: str, command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-LAST_LINES:])
        raise EnvironmentUnavailableError(f"the environment of runtime {name!r} cannot be created: uv said\n{last}")
