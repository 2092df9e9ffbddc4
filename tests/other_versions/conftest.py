"""Other TensorFlow versions, for real: which ones, and creating them in the cache folder, where they stay.

A few versions by default; all of them with MODELCOMPAT_TEST_RUNTIMES=all, or those that it names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import create
from pytest_modelcompat.runtimes.pins import PINS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The oldest that a loader runs in, the pair that broke the first model of this project's, and the newest.
A_FEW = ("tf2.4", "tf2.8", "tf2.11", "tf2.21")


def chosen() -> tuple[str, ...]:
    """The runtimes to test in."""
    named = os.environ.get("MODELCOMPAT_TEST_RUNTIMES", "")
    if named == "all":
        return tuple(name for name in PINS if "+" not in name)
    return tuple(named.split()) or A_FEW


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `runtime` runs in each of the chosen ones."""
    if "runtime" in metafunc.fixturenames:
        metafunc.parametrize("runtime", chosen(), scope="session")


@pytest.fixture(scope="session")
def python_of() -> Callable[[str], Path]:
    """The interpreter of a known runtime, which is created if need be."""

    def interpreter(name: str) -> Path:
        return create(builtin_runtime(name), lambda _: None).python

    return interpreter
