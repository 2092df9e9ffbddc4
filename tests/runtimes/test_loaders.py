"""The loaders of a session, none of which is started before it is needed; no TensorFlow is imported here."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes.declared import Runtimes
from pytest_modelcompat.runtimes.loaders import Loaders, project_path
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Watched(LoaderProcess):
    """A loader that notes what is asked of it in place of starting."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def start(self) -> None:
        self.asked.append("start")

    def close(self) -> None:
        self.asked.append("close")
        super().close()


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An executable file that no system can start."""
    file = tmp_path / "python"
    file.write_bytes(b"\x00no program")
    file.chmod(0o755)
    return file


@pytest.fixture
def runtimes(python: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtimes:
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
    missing = Runtime("missing", interpreter=tmp_path / "no" / "python")
    return Runtimes({"broken": Runtime("broken", interpreter=python), "missing": missing})


@pytest.fixture
def loaders(runtimes: Runtimes) -> Iterator[Loaders]:
    loaders = Loaders(runtimes, fork=True)
    yield loaders
    loaders.close()


class TestProjectPath:
    def test_has_nothing_that_the_interpreter_brings_or_that_is_installed(self) -> None:
        places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        places |= {*site.getsitepackages(), str(Path(os.__file__).parent), str(Path(pytest.__file__).parents[1])}
        assert places & set(sys.path)
        assert not places & set(project_path())
        assert not [entry for entry in project_path() if "site-packages" in entry or entry.endswith(".zip")]

    def test_has_the_projects_folders_in_their_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first, last = str(tmp_path / "src"), str(tmp_path / "not-there-yet")
        monkeypatch.setattr(sys, "path", [first, *sys.path, last])
        path = project_path()
        assert (path[0], path[-1]) == (first, last)

    @pytest.mark.parametrize("entry", ["", "."])
    def test_has_the_current_folder_under_its_name(
        self, entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [entry])
        assert project_path() == [str(Path.cwd())]

    def test_has_relative_folders_as_absolute_ones(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", ["src"])
        assert project_path() == [str(Path.cwd() / "src")]

    @pytest.mark.parametrize(
        "installed",
        [
            "other/lib/python3.9/site-packages",
            "usr/lib/python3/dist-packages",
            "python311.zip",
            "venv/site-packages/inner",
        ],
    )
    def test_has_nothing_that_is_installed_elsewhere(
        self, installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "path", [str(tmp_path / installed), str(tmp_path)])
        assert project_path() == [str(tmp_path)]

    def test_has_a_zip_of_the_projects(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", [str(tmp_path / "shop.zip")])
        assert project_path() == [str(tmp_path / "shop.zip")]


class TestOf:
    def test_gives_one_loader_for_each_name(self, loaders: Loaders) -> None:
        assert loaders.of("local") is loaders.of("local")
        assert loaders.of("broken") is loaders.of("broken")
        assert loaders.of("broken") is not loaders.of("local")

    def test_gives_the_shared_loader_for_local_only(self, runtimes: Runtimes) -> None:
        shared = Watched()
        loaders = Loaders(runtimes, local=shared)
        try:
            assert loaders.of("local") is shared
            assert loaders.of("broken") is not shared
            loaders.prefetch("local")
        finally:
            loaders.close()
        assert shared.asked == ["start"]
        assert shared.folder.is_dir()
        shared.close()

    def test_says_what_names_no_runtime(self, loaders: Loaders) -> None:
        with pytest.raises(UnknownRuntimeError, match="'brokn' names no runtime: did you mean 'broken'"):
            loaders.of("brokn")

    def test_says_which_runtime_is_not_there(self, loaders: Loaders) -> None:
        with pytest.raises(RuntimeUnavailableError, match=r"runtime 'tf2\.15' has not been created") as caught:
            loaders.of("tf2.15")
        assert caught.value.fix == ("modelcompat runtimes create tf2.15",)
        with pytest.raises(RuntimeUnavailableError, match="runtime 'missing' has no interpreter at"):
            loaders.of("missing")

    def test_asks_again_for_a_runtime_that_was_not_there(
        self, loaders: Loaders, python: Path, runtimes: Runtimes
    ) -> None:
        with pytest.raises(RuntimeUnavailableError):
            loaders.of("missing")
        missing = runtimes.declared["missing"].interpreter
        assert missing is not None
        missing.parent.mkdir()
        python.rename(missing)
        assert isinstance(loaders.of("missing"), LoaderProcess)


class TestPrefetch:
    @pytest.mark.parametrize("name", ["brokn", "missing", "tf2.15"])
    def test_leaves_what_cannot_be_had_to_its_use(self, name: str, loaders: Loaders) -> None:
        loaders.prefetch(name)
        with pytest.raises((UnknownRuntimeError, RuntimeUnavailableError)):
            loaders.of(name)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows starts no loader ahead of its use")
    def test_leaves_an_interpreter_that_does_not_start_to_its_use(self, loaders: Loaders, python: Path) -> None:
        loaders.prefetch("broken")
        with pytest.raises(LoaderUnavailableError, match="it is no program for this system") as caught:
            loaders.of("broken").start()
        assert str(caught.value).startswith(f"{python}: ")


class TestClose:
    def test_removes_the_folders_and_ends_its_own(self, runtimes: Runtimes) -> None:
        loaders = Loaders(runtimes)
        folders = [loaders.folder, loaders.of("local").folder, loaders.of("broken").folder]
        (loaders.folder / "model.h5").write_bytes(b"saved")
        assert [folder.is_dir() for folder in folders] == [True] * 3
        loaders.close()
        assert [folder.exists() for folder in folders] == [False] * 3

    def test_may_come_twice(self, runtimes: Runtimes) -> None:
        loaders = Loaders(runtimes)
        loaders.close()
        loaders.close()
        assert not loaders.folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_another_interpreter_gets_its_variables_and_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    script = tmp_path / "python"
    variables = "$SHOP|$PYTHONPATH|$TF_USE_LEGACY_KERAS"
    script.write_text(f'#!/bin/sh\necho "{variables}" > "{told}.part"\nmv "{told}.part" "{told}"\ncat\n')
    script.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", "ours")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "ours")
    loaders = Loaders(Runtimes({"prod": Runtime("prod", interpreter=script, env={"SHOP": "open"})}), fork=True)
    try:
        loaders.prefetch("prod")
        assert _when_there(told) == "open||\n"
    finally:
        loaders.close()


def _when_there(file: Path) -> str:
    deadline = time.monotonic() + 20
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return file.read_text()
