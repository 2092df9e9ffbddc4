"""Environments of runtimes: which Python they are made with, and where they are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes import uv
from pytest_modelcompat.runtimes.storage import python_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def interpreters(tmp_path: Path) -> Path:
    for version in ("3.8.9", "3.8.18", "3.8.x", "3.11.7"):
        python = python_in(tmp_path / "pythons" / version)
        python.parent.mkdir(parents=True)
        python.touch()
    return tmp_path / "pythons"


@pytest.mark.parametrize("variable", [uv.INTERPRETERS, "PYENV_ROOT"])
def test_the_newest_patch_of_the_version_is_taken(
    interpreters: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv(uv.INTERPRETERS, raising=False)
    monkeypatch.setenv("PYENV_ROOT", str(interpreters / "nowhere"))
    assert uv.interpreter("3.8") == "3.8", "uv is left to look for it"
    if variable == "PYENV_ROOT":
        interpreters = interpreters.rename(interpreters.with_name("versions"))
        monkeypatch.setenv(variable, str(interpreters.parent))
    else:
        monkeypatch.setenv(variable, str(interpreters))
    assert uv.interpreter("3.8") == str(python_in(interpreters / "3.8.18"))
    assert uv.interpreter("3.13") == "3.13"
