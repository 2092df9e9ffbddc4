"""Kills updates of a golden, at every step and at random, and fills the disk: is the golden there whole afterwards?

    python benchmarks/golden_faults.py [--kills 300] [--sizes 300] [--rounds 50] [--tree FOLDER] [--seed 0]

Broken is what is neither the golden of before nor the new one, as the package that wrote it reads it. Full disks need
Linux and the right to make user namespaces. FOLDER is a checkout of another version, to be tried
instead of this one.
"""

from __future__ import annotations

import argparse
import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
UPDATER = HERE / "faults" / "updater.py"
# What is there before, and after: none, another one, other text to the same arrays.
CHANGES = ((0, 1), (1, 2), (2, 3))
READ = (
    "import sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]\nfrom updater import content_of\nfrom pathlib import Path\n"
)


class Golden:
    """A golden in a folder of its own, in the hands of one version of the package."""

    def __init__(self, tree: Path, root: Path) -> None:
        self._tree, self.root = str(tree), root

    def updated(self, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """The end of a process that updates it."""
        command = [*prefix, sys.executable, str(UPDATER), self._tree, str(self.root), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def is_whole(self, allowed: tuple[int, ...]) -> bool:
        """Whether it is one of these contents entirely."""
        script = f"{READ}print(content_of(Path(sys.argv[3])))"
        command = [sys.executable, "-c", script, str(UPDATER.parent), self._tree, str(self.root)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        return found.returncode == 0 and int(found.stdout) in allowed

    def looping(self) -> subprocess.Popen[str]:
        """A process that updates it for ever, and has begun."""
        command = [sys.executable, str(UPDATER), self._tree, str(self.root), "1", "2", "loop"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        return process


def kills_at_each_step(tree: Path) -> Counter[bool]:
    """Whether it is whole after a kill before, in the middle of and after each step of each kind of change."""
    found: Counter[bool] = Counter()
    for before, after in CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            count = int(Golden(tree, Path(folder)).updated(before, after, 0).stdout)
        for step, when in itertools.product(range(1, count + 1), ("before", "half", "after")):
            with tempfile.TemporaryDirectory() as folder:
                golden = Golden(tree, Path(folder))
                golden.updated(before, after, step, when)
                is_whole = golden.is_whole((before, after))
                # And the next update goes on from whatever is there.
                golden.updated(0, 1, 0)
                found[is_whole and golden.is_whole((1,))] += 1
    return found


def kills_at_random(tree: Path, count: int, chance: random.Random) -> Counter[bool]:
    """Whether it is whole after a kill at any instant of updates that go on and on."""
    found: Counter[bool] = Counter()
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            golden = Golden(tree, Path(folder))
            process = golden.looping()
            time.sleep(chance.uniform(0.0, 0.05))
            process.kill()
            process.wait()
            found[golden.is_whole((1, 2, 3))] += 1
    return found


def full_disks(tree: Path, count: int) -> Counter[bool]:
    """Whether it is whole after an update on a disk with room for ever more of it."""
    found: Counter[bool] = Counter()
    for size in range(count):
        with tempfile.TemporaryDirectory() as folder:
            mount = f"mount -t tmpfs -o size={4096 * (3 + size % 24)},nr_inodes={8 + size // 24} none {folder} && "
            script = mount + 'exec "$0" "$@"'
            inside = f"{READ}import subprocess\nsubprocess.run(sys.argv[4:], capture_output=True)\n"
            inside += "print(content_of(Path(sys.argv[3])))"
            update = [sys.executable, str(UPDATER), str(tree), folder, "1", "4", "0"]
            command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, sys.executable, "-c"]
            arguments = [inside, str(UPDATER.parent), str(tree), folder, *update]
            ended = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
            found[ended.returncode == 0 and ended.stdout.strip() in ("0", "1", "4")] += 1
    return found


def lost_updates(tree: Path, rounds: int, processes: int = 8) -> int:
    """How many of the updates are lost that processes make to one golden at once, a section of a format each."""
    script = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from dataclasses import replace
from pathlib import Path
from updater import golden
from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import GoldenStore
store, name = GoldenStore(Path(sys.argv[3])), GoldenName(("tests",), "test_it")
section = golden(1).formats["h5"]
for round in range(int(sys.argv[5])):
    key = f"p{sys.argv[4]}r{round}"
    store.update(name, lambda old: (old or golden(1)).with_format(key, section))
"""
    with tempfile.TemporaryDirectory() as folder:
        common = [sys.executable, "-c", script, str(UPDATER.parent), str(tree), folder]
        running = [subprocess.Popen([*common, str(number), str(rounds)]) for number in range(processes)]
        codes = [process.wait() for process in running]
        count = f"{READ}from pytest_modelcompat.golden.golden import GoldenName\n"
        count += "from pytest_modelcompat.golden.store import GoldenStore\n"
        count += 'print(len(GoldenStore(Path(sys.argv[3])).read(GoldenName(("tests",), "test_it")).formats) - 1)'
        command = [sys.executable, "-c", count, str(UPDATER.parent), str(tree), folder]
        kept = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not any(codes), codes
    return processes * rounds - int(kept.stdout)


def _told(what: str, found: Counter[bool]) -> None:
    print(f"{what}: {found[False]} of {found.total()} goldens broken", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--sizes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--tree", type=Path, default=HERE.parent)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tree = given.tree.resolve()
    _told("killed at each step", kills_at_each_step(tree))
    _told("killed at random", kills_at_random(tree, given.kills, random.Random(given.seed)))  # noqa: S311 - instants, and no secrets
    _told("full disk", full_disks(tree, given.sizes))
    print(f"8 processes x {given.rounds} updates: {lost_updates(tree, given.rounds)} lost")


if __name__ == "__main__":
    main()
