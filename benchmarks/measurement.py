"""Running a command and measuring it whole: wall seconds, and the peak memory of all its processes together."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Measured:
    """Wall seconds, peak proportional set size in MB (0 where /proc is missing), and the exit code."""

    seconds: float
    peak_mb: int
    code: int
    output: str


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, memory: bool = False) -> Measured:
    """Run a command in a folder, sampling the memory of its whole process tree if asked to."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peaks = [0]
    done = threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peaks, done))
    if memory:
        sampler.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    if memory:
        sampler.join()
    return Measured(seconds, max(peaks) // 1024, process.returncode, output)


def _sample(root: int, peaks: list[int], done: threading.Event) -> None:
    while not done.wait(SAMPLE_SECONDS):
        peaks.append(sum(_pss(pid) for pid in tree_of(root)))


def tree_of(root: int) -> list[int]:
    """A process and all below it, by their ids."""
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            queue.extend(int(child) for child in _read(task).split())
    return found


def _pss(pid: int) -> int:
    lines = _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
