"""What reading an artifact without TensorFlow costs, beside what a user would run instead: ResNet50 in three formats.

    python benchmarks/static_reading.py [RUNS] [--keep DIR]

Whole processes first: `modelcompat inspect` of the SavedModel beside `saved_model_cli show --all`, of the .h5 and the
.keras beside a process that calls `load_model`. Then the read inside a process, beside a process that does nothing but
load, and beside the load alone after all imports. The two of a pair take turns; printed are medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from measurement import measure

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": ""}
BIN = Path(sys.executable).parent
READS_INSIDE = 9

BUILD = """
import sys, keras
model = keras.applications.ResNet50(weights=None)
model.save(sys.argv[1] + "/resnet50.h5")
model.save(sys.argv[1] + "/resnet50.keras")
model.export(sys.argv[1] + "/resnet50", verbose=False)
"""
LOAD = "import sys, keras; keras.models.load_model(sys.argv[1])"
LOAD_GRAPH = "import sys, tensorflow as tf; tf.saved_model.load(sys.argv[1])"
INSIDE = """
import json, sys, time
from pathlib import Path
import tensorflow as tf, keras, h5py, google.protobuf
from pytest_modelcompat.artifacts import read_inventory
path, runs = Path(sys.argv[1]), int(sys.argv[2])
def timed(action):
    started = time.perf_counter(); action(); return time.perf_counter() - started
load = (lambda: tf.saved_model.load(str(path))) if path.is_dir() else (lambda: keras.models.load_model(path))
read_inventory(path); load()
print(json.dumps({"read": [timed(lambda: read_inventory(path)) for _ in range(runs)],
                  "load": [timed(load) for _ in range(3)]}))
"""


def main(runs: int, folder: Path) -> None:
    build(folder)
    saved_model, h5, keras = folder / "resnet50", folder / "resnet50.h5", folder / "resnet50.keras"
    cli = [str(BIN / "saved_model_cli"), "show", "--all", "--dir", str(saved_model)]
    loads = {path: [sys.executable, "-c", LOAD, str(path)] for path in (h5, keras)}
    loads[saved_model] = [sys.executable, "-c", LOAD_GRAPH, str(saved_model)]
    print(f"ResNet50, medians of {runs}; ratios are theirs / ours")
    pair("inspect SavedModel | saved_model_cli", inspect(saved_model), cli, runs)
    processes = {
        path: pair(f"inspect {path.name} | load process", inspect(path), loads[path], runs)
        for path in (h5, keras, saved_model)
    }
    for path in (saved_model, h5, keras):
        read, load = inside(path)
        line(f"read {path.name} | load process", read, processes[path])
        line(f"read {path.name} | load alone", read, load)


def build(folder: Path) -> None:
    if (folder / "resnet50").is_dir():
        return
    built = measure([sys.executable, "-c", BUILD, str(folder)], folder, QUIET)
    if built.code:
        sys.exit(built.output)


def inspect(path: Path) -> list[str]:
    return [str(BIN / "modelcompat"), "inspect", str(path)]


def pair(name: str, ours: list[str], theirs: list[str], runs: int) -> float:
    """Print the medians of two commands that take turns; the second's is given back, in seconds."""
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(runs + 1):
        for key, command in (("ours", ours), ("theirs", theirs)):
            measured = measure(command, Path.cwd(), QUIET)
            if measured.code:
                sys.exit(f"{' '.join(command)} ended with {measured.code}:\n{measured.output}")
            if number:  # the first of each only warms the file cache and compiles modules
                seconds[key].append(measured.seconds)
    line(name, statistics.median(seconds["ours"]), statistics.median(seconds["theirs"]))
    return statistics.median(seconds["theirs"])


def inside(path: Path) -> tuple[float, float]:
    """Median seconds of a read and of a load in one process."""
    measured = measure([sys.executable, "-c", INSIDE, str(path), str(READS_INSIDE)], Path.cwd(), QUIET)
    if measured.code:
        sys.exit(measured.output)
    times = json.loads(measured.output.splitlines()[-1])
    return statistics.median(times["read"]), statistics.median(times["load"])


def line(name: str, ours: float, theirs: float) -> None:
    print(f"{name:38} {ours * 1000:7.1f} ms {theirs * 1000:7.0f} ms   {theirs / ours:5.1f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="build the models here, and use them if they are there already")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        main(given.runs, given.keep)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(given.runs, Path(temporary))
