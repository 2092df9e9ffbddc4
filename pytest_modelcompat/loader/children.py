"""Children: each does one job in a process of its own, which may be forked, and made ready, before its job is there."""

import contextlib
import ctypes
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from . import readiness

PR_SET_PDEATHSIG = 1
_LONGEST_PATH = 1 << 16
Warmth = Dict[str, Any]


class Child:
    """A process that waits for the folder of its job, does it, and ends.

    Args:
        pid: its process.
        ended: can be read from when it has ended.
        orders: takes the folder.
    """

    def __init__(self, pid: int, ended: int, orders: int) -> None:
        self.pid, self.ended, self._orders = pid, ended, orders

    def give(self, folder: Path) -> None:
        """Have it do the job in a folder."""
        # One that is gone already is met where its end is waited for.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._orders, os.fsencode(str(folder)))
        os.close(self._orders)

    def end(self) -> None:
        """End it, if it has no job yet."""
        os.close(self._orders)
        os.close(self.ended)
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(self.pid, 0)


class Children:
    """Forks the children of a loader, and keeps one ready where jobs allow that.

    A child gets ready only for a job that asks for it, since threads that TensorFlow starts meanwhile would not give up
    what a confined job gives up.

    Args:
        source: where the loader is asked for jobs; it is not the children's to read.
        sink: where it answers; nor is this.
        do: does the job in a folder.
    """

    def __init__(self, source: int, sink: int, do: Callable[[Path], None]) -> None:
        self.source, self._sink, self._do = source, sink, do
        self._spare = None  # type: Optional[Child]
        self._warmth = None  # type: Optional[Warmth]

    def take(self, warmth: Optional[Warmth]) -> Child:
        """A child for a job: the one that is ready for it, or a new one.

        Args:
            warmth: what it may have done before its job; None for nothing.
        """
        spare, self._spare = self._spare, None
        if spare is not None:
            if warmth == self._warmth and not _has_ended(spare.pid):
                return spare
            # What is left of it would be taken for the job's.
            spare.end()
        return self._fork(warmth)

    def prepare(self, warmth: Optional[Warmth]) -> None:
        """Fork a child for the next job, if that will be like the last one."""
        if warmth is not None and warmth["spare"] and self._spare is None:
            self._spare, self._warmth = self._fork(warmth), warmth

    def _fork(self, warmth: Optional[Warmth]) -> Child:
        ended, held_by_child = os.pipe()
        to_read, orders = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(held_by_child)
            os.close(to_read)
            return Child(pid, ended, orders)
        os.close(ended)
        os.close(orders)
        # What a model's code writes or reads there would be taken for the loader's.
        os.close(self.source)
        os.close(self._sink)
        # Of its own: what it sends its group reaches nobody else, and all of it is ended at once.
        os.setsid()
        _die_with(parent)
        try:
            if warmth is not None:
                readiness.get_ready(warmth)
            folder = os.read(to_read, _LONGEST_PATH)
            os.close(to_read)
            if folder:
                self._do(Path(os.fsdecode(folder)))
        except BaseException:  # noqa: BLE001 - told in the log; what would end the loader ends this child alone
            traceback.print_exc()
            os._exit(1)
        os._exit(0)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except OSError:
        return True


def _die_with(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
