"""What a session says at its end: the section, the short summary, JUnit XML, stale goldens."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MODEL = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    def build(initializer="ones"):
        inputs = keras.Input((3,), name="features")
        layer = keras.layers.Dense(2, name="score", kernel_initializer=initializer)
        return keras.Model(inputs, layer(inputs))
"""
GOOD = """
    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_good():
        return build()
"""
BAD = """
    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_bad():
        return keras.Sequential([keras.Input((3,)), Scale()])
"""
TITLE = "*= model compatibility =*"


@pytest.fixture
def half(project: Project) -> Project:
    """A project of one target that passes and one that fails."""
    project.write("test_it.py", MODEL + GOOD + BAD)
    project.run("--modelcompat-update-golden").assert_outcomes(passed=1, failed=1)
    return project


def test_a_line_for_each_target_and_the_counts(half: Project) -> None:
    result = half.run()
    result.stdout.fnmatch_lines(
        [
            TITLE,
            "test_good?h5?    passed  (greatest drift 0, golden matched)",
            "test_bad?keras?  UNKNOWN LAYER",
            "2 targets, 1 failed; goldens: 1 matched, 0 written, 0 stale",
        ],
        consecutive=True,
    )


def test_quiet_leaves_the_counts_alone(half: Project) -> None:
    result = half.run("-q")
    result.stdout.fnmatch_lines(
        [TITLE, "2 targets, 1 failed; goldens: 1 matched, 0 written, 0 stale"], consecutive=True
    )


def test_no_summary_is_no_summary(half: Project) -> None:
    result = half.run("--no-summary")
    result.assert_outcomes(passed=1, failed=1)
    assert "model compatibility" not in result.stdout.str()


def test_a_session_without_model_tests_says_nothing(project: Project) -> None:
    project.write("test_it.py", "def test_it(): ...")
    assert "model compatibility" not in project.run().stdout.str()


@pytest.mark.parametrize("in_ci", [False, True])
def test_the_short_summary_has_the_first_line_alone(
    half: Project, monkeypatch: pytest.MonkeyPatch, in_ci: bool
) -> None:
    if in_ci:
        monkeypatch.setenv("CI", "true")
    result = half.run()
    lines = [line for line in result.outlines if line.startswith("FAILED")]
    sentence = "the saved model cannot be loaded again with what the test declares"
    assert lines == [f"FAILED test_it.py::test_bad[keras] - UNKNOWN LAYER Scale: {sentence}"]
    assert result.outlines[result.outlines.index(lines[0]) + 1].startswith("=")


def test_more_verbose_shows_the_original_traceback(half: Project) -> None:
    plain = half.run().stdout
    plain.fnmatch_lines(["*more *pytest -vv shows the original traceback and TensorFlow's log"])
    plain.no_fnmatch_line("*Traceback (most recent call last)*")
    verbose = half.run("-vv").stdout
    verbose.fnmatch_lines(["  | Traceback (most recent call last):", "  | *load_model*"])
    verbose.no_fnmatch_line("*pytest -vv shows*")


def test_junit_xml_has_the_properties_and_the_first_line(half: Project) -> None:
    half.run("--junitxml=out.xml")
    cases = {case.get("name"): case for case in ET.parse(half.path / "out.xml").iter("testcase")}  # noqa: S314
    good = {each.get("name"): each.get("value") for each in cases["test_good[h5]"].iter("property")}
    assert good["modelcompat.target"] == "test_good[h5]"
    assert good["modelcompat.case"] == "test_it/test_good"
    assert good["modelcompat.verdict"] == "passed"
    assert good["modelcompat.golden"] == "matched"
    assert good["modelcompat.greatest_drift"] == "0"
    assert float(str(good["modelcompat.seconds_load"])) > 0
    failure = cases["test_bad[keras]"].find("failure")
    assert failure is not None
    assert failure.get("message") == (
        "UNKNOWN LAYER Scale: the saved model cannot be loaded again with what the test declares"
    )
    assert "keras.utils.register_keras_serializable" in str(failure.text)


FLAKY = """
    import pytest
    import tensorflow as tf

    runs = []

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_flaky():
        runs.append(1)
        more = [Scale()] if len(runs) == 1 else []
        return tf.keras.Sequential([tf.keras.Input((3,)), *more, tf.keras.layers.Dense(2)])

    @pytest.mark.model_roundtrip(formats=["keras"])
    def test_bad():
        return tf.keras.Sequential([tf.keras.Input((3,)), Scale()])
"""


def test_a_rerun_counts_once(project: Project) -> None:
    pytest.importorskip("pytest_rerunfailures")
    project.write("test_it.py", FLAKY)
    result = project.run("--reruns=1", "--modelcompat-update-golden", "--modelcompat-report=out.json")
    assert "1 failed, 1 passed, 2 rerun" in result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            TITLE,
            "test_flaky?keras?  passed  (greatest drift 0, golden written)",
            "test_bad?keras?    UNKNOWN LAYER",
            "2 targets, 1 failed; goldens: 0 matched, 1 written, 0 stale",
        ],
        consecutive=True,
    )
    counts = json.loads((project.path / "out.json").read_text())["counts"]
    assert (counts["targets"], counts["passed"], counts["failed"]) == (2, 1, 1)


STALE = "stale golden: test_it/test_gone (no test claims it)"


@pytest.fixture
def stale(project: Project) -> Project:
    """A project with a golden whose test is gone, and two tests."""
    project.write("test_it.py", MODEL + GOOD + GOOD.replace("good", "gone") + "\n    def test_other(): ...\n")
    project.record()
    project.write("test_it.py", MODEL + GOOD + "\n    def test_other(): ...\n")
    return project


def test_a_complete_run_lists_stale_goldens(stale: Project) -> None:
    stale.run().stdout.fnmatch_lines([STALE, "1 target, 0 failed; goldens: 1 matched, 0 written, 1 stale"])
    stale.run("-q").stdout.fnmatch_lines([STALE])
    stale.run("--ff").stdout.fnmatch_lines([STALE])


@pytest.mark.parametrize(
    "arguments",
    [
        ["-k", "good"],
        ["test_it.py"],
        ["."],
        ["--lf"],
        ["-m", "model_roundtrip"],
        ["--deselect", "test_it.py::test_other"],
        ["--ignore", "elsewhere"],
        ["--modelcompat-model", "json:loads", "-k", "none"],
    ],
    ids=" ".join,
)
def test_a_narrowed_run_lists_none(stale: Project, arguments: list[str]) -> None:
    if arguments == ["--lf"]:
        stale.write("test_fails.py", "def test_fails(): assert False")
        stale.run()
    stale.run(*arguments).stdout.no_fnmatch_line("stale golden*")


def test_a_run_cut_short_lists_none(stale: Project) -> None:
    """Its module has begun to run, and the tests of it that are left might claim them."""
    stale.write("test_it.py", MODEL + GOOD + "\n    def test_fails(): assert False\n    def test_other(): ...\n")
    stale.run("-x").stdout.no_fnmatch_line("stale golden*")
    stale.run("--maxfail=2").stdout.fnmatch_lines([STALE])


@pytest.mark.parametrize(
    "text", ["import nothing_of_that_name", "import pytest\npytest.skip('not here', allow_module_level=True)"]
)
def test_a_module_nobody_saw_the_tests_of_makes_none_stale(stale: Project, text: str) -> None:
    stale.write("test_broken.py", text)
    stale.run("--continue-on-collection-errors").stdout.no_fnmatch_line("stale golden*")


def test_goldens_of_skipped_and_failing_tests_are_not_stale(project: Project) -> None:
    project.write("test_it.py", MODEL + GOOD + GOOD.replace("good", "other"))
    project.record()
    skipping = GOOD.replace("    @pytest", "    @pytest.mark.skip\n    @pytest", 1)
    broken = GOOD.replace("good", "other").replace("build()", "1 / 0")
    project.write("test_it.py", MODEL + skipping + broken)
    result = project.run()
    result.assert_outcomes(skipped=1, failed=1)
    result.stdout.no_fnmatch_line("stale golden*")


def test_folders_pytest_was_not_sent_to_have_no_stale_goldens(stale: Project) -> None:
    stale.write("elsewhere/test_more.py", "def test_more(): ...")
    stale.write("pytest.ini", "[pytest]\ntestpaths = elsewhere\n")
    stale.run().stdout.no_fnmatch_line("stale golden*")


def test_goldens_of_a_file_without_tests_are_kept_and_of_one_that_is_gone_are_not(stale: Project) -> None:
    """As `modelcompat golden prune` has it."""
    stale.write("test_it.py", "import math")
    stale.write("elsewhere/test_more.py", "def test_more(): ...")
    stale.run().stdout.no_fnmatch_line("stale golden*")
    (stale.path / "test_it.py").unlink()
    stale.run().stdout.fnmatch_lines([STALE])


@pytest.mark.parametrize("arguments", [[], ["--deselect", "test_it.py::test_other"]], ids=["all", "deselected"])
def test_several_workers_list_what_one_process_does(stale: Project, arguments: list[str]) -> None:
    stale.write("test_it.py", "def test_one(): ...\ndef test_other(): ...\n")
    result = stale.run_apart("-n", "1", *arguments)
    assert (STALE in result.outlines) is not bool(arguments)


NAMED = """
    def test_calls(model_roundtrip):
        {before}
        model_roundtrip(build(), formats=["h5"], name="first")
        {between}
        model_roundtrip(build(), formats=["h5"], name="second")
"""


def test_goldens_of_calls_that_were_not_reached_are_not_stale(project: Project) -> None:
    project.write("test_it.py", MODEL + NAMED.format(before="", between="") + GOOD)
    project.record()
    project.run().stdout.fnmatch_lines(["*goldens: 3 matched, 0 written, 0 stale"])
    for before, between in (("1 / 0", ""), ("pytest.skip('not here')", ""), ("", "1 / 0")):
        project.write("test_it.py", MODEL + NAMED.format(before=before, between=between) + GOOD)
        project.run().stdout.no_fnmatch_line("stale golden*")
    skipped = NAMED.format(before="", between="").replace("    def", "    @pytest.mark.skip\n    def", 1)
    project.write("test_it.py", MODEL + skipped + GOOD)
    project.run().stdout.no_fnmatch_line("stale golden*")

    renamed = NAMED.format(before="", between="").replace("second", "third")
    project.write("test_it.py", MODEL + renamed)
    project.record().stdout.fnmatch_lines(["stale golden: test_it/second (no test claims it)"])
