"""Running pytest several times at once, as many runs as fit into memory and on the processors."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GIB = 1 << 30
# Measured on the examples: TensorFlow in the run itself, and in its loader with a child beside it.
RUN_COST = 2 * GIB
_FALLBACK = 8 * GIB
_LAST_LINES = 12


@dataclass(frozen=True)
class PytestRun:
    """One run of pytest.

    Args:
        name: what it is called.
        command: its program and arguments.
    """

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class PytestRunResult:
    """The outcome of a run: its exit code, the end of what it printed, and how long it took."""

    name: str
    code: int
    output: str
    seconds: float


def parallel_limit(memory: int, runs: int) -> int:
    """How many runs fit side by side, at least one.

    Args:
        memory: bytes they may take together.
        runs: how many there are.
    """
    return max(1, min(memory // RUN_COST, os.cpu_count() or 1, runs))


def run_parallel(runs: Sequence[PytestRun], limit: int) -> Iterator[PytestRunResult]:
    """Run them all, at most `limit` at a time, and yield each as soon as it has ended."""
    with ThreadPoolExecutor(limit) as pool:
        waiting = [pool.submit(_run, run) for run in runs]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BaseException:
            # A key that interrupts this process interrupts those that run, too; those that wait must not begin.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _run(run: PytestRun) -> PytestRunResult:
    started = time.monotonic()
    done = subprocess.run(
        run.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    output = "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
    return PytestRunResult(run.name, done.returncode, output, time.monotonic() - started)


def free_memory() -> int:
    """The bytes this machine, or this process' container, has left; a cautious guess where neither tells."""
    found = [amount for amount in (_of_machine(), _of_container()) if amount]
    return min(found, default=_FALLBACK)


def _of_machine() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 0


def _of_container() -> int:
    """What is left of a limit of the control group (cgroup v2); 0 where there is none."""
    try:
        group = Path("/proc/self/cgroup").read_text(encoding="ascii").strip().rpartition(":")[2]
        home = Path("/sys/fs/cgroup" + group)
        limit, used = (int((home / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):
        return 0
    return max(limit - used, 1)
