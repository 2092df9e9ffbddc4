"""Soak: thousands of targets in one session; do memory, descriptors and the time of a target stay as they begin?

    python benchmarks/soak.py [TARGETS] [--every 100]

Each target is one of a small model's: saved, reloaded in a fresh child process, compared with its golden, which a run
before has recorded. After every so many it looks at the pytest process and at its loader: resident memory, open
descriptors, seconds a target. It prints a table in Markdown. Linux.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measurement import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = 3
TESTS = """
import keras
import pytest

@pytest.mark.model_roundtrip
@pytest.mark.parametrize("number", range({count}))
def test_it(number):
    keras.backend.clear_session()
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)])
"""
MB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """What is seen after so many targets, of pytest's process and of the loader's."""

    targets: int
    ms_a_target: int
    pytest_mb: int
    loader_mb: int
    pytest_descriptors: int
    loader_descriptors: int


def session(folder: Path, *options: str) -> Iterator[tuple[int, int]]:
    """A session of the targets in a folder, which yields its process and how many targets have passed.

    Args:
        folder: the project.
        options: more of pytest's.

    Raises:
        SystemExit: a target did not pass.
    """
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--color=no", *options]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}
    environment.pop("CI", None)
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        done = 0
        for line in process.stdout:
            if " PASSED " in line:
                done += 1
                yield process.pid, done
    if process.returncode:
        raise SystemExit(process.returncode)


def soak(folder: Path, every: int) -> Iterator[Sample]:
    """A session of the targets in a folder, and what is seen after every so many."""
    started = time.perf_counter()
    for pid, done in session(folder):
        if done % every == 0:
            now = time.perf_counter()
            yield _sample(pid, done, round(1000 * (now - started) / every))
            started = now


def _sample(pid: int, done: int, milliseconds: int) -> Sample:
    # The children of the loader come and go.
    loader = next(process for process in tree_of(pid) if process != pid and _parent(process) == pid)
    memory = (_resident(pid) // MB, _resident(loader) // MB)
    return Sample(done, milliseconds, *memory, _descriptors(pid), _descriptors(loader))


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", type=int, nargs="?", default=2000)
    parser.add_argument("--every", type=int, default=100)
    given = parser.parse_args()
    print("| targets | ms a target | pytest, MB | loader, MB | pytest, descriptors | loader, descriptors |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        text = TESTS.format(count=-(-given.targets // FORMATS))
        (folder / "test_models.py").write_text(text, encoding="utf-8")
        for _ in session(folder, "--modelcompat-update-golden"):
            pass
        for sample in soak(folder, given.every):
            print(f"| {' | '.join(map(str, astuple(sample)))} |", flush=True)


if __name__ == "__main__":
    main()
