"""Environments that tests make or only seem to make."""

from __future__ import annotations

import sys

import pytest

from pytest_modelcompat.runtimes.cache import (
    folder_of,
    python_in,
    write_note,
)
from pytest_modelcompat.runtimes.environments import Environment, create
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError
from tests.wheels import PYTHON

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")
FROM_THE_START = f"1/3 making the virtual environment with Python {PYTHON}"


def failure(runtime: Runtime) -> tuple[RuntimeUnavailableError, list[str]]:
    """Why a runtime cannot be created, and the steps until then, without its name."""
    steps: list[str] = []
    with pytest.raises(RuntimeUnavailableError) as raised:
        create(runtime, steps.append)
    assert "\n" not in str(raised.value)
    assert all(step.startswith(f"{runtime.name}: ") for step in steps)
    return raised.value, [step.removeprefix(f"{runtime.name}: ") for step in steps]


def noted(runtime: Runtime, *names: str) -> Environment:
    """Write the note that says that a runtime's environment is whole."""
    folder = folder_of(runtime)
    environment = Environment(folder, python_in(folder), names or (runtime.name,), runtime.packages, size=1)
    write_note(environment)
    return environment
