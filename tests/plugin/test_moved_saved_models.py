"""The layer where a SavedModel parts from its source, and the name scope where it parts from its golden."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Project

MODULE = """
    import keras
    import tensorflow as tf
    from keras import layers as L


    class Scale(L.Layer):
        def call(self, x):
            return x * (3.0 if tf.executing_eagerly() else 2.0)


    def model(bias=0.0, is_scaled=False):
        inner = keras.Input((4,))
        x = L.Dense(4, name="dense")(inner)
        if is_scaled:
            x = Scale(name="scale")(x)
        tower = keras.Model(inner, L.Dense(4, name="dense_1", bias_initializer=tf_constant(bias))(x), name="tower")
        inputs = keras.Input((4,), name="features")
        return keras.Model(inputs, L.Dense(2, name="score")(tower(inputs)))


    def tf_constant(value):
        return keras.initializers.Constant(value)
"""
ROUND_TRIP = """
    import numpy as np
    import pytest

    import scaled_in_graph as own

    @pytest.mark.model_roundtrip(formats=["saved_model", "export"])
    def test_model():
        return own.model(is_scaled=True), np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
"""
ARTIFACT = """
    import numpy as np
    import pytest

    @pytest.mark.model_artifact("model")
    def test_model():
        return np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
"""
SAVE = """
    import keras

    import saved_in_parts as own

    keras.utils.set_random_seed(0)
    own.model({arguments}).export("model", verbose=False)
"""


def findings(project: Project, number: int = 0) -> list[dict[str, Any]]:
    """The errors of a target, with their details."""
    project.run("--modelcompat-report", "report.json")
    document = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["targets"][number]["findings"]
    return [each for each in found if each["severity"] == "error" and each["kind"] == "PREDICTIONS DRIFTED"]


def test_a_layer_that_is_another_in_the_graph_is_named_and_is_to_blame(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("scaled_in_graph.py", MODULE)
    project.write("test_it.py", ROUND_TRIP)
    for number in (0, 1):
        (drifted,) = findings(project, number)
        assert drifted["details"]["moved"].splitlines() == [
            'first in "tower/scale" (Scale): its inputs are the same bit for bit, its output is not',
            "it has no weights",
        ]
        assert drifted["cause"].startswith('"tower/scale" (Scale) gives another output for the same inputs and weights')
        assert drifted["details"]["blame"] == 'the code or the configuration of "tower/scale" (Scale)'
        rows = [line.split() for line in drifted["details"]["layers"].splitlines()[1:]]
        assert [row[0] for row in rows] == ["tower/dense", "tower/scale", "tower/dense_1", "score"]


def saved(project: Project, monkeypatch: pytest.MonkeyPatch, arguments: str) -> None:
    """Save the model in this process, where TensorFlow is imported already."""
    import runpy
    import shutil

    shutil.rmtree(project.path / "model", ignore_errors=True)
    monkeypatch.chdir(project.path)
    monkeypatch.syspath_prepend(str(project.path))
    runpy.run_path(str(project.write("save.py", SAVE.format(arguments=arguments))))


def test_a_name_scope_is_named_where_there_is_no_source(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("saved_in_parts.py", MODULE)
    project.write("test_it.py", ARTIFACT)
    saved(project, monkeypatch, "")
    project.record()
    record = json.loads((project.path / "golden/test_it/test_model/golden.json").read_text(encoding="utf-8"))
    assert list(record["layers"]["outputs"]) == ["tower_1/dense_1", "tower_1/dense_1_2", "tower_1", "score_1"]
    project.run().assert_outcomes(passed=1)
    saved(project, monkeypatch, "bias=1e-2")
    (drifted,) = findings(project)
    first, weights = drifted["details"]["moved"].splitlines()
    assert first.startswith('first in "tower_1/dense_1_2" (name scope): its inputs are the same bit for bit')
    assert weights.startswith("of its weights ")
    assert weights.endswith("dense_1/bias is not the same")
