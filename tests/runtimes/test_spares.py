"""The child that a loader keeps ready: which jobs it does, and that a model cannot tell it from a fresh one."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.loader.confinement import CONFINED, LIMITED
from pytest_modelcompat.runtimes.isolation import Isolation
from pytest_modelcompat.runtimes.loader_pipe import warmth
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="a loader forks on Linux only")
FEATURES = np.array([[1.0, 2.0, 3.0]], np.float32)
PATIENCE = 60.0
TOLD = """
import json, os
import keras, tensorflow as tf
from keras.src.backend.common import global_state

told = {
    "pid": os.getpid(),
    "names": global_state.get_global_attribute("object_name_uids"),
    "threads": tf.config.threading.get_intra_op_parallelism_threads(),
    "layer": keras.layers.Dense(1).name,
    "drawn": float(keras.random.normal((), seed=1)),
}
with open(os.path.join(os.path.dirname(__file__), "told.json"), "w") as file:
    json.dump(told, file)
"""


@pytest.fixture(scope="module")
def loader(tensorflow: None) -> Iterator[LoaderProcess]:
    loader = LoaderProcess(fork=True)
    loader.start()
    yield loader
    loader.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("spares")
    (folder / "tells.py").write_text(TOLD)
    return folder


@pytest.fixture(scope="module")
def job(folder: Path, tensorflow: None) -> Job:
    import keras

    path = folder / "model.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones", name="total")]).save(path)
    declared = Declarations(imports=("tells",))
    return Job(artifact=path, format="keras", keras="keras", declared=declared, inputs=FEATURES)


@pytest.fixture
def run(
    loader: LoaderProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Job], tuple[Any, dict[str, Any]]]:
    """Does a job; gives its answer, and what the module that it imports tells of its process."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})

    def run(job: Job) -> tuple[Any, dict[str, Any]]:
        told = folder / "told.json"
        told.unlink(missing_ok=True)
        loaded = loader.run(job)
        return loaded, json.loads(told.read_text()) if told.exists() else {}

    return run


def children(loader: LoaderProcess) -> list[int]:
    assert loader._process is not None
    tasks = Path(f"/proc/{loader._process.pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def spare(loader: LoaderProcess) -> int:
    """The process that waits for a job, once it is there."""
    deadline = time.monotonic() + PATIENCE
    while not (found := children(loader)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found[0]


def test_does_the_next_job(loader: LoaderProcess, job: Job, run: Any) -> None:
    loader.get_ready(0)
    waiting = spare(loader)
    loaded, told = run(job)
    assert loaded.succeeded
    assert told["pid"] == waiting
    following = spare(loader)
    assert following != waiting
    assert run(job)[1]["pid"] == following


def test_cannot_be_told_from_a_fresh_one(job: Job, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job)
    loaded, told = run(job)
    monkeypatch.setattr("pytest_modelcompat.runtimes.process.warmth", lambda *_: None)
    run(job)
    fresh, alone = run(job)
    assert told["names"] == alone["names"] is None
    assert told["layer"] == alone["layer"] == "dense"
    assert told["drawn"] == alone["drawn"]
    (outputs,), (others,) = loaded.routes[""].values(), fresh.routes[""].values()
    assert np.array_equal(outputs, others)
    assert loaded.weights == fresh.weights


def test_confined_jobs_have_fresh_ones(loader: LoaderProcess, job: Job, run: Any) -> None:
    run(job)
    waiting = spare(loader)
    # It cannot write what it tells.
    loaded, _ = run(replace(job, declared=Declarations(), isolation=Isolation(CONFINED)))
    assert loaded.succeeded
    # A child with threads would say so.
    assert not loaded.not_isolated
    assert waiting not in children(loader)
    assert run(job)[0].succeeded


def test_another_number_of_threads_has_a_fresh_one(loader: LoaderProcess, job: Job, run: Any) -> None:
    run(job)
    waiting = spare(loader)
    _, told = run(replace(job, threads=1))
    assert told["pid"] != waiting
    assert told["threads"] == 1
    waiting = spare(loader)
    _, told = run(replace(job, threads=1))
    assert (told["pid"], told["threads"]) == (waiting, 1)


def test_one_that_was_killed_is_replaced(loader: LoaderProcess, job: Job, run: Any) -> None:
    run(job)
    waiting = spare(loader)
    os.kill(waiting, signal.SIGKILL)
    loaded, told = run(job)
    assert loaded.succeeded
    assert told["pid"] != waiting


def test_ends_with_its_loader(tensorflow: None) -> None:
    loader = LoaderProcess(fork=True)
    loader.start()
    loader.get_ready(0)
    waiting = spare(loader)
    assert loader._process is not None
    os.kill(loader._process.pid, signal.SIGKILL)
    loader.close()
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{waiting}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_on_one_processor_none_gets_ready_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert warmth(LIMITED, 0) == {"level": LIMITED, "threads": 0, "spare": False}
    assert warmth(CONFINED, 0) is None
