"""A loader that several sessions share: it imports TensorFlow once, and forks a loader of its own for each session.

It listens at a socket before it imports anything, so that sessions can come early. A session sends one JSON object in a
line first (`log`, a file; `environment`, its variables); then it is served as `server` does. Nothing of a session's is
imported here, and no job is done here.
"""

import contextlib
import json
import os
import select
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from . import server

_LONGEST_HELLO = 1 << 22
_BACKLOG = 64
_OWN_CHECK = 1.0


def main(arguments: list) -> None:  # type: ignore[type-arg]
    """`python loader LOG --listen SOCKET SECONDS` serves sessions until none has come for so many seconds.

    Its standard input, where that is a pipe, ends it too when it is closed.
    """
    log, _, address, seconds = arguments
    source, sink = server.take_standard_streams(Path(log))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(address)
    listening.listen(_BACKLOG)
    own = Path(address).stat().st_ino
    server.say(sink, {"listening": True, "pid": os.getpid()})
    failure = server.import_tensorflow()
    # Sessions are nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        _accept(listening, source, float(seconds), (address, own), failure)
    finally:
        if _is_own(address, own):
            with contextlib.suppress(OSError):
                Path(address).unlink()


def _accept(
    listening: socket.socket, source: int, seconds: float, place: Tuple[str, int], failure: Optional[Dict[str, str]]
) -> None:
    """Fork a loader for each session that comes; returns when none has for long, or when nobody can any more."""
    sessions = set()  # type: set[int]
    watched = [listening.fileno()]
    # One that outlives its maker has none.
    if stat.S_ISFIFO(os.fstat(source).st_mode):
        watched.append(source)
    idle = 0.0
    while idle < seconds and _is_own(*place):
        ready, _, _ = select.select(watched, [], [], _OWN_CHECK)
        sessions = {each for each in sessions if _is_alive(each)}
        if source in ready and not os.read(source, 65536):
            return
        if listening.fileno() in ready:
            connection, _ = listening.accept()
            sessions.add(_fork(connection, listening, source, failure))
            connection.close()
        idle = 0.0 if sessions or ready else idle + _OWN_CHECK


def _is_own(address: str, inode: int) -> bool:
    """Whether the socket is still the one that was made here; another loader may have taken its place."""
    try:
        return Path(address).stat().st_ino == inode
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    return Path("/proc", str(pid)).exists()


def _fork(connection: socket.socket, listening: socket.socket, source: int, failure: Optional[Dict[str, str]]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listening.close()
        os.close(source)
        os.setsid()
        _serve(connection, failure)
    except BaseException:  # noqa: BLE001 - told in the log of the session
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def _serve(connection: socket.socket, failure: Optional[Dict[str, str]]) -> None:
    hello, rest = _hello(connection)
    os.environ.clear()
    os.environ.update(hello["environment"])
    server.send_output_to(Path(hello["log"]))
    server.serve_session(connection.detach(), failure, rest)


def _hello(connection: socket.socket) -> Tuple[Dict[str, Any], bytes]:
    """The first line of a session, and what came behind it."""
    pending = b""
    while b"\n" not in pending and len(pending) < _LONGEST_HELLO:
        chunk = connection.recv(65536)
        if not chunk:
            sys.exit(0)
        pending += chunk
    line, rest = pending.split(b"\n", 1)
    return json.loads(line.decode("utf-8")), rest
