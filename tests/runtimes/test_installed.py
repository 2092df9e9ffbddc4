"""The versions that a runtime has installed, known before its TensorFlow is imported."""

from __future__ import annotations

import platform
import stat
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pytest_modelcompat.runtimes.config import RuntimeConfig
from pytest_modelcompat.runtimes.installed import installed_versions
from pytest_modelcompat.runtimes.pool import LoaderPool
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime

HERE = Runtime("here", interpreter=Path(sys.executable))
LEGACY = {"TF_USE_LEGACY_KERAS": "1"}


@pytest.fixture
def here(tensorflow: None) -> dict[str, str]:
    """What is installed where the tests run."""
    import tensorflow as tf

    return {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": metadata.version("keras")}


@pytest.mark.parametrize("runtime", [LOCAL_RUNTIME, HERE], ids=["local", "another interpreter"])
def test_are_those_that_its_loader_reports(
    here: dict[str, str], runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    assert installed_versions(runtime) == here


def test_heed_the_variable_that_chooses_keras_2(here: dict[str, str]) -> None:
    pytest.importorskip("tf_keras")
    found = installed_versions(Runtime("legacy", interpreter=Path(sys.executable), env=LEGACY))
    assert found == {**here, "keras": metadata.version("tf_keras")}


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho '[1]'\n", "#!/bin/sh\necho '{}'\n"])
def test_of_what_is_no_python_are_not_known(tmp_path: Path, script: str) -> None:
    file = tmp_path / "python"
    file.write_text(script)
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    assert installed_versions(Runtime("odd", interpreter=file)) == {}
    assert installed_versions(Runtime("gone", interpreter=tmp_path / "none")) == {}


def test_are_asked_for_once(here: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    pool = LoaderPool(RuntimeConfig())
    try:
        assert pool.versions("local") == here
        assert pool.versions("local") is pool.versions("local")
    finally:
        pool.close()
