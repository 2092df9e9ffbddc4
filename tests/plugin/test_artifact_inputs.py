"""Inputs of artifacts that something else saved: given, derived, or not to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

SAVED = """
    import tensorflow as tf

    keras = tf.keras


    class Shift(keras.layers.Layer):
        def call(self, inputs):
            return inputs


    class Prices(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, amount):
            return amount * 2.0

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def parse(self, text):
            return tf.strings.to_number(text)


    def save_prices(path):
        module = Prices()
        signatures = {"serving_default": module.__call__, "parse": module.parse}
        tf.saved_model.save(module, path, signatures=signatures)


    def save_strings(path):
        inputs = keras.Input((1,), dtype="string")
        keras.Model(inputs, Shift()(inputs)).save(path)
"""


@pytest.fixture
def saved(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a SavedModel of two signatures, one of strings, and a .keras of an undeclared layer."""
    import importlib

    project.write("saved_models.py", SAVED)
    monkeypatch.syspath_prepend(project.path)
    module = importlib.import_module("saved_models")
    module.save_prices(str(project.path / "prices"))
    module.save_strings(str(project.path / "strings.keras"))
    return project


def test_inputs_may_stand_on_the_marker(saved: Project) -> None:
    saved.write(
        "test_it.py",
        """
        import numpy as np
        import pytest

        @pytest.mark.model_artifact("prices", inputs={"serving_default": np.array([1.5], np.float32)})
        def test_prices():
            return None
        """,
    )
    result = saved.record("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*note: signature 'parse' was not called: inputs are given for others only"])


def test_a_signature_of_strings_needs_inputs(saved: Project) -> None:
    saved.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_artifact("prices")
        def test_prices():
            return None
        """,
    )
    result = saved.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "INPUTS NEEDED  test_prices?saved_model?: signature 'parse': *takes strings*no vocabulary for them",
            "  fix        return the inputs from the test, or declare",
            '             @pytest.mark.model_artifact(..., inputs={"parse": {"text": ...}})',
        ]
    )


def test_what_cannot_be_loaded_is_said_before_inputs_are_asked_for(saved: Project) -> None:
    saved.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_artifact("strings.keras")
        def test_strings():
            return None
        """,
    )
    result = saved.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNKNOWN LAYER  test_strings?keras?: *", "  layer      Shift *"])
