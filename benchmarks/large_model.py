"""The memory of a round trip of a large model, beside that of Keras alone: all processes together, at their peak.

    python benchmarks/large_model.py [--megabytes 1000] [--layers 2] [--formats keras h5 saved_model] [--tree FOLDER]

Keras alone builds the model, predicts, saves it, and loads it and predicts in a fresh process while the first still
has its own. FOLDER is a checkout of another version, to be measured instead of this one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from measurement import Measured, measure

ROOT = Path(__file__).resolve().parents[1]
MODEL = """
import os

import keras
import numpy as np

LAYERS = int(os.environ["LAYERS"])
WIDTH = round((float(os.environ["MEGABYTES"]) * 1e6 / 4 / LAYERS) ** 0.5)
INPUTS = np.ones((2, WIDTH), "float32")

def build():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((WIDTH,)), *(keras.layers.Dense(WIDTH) for _ in range(LAYERS))])
"""
PLUGIN = """
import pytest
from model import INPUTS, build

@pytest.mark.model_roundtrip
def test_large():
    return build(), INPUTS
"""
ALONE = """
import subprocess, sys
import numpy as np
from model import INPUTS, build

path = {"keras": "model.keras", "h5": "model.h5", "saved_model": "model"}[sys.argv[1]]
model = build()
expected = np.asarray(model(INPUTS))
model.export(path, verbose=False) if path == "model" else model.save(path)
load = "keras.models.load_model(path)" if path != "model" else "tf.saved_model.load(path)"
call = "model" if path != "model" else "model.serve"
fresh = f"import keras, numpy as np, tensorflow as tf; path = {path!r}; model = {load}; "
fresh += f"print(np.asarray({call}(np.ones({INPUTS.shape}, 'float32'))).sum())"
assert np.isclose(float(subprocess.check_output([sys.executable, "-c", fresh])), expected.sum(), atol=1e-3)
"""
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CI": "", "PYTHONDONTWRITEBYTECODE": "1"}


def run(folder: Path, tree: Path, command: list[str], megabytes: int, layers: int) -> Measured:
    """One command in a folder that has the model, measured."""
    environment = {
        **QUIET,
        "MEGABYTES": str(megabytes),
        "LAYERS": str(layers),
        "PYTHONPATH": os.pathsep.join((str(tree), str(folder))),
    }
    measured = measure([sys.executable, *command], folder, environment, memory=True)
    if measured.code:
        sys.exit(measured.output)
    return measured


def main() -> None:
    """Measures each format both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--formats", nargs="+", default=["keras", "h5", "saved_model"])
    parser.add_argument("--tree", type=Path, default=ROOT)
    options = parser.parse_args()
    for format_ in options.formats:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for name, text in (("model.py", MODEL), ("test_large.py", PLUGIN), ("alone.py", ALONE)):
                (folder / name).write_text(text, encoding="utf-8")
            (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            plugin = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_large.py", "--modelcompat-format", format_]
            size = options.megabytes, options.layers
            alone = run(folder, options.tree, ["alone.py", format_], *size)
            whole = run(folder, options.tree, [*plugin, "--modelcompat-update-golden"], *size)
        rest = whole.peak_mb - alone.peak_mb
        print(
            f"{format_:<12} Keras alone {alone.peak_mb:>6} MB   plugin {whole.peak_mb:>6} MB   {rest:+} MB", flush=True
        )


if __name__ == "__main__":
    main()
