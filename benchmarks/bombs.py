"""What files cost that are meant to cost: seconds, memory and output of `modelcompat inspect` and `check` for each.

Seconds are those of the processor, so that a busy machine measures the same.

    python benchmarks/bombs.py [--tree FOLDER] [--scale 1] [--only WORD] [--over]

FOLDER is a checkout of another version, to be measured instead of this one. The bombs themselves are in
`tests/artifacts/bombs/`. Ends with 1 if any is over the bounds.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.artifacts.bombs import BOMBS  # noqa: E402 - it is beside the package

COMMANDS = (("inspect",), ("check", "--runtime", "tf2.21"))
MOST_SECONDS, MOST_MB, MOST_OUTPUT = 10.0, 300.0, 1e6
# When a command is ended: after so many seconds of the processor, and so many of a clock, for one that waits for ever.
MOST_PATIENCE, LONGEST_WAIT = 20, 120


@dataclass(frozen=True)
class Cost:
    """What one command took: seconds of the processor, peak megabytes, bytes of output, exit code, last lines."""

    seconds: float
    megabytes: float
    output: int
    code: int
    last: str

    @property
    def is_over(self) -> bool:
        """Whether it is more than anything may take, or ended in a way that no command ends."""
        too_much = self.seconds > MOST_SECONDS or self.megabytes > MOST_MB or self.output > MOST_OUTPUT
        return too_much or self.code not in (0, 1, 2) or "Traceback" in self.last


def made(name: str, folder: Path, scale: float) -> Path:
    """Makes a bomb in a process of its own: what this one takes of memory, its children are counted for as well."""
    place = folder / "path"
    child = os.fork()
    if not child:
        (folder / "bomb").mkdir()
        place.write_text(str(BOMBS[name](folder / "bomb", scale)), encoding="utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    return Path(place.read_text(encoding="utf-8"))


def cost(tree: Path, command: tuple[str, ...], path: Path) -> Cost:
    """Runs one command on one file, its output into a file, and takes what the system counted for it alone."""
    line = [sys.executable, "-m", "pytest_modelcompat.cli", *command, str(path)]
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _become(line, tree, output.fileno())
        _, status, usage = _ended(child)
        seconds = usage.ru_utime + usage.ru_stime
        size = output.tell() if output.seek(0, os.SEEK_END) else 0
        output.seek(max(0, size - 2000))
        last = output.read().decode("utf-8", "replace")
    return Cost(seconds, usage.ru_maxrss / 1024, size, os.waitstatus_to_exitcode(status), last)


def _become(line: list[str], tree: Path, output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PATIENCE, MOST_PATIENCE))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    os.execve(line[0], line, {**os.environ, "PYTHONPATH": str(tree)})  # noqa: S606 - without one


def _ended(child: int) -> tuple[int, int, resource.struct_rusage]:
    """How a child ended; one that waits for ever is ended after a while."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return ended, status, usage
        if time.monotonic() > deadline:
            os.kill(child, 9)
            return os.wait4(child, 0)
        time.sleep(0.02)


def main() -> int:
    """Makes and measures them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, default=ROOT)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--over", action="store_true", help="print only those over the bounds")
    options = parser.parse_args()
    over = 0
    print(f"{'bomb':<40} {'command':<8} {'seconds':>8} {'MB':>7} {'output':>11}  exit")
    for name in BOMBS:
        if options.only not in name:
            continue
        folder = Path(tempfile.mkdtemp())
        try:
            path = made(name, folder, options.scale)
            for command in COMMANDS:
                found = cost(options.tree, command, path)
                over += found.is_over
                if found.is_over or not options.over:
                    mark = "  OVER" if found.is_over else ""
                    figures = f"{found.seconds:>8.1f} {found.megabytes:>7.0f} {found.output:>11,}  {found.code}"
                    print(f"{name:<40} {command[0]:<8} {figures}{mark}", flush=True)
        finally:
            _remove(folder)
    print(f"{over} over {MOST_SECONDS:.0f} s, {MOST_MB:.0f} MB or {MOST_OUTPUT / 1e6:.0f} MB of output")
    return 1 if over else 0


def _remove(folder: Path) -> None:
    """Takes away a folder that may be too deep for Python to take away."""
    subprocess.run(["rm", "-rf", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
