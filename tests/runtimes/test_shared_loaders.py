"""A loader that sessions share: each has processes of its own, and what ends one ends no other."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from pytest_modelcompat.runtimes.shared_loaders import SharedLoaders, shared_loaders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a loader forks on Linux only")
TELLS = """
import os
with open(os.environ["TELLS_INTO"], "w") as file:
    file.write(f"{os.getppid()} {os.environ.get('PYTEST_CURRENT_TEST', '')}")
"""
PATIENCE = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for sockets, whose paths are short."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="mc-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)
        for each in shared_loaders():
            each.end()


@pytest.fixture(scope="module")
def shared(home: Path, tensorflow: None) -> Path:
    """The socket of one that is kept."""
    address = SharedLoaders().address()
    assert address is not None
    return address


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Job:
    from tensorflow import keras

    folder = tmp_path_factory.mktemp("shared")
    (folder / "tells.py").write_text(TELLS)
    path = folder / "model.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")]).save(path)
    inputs = np.array([[1.0, 2.0, 3.0]], np.float32)
    return Job(artifact=path, format="keras", keras="keras", declared=Declarations(imports=("tells",)), inputs=inputs)


@pytest.fixture
def session(
    shared: Path, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], tuple[LoaderProcess, Job]]]:
    """A session's loader, and a job that tells its parent into a file of the session."""
    monkeypatch.syspath_prepend(str(job.artifact.parent))
    made = []

    def session(name: str) -> tuple[LoaderProcess, Job]:
        environment = {"TELLS_INTO": str(tmp_path / name), "PYTEST_CURRENT_TEST": name}
        made.append(LoaderProcess(fork=True, environment=environment, shared=shared))
        return made[-1], job

    yield session
    for each in made:
        each.close()


def told(tmp_path: Path, name: str) -> tuple[int, str]:
    parent, test = (tmp_path / name).read_text().split()
    return int(parent), test


def ended(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_sessions_have_processes_and_variables_of_their_own(
    session: Callable[[str], tuple[LoaderProcess, Job]], tmp_path: Path
) -> None:
    (one, job), (other, _) = session("one"), session("other")
    assert one.run(job).succeeded
    assert other.run(job).succeeded
    first, second = told(tmp_path, "one"), told(tmp_path, "other")
    assert (first[1], second[1]) == ("one", "other")
    assert first[0] != second[0]
    one.close()
    assert ended(first[0])
    assert other.run(job).succeeded


def test_a_death_is_a_death_of_its_job_alone(
    session: Callable[[str], tuple[LoaderProcess, Job]], job: Job, tmp_path: Path
) -> None:
    (job.artifact.parent / "dies.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    loader, _ = session("dying")
    died = loader.run(replace(job, declared=Declarations(imports=("dies",))))
    assert died.process_exit.code == -signal.SIGSEGV
    assert loader.run(job).succeeded


def test_it_is_found_again_and_outlives_its_sessions(shared: Path) -> None:
    assert SharedLoaders().address() == shared
    (kept,) = shared_loaders()
    assert (kept.address, kept.python) == (shared, sys.executable)


def test_other_variables_have_another_one(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    other = SharedLoaders("a run")
    assert other.address() not in (None, shared)
    other.close()
    assert [each.address for each in shared_loaders()] == [shared]


def test_a_folder_that_others_can_look_into_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all = home / "open"
    (open_to_all / f"modelcompat-loaders-{os.getuid()}").mkdir(parents=True, mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_to_all))
    assert SharedLoaders().address() is None


def test_a_session_goes_on_when_it_is_ended(session: Callable[[str], tuple[LoaderProcess, Job]], shared: Path) -> None:
    """Last, since it ends the one of all tests."""
    loader, job = session("going on")
    assert loader.run(job).succeeded
    (kept,) = shared_loaders()
    os.kill(kept.pid, signal.SIGKILL)
    assert loader.run(job).succeeded
    late, _ = session("late")
    assert late.run(job).succeeded
    assert not list(shared_loaders())
    assert not [*shared.parent.glob("*.sock")]
