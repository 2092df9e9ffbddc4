"""Inputs that nobody gave: how a failure speaks of them, how others are given, and which ones a golden keeps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Project

OPEN = """
import keras
import numpy as np
import pytest

class Open(keras.Model):
    def call(self, x):
        return x * 2

"""
FORMATS = '@pytest.mark.model_roundtrip(formats=["export"])'
NEEDED = "INPUTS NEEDED  test_it*: the inputs of Open cannot be derived: it has no input signature of its own, *"


def fix_of(result: pytest.RunResult) -> list[str]:
    found = re.search(r"^  fix +(.*(?:\n {13}.*)*)", result.stdout.str(), re.MULTILINE)
    assert found, result.stdout.str()
    return [line[13:] if number else line for number, line in enumerate(found[1].splitlines())]


def test_inputs_are_given_as_a_marker_has_them(project: Project) -> None:
    project.write("test_it.py", f"{OPEN}{FORMATS}\ndef test_it():\n    return Open()\n")
    result = project.run("--modelcompat-update-golden", "test_it.py")
    result.stdout.fnmatch_lines([NEEDED])
    lead, option = fix_of(result)
    assert lead == "return (model, inputs) from the test, or declare"
    option = option.replace("inputs=...", "inputs=np.ones((2, 3))").replace("(inputs", '(formats=["export"], inputs')
    project.write("test_it.py", f"{OPEN}{option}\ndef test_it():\n    return Open()\n")
    project.record("test_it.py").assert_outcomes(passed=1)


def test_inputs_are_given_as_a_call_has_them(project: Project) -> None:
    call = 'model_roundtrip(Open(), formats=["export"])'
    project.write("test_it.py", f"{OPEN}def test_it(model_roundtrip):\n    {call}\n")
    (fix,) = fix_of(project.run("--modelcompat-update-golden", "test_it.py"))
    fix = fix.replace("...,", 'Open(), formats=["export"],').replace("inputs=...", "inputs=np.ones((2, 3))")
    project.write("test_it.py", f"{OPEN}def test_it(model_roundtrip):\n    {fix}\n")
    project.record("test_it.py").assert_outcomes(passed=1)


def test_inputs_are_given_as_the_command_line_has_them(project: Project) -> None:
    project.write("open_models.py", f"{OPEN}def build():\n    return Open()\n")
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    arguments = ("--modelcompat-model", "open_models:build", "--modelcompat-format", "export")
    result = project.run("--modelcompat-update-golden", *arguments)
    assert "marker" not in result.stdout.str()
    words, lead, *hook = fix_of(result)
    assert (words, lead) == ("let a function build the model, and return (model, inputs)", "or in conftest.py:")
    code = "\n".join(["import numpy as np", *hook]).replace("return ...", "return np.ones((2, 3))")
    project.write("conftest.py", code)
    project.record(*arguments).assert_outcomes(passed=1)


def test_a_failure_says_what_inputs_are_derived_from(project: Project) -> None:
    body = """
    inputs = keras.Input((None,), name="ids", dtype="int32")
    return keras.Model(inputs, keras.layers.Reshape((5,))(keras.layers.Embedding(300, 1)(inputs)))
"""
    project.write("test_it.py", f"{OPEN}{FORMATS}\ndef test_it():{body}")
    project.run("test_it.py").stdout.fnmatch_lines(
        [
            "PREDICTION FAILED  test_it?export?: the model cannot be called, even before it is saved",
            "  inputs     derived from the model, since none are given:",
            "             ids int32 (4, 32) below 300, from Embedding's input_dim",
            "  fix        return (model, inputs) from the test, or declare",
        ]
    )
    project.write("test_it.py", f"{OPEN}{FORMATS}\ndef test_it():\n    return Open(), 'words'\n")
    project.run("test_it.py").stdout.fnmatch_lines(["  inputs     given: input string ()"])


def test_a_given_artifact_is_called_with_what_fits_it(project: Project) -> None:
    """A file's inputs are as large as its layers need, and have other values where all outputs are the same."""
    import keras
    import numpy as np

    layers = keras.layers
    large = [keras.Input((None, None, 1)), *(layers.MaxPool2D(3) for _ in range(4))]
    greatest = [np.random.default_rng(seed).standard_normal((4, 1)).max() for seed in range(5)]
    bound = (greatest[0] + max(greatest)) / 2
    dead = [keras.Input((1,)), layers.Rescaling(1.0, offset=-bound), layers.ReLU()]
    # Whether pooling to nothing raises is a matter of the processor; cropping to nothing never does.
    long = [keras.Input((None, 1)), layers.Cropping1D(20)]
    files = [f"{name}.keras" for name in ("large", "long", "dead")]
    for name, parts in zip(files, (large, long, dead), strict=True):
        keras.Sequential(parts).save(project.path / name)
    recorded = project.record(*files)
    recorded.assert_outcomes(passed=3)
    assert "says little of the model" not in recorded.stdout.str()
    project.run(*files).stdout.fnmatch_lines(["*goldens: 3 matched*"])


def test_a_given_artifact_that_nothing_fits_says_what_was_tried_and_how_others_are_given(project: Project) -> None:
    import keras

    keras.Sequential([keras.Input((None,)), keras.layers.Reshape((11,))]).save(project.path / "elevens.keras")
    result = project.run("elevens.keras", "--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTION FAILED  elevens.keras*",
            "  inputs     derived from the model, since none are given:",
            "  fix        give them in conftest.py:",
        ]
    )
    printed = [line.removeprefix("  fix").strip() for line in result.outlines]
    first = printed.index("def pytest_modelcompat_inputs(case):")
    hook = f"{printed[first]}\n    {printed[first + 1]}"
    project.write("conftest.py", f"import numpy as np\n\n{hook.replace('...', 'np.ones((2, 11), np.float32)')}\n")
    project.record("elevens.keras").assert_outcomes(passed=1)


DEAD = """
import keras
import numpy as np
import pytest

def largest(seed):
    return np.random.default_rng(seed).standard_normal((4, 1)).astype("float32")

BOUND = (largest(0).max() + max(largest(seed).max() for seed in range(1, 5))) / 2

@pytest.mark.model_roundtrip(formats=["keras", "export"]{option})
def test_it():
    return keras.Sequential([keras.Input((1,)), keras.layers.Rescaling(1.0, offset=-BOUND), keras.layers.ReLU()])
"""


def test_a_golden_is_recorded_with_inputs_that_tell_something(project: Project) -> None:
    project.write("test_it.py", DEAD.format(option=""))
    recorded = project.record("test_it.py")
    assert "says little of the model" not in recorded.stdout.str()
    project.run("test_it.py").stdout.fnmatch_lines(["*goldens: 1 matched*"])


def test_a_golden_that_was_recorded_before_still_holds(project: Project) -> None:
    project.write("test_it.py", DEAD.format(option=", inputs=largest(0)"))
    assert "every element is 0.0" in project.record("test_it.py").stdout.str()
    project.write("test_it.py", DEAD.format(option=""))
    result = project.run("-v", "test_it.py")
    result.assert_outcomes(passed=2)
    assert "inputs differ" not in result.stdout.str()
