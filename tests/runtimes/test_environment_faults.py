"""What can go wrong while an environment is made: it is cut off, uv fails, the disk is full."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pytest_modelcompat.runtimes import uv
from pytest_modelcompat.runtimes.cache import (
    EnvironmentState,
    find_environment,
    folder_of,
    python_in,
    state_of,
)
from pytest_modelcompat.runtimes.environments import create, remove
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError
from tests.runtimes.environments import FROM_THE_START, failure, noted, posix
from tests.wheels import PYTHON, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = "1/3 keeping the virtual environment of an earlier attempt"


class TestCutOff:
    def test_goes_on(self, hollow: Runtime) -> None:
        _, first = failure(hollow)
        _, second = failure(hollow)
        assert (first[0], second[0]) == (FROM_THE_START, AGAIN)

    def test_begins_again_where_a_file_is_installed_by_half(self, hollow: Runtime, tmp_path: Path) -> None:
        runtime = replace(hollow, packages=(wheel(tmp_path, files={"large.bin": b"x" * 1000}),))
        failure(runtime)
        (large,) = folder_of(runtime).rglob("large.bin")
        # The file may be a link to that of uv's cache.
        large.unlink()
        large.write_bytes(b"x" * 10)
        _, steps = failure(runtime)
        assert steps[0] == FROM_THE_START
        assert large.stat().st_size == 1000

    @pytest.mark.parametrize("left", [["bin"], []])
    def test_begins_again_where_there_is_no_interpreter(self, hollow: Runtime, left: list[str]) -> None:
        (folder_of(hollow) / Path(*left)).mkdir(parents=True)
        (folder_of(hollow) / "rest").touch()
        _, steps = failure(hollow)
        assert steps[0] == FROM_THE_START
        assert not (folder_of(hollow) / "rest").exists()

    @posix
    def test_goes_on_after_a_kill(self, hollow: Runtime, tmp_path: Path) -> None:
        """What a killed process has locked is free, and half of what it has made is of use."""
        slow = tmp_path / "slow" / "uv"
        slow.parent.mkdir()
        slow.write_text(f'#!/bin/sh\n[ "$1" = venv ] || exec sleep 60\nexec "{uv.find_uv("x")}" "$@"\n')
        slow.chmod(0o755)
        code = (
            "import sys; sys.modules['uv'] = None\n"
            "from pytest_modelcompat.runtimes.environments import create\n"
            "from pytest_modelcompat.runtimes.runtime import Runtime\n"
            f"create(Runtime('hollow', {PYTHON!r}, {hollow.packages!r}), lambda line: print(line, flush=True))\n"
        )
        path = f"{slow.parent}{os.pathsep}{os.environ['PATH']}"
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": path},
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert any("2/3" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert state_of(folder_of(hollow)) is EnvironmentState.UNFINISHED
        _, steps = failure(hollow)
        assert steps[0] == AGAIN

    def test_waits_for_who_creates_the_same(self, hollow: Runtime) -> None:
        folder = folder_of(hollow)
        folder.parent.mkdir(parents=True)
        lock = FileLock(folder.with_name(f"{folder.name}.lock"))
        steps: list[str] = []
        is_waiting, found = threading.Event(), []

        def tell(line: str) -> None:
            steps.append(line)
            is_waiting.set()

        with lock:
            thread = threading.Thread(target=lambda: found.append(create(hollow, tell)))
            thread.start()
            assert is_waiting.wait(20)
            folder.mkdir()
            python_in(folder).parent.mkdir()
            python_in(folder).touch()
            environment = noted(hollow, "other")
            time.sleep(0.1)
            assert found == []
        thread.join(20)
        assert found == [replace(environment, names=("other", "hollow"))], "what the other has made is taken"
        assert steps == ["hollow: waiting for another process that creates or removes it"]


class TestUv:
    @pytest.mark.usefixtures("cache")
    def test_is_not_installed(self) -> None:
        code = (
            "import sys; sys.modules['uv'] = None\n"
            "from pytest_modelcompat.runtimes.environments import create\n"
            "from pytest_modelcompat.runtimes.builtin import builtin_runtime\n"
            "from pytest_modelcompat.runtimes.runtime import RuntimeUnavailableError\n"
            "try: create(builtin_runtime('tf2.15'), print)\n"
            "except RuntimeUnavailableError as error: print(error, *error.fix, sep='|')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PATH": ""}, capture_output=True, text=True, check=True
        )
        assert done.stdout == (
            "runtime 'tf2.15' cannot be created: that needs uv, which is not installed"
            '|pip install "pytest-modelcompat[runtimes]"\n'
        )

    def test_has_no_such_python(self, hollow: Runtime) -> None:
        error, steps = failure(replace(hollow, python="3.99"))
        assert str(error).endswith("cannot be created: there is no Python 3.99 here, and uv knows none to fetch")
        assert "MODELCOMPAT_INTERPRETERS" in error.fix[0]
        assert "3.99" in error.quote
        assert len(steps) == 1

    def test_has_no_network(self, hollow: Runtime) -> None:
        error, _ = failure(replace(hollow, packages=("tensorflow==2.15.*", "numpy<2")))
        assert str(error) == (
            "runtime 'hollow' cannot be created: "
            "the package index cannot be reached for installing tensorflow==2.15.*, numpy<2"
        )
        assert error.fix == ("once it can, go on with: modelcompat runtimes create hollow",)
        assert "network was disabled" in error.quote

    def test_cannot_reach_the_index(self, hollow: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("UV_OFFLINE")
        for variable in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
            monkeypatch.setenv(variable, "http://127.0.0.1:9/simple")
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        error, _ = failure(replace(hollow, packages=("tensorflow==2.15.*",)))
        assert "the package index cannot be reached for installing tensorflow==2.15.*" in str(error)
        assert "127.0.0.1:9" in error.quote

    def test_finds_no_versions_that_fit(self, hollow: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("UV_NO_INDEX", "1")
        monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
        error, _ = failure(replace(hollow, packages=("hollow==2.0",)))
        assert f"no versions fit together for installing hollow==2.0 on Python {PYTHON}" in str(error)
        assert error.fix[0].startswith("change 'packages' or 'python' of 'hollow'")
        assert "hollow==2.0" in error.quote

    def test_does_not_understand_a_requirement(self, hollow: Runtime) -> None:
        error, _ = failure(replace(hollow, packages=("tensorflow===",)))
        assert "pip's notation is broken for installing tensorflow===" in str(error)
        assert error.fix[0].startswith("correct 'packages' of 'hollow'")

    def test_fails_in_its_own_way(self, hollow: Runtime, tmp_path: Path) -> None:
        (tmp_path / "torn-1.0-py3-none-any.whl").write_bytes(b"PK, and no more")
        error, _ = failure(replace(hollow, packages=(f"torn @ {(tmp_path / 'torn-1.0-py3-none-any.whl').as_uri()}",)))
        assert "uv ended with exit code" in str(error)
        assert "torn" in error.quote


def is_done(*command: str) -> bool:
    """Whether this user may do that here."""
    is_known = shutil.which(command[0]) is not None
    return is_known and subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def unchangeable(folder: Path) -> Iterator[None]:
    """A folder that not even root can write to."""
    if not is_done("chattr", "+i", str(folder)):
        pytest.skip("no folder can be made unchangeable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    if not is_done("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs chattr and mount")
class TestDisk:
    def test_cannot_be_written(self, hollow: Runtime, cache: Path) -> None:
        cache.mkdir()
        with unchangeable(cache):
            error, steps = failure(hollow)
        assert str(error).startswith(f"runtime 'hollow' cannot be created: {cache / 'runtimes'} cannot be written: ")
        assert error.fix == ("set MODELCOMPAT_CACHE to a folder that can be written",)
        assert steps == []

    def test_cannot_be_written_by_uv(self, hollow: Runtime) -> None:
        failure(hollow)
        (packages,) = folder_of(hollow).glob("lib/python*/site-packages")
        more = replace(hollow, name="more")
        with unchangeable(packages):
            # What is installed is the same, and installed again as its wheel is another.
            wheel(Path(hollow.packages[0].partition("file://")[2]).parent, files={"more.py": b"pass"})
            error, _ = failure(more)
        assert "uv may not write where it must for installing" in str(error)
        assert error.fix == ("set MODELCOMPAT_CACHE (and UV_CACHE_DIR) to folders it may",)

    @pytest.mark.parametrize(("size", "reached"), [("1m,nr_inodes=1", 0), ("40k", 1), ("1m", 2)])
    def test_is_full(self, hollow: Runtime, cache: Path, tmp_path: Path, size: str, reached: int) -> None:
        large = replace(hollow, packages=(wheel(tmp_path, files={"large.bin": os.urandom(3_000_000)}),))
        with small_disk(cache, size):
            error, steps = failure(large)
            assert find_environment(folder_of(large)) is None
        assert str(error) == (
            "runtime 'hollow' cannot be created: "
            f"the disk is full, and a runtime needs 0.7 to 2 GB in {cache / 'runtimes'}"
        )
        assert error.fix == ("make room there, or set MODELCOMPAT_CACHE to a folder on another disk",)
        assert len(steps) == reached

    def test_removes_no_environment_that_cannot_be_changed(self, hollow: Runtime) -> None:
        failure(hollow)
        noted(hollow)
        held = folder_of(hollow) / "held"
        held.mkdir()
        (held / "file").touch()
        with unchangeable(held), pytest.raises(RuntimeUnavailableError, match=r"not permitted \((file|held)\)$"):
            remove(folder_of(hollow), print)
        assert find_environment(folder_of(hollow)) is None, "what is left is not taken for an environment"
