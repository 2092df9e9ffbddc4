"""What these tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes.runtime import Runtime
from tests.wheels import PYTHON, wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and a uv that has neither a cache nor a network."""
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    return tmp_path / "cache"


@pytest.fixture
def hollow(cache: Path, tmp_path: Path) -> Runtime:
    """A runtime that is installed in no time, and has no TensorFlow."""
    return Runtime("hollow", PYTHON, (wheel(tmp_path),))
