"""Where the loaders of a SavedModel disagree, both are reported; where they agree, nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.loader import saved_models

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Project

ARTIFACT = """
import numpy as np
import pytest

@pytest.mark.model_artifact("plain"{options})
def test_it():
    return np.arange(8, dtype=np.float32).reshape(2, 4) - 3
"""
KERAS = """
import pytest
import tensorflow as tf

pytestmark = pytest.mark.needs_tensorflow

keras = tf.keras

@pytest.mark.model_roundtrip(formats={formats}{options})
def test_it():
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2, name="score", kernel_initializer="ones")(inputs))
"""
SAID = "LOADERS DISAGREE  test_it?saved_model?: "
GRAPH = "the graph loader, strict as TensorFlow Serving is,"


def artifact(project: Project, change: Callable[[Any], None] | None = None, options: str = "") -> None:
    folder = saved_models.save_plain(project.path / "plain")
    project.write("test_it.py", ARTIFACT.format(options=options))
    project.record("--modelcompat-saved-model-loader", "object")
    if change is not None:
        saved_models.edit(folder, change)


def test_two_that_agree_say_nothing(project: Project) -> None:
    artifact(project)
    result = project.run("-v")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*graph loader*")


def test_what_the_graph_loader_refuses_fails_with_its_cause_and_fix(project: Project) -> None:
    artifact(project, saved_models.needs_newer)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"{SAID}tf.saved_model.load loads it, and {GRAPH} refuses it",
            "  because    its graph says that it needs a newer TensorFlow than *",
            "  fix        load it with the TensorFlow that saved it, or a newer one",
            "  it said    GraphDef min consumer version 99999 above current version *",
        ]
    )


def test_what_it_cannot_run_is_distinguished(project: Project) -> None:
    artifact(project, saved_models.point_nowhere)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"{SAID}tf.saved_model.load loads and runs it, and {GRAPH} loads it and cannot run it",
            "  it raised  *'nowhere:0'*",
            "  fix        correct the cause, or, if nothing loads the model this way, leave graph out of *",
        ]
    )


def test_other_outputs_are_a_drift_of_both(project: Project) -> None:
    artifact(project, saved_models.swap_outputs)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"{SAID}{GRAPH} gives other outputs than tf.saved_model.load",
            "  compared   what graph gives; what tf.saved_model.load gives is called expected",
            "  output     serving_default/*   float32 (2, 4)",
            "  mismatch   * of 8 elements *",
            "             greatest absolute difference 3.0e+00 at ?1, 3? (allowed 1e-05, from dtype float32)",
            "  worst      ?1, 3? is *, expected *",
            "  fix        save it again, *",
        ]
    )


@pytest.mark.parametrize("options", [", rtol=0, atol=10", ", checks=['weights', 'structure']"])
def test_other_outputs_are_judged_as_the_case_wants(project: Project, options: str) -> None:
    artifact(project, saved_models.swap_outputs, options)
    project.run().assert_outcomes(passed=1)


def test_an_output_that_the_graph_lacks_is_named(project: Project) -> None:
    artifact(project, saved_models.lose_output)
    result = project.run()
    result.assert_outcomes(failed=1)
    lacks = "  output     serving_default/shifted is missing; it was float32 (2, 4)"
    result.stdout.fnmatch_lines([f"{SAID}{GRAPH} gives other outputs than tf.saved_model.load", lacks])


def test_a_death_names_the_loader_it_came_in(project: Project) -> None:
    artifact(project, saved_models.abort_at_start)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["LOADER CRASHED  test_it?saved_model?: *SIGABRT* while the graph loader, * loaded and ran the artifact*"]
    )


def test_where_only_the_graph_loader_loads_it_that_is_said_too(project: Project) -> None:
    artifact(project, saved_models.two_graphs)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "LOAD FAILED  test_it?saved_model?: *tags=*",
            f"  graph      {GRAPH} loads it and runs it",
        ]
    )


def test_where_both_fail_of_the_same_it_is_said_once(project: Project) -> None:
    artifact(project, saved_models.unknown_op)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNKNOWN OP  test_it?saved_model?: *", "  op         FancyRelu *"])
    result.stdout.no_fnmatch_line("*graph loader*")


@pytest.mark.parametrize(
    ("options", "arguments", "ini"),
    [
        (", saved_model_loaders=['object']", (), ""),
        ("", ("--modelcompat-saved-model-loader", "object"), ""),
        ("", (), "[pytest]\nmodelcompat_saved_model_loaders = object\n"),
    ],
    ids=["marker", "command line", "ini"],
)
def test_the_graph_loader_can_be_left_out(project: Project, options: str, arguments: tuple[str, ...], ini: str) -> None:
    artifact(project, saved_models.needs_newer, options)
    project.write("pytest.ini", ini)
    project.run(*arguments).assert_outcomes(passed=1)


def test_an_unknown_loader_is_an_error(project: Project) -> None:
    project.write("test_it.py", ARTIFACT.format(options=", saved_model_loaders=['graphs']"))
    result = project.run()
    result.stdout.fnmatch_lines(
        ["*marker: option 'saved_model_loaders': unknown loader 'graphs'; did you mean 'graph'?*"]
    )


class TestKeras3:
    """`tf.saved_model.save` writes its models so that TensorFlow Serving fails at the first request."""

    @pytest.fixture(autouse=True)
    def _keras_3(self) -> None:
        import tensorflow as tf

        if tf.keras.__version__.startswith("2"):
            pytest.skip("Keras 2 writes SavedModels that can be served")

    def test_that_is_a_note_where_nobody_asked(self, project: Project) -> None:
        project.write("test_it.py", KERAS.format(formats=["saved_model"], options=""))
        project.record()
        result = project.run("-v")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines([f"test_it?saved_model?: note: tf.saved_model.load * {GRAPH} * cannot run it: *"])

    def test_and_an_error_where_the_graph_loader_was_asked_for(self, project: Project) -> None:
        asked = ", saved_model_loaders=['graph']"
        project.write("test_it.py", KERAS.format(formats=["saved_model"], options=asked))
        result = project.run("--modelcompat-update-golden")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                f"{SAID}tf.saved_model.load loads and runs it, and {GRAPH} loads it and cannot run it",
                "  because    its signatures read variables that restoring the SavedModel does not fill: *",
                '  fix        save it with model.export(path): @pytest.mark.model_roundtrip(formats=[[]*"export"])',
            ]
        )
        assert not (project.path / "golden").exists()

    def test_what_it_exports_is_the_same_in_every_way(self, project: Project) -> None:
        asked = ", saved_model_loaders=['object', 'graph', 'tfsm_layer']"
        project.write("test_it.py", KERAS.format(formats=["export"], options=asked))
        project.record()
        project.run().assert_outcomes(passed=1)

    def test_keras_2_does_not_read_it(self, project: Project) -> None:
        pytest.importorskip("tf_keras")
        asked = ", saved_model_loaders=['tf_keras']"
        project.write("test_it.py", KERAS.format(formats=["export"], options=asked))
        result = project.run("--modelcompat-update-golden")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "LOADERS DISAGREE  test_it?export?: tf.saved_model.load loads it, and *, which is Keras 2, refuses it",
                "  it raised  the SavedModel holds no model of Keras 2, *",
            ]
        )


def test_a_loader_that_the_runtime_lacks_is_an_error_with_its_fix(project: Project) -> None:
    project.write("without_keras_2.py", "import sys\nsys.modules['tf_keras'] = None\n")
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    lacking = ", imports=['without_keras_2'], saved_model_loaders=['tf_keras']"
    artifact(project, options=lacking)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "BAD OPTION  test_it?saved_model?: saved_model_loaders has tf_keras, which runtime 'local' cannot do: *",
            "  fix        pip install --no-deps tf-keras, *",
        ]
    )
