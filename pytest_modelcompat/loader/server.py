"""The loader: imports TensorFlow once, then forks a fresh child for every artifact.

Reads one JSON object a line from standard input (`job`, a folder; `timeout`, seconds; `memory` and `disk`, bytes; and
perhaps `warm`, what the child may have done before), answers each with two on standard output: which process does the
job, and how that ended. An object with `warm` alone has a child get ready for the next job, and no answer. Both streams
are moved away first: what TensorFlow and user modules print goes to the log. End of input, for whatever reason, ends
the loader and its child.
"""

import contextlib
import ctypes
import faulthandler
import json
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Optional, TextIO, Tuple

from . import children, confinement, limits

PR_SET_CHILD_SUBREAPER = 36
LOST_CHILD_POLL = 0.5
MOST_GENERATIONS = 100
EXIT_POLL = 0.002


def main(arguments: list) -> None:  # type: ignore[type-arg]
    """`python loader LOG` serves jobs from standard input; `python loader LOG FOLDER` does one job and ends."""
    source, sink = take_standard_streams(Path(arguments[0]))
    adopt_orphans()
    by_namespaces = confinement.needs_namespaces()
    failure = import_tensorflow()
    say(sink, {"ready": failure is None, "failure": failure, "pid": os.getpid()})
    if failure is not None:
        return
    if len(arguments) > 1:
        threading.Thread(target=_end_with, args=(source,), daemon=True).start()
        # Namespaces are for processes with one thread.
        _in_child(Path(arguments[1]), by_namespaces=False)
        return
    try:
        _serve(source, sink, by_namespaces=by_namespaces)
    finally:
        _end_group()


def _end_with(source: int) -> None:
    """Wait for the session to end, then end this process, whatever it is busy with."""
    while os.read(source, 65536):
        pass
    _end_group()
    os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of what a child leaves behind, in a session of its own as well."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _end_orphans() -> None:
    """End what jobs have left behind; what these have started in turn is left behind next."""
    if not sys.platform.startswith("linux"):
        return
    for _ in range(MOST_GENERATIONS):
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return  # as after nearly every job, and known without looking at every process there is
        for pid in limits.children_by_parent().get(os.getpid(), ()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _end_group() -> None:
    _end_orphans()
    # Children and what they started share this process group: none of them outlives the loader.
    if hasattr(os, "getpgid") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)


def take_standard_streams(log: Path) -> Any:
    """Move both streams away, so that what is printed goes to a log; the descriptor to read, and the file to write."""
    source = os.dup(0)
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    send_output_to(log)
    return source, sink


def send_output_to(log: Path) -> None:
    """Append what is printed from now on to a file."""
    target = os.open(str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)


def import_tensorflow() -> Optional[Dict[str, str]]:
    """Import what every job needs; `type` and `message` of why that fails, None if it does not."""
    try:
        import h5py  # noqa: F401
        import numpy  # noqa: F401, ICN001
        import tensorflow as tf

        tf.keras.layers  # noqa: B018 - tf.keras is lazy: this imports the Keras that will load
    except BaseException as error:  # noqa: BLE001 - reported to the session, whatever it was
        return {"type": type(error).__name__, "message": str(error)}
    return None


def say(sink: TextIO, message: Dict[str, Any]) -> None:
    """Write one line of the protocol."""
    # What printed here before the streams were taken may not have ended its line.
    sink.write("\n" + json.dumps(message) + "\n")
    sink.flush()


def serve_session(connection: int, failure: Optional[Dict[str, str]], pending: bytes) -> None:
    """Serve one session of several, in a process of its own.

    Args:
        connection: to read requests from and to write answers to.
        failure: why TensorFlow cannot be imported; None if it is.
        pending: what was read of it already.
    """
    adopt_orphans()
    sink = os.fdopen(os.dup(connection), "w", encoding="utf-8")
    say(sink, {"ready": failure is None, "failure": failure, "pid": os.getpid()})
    if failure is not None:
        return
    try:
        _serve(connection, sink, pending, by_namespaces=confinement.needs_namespaces())
    finally:
        _end_group()


def _serve(source: int, sink: TextIO, pending: bytes = b"", *, by_namespaces: bool) -> None:
    pool = children.Children(source, sink.fileno(), lambda folder: _in_child(folder, by_namespaces=by_namespaces))
    while True:
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            request = json.loads(line.decode("utf-8"))
            if "job" in request:
                answer = _run_child(request, pool, sink)
                if answer is None:
                    return
                say(sink, answer)
            # While the session looks at the answer, a child gets ready for its next job.
            pool.prepare(request.get("warm"))
        chunk = os.read(source, 65536)
        if not chunk:
            return
        pending += chunk


def _run_child(request: Dict[str, Any], pool: children.Children, sink: TextIO) -> Optional[Dict[str, Any]]:
    """Have a child do one job and wait for it; None if the session ended meanwhile."""
    started = time.monotonic()
    folder = Path(request["job"])
    killed_before = _oom_kills()
    child = pool.take(request.get("warm"))
    child.give(folder)
    say(sink, {"child": child.pid})
    watch = limits.Watch(child.pid, request["memory"], folder, request["disk"], adopts=True)
    try:
        ending = _wait(child.pid, (child.ended, pool.source), started + request["timeout"], watch)
    finally:
        os.close(child.ended)
        _end_orphans()
    if ending is None:
        return None
    code = ending["code"]
    oom_killed = code == -signal.SIGKILL and not ending["stopped_by"] and _oom_kills() > killed_before
    return dict(ending, oom_killed=oom_killed, seconds=round(time.monotonic() - started, 4))


def _wait(child: int, readable: Tuple[int, int], deadline: float, watch: limits.Watch) -> Optional[Dict[str, Any]]:
    """Wait until a child ends, and end it if it has to; None if the session ended meanwhile."""
    ended, source = readable
    poll = limits.WATCH_POLL if watch.is_needed else LOST_CHILD_POLL
    while True:
        left = deadline - time.monotonic()
        stopped_by = "time" if left <= 0 else watch.exceeded()
        if stopped_by:
            _kill(child)
            return {"code": -signal.SIGKILL, "timed_out": stopped_by == "time", "stopped_by": stopped_by}
        ready, _, _ = select.select([ended, source], [], [], min(left, poll))
        if source in ready:
            _kill(child)
            return None
        # A process the child left behind can hold the pipe open, so the child is asked for as well.
        done, status = os.waitpid(child, os.WNOHANG)
        if ended in ready and not done:
            time.sleep(EXIT_POLL)
        if done:
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            return {"code": code, "timed_out": False, "stopped_by": ""}


def _kill(child: int) -> None:
    """End a child with all of its group; a moment after its start it may still be in this one's."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _in_child(folder: Path, *, by_namespaces: bool) -> None:
    send_output_to(folder / "log.txt")
    faulthandler.enable()
    from . import job

    job.run(folder, by_namespaces=by_namespaces)
    sys.stdout.flush()
    sys.stderr.flush()


def _oom_kills() -> int:
    """How often the kernel has killed a process of this control group for its memory (cgroup v2), else 0."""
    try:
        group = Path("/proc/self/cgroup").read_text(encoding="ascii").strip().rpartition(":")[2]
        events = Path("/sys/fs/cgroup" + group, "memory.events").read_text(encoding="ascii")
        return int(dict(line.split() for line in events.splitlines())["oom_kill"])
    except (OSError, ValueError, KeyError):
        return 0
