"""What isolation this machine really gives: a process confines itself, and tries what it should not be able to do.

`python loader --try-isolation FOLDER` prints one JSON object: a folder `job` and a folder `outside` are in FOLDER.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

from . import confinement, landlock, limits, server

_PATIENCE = 5.0
_MIB = 2**20


def main(arguments: List[str]) -> None:
    """Try everything, and print what was found."""
    folder = Path(arguments[0])
    job, outside = folder / "job", folder / "outside"
    found: Dict[str, Any] = {"processes": _adopts(), "memory": limits.memory_of(os.getpid()) > 0}
    with contextlib.suppress(OSError):
        found["landlock"] = landlock.version()
    isolation = {"level": confinement.CONFINED, "required": False, "cpu_seconds": 60.0, "file_size": _MIB}
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        by_namespaces = confinement.needs_namespaces()
        report = confinement.confine(job, isolation, by_namespaces=by_namespaces)
        found["network"] = _is_refused(lambda: socket.create_connection(listening.getsockname(), 2).close())
    found["by"], found["missing"] = report["by"], report["missing"]
    found["files"] = _is_refused((outside / "new").touch) and not _is_refused((job / "new").touch)
    found["privileges"] = _has_no_new_privileges()
    found["limits"] = _is_refused(lambda: _write(job / "large", 2 * _MIB))
    sys.stdout.write(json.dumps(found) + "\n")


def _adopts() -> bool:
    """Whether a process in another session, whose parent has ended, becomes a child of this one, which can end it."""
    server.adopt_orphans()
    if not hasattr(os, "fork"):
        return False
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        grandchild = os.fork()
        if grandchild == 0:
            time.sleep(_PATIENCE)
        else:
            os.write(writing, str(grandchild).encode("ascii"))
        os._exit(0)
    os.waitpid(child, 0)
    orphan = int(os.read(reading, 20))
    try:
        adopted = os.waitpid(orphan, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False
    os.kill(orphan, signal.SIGKILL)
    os.waitpid(orphan, 0)
    return adopted


def _is_refused(attempt: Any) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _write(file: Path, size: int) -> None:
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    file.write_bytes(bytes(size))


def _has_no_new_privileges() -> bool:
    try:
        return b"NoNewPrivs:\t1" in Path("/proc/self/status").read_bytes()
    except OSError:
        return False
