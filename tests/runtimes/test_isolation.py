"""Real jobs whose code is hostile: what each level of isolation refuses, and what the verdict says of it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import Inventory
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.loader import confinement, landlock
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.runtimes.isolation import Isolation, isolation_for, memory_of_groups, memory_of_machine
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job, LoadResult

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFINED = Isolation(confinement.CONFINED)
MIB = 2**20


def is_isolated() -> bool:
    try:
        return landlock.version() > 0
    except OSError:
        return confinement.needs_namespaces()


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux isolates")
NEEDS_ISOLATION = pytest.mark.skipif(not is_isolated(), reason="this machine has neither Landlock nor namespaces")


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    import tensorflow as tf

    path: Path = tmp_path_factory.mktemp("artifact") / "model.keras"
    tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1, kernel_initializer="ones")]).save(path)
    return path


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder: first on the path, and the current one."""
    folder = tmp_path / "user code"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def job(artifact: Path) -> Job:
    return Job(artifact, "keras", "keras", Declarations(), np.ones((1, 3), np.float32), timeout=60.0)


class Runs:
    """Runs jobs that import a module with the given text."""

    def __init__(self, loader: LoaderProcess, job: Job, user: Path) -> None:
        self._loader, self._job, self._user = loader, job, user

    def __call__(self, text: str, isolation: Isolation = CONFINED, **changes: Any) -> LoadResult:
        (self._user / "does_it.py").write_text("import os, signal, socket, sys, time\n" + text)
        job = replace(self._job, declared=Declarations(imports=("does_it",)), isolation=isolation, **changes)
        return self._loader.run(job)


@pytest.fixture
def run(loader: LoaderProcess, job: Job, user: Path) -> Runs:
    return Runs(loader, job, user)


def finding_of(loaded: LoadResult) -> Finding:
    context = DiagnosisContext("model.keras", "keras", Inventory(Path("model.keras"), "keras", {}), {}, 60.0)
    return diagnose(loaded, context)


def stopped(loaded: LoadResult) -> str:
    """The cause that the verdict names, which has to be the isolation, with what lifts it."""
    finding = finding_of(loaded)
    assert finding.kind is Kind.STOPPED_BY_ISOLATION, (finding, loaded.error)
    assert 'isolation="off"' in finding.fix[-1]
    return finding.cause


HOSTILE = """
import ctypes, errno, json, subprocess
import tensorflow as tf

def new(): open(OUTSIDE + "/new", "w")
def append(): open(OUTSIDE + "/kept", "a")
def truncate(): os.truncate(OUTSIDE + "/kept", 0)
def remove(): os.remove(OUTSIDE + "/kept")
def move(): os.rename(OUTSIDE + "/kept", "kept")
def link(): os.symlink("/etc", OUTSIDE + "/link")
def mode(): os.chmod(OUTSIDE + "/kept", 0)
def folder(): os.mkdir(OUTSIDE + "/folder")
def by_tensorflow(): tf.io.write_file(OUTSIDE + "/new", "x")
def by_program(): subprocess.run(["touch", OUTSIDE + "/new"], check=True, capture_output=True)
def pipe(): os.mkfifo("pipe")
def memory_of_parent(): open("/proc/{}/mem".format(os.getppid()), "r+b")
def tcp(): socket.create_connection(("127.0.0.1", PORT), 5)
def udp(): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))
def unix(): socket.socket(socket.AF_UNIX).connect(OUTSIDE + "/socket")
def name(): socket.getaddrinfo("example.com", 80)

said = {}
for attempt in ATTEMPTS.split():
    try:
        globals()[attempt]()
    except BaseException as error:
        said[attempt] = type(error).__name__
print("SAID", json.dumps(said))
"""
FILES = "new append truncate remove move link mode folder by_tensorflow by_program"
OTHERS = "pipe memory_of_parent tcp udp unix name"


def said(loaded: LoadResult) -> dict[str, str]:
    """What the attempts of a hostile module raised, by their names."""
    assert loaded.succeeded, loaded.error
    found: dict[str, str] = json.loads(loaded.log.partition("SAID ")[2].splitlines()[0])
    return found


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "kept").write_text("kept")
    return folder


@pytest.fixture
def server(outside: Path) -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


def hostile(outside: Path, server: socket.socket, attempts: str) -> str:
    return f"OUTSIDE, PORT, ATTEMPTS = {str(outside)!r}, {server.getsockname()[1]}, {attempts!r}\n{HOSTILE}"


@NEEDS_ISOLATION
def test_a_confined_child_writes_nothing_outside_and_has_no_network(
    run: Runs, outside: Path, server: socket.socket
) -> None:
    raised = said(run(hostile(outside, server, f"{FILES} {OTHERS}")))
    assert set(raised) == {*FILES.split(), *OTHERS.split()}
    assert (raised["new"], raised["mode"], raised["by_tensorflow"]) == (
        "PermissionError",
        "PermissionError",
        "PermissionDeniedError",
    )
    assert [(file.name, file.read_text()) for file in outside.iterdir()] == [("kept", "kept")]
    with pytest.raises(BlockingIOError):
        server.accept()


def test_a_limited_child_does_as_it_likes(run: Runs, outside: Path, server: socket.socket) -> None:
    assert said(run(hostile(outside, server, "new append by_tensorflow by_program tcp"), Isolation())) == {}
    assert (outside / "new").exists()
    server.accept()[0].close()


@NEEDS_ISOLATION
@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("open(OUTSIDE + '/new', 'w')", "was not allowed to write {}/new while it imported does_it"),
        ("os.symlink('/etc', OUTSIDE + '/link')", "was not allowed to write {}/link while"),
        ("socket.getaddrinfo('example.invalid', 80)", "found no network while it imported does_it"),
        ("open('data.txt')", "did not find data.txt, as its current folder is an empty one, while"),
    ],
    ids=["file", "link", "network", "current folder"],
)
def test_the_verdict_names_what_was_refused_and_how_to_allow_it(
    run: Runs, outside: Path, user: Path, text: str, cause: str
) -> None:
    (user / "data.txt").write_text("data")
    assert cause.format(outside) in stopped(run(f"OUTSIDE = {str(outside)!r}\n{text}"))


@NEEDS_ISOLATION
def test_the_folders_are_empty_and_gone_afterwards(run: Runs) -> None:
    loaded = run(
        """
        import tempfile
        home = os.path.expanduser("~")
        assert [os.listdir(folder) for folder in (".", home, tempfile.gettempdir())] == [[], [], []]
        for folder in (".", home):
            os.makedirs(folder + "/sub")
            open(folder + "/sub/file", "w").close()
        with open("/dev/null", "w") as null:
            null.write("read on")
        print("FOLDER", os.getcwd())
        """.replace("\n        ", "\n")
    )
    assert loaded.succeeded, loaded.error
    folder = Path(loaded.log.partition("FOLDER ")[2].splitlines()[0])
    assert folder.name == "work"
    assert not folder.parent.exists()


def test_what_comes_of_something_else_is_not_blamed_on_it(run: Runs) -> None:
    assert finding_of(run("open('/proc/version', 'w')")).kind is Kind.IMPORT_FAILED or os.geteuid() == 0
    assert finding_of(run("open('nowhere.txt')")).kind is Kind.IMPORT_FAILED
    assert finding_of(run("raise PermissionError('no licence')")).kind is Kind.IMPORT_FAILED


@pytest.mark.parametrize("isolation", [Isolation(), CONFINED], ids=["limited", "confined"])
def test_what_a_job_starts_ends_with_it(run: Runs, isolation: Isolation) -> None:
    loaded = run(
        """
        printed, has_printed = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(1, b"PID %d\\n" % os.getpid())
                os.write(has_printed, b"1")
                time.sleep(120)
            os._exit(0)
        if os.fork() == 0:
            os.write(1, b"PID %d\\n" % os.getpid())
            os.write(has_printed, b"2")
            time.sleep(120)
        os.read(printed, 1), os.read(printed, 1)
        print("LEADER", os.getsid(0) == os.getpid() == os.getpgid(0))
        """.replace("\n        ", "\n"),
        isolation,
    )
    assert loaded.succeeded, loaded.error
    assert "LEADER True" in loaded.log
    left = [int(number) for number in re.findall(r"PID (\d+)", loaded.log)]
    assert len(left) == 2, loaded.log
    # Who is killed stays in the table of processes until it is collected.
    end = time.monotonic() + 5
    while any(map(is_running, left)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [number for number in left if is_running(number)]


def is_running(process: int) -> bool:
    try:
        state = Path("/proc", str(process), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_signal_to_its_group_does_not_reach_the_loader(run: Runs, loader: LoaderProcess) -> None:
    assert run("pass").succeeded
    loaded = run("os.killpg(0, signal.SIGKILL)", Isolation())
    assert loaded.process_exit.code == -signal.SIGKILL
    started = time.monotonic()
    assert run("pass").succeeded
    assert time.monotonic() - started < 30, "TensorFlow was imported again"


def test_no_privileges_are_gained_and_no_core_is_dumped(run: Runs) -> None:
    loaded = run(
        """
        import resource
        with open("/proc/self/status") as status:
            assert "NoNewPrivs:\\t1" in status.read()
        assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        assert resource.getrlimit(resource.RLIMIT_CPU)[1] >= 60
        """.replace("\n        ", "\n"),
        Isolation(),
    )
    assert loaded.succeeded, loaded.error


def test_memory_is_limited(run: Runs) -> None:
    limit = 700 * MIB
    loaded = run("held = []\nwhile True: held.append(b'x' * 10_000_000); time.sleep(0.01)", Isolation(memory=limit))
    assert (loaded.process_exit.stopped_by, loaded.process_exit.code) == ("memory", -signal.SIGKILL)
    finding = finding_of(loaded)
    assert finding.kind is Kind.OUT_OF_MEMORY
    assert "it held more than 734.0 MB of memory, its memory_limit" in finding.cause
    assert 'memory_limit="1GB"' in finding.fix[0]


def test_memory_of_what_a_job_starts_counts(run: Runs) -> None:
    text = "if os.fork() == 0:\n    held = b'x' * 700_000_000\n    time.sleep(50)\ntime.sleep(50)"
    assert run(text, Isolation(memory=800 * MIB)).process_exit.stopped_by == "memory"


def test_a_file_is_limited(run: Runs) -> None:
    small, write = replace(CONFINED, least_room=50 * MIB), "open('big', 'wb').write(bytes(60 << 20))"
    assert "wrote more than a load needs, or than the disk has room for," in stopped(run(write, small))
    signalled = f"signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{write}"
    assert "wrote more than" in stopped(run(signalled, small))


def test_the_folder_is_limited(run: Runs) -> None:
    text = "for n in range(20): open(str(n), 'wb').write(bytes(8 << 20))\ntime.sleep(50)"
    loaded = run(text, replace(CONFINED, least_room=50 * MIB))
    assert "it wrote more than a load needs" in stopped(loaded)


def test_a_pipe_in_place_of_the_answer_is_not_waited_for(run: Runs) -> None:
    text = (
        "for name in ('answer.json', 'log.txt'):\n    os.remove(FOLDER + name); os.mkfifo(FOLDER + name)\nos._exit(3)"
    )
    loaded = run(f"FOLDER = os.path.dirname(os.readlink('/proc/self/fd/1')) + '/'\n{text}", Isolation())
    assert (loaded.stage, loaded.process_exit.code) == ("start", 3)


def test_time_is_limited(run: Runs) -> None:
    finding = finding_of(run("while True: pass", timeout=2.0))
    assert finding.kind is Kind.LOADER_TIMED_OUT
    assert any("timeout=" in line for line in finding.fix)


def test_off_lifts_all_of_it(run: Runs, user: Path) -> None:
    text = f"open({str(user / 'new')!r}, 'w'); assert os.getcwd() == {str(user)!r}"
    loaded = run(text, isolation_for("off", None, is_own=False))
    assert loaded.succeeded, loaded.error


@NEEDS_ISOLATION
def test_required_holds_where_it_is_given(run: Runs) -> None:
    assert run("pass", replace(CONFINED, is_required=True)).succeeded


@NEEDS_ISOLATION
def test_a_process_for_each_job_is_isolated_too(
    job: Job, user: Path, outside: Path, server: socket.socket, tensorflow: None
) -> None:
    loader = LoaderProcess(fork=False)
    text = hostile(outside, server, "new tcp") + "held = b'x' * 900_000_000\ntime.sleep(50)"
    loaded = Runs(loader, job, user)(text, replace(CONFINED, memory=700 * MIB))
    loader.close()
    assert loaded.process_exit.stopped_by == "memory"
    assert 'SAID {"new": "PermissionError", "tcp": "OSError"}' in loaded.log


@pytest.mark.parametrize(
    ("own", "file"),
    [
        ("0::/job/step", "job/memory.max"),
        ("3:cpu:/job\n2:memory:/job/step", "memory/job/step/memory.limit_in_bytes"),
        ("0::/job/step", "memory.max"),
    ],
    ids=["version 2", "version 1", "in a container"],
)
def test_the_memory_of_a_control_group_is_that_of_all_above_it(tmp_path: Path, own: str, file: str) -> None:
    (tmp_path / "own").write_text(own)
    for name, text in (("job/step/memory.max", "max"), (file, "123456789")):
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(text)
    assert list(memory_of_groups(tmp_path / "own", tmp_path / "groups")) == [123456789]


def test_the_memory_is_the_machines_or_that_of_the_control_group() -> None:
    assert 64 * MIB < memory_of_machine() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert isolation_for("auto", None, is_own=True).memory == memory_of_machine() // 8 * 7
    assert isolation_for("auto", 5, is_own=True).memory == 5
    assert isolation_for("off", None, is_own=True).memory == 0
