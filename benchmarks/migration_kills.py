"""Kills migrations at random moments: is the output whole or not there, and does the next run leave nothing else?

    python benchmarks/migration_kills.py [--kills 100] [--megabytes 50] [--seed 0]

Each is killed with SIGKILL, and its children live as long as they like. Broken is an output under its final name that
is not the whole file, a hidden file or folder that is there after the next run, or a next run that does not migrate.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLD, NEW = "old.h5", "old.tf2.21.h5"
LAYER = """
import json, sys
import h5py, numpy as np
size = int(float(sys.argv[2]) * 1e6 / 4)
given = {"batch_input_shape": [None, 4, 4, 2], "dtype": "float32", "sparse": False, "name": "given"}
blur = {"name": "blur", "kernel_size": [2, 2], "groups": 1}
layers = [{"class_name": "InputLayer", "config": given}, {"class_name": "DepthwiseConv2D", "config": blur}]
with h5py.File(sys.argv[1], "w") as file:
    file.attrs["keras_version"], file.attrs["backend"] = b"2.13.1", b"tensorflow"
    root = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    file.attrs["model_config"] = json.dumps(root).encode()
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [b"blur"]
    group.create_group("blur").attrs["weight_names"] = [b"blur/depthwise_kernel:0"]
    group["blur/blur/depthwise_kernel:0"] = np.ones((2, 2, 2, 1), "float32")
    file["ballast"] = np.ones(size, "float32")
"""


class Migrations:
    """Migrations of one file in a folder of its own.

    Args:
        folder: an empty folder.
        megabytes: the size of the file.
    """

    def __init__(self, folder: Path, megabytes: float) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-c", LAYER, str(folder / OLD), str(megabytes)], check=True)
        started = time.monotonic()
        self.problems = self.problems_after_a_run()
        self.seconds = time.monotonic() - started
        self.whole = (folder / NEW).read_bytes()

    def killed(self, seconds: float) -> str:
        """Kill a migration after so many seconds; in words, what it left, or its end where it was faster."""
        self._forget()
        process = self._started()
        try:
            return f"ended with {process.wait(seconds)}"
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        written = self.folder / NEW
        if written.exists() and written.read_bytes() != self.whole:
            self.problems.append(f"{NEW} is not whole after {seconds:.3f} s")
        hidden = "something hidden" if self._hidden() else "nothing hidden"
        return f"{hidden}, {'the output' if written.exists() else 'no output'}"

    def problems_after_a_run(self) -> list[str]:
        """What is wrong once a run has come to its end."""
        code = self._started().wait()
        found = [f"{each} is left" for each in self._hidden()]
        names = sorted(each.name for each in self.folder.iterdir() if each.name not in self._hidden())
        if code or names != [OLD, NEW, f"{NEW}.migration.json"]:
            found.append(f"exit code {code}, with {', '.join(names)}")
        return found

    def _hidden(self) -> list[str]:
        return sorted(each.name for each in self.folder.iterdir() if each.name.startswith("."))

    def _forget(self) -> None:
        for name in (NEW, f"{NEW}.migration.json"):
            (self.folder / name).unlink(missing_ok=True)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pytest_modelcompat.cli", "migrate", OLD, "--runtime", "tf2.21"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [*command, "--prove", "none", "--overwrite"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main() -> None:
    """Kill and run, in turn, and print what was left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - instants, and no secrets
    left: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        migrations = Migrations(Path(name), options.megabytes)
        for _ in range(options.kills):
            left[migrations.killed(chance.uniform(0, migrations.seconds))] += 1
            migrations.problems += migrations.problems_after_a_run()
    for what, count in left.most_common():
        print(f"{count:6}  {what}")
    print(f"{len(migrations.problems)} problems of {options.kills} kills")
    print("\n".join(migrations.problems))
    sys.exit(bool(migrations.problems))


if __name__ == "__main__":
    main()
