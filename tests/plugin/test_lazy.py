"""What a session costs others, and what it leaves behind: nothing imported, no process, no warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes.scratch import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Project

HEAVY = ("tensorflow", "h5py", "numpy", "google.protobuf", "keras", "tf_keras", "filelock")
MARKER = "MODELCOMPAT_TEST_SESSION"
NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


def test_a_session_without_model_tests_imports_nothing_heavy(project: Project) -> None:
    project.write("golden/test_it/test_gone/golden.json", "{}")
    project.write("models/ranker.h5", "not asked for")
    project.write(
        "conftest.py",
        f"""
        import sys

        def pytest_unconfigure():
            print("HEAVY", [name for name in {HEAVY!r} if name in sys.modules])
            print("OURS", "pytest_modelcompat.plugin" in sys.modules)
        """,
    )
    project.write("test_it.py", "import pytest\n\n@pytest.mark.parametrize('a', [1, 2])\ndef test_it(a): ...\n")
    result = project.run_apart("test_it.py", "--junitxml=out.xml")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["HEAVY ??", "OURS True"])


def test_warnings_as_errors_are_survived(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        import tensorflow as tf

        @pytest.mark.model_roundtrip
        def test_model():
            return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
        """,
    )
    project.record("-W", "error").assert_outcomes(passed=3)
    result = project.run("-W", "error", "--strict-markers", "--strict-config")
    result.assert_outcomes(passed=3)
    assert "warnings summary" not in result.stdout.str()


@pytest.fixture
def ranker(project: Project) -> Project:
    """A project with an artifact, and modules that misbehave when a loader imports them."""
    import tensorflow as tf

    (project.path / "models").mkdir()
    tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)]).save(project.path / "models/ranker.h5")
    project.write("crashes.py", "import os, signal\n\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    project.write(
        "hangs.py",
        """
        import subprocess, sys, time
        from pathlib import Path

        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        Path("reached").write_text("")
        time.sleep(600)
        """,
    )
    project.write(
        "tells.py", "import os\nfrom pathlib import Path\n\nPath('pids').open('a').write(f'{os.getppid()}\\n')\n"
    )
    return project


def test_without_forking_each_artifact_gets_a_process_and_the_same_verdicts(
    ranker: Project, pytester: pytest.Pytester
) -> None:
    ranker.record("models/ranker.h5")
    ranker.write("pytest.ini", "[pytest]\nmodelcompat_fork = false\n")
    tells = ("--modelcompat-import=tells", "--modelcompat-isolation=off")
    result = pytester.runpytest_inprocess("models/ranker.h5", *tells)
    result.assert_outcomes(passed=1)
    # Forked, the loader would be the parent.
    assert (ranker.path / "pids").read_text().split() == [str(os.getpid())]

    result = pytester.runpytest_inprocess("models/ranker.h5", "--modelcompat-import=crashes")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["LOADER CRASHED  ranker.h5?h5?: *SIGSEGV*"])

    result = pytester.runpytest_inprocess("models/ranker.h5", "--modelcompat-import=hangs", "--modelcompat-timeout=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["LOADER TIMED OUT  ranker.h5?h5?: *"])


def marked_processes(value: str) -> list[int]:
    """Processes that carry the marker variable, zombies not among them."""
    wanted = f"{MARKER}={value}".encode()
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if wanted in environment(entry)]


def environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def wait_until(condition: object, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def marker(project: Project) -> Iterator[str]:
    """A value of the marker variable; whatever still carries it in the end is killed."""
    yield str(project.path)
    for process in marked_processes(str(project.path)):
        os.kill(process, signal.SIGKILL)


def temporary(project: Project) -> Path:
    """The folder for temporary files of a project's sessions."""
    folder = project.path / "temporary"
    folder.mkdir(exist_ok=True)
    return folder


def start(project: Project, marker: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "models/ranker.h5", *arguments],
        cwd=project.path,
        env={**os.environ, MARKER: marker, "TMPDIR": str(temporary(project))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@NEEDS_PROC
def test_no_process_outlives_a_session_that_ends_well(ranker: Project, marker: str) -> None:
    session = start(ranker, marker, "--modelcompat-update-golden")
    assert session.wait(120) == pytest.ExitCode.OK
    assert wait_until(lambda: not marked_processes(marker), 10), marked_processes(marker)


@NEEDS_PROC
@pytest.mark.parametrize(
    ("ending", "forks"),
    [("SIGINT", "true"), ("SIGTERM", "true"), ("SIGHUP", "true"), ("SIGKILL", "true"), ("SIGKILL", "false")],
)
def test_no_process_outlives_a_session_that_is_ended(ranker: Project, marker: str, ending: str, forks: str) -> None:
    session = start(ranker, marker, "--modelcompat-import=hangs", "-o", f"modelcompat_fork={forks}")
    # The current folder of a child that loads what something else saved is in the folder for temporary files.
    assert wait_until(lambda: any(temporary(ranker).rglob("work/reached")), 120)
    # pytest, the loader, its child where it forks, and the two that the user's module started
    assert len(marked_processes(marker)) >= (5 if forks == "true" else 4)
    session.send_signal(signal.Signals[ending])
    session.wait(60)
    assert wait_until(lambda: not marked_processes(marker), 10), marked_processes(marker)
    if ending in ("SIGHUP", "SIGKILL"):
        assert folders_of_sessions(ranker)
        sweep(temporary(ranker))
    assert not folders_of_sessions(ranker)


def folders_of_sessions(project: Project) -> list[Path]:
    return list(temporary(project).glob("*modelcompat-[0-9]*"))


@NEEDS_PROC
def test_what_a_job_leaves_behind_does_not_outlive_the_session(ranker: Project, marker: str) -> None:
    """In a session of its own, too, where a signal to the loader's group does not reach it."""
    ranker.write(
        "leaves.py",
        """
        import subprocess, sys

        nap = "import time; time.sleep(600)"
        nest = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {nap!r}], start_new_session=True)"
        for code in (nap, nest):
            subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        """,
    )
    session = start(ranker, marker, "--modelcompat-import=leaves", "--modelcompat-update-golden")
    assert session.wait(120) == pytest.ExitCode.OK
    assert wait_until(lambda: not marked_processes(marker), 10), marked_processes(marker)
