"""What is written to a loader's pipe and read from it, and how a loader is waited for and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pytest_modelcompat.loader import limits
from pytest_modelcompat.loader.confinement import CONFINED
from pytest_modelcompat.runtimes.isolation import processors
from pytest_modelcompat.runtimes.protocol import ProcessExit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class LoaderPeer(Protocol):
    """What answers: a process that was started with pipes, or a connection."""

    @property
    def stdout(self) -> Any:
        """Gives its lines."""

    @property
    def pid(self) -> int:
        """The leader of its group; 0 where it is not known yet."""


class LoaderDiedError(Exception):
    """The loader closed its end before it answered."""


@dataclass(frozen=True)
class LoaderRequest:
    """A job as its loader is asked for it.

    Args:
        folder: the job's.
        timeout: seconds it has.
        memory: bytes it may hold; 0 for any.
        disk: bytes that may be in its folder; 0 for any.
        warm: what its child may have done before, see `warmth`; None for nothing.
    """

    folder: Path
    timeout: float
    memory: int
    disk: int
    warm: dict[str, Any] | None = None

    def line(self) -> str:
        """As the loader reads it."""
        content = {"job": str(self.folder), "timeout": self.timeout, "memory": self.memory, "disk": self.disk}
        return json.dumps({**content, "warm": self.warm}) + "\n"


def warmth(level: str, threads: int) -> dict[str, Any] | None:
    """What a child may do before its job is there; None for a confined one, which gives up more than threads can.

    Args:
        level: of its isolation.
        threads: as the job has them.
    """
    # With one processor, to get ready takes the time from the session.
    return None if level == CONFINED else {"level": level, "threads": threads, "spare": processors() > 1}


def opened(stream: Any) -> Any:
    """A stream of a process that was started with pipes."""
    assert stream is not None  # noqa: S101 - opened as a pipe
    return stream


def read_line(process: LoaderPeer, timeout: float, wanted: str = "code") -> dict[str, Any]:
    """One answer of the loader.

    Args:
        process: the loader.
        timeout: seconds; it is ended when they have passed.
        wanted: a key of the answer. Before the loader has moved its output away, whatever runs when an interpreter
            starts may print as well.

    Raises:
        LoaderDiedError: it is gone, or was ended.
    """
    import threading

    watchdog = threading.Timer(timeout, lambda: end_group(process.pid))
    watchdog.daemon = True
    watchdog.start()
    try:
        for line in opened(process.stdout):
            answer = _parsed(line)
            if wanted in answer:
                return answer
    finally:
        watchdog.cancel()
    raise LoaderDiedError


def _parsed(line: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def ending_of(reply: Mapping[str, Any] | None) -> ProcessExit | None:
    """What the loader says of a child's end; None if it says nothing, or what no loader says."""
    if reply is None:
        return None
    code, timed_out = reply.get("code"), reply.get("timed_out")
    oom_killed, seconds = reply.get("oom_killed"), reply.get("seconds")
    if type(code) is not int or type(timed_out) is not bool or type(oom_killed) is not bool:
        return None
    if not isinstance(seconds, (int, float)):
        return None
    return ProcessExit(code, timed_out, oom_killed, seconds, str(reply.get("stopped_by", "")))


def wait_for(process: subprocess.Popen[str], request: LoaderRequest) -> str:
    """Wait until a process has done its job; what it has to be stopped for (`time`, `memory`, `disk`), if anything.

    Args:
        process: it.
        request: the job.
    """
    deadline = time.monotonic() + request.timeout
    watch = limits.Watch(process.pid, request.memory, request.folder, request.disk)
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "time"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(left, limits.WATCH_POLL) if watch.is_needed else left)
            return ""
        stopped_by = watch.exceeded()
        if stopped_by:
            return stopped_by


def end_group(leader: Any) -> None:
    """End the group of a process that is its leader; on Windows, which has no groups, the process alone."""
    if type(leader) is not int or leader <= 1:
        return
    try:
        if os.name == "posix":
            os.killpg(leader, signal.SIGKILL)
        else:
            os.kill(leader, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return
