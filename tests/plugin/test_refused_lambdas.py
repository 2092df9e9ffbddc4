"""What a refused Lambda's text advises: what lets it load, and only that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TEST = """
import keras
import pytest
import tensorflow as tf
from keras import layers as L, ops

FACTOR = 3.0

{marker}
def test_model():
    return keras.Sequential([keras.Input((4, 4, 9)), L.Lambda({function})])
"""
NEEDS_NOTHING = ["lambda x: x * 2.0", "lambda x: x[..., :3]"]
NEEDS_ITS_MODULE = {
    "lambda x: tf.nn.depth_to_space(x, 3)": "tf",
    "lambda x: ops.relu(x)": "ops",
    "lambda x: x * FACTOR": "FACTOR",
}
ALLOWED = "@pytest.mark.model_roundtrip(safe_mode=False)"


def run(project: Project, function: str, marker: str) -> pytest.RunResult:
    project.write("test_it.py", TEST.format(function=function, marker=marker))
    return project.run("--modelcompat-update-golden", "test_it.py")


@pytest.mark.parametrize("function", NEEDS_NOTHING)
def test_one_that_runs_anywhere_may_be_allowed(project: Project, function: str) -> None:
    result = run(project, function, '@pytest.mark.model_roundtrip(formats=["keras"])')
    result.assert_outcomes(failed=1)
    assert ALLOWED in result.stdout.str()
    run(project, function, ALLOWED).assert_outcomes(passed=3)


@pytest.mark.parametrize(("function", "name"), NEEDS_ITS_MODULE.items())
def test_one_that_needs_its_module_is_not_to_be_allowed(project: Project, function: str, name: str) -> None:
    result = run(project, function, '@pytest.mark.model_roundtrip(formats=["keras"])')
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert ALLOWED not in text
    assert f"its function uses the name {name}, which is not defined" in text
    (saved_model,) = re.findall(r"or leave \.h5 and \.keras; .*: (@pytest.*)$", text, re.MULTILINE)
    run(project, function, saved_model).assert_outcomes(passed=1)
    run(project, function, ALLOWED).assert_outcomes(passed=1, failed=2)
