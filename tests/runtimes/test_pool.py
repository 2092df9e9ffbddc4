"""The loaders of a session: one for each runtime, started when it is needed, and the path that others are given."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.runtimes.config import RuntimeConfig
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.pool import LoaderPool, project_path
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from pytest_modelcompat.runtimes.runtime import Runtime, RuntimeUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")

JOB = Job(Path("model.h5"), "h5", "", Declarations(), np.zeros(3, np.float32))


@pytest.fixture
def tries(tmp_path: Path) -> Path:
    """A file in which each start of an interpreter leaves a line."""
    return tmp_path / "tries"


@pytest.fixture(params=[True, False], ids=["forking", "alone"])
def loaders(request: pytest.FixtureRequest, tmp_path: Path, tries: Path) -> Iterator[LoaderPool]:
    """Those of a project with runtimes of which one ends at once, one is killed, and others cannot be started."""

    def runtime(name: str, content: str | None) -> Runtime:
        path = tmp_path / name
        if content is not None:
            path.write_text(content, encoding="utf-8")
            path.chmod(0o755)
        return Runtime(name, interpreter=path)

    noting = f"#!/bin/sh\necho started >> {tries}\n"
    contents = {
        "ends": f"{noting}echo 'no such library' >&2\nexit 3\n",
        "killed": f"{noting}kill -KILL $$\n",
        "no program": "\x00",
        "moved": "#!/gone/bin/python\n",
        "gone": None,
    }
    loaders = LoaderPool(
        RuntimeConfig({name: runtime(name, content) for name, content in contents.items()}), fork=request.param
    )
    yield loaders
    loaders.close()


def failure(loader: LoaderProcess) -> LoaderUnavailableError:
    with pytest.raises(LoaderUnavailableError) as raised:
        loader.run(JOB)
    return raised.value


def test_one_for_each_runtime(loaders: LoaderPool) -> None:
    assert loaders.of("ends") is loaders.of("ends")
    assert loaders.of("local") is loaders.of("local")
    assert loaders.of("local") is not loaders.of("ends")


def test_it_is_started_when_it_is_needed(loaders: LoaderPool, tries: Path) -> None:
    loader = loaders.of("ends")
    assert not tries.exists()
    error = failure(loader)
    assert (str(error), error.kind, error.log) == ("", "", "no such library\n")
    assert error.process_exit is not None
    assert error.process_exit.code == 3
    assert tries.read_text() == "started\n"


def test_what_has_failed_is_not_tried_again(loaders: LoaderPool, tries: Path) -> None:
    loader = loaders.of("ends")
    first = failure(loader)
    assert failure(loader) is first
    with pytest.raises(LoaderUnavailableError):
        loader.start()
    assert tries.read_text() == "started\n"


def test_what_was_killed_from_outside_is_tried_again(loaders: LoaderPool, tries: Path) -> None:
    failure(loaders.of("killed"))
    failure(loaders.of("killed"))
    assert tries.read_text() == "started\n" * 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no program", "it is neither a program for this system and processor nor a script that names its interpreter"),
        ("moved", "it does not exist any more, or the interpreter named in its first line does not"),
    ],
)
def test_what_is_no_program_is_reported_when_it_is_used(
    loaders: LoaderPool, tmp_path: Path, name: str, said: str
) -> None:
    loaders.prefetch(name)
    error = failure(loaders.of(name))
    assert str(error) == f"{tmp_path / name}: {said}"
    assert (error.kind, error.process_exit) == ("", None)


def test_what_there_is_not_is_reported_when_it_is_used(loaders: LoaderPool) -> None:
    loaders.prefetch("nobody")
    with pytest.raises(UnknownRuntimeError, match="'nobody' is not a known runtime"):
        loaders.of("nobody")
    loaders.prefetch("gone")
    with pytest.raises(RuntimeUnavailableError, match=r"'gone' has no interpreter at .*; there is no such file"):
        loaders.of("gone")


def test_a_runtime_that_was_not_created(loaders: LoaderPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(RuntimeUnavailableError, match=r"runtime 'tf2\.15' has not been created") as raised:
        loaders.of("tf2.15")
    assert raised.value.fix == ("modelcompat runtimes create tf2.15",)


def test_an_interpreter_in_a_folder_of_somebody_else(tmp_path: Path) -> None:
    runtimes = RuntimeConfig({"theirs": Runtime("theirs", interpreter=tmp_path / "theirs" / "python")})
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "python").touch(0o755)
    loaders = LoaderPool(runtimes)
    with locked(tmp_path / "theirs"), pytest.raises(RuntimeUnavailableError) as raised:
        loaders.of("theirs")
    loaders.close()
    assert str(raised.value).endswith("theirs/python; it cannot be looked at: Permission denied")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder that this process may not look into, which takes another user than root."""
    folder.chmod(0)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_its_variables_are_set_and_ours_that_mislead_it_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, python = tmp_path / "told", tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$SHOP|$PYTHONPATH|$TF_USE_LEGACY_KERAS" > "{told}"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", "ours")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "ours")
    loaders = LoaderPool(RuntimeConfig({"prod": Runtime("prod", interpreter=python, env={"SHOP": "open"})}))
    failure(loaders.of("prod"))
    loaders.close()
    assert told.read_text() == "open||\n"


def test_a_shared_one_is_for_the_local_runtime_only(loaders: LoaderPool) -> None:
    shared = LoaderProcess()
    others = LoaderPool(loaders.runtimes, local=shared)
    assert others.of("ends") is not shared
    others.close()
    shared.close()


def test_a_shared_one_outlives_them() -> None:
    shared = LoaderProcess()
    loaders = LoaderPool(RuntimeConfig(), local=shared)
    assert loaders.of("local") is shared
    loaders.close()
    assert shared.folder.is_dir()
    shared.close()


def test_closing_leaves_nothing(loaders: LoaderPool) -> None:
    folders = (loaders.folder, loaders.of("ends").folder, loaders.of("killed").folder)
    assert all(folder.is_dir() for folder in folders)
    loaders.close()
    assert not any(folder.exists() for folder in folders)
    loaders.close()


def test_the_projects_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another Python must not be given: the standard library of this one, and what is installed into it."""
    monkeypatch.chdir(tmp_path)
    own = ["", "src", str(tmp_path / "lib"), "/opt/shop/python", "/opt/shop.zip"]
    others = [
        sysconfig.get_path("stdlib"),
        f"{sysconfig.get_path('stdlib')}/lib-dynload",
        sysconfig.get_path("purelib"),
        site.getusersitepackages(),
        f"{sys.base_prefix}/lib/python311.zip",
        "/elsewhere/site-packages",
        "/usr/lib/python3/dist-packages",
    ]
    monkeypatch.setattr(sys, "path", [own[0], *others, *own[1:]])
    assert project_path() == [str(tmp_path), str(tmp_path / "src"), *own[2:]]
