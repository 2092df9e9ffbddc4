"""A connection to a loader that several sessions share, used as a process of this session's own would be."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_POLL = 0.01


class _Requests:
    """What is written to a loader; closing it says that nothing more will be."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, text: str) -> None:
        """Send a text."""
        self._connection.sendall(text.encode("utf-8"))

    def flush(self) -> None:
        """Nothing waits to be sent."""

    def close(self) -> None:
        """End the loader's input."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)


class _Answers:
    """The lines that a loader answers."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8", errors="replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def close(self) -> None:
        """Let go of the connection."""
        self._lines.close()
        self._connection.close()


class ConnectedLoader:
    """The part of a shared loader that serves this session, in a process of its own.

    It has what is used of `subprocess.Popen`.

    Args:
        connection: to the socket of the shared loader.
        log: the file for what it prints.
        environment: its variables.
    """

    def __init__(self, connection: socket.socket, log: Path, environment: Mapping[str, str]) -> None:
        self.stdin = _Requests(connection)
        self.stdout = _Answers(connection)
        # Known when it greets.
        self.pid = 0
        self.stdin.write(json.dumps({"log": str(log), "environment": dict(environment)}) + "\n")

    def greeted(self, greeting: Mapping[str, Any]) -> None:
        """Note which process serves this session."""
        self.pid = int(greeting["pid"])

    def poll(self) -> int | None:
        """None while it lives; how it ended nobody but the shared loader could tell, so that it counts as killed."""
        if not self.pid:
            return None
        try:
            os.kill(self.pid, 0)
        except OSError:
            return -signal.SIGKILL
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not within so many seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.pid:
            code = self.poll()
            if code is not None:
                return code
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a shared loader", timeout or 0.0)
            time.sleep(_POLL)
        return -signal.SIGKILL


def connect(address: Path, log: Path, environment: Mapping[str, str]) -> ConnectedLoader | None:
    """Connect to a shared loader; None where there is none any more.

    Args:
        address: its socket.
        log: the file for what the loader of this session prints.
        environment: the variables of this session's loader.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(address))
        return ConnectedLoader(connection, log, environment)
    except OSError:
        connection.close()
        return None
