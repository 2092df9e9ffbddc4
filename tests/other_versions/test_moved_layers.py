"""A golden that was recorded here names the layer that moved where another TensorFlow loads the file."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

OTHER = "tf2.15"
SAVE = """
import sys
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
layers = tf.keras.layers
inputs = x = tf.keras.Input((16,))
for number in range(20):
    x = layers.Dense(16, activation="tanh", name=f"dense_{number}")(x)
model = tf.keras.Model(inputs, x)
layer = model.get_layer(sys.argv[2])
kernel = layer.kernel.numpy()
kernel[1, 1] += float(sys.argv[3])
layer.kernel.assign(kernel)
model.save(sys.argv[1])
"""
TEST = """
    import numpy as np
    import pytest

    @pytest.mark.model_artifact("model.h5", runtimes=["local", "tf2.15"])
    def test_model():
        return np.random.default_rng(0).normal(size=(8, 16)).astype("float32")
"""


@pytest.mark.parametrize("name", ["dense_0", "dense_10", "dense_19"])
def test_the_layer_is_named_from_the_golden_alone(
    project: Project, python_of: Callable[[str], Path], name: str
) -> None:
    model = project.path / "model.h5"
    project.write("test_it.py", TEST)

    def save(delta: str) -> None:
        subprocess.run([python_of(OTHER), "-c", SAVE, model, name, delta], check=True, capture_output=True)

    save("0")
    project.record("--modelcompat-runtime", "local")
    project.run("--modelcompat-runtime", OTHER).assert_outcomes(passed=1)
    # It moves the output by some twenty times its tolerance, see `tests/roundtrip/test_divergence.py`.
    save("3e-3")
    project.run("--modelcompat-runtime", OTHER, "--modelcompat-report", "report.json")
    document = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    (drifted,) = [each for each in document["targets"][0]["findings"] if each["severity"] == "error"]
    assert drifted["details"]["moved"].startswith(f'first in "{name}" (Dense): ')
