"""The loader of the interpreter that pytest runs in: a real one, with real models and real deaths."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
import venv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import Inventory
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.runtimes.process import LoaderProcess, LoaderUnavailableError
from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from collections.abc import Iterator

USER_MODULE = """
import os, signal, sys, time
import keras

print("chatter of the user's module")

class Double(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

def where():
    return os.getcwd()
"""
OPTIMIZERS = """
import sys
import keras

class Secretive(keras.optimizers.SGD):
    def get_config(self):
        if "pytest" not in sys.modules:
            raise RuntimeError("not outside of tests")
        return super().get_config()
"""
FEATURES = np.array([[1.0, 2.0, 3.0]], np.float32)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    import tensorflow as tf

    keras = tf.keras
    path: Path = tmp_path_factory.mktemp("artifact") / "model.keras"
    ones = keras.layers.Dense(1, kernel_initializer="ones", name="total")
    keras.Sequential([keras.Input((3,)), ones]).save(path)
    return path


@pytest.fixture
def job(artifact: Path) -> Job:
    return Job(artifact=artifact, format="keras", keras="keras", declared=Declarations(), inputs=FEATURES)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of the user's, first on the path and the working directory."""
    folder = tmp_path / "user code"
    folder.mkdir()
    (folder / "user_objects.py").write_text(USER_MODULE)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    return folder


def importing(job: Job, user: Path, text: str) -> Job:
    """The job with a declared import of a module that does what `text` says."""
    (user / "does_it.py").write_text("import os, signal, sys, time\n" + text)
    return replace(job, declared=Declarations(imports=("does_it",)))


def total(loaded: Any) -> Any:
    (outputs,) = loaded.routes.values()
    (leaf,) = outputs.values()
    return leaf.tolist()


def test_success(loader: LoaderProcess, job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    loaded = loader.run(job)
    assert (loaded.succeeded, loaded.stage, loaded.error, loaded.process_exit.code) == (True, "done", None, 0)
    assert total(loaded) == [[6.0]]
    assert [(digest.path.split("/")[-1], digest.shape) for digest in loaded.weights] == [
        ("kernel", (3, 1)),
        ("bias", (1,)),
    ]
    assert loaded.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"keras", "tensorflow", "numpy"} <= set(loaded.versions)
    assert {"declare", "load", "predict"} <= set(loaded.timings)
    assert 50e6 < loaded.peak_memory < 20e9
    assert capfd.readouterr() == ("", "")


def test_the_job_leaves_nothing_behind(loader: LoaderProcess, job: Job) -> None:
    before = set(loader.folder.iterdir())
    loader.run(job)
    assert set(loader.folder.iterdir()) == before


def test_a_job_that_cannot_be_written_leaves_nothing_behind(loader: LoaderProcess, job: Job) -> None:
    before = set(loader.folder.iterdir())
    with pytest.raises(TypeError, match="expected strings, found dict"):
        loader.run(replace(job, inputs=np.array([{}], dtype=object)))
    assert set(loader.folder.iterdir()) == before


def test_path_working_directory_and_custom_objects_are_handed_over(
    loader: LoaderProcess, job: Job, user: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    user_objects = importlib.import_module("user_objects")
    keras = sys.modules["keras"]
    path = user / "custom.keras"
    keras.Sequential([keras.Input((3,)), user_objects.Double()]).save(path)
    assert loader.run(replace(job, artifact=path)).stage == "load", "the class is unknown unless it is declared"
    declared = Declarations(custom_objects={"Double": ("user_objects", "Double")})
    loaded = loader.run(replace(job, artifact=path, declared=declared))
    assert loaded.succeeded
    assert total(loaded) == [[2.0, 4.0, 6.0]]
    assert "chatter of the user's module" in loaded.log
    job = importing(job, user, f"assert os.getcwd() == {str(user)!r}; assert sys.path[0] == {str(user)!r}")
    assert loader.run(job).succeeded
    assert "chatter" in capfd.readouterr().out, "said here at import, and not once more by the loader"


def test_a_child_sees_nothing_of_the_one_before(loader: LoaderProcess, job: Job, user: Path) -> None:
    assert loader.run(importing(job, user, "import keras; keras.left_behind = 1")).succeeded
    loaded = loader.run(importing(job, user, "import keras; assert not hasattr(keras, 'left_behind')"))
    assert loaded.succeeded, loaded.error


def test_each_stage_tells_its_error(loader: LoaderProcess, job: Job, user: Path, tmp_path: Path) -> None:
    declare = loader.run(importing(job, user, "raise OSError('no such licence')"))
    assert (declare.stage, declare.succeeded) == ("declare", False)
    assert declare.error is not None
    assert {**declare.error, "traceback": ""} == {
        "type": "OSError",
        "message": "no such licence",
        "declared": "does_it",
        "near": "",
        "traceback": "",
    }
    assert "does_it.py" in declare.error["traceback"]
    missing = loader.run(replace(job, declared=Declarations(custom_objects={"X": ("user_objects", "Nothing")})))
    assert missing.error is not None
    assert missing.error["declared"] == "user_objects.Nothing"
    library = loader.run(replace(job, declared=Declarations(op_libraries=(str(tmp_path / "no.so"),))))
    assert library.error is not None
    assert library.error["declared"] == str(tmp_path / "no.so")
    (tmp_path / "broken.keras").write_bytes(b"PK\x03\x04nothing")
    load = loader.run(replace(job, artifact=tmp_path / "broken.keras"))
    assert (load.stage, bool(load.error), load.process_exit.code) == ("load", True, 0)
    predict = loader.run(replace(job, inputs=np.ones((1, 4), np.float32)))
    assert (predict.stage, bool(predict.error), bool(predict.weights)) == ("predict", True, True)


def test_the_training_state_is_read_last_and_only_where_asked_for(loader: LoaderProcess, job: Job, user: Path) -> None:
    (user / "optimizers.py").write_text(OPTIMIZERS)
    keras = sys.modules["keras"]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(importlib.import_module("optimizers").Secretive(0.5), keras.losses.MeanSquaredError())
    model.save(user / "compiled.keras")
    declared = Declarations(custom_objects={"Secretive": ("optimizers", "Secretive")})
    compiled = replace(job, artifact=user / "compiled.keras", declared=declared)
    unasked = loader.run(compiled)
    assert (unasked.succeeded, unasked.training, "training" in unasked.timings) == (True, None, False), unasked.error
    asked = loader.run(replace(compiled, training=True))
    assert (asked.stage, asked.error and asked.error["message"]) == ("training", "not outside of tests")
    assert total(asked) == [[6.0]], "what was predicted before is kept"
    finding = diagnose(
        asked, DiagnosisContext("compiled.keras", "keras", Inventory(compiled.artifact, "keras", {}), {}, 60.0)
    )
    assert finding.kind is Kind.TRAINING_CHANGED
    assert finding.cause.endswith("which further training needs, cannot be read: RuntimeError: not outside of tests")
    assert "training" in loader.run(replace(job, training=True)).timings


def test_digests_are_left_out_where_nobody_asks(loader: LoaderProcess, job: Job) -> None:
    loaded = loader.run(replace(job, digests=False))
    assert (loaded.succeeded, loaded.weights) == (True, ())


def test_what_cannot_be_resolved_is_reported_by_position(loader: LoaderProcess, job: Job) -> None:
    use: dict[str, Any] = {
        "role": "layer",
        "name": "Dense",
        "module": "keras.layers",
        "registered_name": None,
        "is_class": True,
    }
    uses = [{**use, "config_keys": []}, {**use, "name": "Scale", "module": "shop.layers", "config_keys": []}]
    loaded = loader.run(replace(job, objects=uses, ops=["MatMul", "NoSuchOp"]))
    assert (loaded.unknown_objects, loaded.unknown_ops) == ((1,), ("NoSuchOp",))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals of a forked child")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os._exit(3)", 3),
        ("print('last words', flush=True); os.abort()", -signal.SIGABRT),
    ],
)
def test_deaths(loader: LoaderProcess, job: Job, user: Path, text: str, code: int) -> None:
    loaded = loader.run(importing(job, user, text))
    assert (loaded.process_exit.code, loaded.process_exit.timed_out, loaded.process_exit.oom_killed) == (
        code,
        False,
        False,
    )
    assert not loaded.succeeded
    assert loaded.stage == "declare"
    assert loader.run(job).succeeded
    if "last words" in text:
        assert "last words" in loaded.log
        assert "Fatal Python error: Aborted" in loaded.log


def test_sys_exit_is_an_error_of_the_stage(loader: LoaderProcess, job: Job, user: Path) -> None:
    loaded = loader.run(importing(job, user, "sys.exit(7)"))
    assert loaded.error is not None
    assert (loaded.error["type"], loaded.error["message"], loaded.stage) == ("SystemExit", "7", "declare")


def test_timeout(loader: LoaderProcess, job: Job, user: Path) -> None:
    started = time.monotonic()
    loaded = loader.run(replace(importing(job, user, "time.sleep(600)"), timeout=1.0))
    assert time.monotonic() - started < 30
    assert (loaded.process_exit.timed_out, loaded.succeeded, loaded.stage) == (True, False, "declare")
    assert loader.run(job).succeeded


def test_a_process_that_a_child_leaves_behind_holds_nobody_up(loader: LoaderProcess, job: Job, user: Path) -> None:
    started = time.monotonic()
    assert loader.run(importing(job, user, "os.system('sleep 100 &')")).succeeded
    assert time.monotonic() - started < 60


TO_EVERY_PIPE = """
import contextlib
for descriptor in range(3, 256):
    with contextlib.suppress(OSError):
        os.write(descriptor, b'\\n{"code": null, "ready": false}\\n')
"""
TO_THE_ANSWER = """
import pathlib, tempfile
for folder in pathlib.Path(tempfile.gettempdir()).glob("modelcompat-*/job-*"):
    (folder / "answer.json").write_text({answer!r})
os._exit(0)
"""
CLEANS_UP = """
import pathlib, shutil, tempfile
for folder in pathlib.Path(tempfile.gettempdir()).glob("modelcompat-*"):
    shutil.rmtree(folder, ignore_errors=True)
"""


@pytest.fixture(scope="class")
def ruined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoaderProcess]:
    """One with a folder for temporary files to itself, in which its jobs may do what they like."""
    root = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", root)
        loader = LoaderProcess(environment={"TMPDIR": root})
    yield loader
    loader.close()


class TestHostileCode:
    def test_that_writes_to_every_pipe_is_not_taken_for_the_loader(
        self, ruined: LoaderProcess, job: Job, user: Path
    ) -> None:
        assert ruined.run(importing(job, user, TO_EVERY_PIPE)).succeeded
        assert ruined.run(job).succeeded

    @pytest.mark.parametrize(
        "answer", ["", "[]", "null", '{"stage": 1}', '{"trying": [], "stage": "done", "error": null, "declaring": ""}']
    )
    def test_that_writes_the_answer_leaves_a_verdict(
        self, ruined: LoaderProcess, job: Job, user: Path, answer: str
    ) -> None:
        loaded = ruined.run(importing(job, user, TO_THE_ANSWER.format(answer=answer)))
        assert not loaded.succeeded or loaded.routes == {}
        context = DiagnosisContext("model.keras", "keras", Inventory(user, "keras"), {}, 300)
        assert diagnose(loaded, context).kind is Kind.LOADER_EXITED

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the loader adopts orphans on Linux alone")
    def test_what_it_leaves_behind_ends_with_the_job(self, ruined: LoaderProcess, job: Job, user: Path) -> None:
        code = "import subprocess\nleft = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        assert ruined.run(importing(job, user, f"{code}open('left', 'w').write(str(left.pid))")).succeeded
        with pytest.raises(ProcessLookupError):
            os.kill(int((user / "left").read_text()), 0)

    def test_that_removes_every_folder_stops_no_later_job(self, ruined: LoaderProcess, job: Job, user: Path) -> None:
        assert ruined.run(job).succeeded
        assert not ruined.run(importing(job, user, CLEANS_UP)).succeeded
        assert ruined.run(job).succeeded


class TestLoaderItself:
    """Deaths of the loader, with loaders of their own."""

    def test_killed_between_and_during_jobs(self, job: Job, user: Path) -> None:
        mine = LoaderProcess(fork=True)
        try:
            assert mine.run(job).succeeded
            first = mine._process
            assert first is not None
            os.kill(first.pid, signal.SIGKILL)
            between = mine.run(job)
            assert between.succeeded, "a loader that died idle is not this job's failure"
            second = mine._process
            assert second is not None
            assert second.pid != first.pid
            marker = user / "started"
            child = "open('part', 'w').write(str(os.getpid())); os.rename('part', 'started'); time.sleep(600)"
            slow = importing(job, user, f"if os.fork() == 0:\n    {child}\ntime.sleep(600)")
            killer = threading.Thread(target=kill_when, args=(marker, second.pid))
            killer.start()
            during = mine.run(slow)
            killer.join()
            assert (during.succeeded, during.process_exit.code) == (False, -signal.SIGKILL)
            assert during.stage == "declare"
            assert ends(int(marker.read_text())), "what a job has started ends, though its loader cannot end it"
            assert mine.run(job).succeeded
            last = mine._process
            assert last is not None
        finally:
            mine.close()
        assert last.poll() is not None
        assert not mine.folder.exists()
        mine.close()

    def test_without_forks(self, job: Job, user: Path) -> None:
        alone = LoaderProcess(fork=False, environment={"ONLY_THERE": "yes"})
        try:
            loaded = alone.run(importing(job, user, "assert os.environ['ONLY_THERE'] == 'yes'"))
            assert loaded.succeeded, loaded.error
            assert total(loaded) == [[6.0]]
            crashed = alone.run(importing(job, user, "os.kill(os.getpid(), signal.SIGSEGV)"))
            assert (crashed.process_exit.code, crashed.stage) == (-signal.SIGSEGV, "declare")
        finally:
            alone.close()

    @pytest.mark.usefixtures("user")
    def test_another_interpreter(self, job: Job, tmp_path: Path) -> None:
        """Another environment's jobs have that one's path and what they are given, and nothing of this process's."""
        other, given = tmp_path / "other", tmp_path / "given"
        venv.create(other, symlinks=True)
        (site,) = (other / "lib").glob("python*/site-packages")
        (site / "packages.pth").write_text("\n".join(entry for entry in sys.path if entry.endswith("site-packages")))
        (site / "own_there.py").touch()
        given.mkdir()
        (given / "given_there.py").write_text(f"import own_there, sys; assert sys.prefix == {str(other)!r}, sys.prefix")
        mine = LoaderProcess(python=other / "bin" / "python", sys_path=[str(given)])
        try:
            loaded = mine.run(replace(job, declared=Declarations(imports=("given_there",))))
            assert loaded.succeeded, loaded.error
            assert total(loaded) == [[6.0]]
            assert mine.run(replace(job, declared=Declarations(imports=("user_objects",)))).stage == "declare"
        finally:
            mine.close()

    def test_without_tensorflow(self, job: Job, tmp_path: Path) -> None:
        (tmp_path / "tensorflow.py").write_text("raise ImportError('no TensorFlow here')")
        for fork in (True, False):
            mine = LoaderProcess(fork=fork, environment={"PYTHONPATH": str(tmp_path)})
            try:
                with pytest.raises(LoaderUnavailableError, match="no TensorFlow here") as raised:
                    mine.run(job)
                assert raised.value.kind == "ImportError"
            finally:
                mine.close()


def ends(process: int) -> bool:
    """Whether a process ends within a few seconds; nobody may have asked yet how it did."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            stat = Path("/proc", str(process), "stat").read_bytes()
        except OSError:
            return True
        if stat.rpartition(b")")[2].split()[0] == b"Z":
            return True
        time.sleep(0.05)
    return False


def kill_when(marker: Path, process: int) -> None:
    deadline = time.monotonic() + 60
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
