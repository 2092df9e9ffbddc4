"""`--modelcompat-freeze`: a release's artifacts are kept, and every later run reloads them and compares."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.store import read_golden, save_golden

if TYPE_CHECKING:
    from tests.conftest import Project

DENSE = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    def build(kernel="ones"):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=kernel, name="score")])

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_ranker():
        return build()
"""
GRAPHS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Both(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def __call__(self, x):
            return {"sum": tf.reduce_sum(x, 1), "double": x * 2.0}

    @pytest.mark.model_roundtrip(formats=["saved_model"])
    def test_module():
        return Both()

    @pytest.mark.model_roundtrip(formats=["saved_model"])
    def test_two_inputs():
        wide, deep = keras.Input((3,), name="wide"), keras.Input((2,), name="deep")
        kernels = {"kernel_initializer": "ones"}
        outputs = {"z": keras.layers.Dense(2, **kernels)(wide), "a": keras.layers.Dense(2, **kernels)(deep)}
        return keras.Model({"wide": wide, "deep": deep}, outputs)
"""
PARAMETRIZED = """
    import pytest
    from test_ranker import build

    @pytest.mark.parametrize("kernel", ["ones", "zeros"])
    @pytest.mark.model_roundtrip(formats=["h5"], checks=["weights"])
    def test_kernel(kernel):
        return build(kernel)
"""
CALL = """
    from test_ranker import build

    def test_in_a_call(model_roundtrip):
        result = model_roundtrip(build, formats=["keras"])
        print("checked", *(each.title for each in result.targets))
"""
GIVEN = """
    import pytest

    @pytest.mark.model_artifact("ranker.h5")
    def test_given():
        return None
"""
RELEASE = "golden/test_ranker/test_ranker/frozen/v1.2"


@pytest.fixture
def released(project: Project) -> Project:
    """A project whose ranker is recorded, and frozen as v1.2."""
    project.write("test_ranker.py", DENSE)
    project.record()
    result = project.run("--modelcompat-freeze", "v1.2")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["test_ranker[[]h5[]] *golden matched, frozen as v1.2)"])
    return project


def change_model(project: Project) -> None:
    project.write("test_ranker.py", DENSE.replace('build(kernel="ones")', 'build(kernel="zeros")'))
    project.record("-k", "not v1")


def test_it_is_reloaded_from_then_on(released: Project) -> None:
    result = released.run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*::test_ranker[[]h5:v1.2[]] PASSED*", "*::test_ranker[[]keras:v1.2[]] PASSED*"])


def test_its_outputs_are_those_of_the_release(released: Project) -> None:
    change_model(released)
    released.run().assert_outcomes(passed=4)


def test_outputs_other_than_the_releases_fail(released: Project) -> None:
    folder = released.path / RELEASE
    golden = read_golden(folder)
    structure, arrays = golden.outputs
    moved = replace(golden, outputs=(structure, {name: array + 0.5 for name, array in arrays.items()}))
    save_golden(GoldenName(("test_ranker",), "test_ranker"), folder, moved)
    result = released.run("-k", "h5")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "PREDICTIONS DRIFTED  test_ranker[[]h5:v1.2[]]: the reloaded model predicts something else than *",
            f"*artifact   {RELEASE}/model.h5, saved by Keras *",
            f"*golden     {RELEASE}, made by Keras *",
            "*accept     modelcompat golden thaw test_ranker/test_ranker v1.2",
        ]
    )


def test_an_artifact_altered_since(released: Project) -> None:
    with (released.path / RELEASE / "model.h5").open("ab") as file:
        file.write(b"more")
    result = released.run("-k", "h5")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["ARTIFACT BROKEN  test_ranker[[]h5:v1.2[]]: *model.h5 differs from what was frozen*"])


def test_a_record_that_is_broken_fails_its_own_item(released: Project) -> None:
    (released.path / RELEASE / "frozen.json").write_text("{}")
    result = released.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "ARTIFACT BROKEN  test_ranker[[]golden:v1.2[]]: *frozen.json*",
            "*fix * restore it from version control, or remove the frozen release:",
            "*modelcompat golden thaw test_ranker/test_ranker v1.2",
        ]
    )


def test_freezing_again_changes_nothing(released: Project) -> None:
    before = {path: path.read_bytes() for path in (released.path / RELEASE).rglob("*") if path.is_file()}
    released.run("--modelcompat-freeze", "v1.2").assert_outcomes(passed=4)
    assert before == {path: path.read_bytes() for path in (released.path / RELEASE).rglob("*") if path.is_file()}


def test_another_model_is_not_frozen_over_it(released: Project) -> None:
    change_model(released)
    result = released.run("--modelcompat-freeze", "v1.2", "-k", "h5 and not v1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"GOLDEN NOT WRITTEN  test_ranker[[]h5[]]: *{RELEASE} holds another model of this case*",
            "*fix * freeze under another label, or first `modelcompat golden thaw test_ranker/test_ranker v1.2`",
        ]
    )


def test_what_fails_is_not_frozen(released: Project) -> None:
    shutil.rmtree(released.path / "golden/test_ranker/test_ranker" / "frozen")
    (released.path / "golden/test_ranker/test_ranker/golden.json").unlink()
    released.run("--modelcompat-freeze", "v2").assert_outcomes(failed=2)
    assert not list(released.path.rglob("frozen.json"))


def test_a_format_that_is_no_longer_saved(released: Project) -> None:
    released.write("test_ranker.py", DENSE.replace('formats=["h5", "keras"]', 'formats=["keras"]'))
    result = released.run("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::test_ranker[[]h5:v1.2[]] PASSED*"])
    released.run("--modelcompat-format", "keras").assert_outcomes(passed=2)


def test_graphs(project: Project) -> None:
    project.write("test_graphs.py", GRAPHS)
    project.record()
    project.run("--modelcompat-freeze", "1.0").assert_outcomes(passed=2)
    project.run().assert_outcomes(passed=4)


def test_only_parameters_that_have_it(released: Project) -> None:
    released.write("test_kernel.py", PARAMETRIZED)
    released.record("test_kernel.py")
    released.run("--modelcompat-freeze", "v2", "test_kernel.py", "-k", "ones").assert_outcomes(passed=1)
    result = released.run("test_kernel.py", "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::test_kernel[[]ones-h5:v2[]] PASSED*"])
    result.stdout.no_fnmatch_line("*zeros-h5:v2*")


def test_in_a_call(released: Project) -> None:
    released.write("test_call.py", CALL)
    released.record("test_call.py")
    released.run("test_call.py", "--modelcompat-freeze", "v2").assert_outcomes(passed=1)
    result = released.run("test_call.py", "-s")
    result.stdout.fnmatch_lines(["*checked test_in_a_call[[]keras[]] test_in_a_call[[]keras:v2[]]"])


def test_an_artifact_and_a_builder_without_a_test(released: Project) -> None:
    shutil.copy(released.path / RELEASE / "model.h5", released.path / "ranker.h5")
    chosen = ("ranker.h5", "--modelcompat-model", "test_ranker:build")
    released.record(*chosen)
    released.run(*chosen, "--modelcompat-freeze", "v2").assert_outcomes(passed=4)
    result = released.run(*chosen, "-v")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["*h5[[]h5:v2[]] PASSED*", "*build[[]saved_model:v2[]] PASSED*"])


def test_a_marked_artifact_is_of_its_own_format_whichever_are_asked_for(released: Project) -> None:
    shutil.copy(released.path / RELEASE / "model.h5", released.path / "ranker.h5")
    released.write("test_given.py", GIVEN)
    released.record("test_given.py")
    released.run("test_given.py", "--modelcompat-freeze", "v2").assert_outcomes(passed=1)
    released.write("pytest.ini", "[pytest]\nmodelcompat_formats = saved_model\n")
    for arguments in ((), ("--modelcompat-format", "keras")):
        result = released.run("test_given.py", "-v", *arguments)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(["*::test_given[[]h5[]] PASSED*", "*::test_given[[]h5:v2[]] PASSED*"])


@pytest.mark.parametrize(
    ("label", "said"), [("v 1", "'v 1' holds ' ': a label is made of letters*"), ("", "'' is empty")]
)
def test_a_label_that_is_none(released: Project, label: str, said: str) -> None:
    result = released.run("--modelcompat-freeze", label)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--modelcompat-freeze: the label {said}"])
    result.stdout.no_fnmatch_line("*UsageError*")
