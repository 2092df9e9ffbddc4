"""What a migration costs without its proof, beside a copy that is synced, and beside `load_model` and `save`.

    python benchmarks/migration_cost.py [--python PATH] [--gigabytes 2] [--rounds 3]

PATH is an interpreter with the Keras 2 that saves a ResNet50 as .h5; that file is migrated to the newest recorded
runtime. Everything is measured in processes that start for it, one after the other in each round: seconds, and at the
end the peak memory of migrating a file of that many gigabytes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measurement import Measured, measure

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
SAVE = """
import tensorflow as tf
tf.keras.applications.ResNet50(weights=None).save("old.h5")
"""
LARGE = """
import sys
import h5py, json, numpy as np
size = int(float(sys.argv[1]) * 1e9 / 4 / 8)
layers = [{"class_name": "Dense", "config": {"name": f"d{n}", "units": 4}} for n in range(8)]
with h5py.File("large.h5", "w") as file:
    file.attrs["keras_version"], file.attrs["backend"] = b"2.8.0", b"tensorflow"
    root = {"class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    file.attrs["model_config"] = json.dumps(root).encode()
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [f"d{n}".encode() for n in range(8)]
    for n in range(8):
        group.create_group(f"d{n}").attrs["weight_names"] = [b"kernel:0"]
        group[f"d{n}/kernel:0"] = np.ones((size // 4, 4), "float32")
"""
COPY = """
import os, shutil
shutil.copyfile("old.h5", "copy.h5")
with open("copy.h5", "rb+") as file:
    os.fsync(file.fileno())
"""
MIGRATE = """
import sys
from pathlib import Path
from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
inventory = read_inventory(Path(sys.argv[1]))
plan = plan_edits(inventory, Target(load_profile("tf2.21"), dict(inventory.saved_by)))
write(Rewrite.of(plan.draft), Path("migrated.h5"))
"""
AGAIN = """
import keras
keras.models.load_model("old.h5", compile=False).save("again.keras")
"""


def run(folder: Path, script: str, *arguments: str, python: str = sys.executable, memory: bool = False) -> Measured:
    """A script in a process of its own."""
    measured = measure([python, "-c", script, *arguments], folder, QUIET, memory=memory)
    if measured.code:
        sys.exit(measured.output)
    return measured


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with Keras 2")
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {"copy and sync": [], "migrate": [], "load_model and save": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, SAVE, python=options.python)
        for _ in range(options.rounds):
            for what, script in zip(seconds, (COPY, MIGRATE, AGAIN), strict=True):
                seconds[what].append(run(folder, script, "old.h5").seconds)
        print(f"ResNet50, {(folder / 'old.h5').stat().st_size / 1e6:.0f} MB, median of {options.rounds}")
        for what, each in seconds.items():
            print(f"{statistics.median(each):8.2f} s  {what}")
        run(folder, LARGE, str(options.gigabytes))
        large = run(folder, MIGRATE, "large.h5", memory=True)
        print(f"{large.peak_mb:8} MB at most for a file of {options.gigabytes:g} GB, in {large.seconds:.1f} s")


if __name__ == "__main__":
    main()
