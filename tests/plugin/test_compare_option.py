"""The option `compare` on the marker, on the command line and in the ini file, for all outputs and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TESTS = """
import keras
import numpy as np
import pytest

SCALE = {scale}

@pytest.mark.model_roundtrip(formats=["keras"], checks=["predictions"], {options})
def test_model():
    inputs = keras.Input((4,))
    logits = keras.layers.Dense(6, kernel_initializer="orthogonal", name="logits")(inputs)
    boxes = keras.layers.Dense(2, kernel_initializer="ones", name="boxes")(inputs)
    model = keras.Model(inputs, {{"logits": logits, "boxes": boxes}})
    layer = model.get_layer("logits")
    layer.set_weights([SCALE * each for each in layer.get_weights()])
    return model, np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
"""
UPDATE = "--modelcompat-update-golden"
OWN = """
def same(actual, expected):
    return bool(abs(actual - expected).max() < 100)
"""


def write(project: Project, scale: float, options: str = "") -> None:
    project.write("own.py", OWN)
    project.write("test_it.py", TESTS.format(scale=scale, options=options))


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with a golden, whose logits are twice those of before."""
    write(project, 1.0)
    project.record().assert_outcomes(passed=1)
    write(project, 2.0)
    return project


def test_each_place_and_each_comparison(recorded: Project) -> None:
    result = recorded.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED *",
            "  output     logits *",
            "  figures    mean absolute difference *",
            "*cosine similarity 1",
        ]
    )
    assert "boxes   float32" not in result.stdout.str()
    recorded.run("--modelcompat-compare=topk(3)").assert_outcomes(passed=1)
    recorded.run("--modelcompat-compare", "logits=own:same").assert_outcomes(passed=1)
    recorded.run("-o", "modelcompat_compare=logits=cosine(0.999) boxes=tolerance").assert_outcomes(passed=1)
    refused = recorded.run("--modelcompat-compare", "logits=psnr(30, 1)", "--modelcompat-compare=topk")
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(
        [
            "  decided by psnr(30, 1), from command line: the peak signal-to-noise ratio is * dB for a peak*",
            "  mismatch   48 of 48 elements (100 %) beyond tolerance, which does not decide",
        ]
    )
    write(recorded, 2.0, 'compare={"logits": "topk(3)"}')
    recorded.run().assert_outcomes(passed=1)
    write(recorded, -2.0, 'compare={"logits": "topk(3)"}')
    refused = recorded.run()
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(
        ["  decided by topk(3), from marker: the 3 greatest scores are the same as expected in * rows*"]
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('compare="quantil(0.9)"', "*option 'compare': unknown comparison 'quantil'; did you mean 'quantile'?*"),
        (
            'compare={"logit": "topk"}',
            "BAD OPTION  *compare is given for output 'logit', and the model's outputs are *; did you mean 'logits'?",
        ),
        ('compare={"logits": "topk(6)"}', "BAD OPTION  *which has 6 scores in a row: choose fewer than that"),
        ('compare={"logits": "own:sam"}', "BAD OPTION  *compare: there is no 'sam' in 'own'; did you mean 'same'?"),
    ],
)
def test_what_is_wrong_is_an_error_that_names_it(project: Project, options: str, said: str) -> None:
    write(project, 1.0, options)
    project.run(UPDATE).stdout.fnmatch_lines([said])
