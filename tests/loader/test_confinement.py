"""What a process gives up, and what it does on a machine that lacks a way: less, and it says so."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.loader import confinement, landlock, limits, namespaces, system_calls
from pytest_modelcompat.runtimes.process import LOADER
from tests.children import in_child

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(not system_calls.numbers(), reason="Linux on x86_64 and aarch64 confines")
UNSHARE = system_calls.numbers().get("unshare", 0)
LANDLOCK = 444
MOUNT_SETATTR = 442
NOT_PERMITTED = {UNSHARE: errno.EPERM}
FILTER = "a filter of system calls"
CONFINED = {"level": "confined", "required": False, "cpu_seconds": 60.0, "file_size": 2**20}


def refuse(calls: Mapping[int, int]) -> None:
    """Have calls fail from here on, by number: what an older kernel or a container lacks."""
    steps = [(0x20, 0, 0, 0)]
    for number, error in calls.items():
        steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | error)]
    steps.append((0x06, 0, 0, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    system_calls.call("prctl", 38, 1, 0, 0, 0)
    system_calls.call("prctl", 22, 2, struct.pack("@HP", len(steps), ctypes.addressof(code)), 0, 0)


def tried(folder: Path, calls: Mapping[int, int]) -> Any:
    """What a process finds that tries its isolation where some calls fail."""
    for name in ("job", "outside"):
        (folder / name).mkdir()
    command = [sys.executable, str(LOADER), "--try-isolation", str(folder)]

    def run() -> object:
        refuse(calls)
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return in_child(run)


def needs(*, by_namespaces: bool) -> None:
    if by_namespaces and not namespaces.can_be_entered():
        pytest.skip("this machine lets nobody make namespaces")
    if not by_namespaces:
        try:
            system_calls.call("landlock_create_ruleset", None, 0, 1)
        except OSError:
            pytest.skip("this machine has no Landlock")


def test_an_old_kernel_confines_by_namespaces(tmp_path: Path) -> None:
    needs(by_namespaces=True)
    found = tried(tmp_path, {LANDLOCK: errno.ENOSYS})
    assert found["by"] == {"privileges": "no_new_privs", "network": FILTER, "files": "a mount namespace"}
    assert (found["files"], found["network"], found["missing"]) == (True, True, {})


def test_a_container_that_refuses_namespaces_confines_by_landlock(tmp_path: Path) -> None:
    needs(by_namespaces=False)
    found = tried(tmp_path, NOT_PERMITTED)
    assert found["by"]["files"] == "Landlock"
    assert (found["files"], found["network"]) == (True, True)


@pytest.mark.parametrize(
    "calls",
    [{LANDLOCK: errno.ENOSYS, **NOT_PERMITTED}, {LANDLOCK: errno.ENOSYS, MOUNT_SETATTR: errno.ENOSYS}],
    ids=["no namespaces", "older than both"],
)
def test_where_nothing_confines_files_that_is_said(tmp_path: Path, calls: Mapping[int, int]) -> None:
    found = tried(tmp_path, calls)
    assert found["missing"] == {"files": "Landlock: Function not implemented"}
    assert (found["files"], found["network"], found["privileges"], found["limits"]) == (False, True, True, True)
    assert (tmp_path / "outside" / "new").exists()


def test_what_is_required_and_missing_is_an_error_before_anything_is_loaded(tmp_path: Path) -> None:
    def confine() -> None:
        refuse({LANDLOCK: errno.ENOSYS})
        with pytest.raises(confinement.NotIsolatedError, match=r"^files$"):
            confinement.confine(tmp_path, {**CONFINED, "required": True}, by_namespaces=False)

    in_child(confine)


def test_root_keeps_only_what_reading_takes(tmp_path: Path) -> None:
    def confine() -> str:
        confinement.confine(tmp_path, CONFINED, by_namespaces=False)
        return Path("/proc/self/status").read_text(encoding="utf-8").partition("CapEff:")[2].split()[0]

    assert int(in_child(confine), 16) in (0, 0b110)


def test_where_memory_runs_out_the_kernel_ends_it_before_any_other_process(tmp_path: Path) -> None:
    def confine() -> str:
        confinement.confine(tmp_path, CONFINED, by_namespaces=False)
        return Path("/proc/self/oom_score_adj").read_text(encoding="ascii").strip()

    assert in_child(confine) == "1000"


def test_what_a_process_holds_is_known() -> None:
    before = limits.memory_of(os.getpid())
    held = b"x" * 50_000_000
    assert limits.memory_of(os.getpid()) - before > 40_000_000, len(held)
    assert limits.memory_of(0) == 0


def test_a_landlock_that_lets_files_be_emptied_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(by_namespaces=False)
    monkeypatch.setattr(landlock, "version", lambda: 2)
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "job").mkdir()

    def confine() -> Any:
        report = confinement.confine(tmp_path / "job", CONFINED, by_namespaces=False)
        os.truncate(outside, 0)
        return report["missing"]

    assert "lets files be emptied" in in_child(confine)["files"]
    assert not outside.read_text()


def test_threads_that_were_there_before_are_said_to_be_free(tmp_path: Path) -> None:
    def confine() -> Any:
        ended = threading.Event()
        thread = threading.Thread(target=ended.wait)
        thread.start()
        missing = confinement.confine(tmp_path, CONFINED, by_namespaces=False)["missing"]
        ended.set()
        thread.join()
        return missing

    assert in_child(confine).keys() == {"files", "network"}


def test_no_memory_is_shared_with_other_programs(tmp_path: Path) -> None:
    def confine() -> list[int]:
        shared = ctypes.CDLL(None, use_errno=True)
        before = shared.shmget(0, 4096, 0o1600)
        shared.shmctl(before, 0, None)
        confinement.confine(tmp_path, CONFINED, by_namespaces=False)
        return [before >= 0, shared.shmget(0, 4096, 0o1600), ctypes.get_errno()]

    assert in_child(confine) == [True, -1, errno.EPERM]


def test_what_takes_too_much_of_the_processor_is_ended_by_the_signal_that_says_so() -> None:
    def run() -> int:
        limits.limit_self(0.0, 2**20)
        return subprocess.run([sys.executable, "-c", "while True: pass"], check=False, timeout=60).returncode

    assert in_child(run) == -signal.SIGXCPU
