"""Environments of runtimes, made by the real uv from wheels on this disk; and all that goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pytest_modelcompat.runtimes import uv
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.cache import (
    NOTE,
    EnvironmentState,
    cache_folder,
    find_environment,
    folder_of,
    python_in,
    read_note,
    state_of,
    write_note,
)
from pytest_modelcompat.runtimes.environments import Environment, create, interpreter_of, remove
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime, RuntimeUnavailableError
from tests.wheels import PYTHON, tensorflow_of_here, tensorflow_version, wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")
AGAIN = "1/3 keeping the virtual environment of an earlier attempt"
FROM_THE_START = f"1/3 making the virtual environment with Python {PYTHON}"
NO_TENSORFLOW = "ModuleNotFoundError: No module named 'tensorflow'"


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


class TestWhere:
    def test_the_same_content_is_in_the_same_folder(self, cache: Path) -> None:
        one = Runtime("one", "3.11", ("tensorflow==2.15.*", "numpy<2"))
        other = Runtime("other", "3.11", ("numpy < 2", "tensorflow == 2.15.*", "numpy<2"), env={"A": "b"})
        assert folder_of(one) == folder_of(other)
        assert folder_of(one).parent == cache / "runtimes"
        assert folder_of(one).name.startswith("tensorflow-2.15-py3.11-")

    @pytest.mark.usefixtures("cache")
    @pytest.mark.parametrize("change", [{"python": "3.10"}, {"packages": ("tensorflow==2.15.*",)}])
    def test_other_content_is_in_another(self, change: dict[str, object]) -> None:
        one = Runtime("one", "3.11", ("tensorflow==2.15.*", "numpy<2"))
        assert folder_of(one) != folder_of(replace(one, **change))  # type: ignore[arg-type]

    def test_in_the_users_cache_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from platformdirs import user_cache_path

        monkeypatch.delenv("MODELCOMPAT_CACHE", raising=False)
        assert cache_folder() == user_cache_path("pytest-modelcompat", appauthor=False)

    def test_without_platformdirs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MODELCOMPAT_CACHE", raising=False)
        monkeypatch.setitem(sys.modules, "platformdirs", None)
        with pytest.raises(RuntimeUnavailableError, match="that needs platformdirs, which is not installed") as raised:
            cache_folder()
        assert raised.value.fix[-1] == "or set MODELCOMPAT_CACHE to a folder"


class TestInterpreter:
    def test_is_this_one_for_local(self) -> None:
        assert interpreter_of(LOCAL_RUNTIME) == Path(sys.executable)

    def test_is_not_created(self, hollow: Runtime) -> None:
        with pytest.raises(RuntimeUnavailableError, match="runtime 'hollow' has not been created") as raised:
            interpreter_of(hollow)
        assert raised.value.fix == ("modelcompat runtimes create hollow",)

    def test_is_not_created_to_the_end(self, hollow: Runtime) -> None:
        failure(hollow)
        assert state_of(folder_of(hollow)) is EnvironmentState.UNFINISHED
        with pytest.raises(RuntimeUnavailableError, match="runtime 'hollow' was not created to its end"):
            interpreter_of(hollow)

    def test_is_there(self, hollow: Runtime) -> None:
        failure(hollow)
        python = noted(hollow).python
        assert interpreter_of(hollow) == python

    def test_is_gone_from_where_the_user_keeps_it(self, tmp_path: Path) -> None:
        kept = tmp_path / "bin" / "python"
        with pytest.raises(
            RuntimeUnavailableError, match=r"no interpreter at .*python; there is no such file"
        ) as raised:
            interpreter_of(Runtime("mine", interpreter=kept))
        assert raised.value.fix == ("correct 'interpreter' of 'mine' in [tool.modelcompat.runtimes] of pyproject.toml",)
        kept.parent.mkdir()
        kept.touch(mode=0o600)
        with pytest.raises(RuntimeUnavailableError, match="it is not an executable file"):
            interpreter_of(Runtime("mine", interpreter=kept))

    @posix
    def test_is_gone_with_the_python_it_was_made_with(self, hollow: Runtime) -> None:
        failure(hollow)
        python = noted(hollow).python
        python.unlink()
        python.symlink_to("/opt/pythons/3.11.0/bin/python")
        assert state_of(folder_of(hollow)) is EnvironmentState.BROKEN
        said = (
            "runtime 'hollow' cannot start: the Python that it was created with is gone from /opt/pythons/3.11.0/bin/"
        )
        with pytest.raises(RuntimeUnavailableError, match=said):
            interpreter_of(hollow)
        _, steps = failure(hollow)
        assert steps[0] == FROM_THE_START, "it is made again, and not taken for whole"
        assert python.exists()


class TestPython:
    @pytest.fixture
    def interpreters(self, tmp_path: Path) -> Path:
        for release in ("3.8.9", "3.8.18", "3.8.x", "3.11.7"):
            python = python_in(tmp_path / "pythons" / release)
            python.parent.mkdir(parents=True)
            python.touch()
        return tmp_path / "pythons"

    @pytest.mark.parametrize("variable", [uv.INTERPRETERS, "PYENV_ROOT"])
    def test_is_the_newest_patch_of_the_version(
        self, interpreters: Path, monkeypatch: pytest.MonkeyPatch, variable: str
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


@pytest.fixture(scope="module")
def created(
    tmp_path_factory: pytest.TempPathFactory, tensorflow: None
) -> Iterator[tuple[Runtime, Environment, list[str]]]:
    """A runtime with the TensorFlow of this interpreter, its environment, and the steps of its creation."""
    folder = tmp_path_factory.mktemp("created")
    steps: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELCOMPAT_CACHE", str(folder / "cache"))
        patch.setenv("UV_CACHE_DIR", str(folder / "uv"))
        patch.setenv("UV_OFFLINE", "1")
        # Modules of this process are none of the runtime's business.
        patch.setenv("PYTHONPATH", str(folder / "misleading"))
        (folder / "misleading").mkdir()
        (folder / "misleading" / "tensorflow.py").write_text("raise SystemExit(5)")
        # As in many containers; what is written all the same goes beside the installation here.
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        patch.setenv("PYTHONPYCACHEPREFIX", str(folder / "bytecode"))
        runtime = Runtime("here", PYTHON, (tensorflow_of_here(folder),))
        environment = create(runtime, steps.append)
        yield runtime, environment, steps


class TestCreated:
    def test_tells_its_steps(self, created: tuple[Runtime, Environment, list[str]]) -> None:
        runtime, _, steps = created
        assert steps == [
            f"here: {FROM_THE_START}",
            f"here: 2/3 installing {runtime.packages[0]}",
            "here: 3/3 checking that TensorFlow can be imported",
        ]

    def test_knows_what_is_in_it(self, created: tuple[Runtime, Environment, list[str]]) -> None:
        runtime, environment, _ = created
        assert environment.versions["tensorflow"] == tensorflow_version()
        assert environment.versions["keras"] == environment.keras({}) == version("keras")
        assert environment.versions["python"].startswith(f"{PYTHON}.")
        assert environment.names == ("here",)
        assert environment.packages == runtime.packages
        assert 1_000 < environment.size < 10_000_000
        assert environment.created.endswith("+00:00")
        assert environment == find_environment(folder_of(runtime)) == read_note(environment.folder)

    def test_has_bytecode_for_the_loaders(self, created: tuple[Runtime, Environment, list[str]]) -> None:
        _, environment, _ = created
        bytecode = environment.folder.parents[2] / "bytecode"
        assert next(bytecode.rglob("tensorflow/__init__.*.pyc"))

    def test_is_there_at_once_the_next_time(
        self, created: tuple[Runtime, Environment, list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not even uv is needed."""
        monkeypatch.setenv("PATH", "")
        monkeypatch.setitem(sys.modules, "uv", None)
        runtime, environment, _ = created
        steps: list[str] = []
        started = time.monotonic()
        assert create(runtime, steps.append) == environment
        assert time.monotonic() - started < 0.1
        assert steps == []
        assert interpreter_of(runtime) == environment.python

    def test_is_shared_by_names_of_the_same_content(self, created: tuple[Runtime, Environment, list[str]]) -> None:
        runtime, environment, _ = created
        other = replace(runtime, name="other")
        steps: list[str] = []
        assert create(other, steps.append) == replace(environment, names=("here", "other"))
        assert steps == []
        assert remove(environment.folder, steps.append, name="other") == ("here",), "it stays for the other"
        assert find_environment(folder_of(runtime)) == environment


@posix
def test_uv_is_not_told_where_this_interpreter_finds_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "uv"
    program.write_text('#!/bin/sh\necho "$PYTHONPATH|$VIRTUAL_ENV|$UV_CACHE_DIR"\nexit 1\n', encoding="utf-8")
    program.chmod(0o755)
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "UV_CACHE_DIR"):
        monkeypatch.setenv(name, "ours")
    with pytest.raises(RuntimeUnavailableError) as raised:
        uv.make_environment(str(program), Runtime("any", PYTHON), tmp_path / "any")
    assert raised.value.quote == "||ours"


def test_keras_is_the_one_that_the_variables_choose() -> None:
    environment = Environment(Path(), Path(), ("x",), versions={"keras": "3.15.1", "tf_keras": "2.21.0"})
    assert environment.keras({}) == "3.15.1"
    assert environment.keras({"TF_USE_LEGACY_KERAS": "1"}) == "2.21.0"
    assert environment.keras({"TF_USE_LEGACY_KERAS": "TRUE"}) == "3.15.1", "TensorFlow takes 1, true and True"
    assert replace(environment, versions={"keras": "2.15.0"}).keras({"TF_USE_LEGACY_KERAS": "1"}) == "2.15.0"


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


class TestImport:
    def test_of_a_tensorflow_that_is_not_there(self, hollow: Runtime) -> None:
        error, steps = failure(hollow)
        assert str(error) == "TensorFlow cannot be imported in runtime 'hollow'"
        assert error.quote == NO_TENSORFLOW
        assert error.fix == ("change 'packages' or 'env' of 'hollow' in [tool.modelcompat.runtimes] of pyproject.toml",)
        assert len(steps) == 3
        assert find_environment(folder_of(hollow)) is None

    @posix
    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (
                "ILL",
                "built for another processor: importing it ran an instruction that this one does not have (SIGILL)",
            ),
            ("KILL", "killed the process: SIGKILL, which is what the system does when memory runs out"),
            ("SEGV", "importing TensorFlow in runtime 'mine' killed the process: SIGSEGV"),
        ],
    )
    def test_that_kills_the_process(self, tmp_path: Path, number: str, said: str) -> None:
        error, steps = failure(script(tmp_path, f"echo 'last words' >&2; kill -{number} $$"))
        assert said in str(error)
        assert error.quote == "last words"
        assert error.fix
        assert steps == [f"checking that TensorFlow can be imported by {tmp_path / 'python'}"]

    @posix
    def test_in_something_that_is_no_python(self, tmp_path: Path) -> None:
        error, _ = failure(script(tmp_path, "echo hello"))
        assert str(error).startswith("runtime 'mine' did not report its versions: ")
        assert error.quote == "hello"

    @posix
    def test_in_something_that_cannot_be_started(self, tmp_path: Path) -> None:
        mine = script(tmp_path, "")
        (tmp_path / "python").write_text("#!/nowhere/sh\n")
        error, _ = failure(mine)
        assert str(error).startswith("the interpreter of runtime 'mine' cannot be started from ")
        assert str(error).endswith(": No such file or directory")

    @posix
    def test_quotes_the_exception_and_not_what_follows(self, tmp_path: Path) -> None:
        mine = script(tmp_path, "echo 'TypeError: Descriptors cannot be created\nIf you ... immediately' >&2; exit 1")
        error, _ = failure(mine)
        assert str(error) == "TensorFlow cannot be imported in runtime 'mine'"
        assert error.quote == "TypeError: Descriptors cannot be created"
        assert error.fix == (
            f"repair it; this command must work: {tmp_path / 'python'} -c 'import tensorflow; tensorflow.keras.layers'",
        )

    @pytest.mark.needs_tensorflow
    def test_by_the_users_own_interpreter(self) -> None:
        steps: list[str] = []
        environment = create(Runtime("mine", interpreter=Path(sys.executable)), steps.append)
        assert environment.versions["tensorflow"] == tensorflow_version()
        assert environment.python == Path(sys.executable)
        assert len(steps) == 1


def script(folder: Path, body: str) -> Runtime:
    """A runtime whose interpreter is a shell script."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    return Runtime("mine", interpreter=python)


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


class TestRemove:
    def test_what_nobody_else_asks_for(self, hollow: Runtime) -> None:
        failure(hollow)
        noted(hollow)
        assert remove(folder_of(hollow), print, name="hollow") == ()
        assert state_of(folder_of(hollow)) is EnvironmentState.NOT_CREATED

    def test_what_others_ask_for(self, hollow: Runtime) -> None:
        failure(hollow)
        environment = noted(hollow, "hollow", "other")
        assert remove(folder_of(hollow), print, name="hollow") == ("other",)
        assert find_environment(folder_of(hollow)) == replace(environment, names=("other",))
        assert remove(folder_of(hollow), print) == (), "without a name it is removed for all"
        assert not folder_of(hollow).exists()

    def test_half_of_one(self, hollow: Runtime) -> None:
        failure(hollow)
        assert remove(folder_of(hollow), print, name="hollow") == ()
        assert not folder_of(hollow).exists()


@pytest.mark.parametrize("torn", ["", "{", "[]", "{}", '{"names": 1}'])
def test_a_torn_note_is_none(hollow: Runtime, torn: str) -> None:
    failure(hollow)
    noted(hollow)
    (folder_of(hollow) / NOTE).write_text(torn)
    assert state_of(folder_of(hollow)) is EnvironmentState.UNFINISHED


def test_the_note_reads_well(hollow: Runtime) -> None:
    failure(hollow)
    noted(hollow)
    note = json.loads((folder_of(hollow) / NOTE).read_text())
    assert list(note) == ["names", "packages", "versions", "created", "seconds", "size"]
    assert not list(folder_of(hollow).glob(f".{NOTE}*")), "no draft is left"


@pytest.mark.runtimes
@pytest.mark.timeout(900)
def test_another_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the package index: as a user gets it."""
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path))
    environment = create(builtin_runtime("tf2.15"), print)
    assert environment.versions["tensorflow"].startswith("2.15.")
    assert environment.keras({}).startswith("2.15.")
    assert environment.versions["python"].startswith("3.11.")
    assert environment.size > 500_000_000
    code = "import tensorflow as tf; print(tf.__version__)"
    said = subprocess.run([environment.python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == environment.versions["tensorflow"]
    # Folders of tests are kept for days.
    remove(environment.folder, print)
