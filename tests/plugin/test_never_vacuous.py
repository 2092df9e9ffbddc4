"""Tests that would check nothing, or the wrong object, and must not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

HEAD = """
import pytest
import tensorflow as tf

keras = tf.keras

def build(optimizer=None):
    model = keras.Sequential([keras.Input((3,), name="features"), keras.layers.Dense(2, name="score")])
    if optimizer is not None:
        model.compile(optimizer, keras.losses.MeanSquaredError())
    return model
"""


def test_a_fixture_that_is_never_called(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
def test_plain(model_roundtrip):
    pass

@pytest.mark.model_roundtrip(formats=["keras"])
def test_marked(model_roundtrip):
    pass
""",
    )
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*modelcompat: test_plain asks for model_roundtrip and never calls it"])


def test_an_artifact_marker_beside_the_fixture(project: Project) -> None:
    project.write(
        "test_it.py", HEAD + '\n@pytest.mark.model_artifact("a.h5")\ndef test_it(model_roundtrip):\n    pass\n'
    )
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes the marker model_artifact or the fixture model_roundtrip, not both"])


def test_two_artifacts_on_one_test(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
@pytest.mark.model_artifact("missing.h5")
@pytest.mark.model_artifact("there.keras")
def test_it():
    return None
""",
    )
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*model_artifact names 2 artifacts; write a test for each"])


def test_one_compiled_object_for_all_formats(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
@pytest.fixture(scope="module")
def shared():
    return build("sgd")

@pytest.mark.model_roundtrip(formats=["h5", "keras"])
def test_it(shared):
    return shared
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "MODEL CHANGED BY SAVING  test_it?keras?: an earlier save as h5 changed this model object*",
            "*build the model in the test itself, which is called again for each format",
        ]
    )


def test_a_call_takes_a_builder_of_model_and_inputs_or_a_class(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
class Doubling(keras.Model):
    def call(self, inputs):
        return inputs * 2.0

def test_pair(model_roundtrip):
    result = model_roundtrip(lambda: (build(), [[1.0, 2.0, 3.0]]), formats=["keras"])
    assert result.drift.shape == (1, 2)

def test_class(model_roundtrip):
    model_roundtrip(Doubling, inputs=[[1.0]], custom_objects={"Doubling": Doubling}, formats=["keras"])

def test_marks_in_a_call(model_roundtrip):
    model_roundtrip(build, formats=[pytest.param("keras", marks=pytest.mark.skip)])
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["BAD OPTION: marks on a format or runtime belong on the marker, not in a call"])


def test_inputs_that_are_no_arrays(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD
        + """
@pytest.mark.model_roundtrip(formats=["keras"])
def test_ragged_list():
    return build(), [[1.0, 2.0, 3.0], [1.0]]
""",
    )
    result = project.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["INPUTS NEEDED  test_ragged_list?keras?: the inputs given cannot be made into arrays*"]
    )
    assert "pytest_modelcompat/" not in result.stdout.str()


def test_tensorflow_that_is_there_and_cannot_be_imported(project: Project) -> None:
    project.write("tensorflow.py", "raise ImportError('libsomething.so is missing')\n")
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_it():
            return None
        """,
    )
    result = project.run_apart()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "NO TENSORFLOW  test_it?keras?: TensorFlow is installed and cannot be imported, *",
            "  fix        repair its installation: python -m pip install --force-reinstall tensorflow *",
            '*until this command works: python -c "import tensorflow"',
            "*ImportError: libsomething.so is missing",
        ]
    )
    assert "pytest_modelcompat/" not in result.stdout.str()


@pytest.mark.parametrize("how", ["the option", "the marker"])
def test_a_copy_of_pytests_process_is_refused(project: Project, how: str) -> None:
    """What pytest-forked would run there waits for a loader for ever; pytest 9 and it do not work together at all."""
    project.write("pytest.ini", "[pytest]\nmarkers = forked\n")
    if how == "the option":
        project.write(
            "conftest.py", "def pytest_addoption(parser):\n    parser.addoption('--forked', action='store_true')\n"
        )
    mark = "@pytest.mark.forked\n" if how == "the marker" else ""
    project.write(
        "test_it.py",
        f"import pytest\n\n{mark}@pytest.mark.model_roundtrip(formats=['keras'])\ndef test_it():\n    return None\n\n"
        "def test_plain():\n    pass\n",
    )
    result = project.run(*(["--forked"] if how == "the option" else []))
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["modelcompat: test_it?keras? cannot run under pytest-forked *: run model tests without *"]
    )
