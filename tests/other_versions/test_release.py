"""A release's artifact in later versions: `model_a.h5`, saved by TensorFlow 2.8, must load in 2.11 and in today's."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import read_golden, save_golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = [pytest.mark.runtimes, pytest.mark.timeout(900)]

# Trained for an epoch, so that it has moving averages and an optimizer's state to lose.
SAVE = """
import sys
import numpy as np
import tensorflow as tf

tf.random.set_seed(7)
np.random.seed(7)
inputs = tf.keras.Input((8,), name="features")
hidden = tf.keras.layers.Dense(16, activation="relu")(inputs)
hidden = tf.keras.layers.BatchNormalization()(hidden)
hidden = tf.keras.layers.Dropout(0.2)(hidden)
model = tf.keras.Model(inputs, tf.keras.layers.Dense(3, activation="softmax", name="score")(hidden))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(np.random.rand(64, 8), tf.one_hot(np.random.randint(0, 3, 64), 3), verbose=0)
model.save(sys.argv[1])
"""
TEST = """
    import pytest

    @pytest.mark.model_artifact("model_a.h5", runtimes=["tf2.8"])
    def test_model_a():
        return None
"""
LATER = ("--modelcompat-runtime", "tf2.11", "--modelcompat-runtime", "local", "-k", "v1")


@pytest.fixture
def released(project: Project, python_of: Callable[[str], Path]) -> Project:
    """A project that froze model_a.h5 as v1 when it ran TensorFlow 2.8, and has since lost the file itself."""
    python_of("tf2.11")
    model = project.path / "model_a.h5"
    subprocess.run([python_of("tf2.8"), "-c", SAVE, model], check=True, capture_output=True)
    project.write("test_release.py", TEST)
    project.record()
    project.run("--modelcompat-freeze", "v1").assert_outcomes(passed=1)
    model.unlink()
    return project


def test_it_loads_and_predicts_the_same(released: Project) -> None:
    result = released.run(*LATER)
    result.assert_outcomes(passed=2, deselected=2)
    result.stdout.fnmatch_lines(
        ["test_model_a[[]h5:v1-tf2.11[]]  passed *golden matched)", "test_model_a[[]h5:v1[]] * passed *golden matched)"]
    )


def test_a_release_that_predicted_otherwise_is_noticed_in_each(released: Project) -> None:
    folder = released.path / "golden/test_release/test_model_a/frozen/v1"
    golden = read_golden(folder)
    structure, arrays = golden.outputs
    moved = {name: array + np.float32(0.01) for name, array in arrays.items()}
    save_golden(
        GoldenName(("test_release",), "test_model_a"),
        folder,
        replace(golden, outputs=(structure, moved)),
    )
    result = released.run(*LATER)
    result.assert_outcomes(failed=2, deselected=2)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_model_a[[]h5:v1-tf2.11[]]: *",
            "*artifact   golden/test_release/test_model_a/frozen/v1/model.h5, saved by Keras 2.8.0*",
            "*loaded in  tf2.11: Keras 2.11.0, TensorFlow 2.11.1, Python 3.10.*",
        ]
    )
