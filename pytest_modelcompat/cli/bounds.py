"""The bounds of what one artifact may cost a command, should a reader or a rule miss one of its own."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# Of the processor, with all that is said of the artifact; readers have five of them.
MOST_SECONDS = 8.0
# On top of what the process has when it begins.
MOST_MEMORY = 230 << 20
_PAGES_OF_DATA = 5


class OutOfTimeError(Exception):
    """An artifact takes longer than any model; the message is a clause that says so."""


@contextlib.contextmanager
def bounded(seconds: float | None = None) -> Iterator[None]:
    """Bounds the time and the memory of what is done inside, as far as the platform can.

    Args:
        seconds: of the processor; None for those of reading and judging once.

    Raises:
        OutOfTimeError: the time is up.
        MemoryError: there is no more.
    """
    with _bounded_time(MOST_SECONDS if seconds is None else seconds), _bounded_memory():
        yield


@contextlib.contextmanager
def _bounded_time(seconds: float) -> Iterator[None]:
    is_free = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGPROF) is signal.SIG_DFL
    )
    if not is_free:
        yield
        return

    def end(_: int, __: FrameType | None) -> None:
        raise OutOfTimeError(f"after {seconds:.0f} seconds it still is not read and judged, which is the limit")

    signal.signal(signal.SIGPROF, end)
    # Once more every second, for whoever catches the first.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    import resource
    from pathlib import Path

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[_PAGES_OF_DATA])
        limit = pages * resource.getpagesize() + MOST_MEMORY
        # What is mapped to be read, such as a model's weights, does not count.
        if soft == resource.RLIM_INFINITY or limit < soft:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    except (OSError, ValueError, IndexError):
        pass
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
