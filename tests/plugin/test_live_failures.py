"""What a failed load says of Keras' own classes: as much as `modelcompat check` says, and a fix that works as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

HEAD = """
import keras
import pytest
from keras import layers as L

{marker}
def test_model():
    i = keras.Input((4, 4))
    {body}
"""
H5 = '@pytest.mark.model_roundtrip(formats=["h5"])'

# What keras.applications.ConvNeXtTiny is made of.
LAYER_SCALE = "from keras.src.applications.convnext import LayerScale as S; return keras.Model(i, S(1e-6, 4)(i))"


class Case:
    """A model in one test; `text` is what a run of it says."""

    def __init__(self, project: Project, body: str) -> None:
        self._project, self._body, self.text = project, body, ""

    def run(self, marker: str = H5) -> pytest.RunResult:
        self._project.write("test_it.py", HEAD.format(marker=marker, body=self._body))
        result = self._project.run("--modelcompat-update-golden", "test_it.py")
        self.text = result.stdout.str()
        return result

    def line(self, start: str) -> str:
        found = re.search(rf"^ *{re.escape(start)} *(.*)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


# Operations that .h5 takes for layers of the same name, and a text that it takes for a function.
UNSAID = [
    ("return keras.Model(i, L.MultiHeadAttention(2, 8)(i, i) + i)", "UNKNOWN LAYER", "Add", "operation"),
    ("return keras.Model(i, L.Dense(4)(i) * i)", "UNKNOWN LAYER", "Multiply", "operation"),
    ("return keras.Model(i, keras.ops.maximum(i, 0.5))", "UNKNOWN LAYER", "Maximum", "operation"),
    ("return keras.Model(i, 1.0 - i)", "UNKNOWN LAYER", "Subtract", "operation"),
    ("return keras.Model(i, L.Attention()([i, i]))", "CONFIG CHANGED", "'dot'", "keras.layers.dot"),
]


@pytest.mark.parametrize(("body", "kind", "subject", "cause"), UNSAID)
def test_what_keras_does_not_say_is_what_check_knows(
    project: Project, body: str, kind: str, subject: str, cause: str
) -> None:
    case = Case(project, body)
    case.run().assert_outcomes(failed=1)
    first = case.line(f"{kind}  test_model[h5]:")
    assert subject in first
    assert cause in first
    assert " at 0x" not in case.text
    fix = case.line("fix")
    case.run(fix).assert_outcomes(passed=2)


def test_operations_of_one_cause_are_one_block(project: Project) -> None:
    case = Case(project, "return keras.Model(i, (i + 1.0) * 2.0 + 3.0 - i * 4.0)")
    case.run().assert_outcomes(failed=1)
    # In the heading, which the short summary repeats.
    assert case.text.count("it is an operation on tensors") == len(("heading", "summary"))
    assert case.text.count("formats=") == 1
    # Two of each class share its line.
    assert case.text.count("  layer      ") == len(("Add", "Multiply", "Subtract"))


@pytest.mark.parametrize(
    "body",
    [
        LAYER_SCALE,
        "return keras.Model(i, keras.ops.matmul(i, i))",
        "return keras.Model(i, i[:, 0])",
        "return keras.Model(i, keras.ops.einsum('abc,abd->acd', i, i))",
    ],
)
def test_a_class_of_keras_own_is_never_the_users(project: Project, body: str) -> None:
    case = Case(project, body)
    case.run().assert_outcomes(failed=1)
    assert "your_module" not in case.text
    assert "custom_objects" not in case.text
    case.run(case.line("fix")).assert_outcomes(passed=2)


def test_a_class_of_keras_own_that_is_not_public(project: Project) -> None:
    case = Case(project, LAYER_SCALE)
    case.run().assert_outcomes(failed=1)
    assert "LayerScale: it is a layer of Keras' own that is not public" in case.line("UNKNOWN LAYER  test_model[h5]:")


def test_two_reports_of_one_loss_are_one(project: Project) -> None:
    body = 'm = keras.Sequential([i, L.Dense(1)]); m.compile("adam", "mse", metrics=["mae"]); return m'
    case = Case(project, body)
    case.run().assert_outcomes(failed=1)
    assert "(and " not in case.line("FORMAT CANNOT HOLD  test_model[h5]:")


def test_what_was_raised_is_quoted_in_whole_sentences(project: Project) -> None:
    case = Case(project, "return keras.Model(i, L.Lambda(lambda x: x * 2)(i))")
    case.run().assert_outcomes(failed=1)
    assert case.line("it said").endswith("disallowed by default.")


@pytest.mark.parametrize(
    ("name", "declared"),
    [("swish", "swish=keras.activations:silu"), ("hard_swish", "hard_swish=keras.activations:hard_silu")],
)
def test_a_function_that_keras_has_under_another_name_is_declared_so(
    project: Project, name: str, declared: str
) -> None:
    import keras

    def function(x: object) -> object:
        return keras.activations.silu(x) if name == "swish" else keras.activations.hard_silu(x)

    function.__name__ = name
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(2, activation=function)(inputs)).save(project.path / "tagger.keras")
    result = project.run("tagger.keras", "--modelcompat-update-golden")
    result.stdout.fnmatch_lines(
        [f"UNKNOWN OBJECT  tagger.keras*: {name} is *", f"  fix * --modelcompat-custom-object {declared}"]
    )
    project.record("tagger.keras", "--modelcompat-custom-object", declared).assert_outcomes(passed=1)


@pytest.mark.parametrize("file", ["unbuilt.h5", "unbuilt.keras"])
def test_a_file_without_its_weights_fails_and_has_no_golden(project: Project, file: str) -> None:
    import keras

    keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(1)]).save(project.path / file)
    project.write(
        "test_it.py",
        f"""
        import numpy as np
        import pytest

        @pytest.mark.model_artifact("{file}")
        def test_it():
            return np.arange(4.0).reshape(2, 2)
        """,
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["WEIGHTS DO NOT FIT  test_it*the file holds no weights: it predicts with new random ones*"]
    )
    assert not (project.path / "golden").exists()


def test_a_file_that_is_named_is_never_told_to_change_its_formats(project: Project) -> None:
    import keras

    i = keras.Input((4, 4))
    keras.Model(i, i + 1.0).save(project.path / "ranker.h5")
    result = project.run("ranker.h5", "--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "save the model again, as .keras or SavedModel" in text
    assert "--modelcompat-format" not in text


CELL = """
import keras

class {name}(keras.layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def call(self, x, states):
        return states[0] + 1.0, [states[0] + 1.0]

    def get_config(self):
        return {{**super().get_config(), "units": self.units}}
"""


def test_what_is_declared_is_never_called_undeclared(project: Project) -> None:
    """Keras 3.15 drops what is declared where a Bidirectional of an .h5 file holds it."""
    import importlib

    import keras

    project.write("own_cells/__init__.py", "")
    cells = project.write("own_cells/first.py", CELL.format(name="Counter"))
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(project.path))
        own = importlib.import_module("own_cells.first")
    with keras.saving.custom_object_scope({"Counter": own.Counter}):
        layer = keras.layers.Bidirectional(keras.layers.RNN(own.Counter(3)))
        keras.Sequential([keras.Input((4, 2)), layer]).save(project.path / "ranker.h5")
    declared = ("--modelcompat-custom-object", "own_cells.first:Counter", "--modelcompat-update-golden")
    result = project.run("ranker.h5", *declared)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "the test declares none" not in text
    assert "the test declares it" in text
    (line,) = re.findall(r"write below it, in its module: (.+)", text)
    (option,) = re.findall(r"and import that module before loading: (--.+)", text)
    cells.write_text(f"{CELL.format(name='Counter')}\n{line}\n")
    project.run("ranker.h5", *declared, *option.split()).assert_outcomes(passed=1)
