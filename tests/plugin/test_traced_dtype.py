"""Subclassed models of whole numbers and texts, which Keras saves and rebuilds with float32: the printed fix works."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TEST = """
import keras
import numpy as np
import pytest
import tensorflow as tf

class Encoder(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2, dtype="float32")

    def call(self, ids):
        {cast}
        return self.dense({body})

{marker}
def test_model():
    model = Encoder()
    given = {given}
    model(given)
    {wrap}
    return model, given
"""
GATHER = ("tf.gather(tf.eye(4), ids)", "np.array([[1, 3]])")
ONE_HOT = ("tf.cast(tf.one_hot(ids, 4), 'float32')", "np.array([[1, 3]], 'int32')")
BITS = ("tf.cast(tf.bitwise.bitwise_and(ids, 3), 'float32')", "np.array([[5, 6]])")
LENGTHS = ("tf.cast(tf.strings.length(ids), 'float32')", "tf.constant([['a', 'bc']])")


def run(project: Project, operation: tuple[str, str], options: str, cast: str = "", wrap: str = "") -> list[Any]:
    marker = f"@pytest.mark.model_roundtrip({options}, custom_objects={{'Encoder': Encoder}})"
    text = TEST.format(body=operation[0], given=operation[1], marker=marker, cast=cast or "...", wrap=wrap or "...")
    project.write("test_it.py", text)
    project.run("--modelcompat-update-golden", "--modelcompat-report", "report.json", "test_it.py")
    (target,) = json.loads((project.path / "report.json").read_text(encoding="utf-8"))["targets"]
    return [each for each in target["findings"] if each["severity"] == "error"]


@pytest.mark.parametrize(
    ("operation", "format_", "kind"),
    [
        (GATHER, "saved_model", "SAVE FAILED"),
        (GATHER, "keras", "WEIGHTS CHANGED"),
        (ONE_HOT, "export", "SAVE FAILED"),
        (BITS, "export", "SAVE FAILED"),
    ],
    ids=["gather", "gather rebuilt", "one_hot", "bits"],
)
def test_whole_numbers_are_cast_where_the_text_says(
    project: Project, operation: tuple[str, str], format_: str, kind: str
) -> None:
    found = {each["kind"]: each for each in run(project, operation, f"formats=['{format_}']")}
    assert "Keras calls a subclassed model with float32 whatever it was given (here int" in found[kind]["cause"]
    assert len({(each["cause"], *each["fix"]) for each in found.values()}) == 1
    (fix,) = found[kind]["fix"]
    assert (
        run(project, operation, f"formats=['{format_}']", cast=fix.removeprefix("at the top of Encoder.call(): ")) == []
    )


def test_texts_are_the_inputs_of_a_graph_that_is_exported(project: Project) -> None:
    (finding,) = run(project, LENGTHS, "formats=['saved_model']")
    assert finding["kind"] == "SAVE FAILED"
    lead, *lines, marker = finding["fix"]
    assert lead == "give the model its inputs:"
    options = marker.removeprefix("@pytest.mark.model_roundtrip(").removesuffix(")")
    assert run(project, LENGTHS, options, wrap="; ".join(lines)) == []


LATE = """
import keras
import numpy as np
import pytest
import tensorflow as tf

class Scaled(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)
        self.scale = np.random.uniform()

    def call(self, ids):
        scaled = self.dense(keras.ops.cast(ids, "float32")) * self.scale
        return scaled + keras.ops.cast(tf.bitwise.bitwise_and(ids, 3), "float32")

@pytest.mark.model_roundtrip(formats=["keras"], custom_objects={"Scaled": Scaled})
def test_model():
    return Scaled(), np.array([[1, 3]])
"""


def test_a_drift_with_all_weights_has_another_cause(project: Project) -> None:
    """The layers are built before the call fails with float32."""
    project.write("test_it.py", LATE)
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_model?keras?: Scaled *: its attribute scale was *"])
    result.stdout.no_fnmatch_line("*float32 whatever*")


def test_another_failure_of_the_same_model_is_not_explained_so(project: Project) -> None:
    halves = (
        "tf.gather(tf.eye(4), tf.cast(ids, 'int32')) if tf.executing_eagerly() else undefined",
        "np.array([[1, 3]])",
    )
    (finding,) = run(project, halves, "formats=['export']")
    assert "float32" not in finding["cause"]
