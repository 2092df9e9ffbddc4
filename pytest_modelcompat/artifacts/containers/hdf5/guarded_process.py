"""A process that runs a script with the HDF5 library, which some damaged files crash and some keep busy without end.

It is started with pipes for its input and its output, reads lines of JSON, and is killed where it takes too long.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

# One thread: each has memory of its own, which would count, and only a process of one thread can be confined.
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class NotStartedError(Exception):
    """The system starts no process; the message says why."""


class GuardedProcess:
    """Runs a module as a script; it begins at once.

    Args:
        script: the module.
        **environment: variables that it has beside those of this process.

    Raises:
        NotStartedError: the system starts no process.
    """

    def __init__(self, script: ModuleType, **environment: str) -> None:
        self.has_expired = False
        try:
            self._process = subprocess.Popen(
                # Isolated: nothing in the current folder or beside the script is imported.
                [sys.executable, "-I", str(Path(str(script.__file__)))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ONE_THREAD, **environment},
            )
        except (OSError, TypeError, ValueError) as error:
            raise NotStartedError(str(error)) from error

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def send(self, *lines: Mapping[str, object]) -> None:
        """Give it lines; where it is gone already, its answer shows that.

        Args:
            *lines: what JSON can hold.
        """
        with contextlib.suppress(OSError):
            given = _pipe(self._process.stdin)
            given.write("".join(f"{json.dumps(line)}\n" for line in lines).encode())
            given.flush()

    @contextlib.contextmanager
    def answers(self, seconds: float) -> Iterator[IO[bytes]]:
        """What it writes; it is killed where the body has not read that in time.

        Args:
            seconds: how long it may take.
        """
        watchdog = threading.Timer(max(0.0, seconds), self._expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield _pipe(self._process.stdout)
        finally:
            watchdog.cancel()

    def _expire(self) -> None:
        self.has_expired = True
        self._process.kill()

    def end(self, grace: float = 0.0) -> int:
        """End it; returns its exit code, negative for a signal.

        Args:
            grace: how long to wait first, for one that is on its way out.
        """
        if grace:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _pipe(stream).close()
        return self._process.wait()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - opened as a pipe
    return stream


def ending(code: int) -> str:
    """How a process ended, by its exit code."""
    if code >= 0:
        return f"exit code {code:#x}" if code > 255 else f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
