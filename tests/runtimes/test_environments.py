"""Environments of runtimes, made by the real uv from wheels on this disk; and all that goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
)
from pytest_modelcompat.runtimes.environments import Environment, create, interpreter_of, remove
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, Runtime, RuntimeUnavailableError
from tests.runtimes.environments import FROM_THE_START, failure, noted, posix
from tests.wheels import PYTHON, tensorflow_of_here, tensorflow_version

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TENSORFLOW = "ModuleNotFoundError: No module named 'tensorflow'"


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
