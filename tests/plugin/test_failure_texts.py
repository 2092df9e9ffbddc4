"""Failed targets as pytest shows them: each cause of a case once, as wide as the terminal, in full if alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

TESTS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def build():
        return keras.Sequential([keras.Input((3,)), Scale(name="scale")])

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_marked():
        return build()

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_of_another_case():
        return build()

    def test_called(model_roundtrip):
        model_roundtrip(build, formats=["h5", "keras"])
"""
SAME = "UNKNOWN LAYER  test_marked?keras?: the same cause as test_marked?h5?, shown above"
FIX = '  fix        @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})'


@pytest.fixture
def failing(project: Project) -> Project:
    """A project with a cause that two formats of each test share."""
    project.write("test_it.py", TESTS)
    return project


def test_the_text_stands_at_the_first_and_names_the_others(failing: Project) -> None:
    result = failing.run()
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "UNKNOWN LAYER  test_marked?h5?: the saved model cannot be loaded again with what the test declares",
            "",
            "  also in    keras: the same cause",
            "  layer      Scale *",
        ],
        consecutive=True,
    )
    result.stdout.fnmatch_lines([SAME, "  artifact   test_marked: model.keras", "_*"], consecutive=True)
    # Another case is a text of its own, and the two targets of a call share one.
    text = result.stdout.str()
    assert len(re.findall(r"^  layer      Scale", text, re.MULTILINE)) == 3
    result.stdout.fnmatch_lines(
        ["UNKNOWN LAYER  test_called?h5?: the same cause as test_called?keras?, shown above", "  artifact   *model.h5"]
    )
    assert len(re.findall(r"^FAILED test_it.py::\S+ - UNKNOWN LAYER Scale: ", text, re.MULTILINE)) == 5


@pytest.mark.parametrize("options", [("-vv",), ("-k", "marked and keras"), ("test_it.py::test_marked[keras]",)])
def test_in_full_if_asked_for_or_alone(failing: Project, options: tuple[str, ...]) -> None:
    result = failing.run(*options)
    assert "the same cause" not in result.stdout.str()
    result.stdout.fnmatch_lines(["UNKNOWN LAYER  test_marked?keras?: the saved model *", "  layer      Scale *"])


def test_the_last_failed_alone_are_in_full(failing: Project) -> None:
    failing.run("-k", "marked and keras")
    result = failing.run("--lf", "-k", "marked")
    result.assert_outcomes(failed=1)
    assert "the same cause" not in result.stdout.str()


def test_junit_xml_has_each_in_full(failing: Project) -> None:
    failing.run("--junitxml=out.xml", "-k", "marked")
    texts = [str(failure.text) for failure in ET.parse(failing.path / "out.xml").iter("failure")]  # noqa: S314
    assert len(texts) == 2
    assert all("  layer      Scale" in text and "same cause" not in text for text in texts)


def test_lines_are_as_wide_as_the_terminal(failing: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    result = failing.run("-k", "marked")
    result.stdout.fnmatch_lines(
        [
            "UNKNOWN LAYER  test_marked?h5?: the saved model cannot be loaded again",
            "    with what the test declares",
        ],
        consecutive=True,
    )
    assert FIX in result.outlines
    ours = [line for line in result.outlines if line.startswith(("  artifact", "  more", "  because"))]
    assert ours
    assert max(map(len, ours)) <= 70


def test_a_pipe_leaves_lines_as_they_are(failing: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    result = failing.run("-k", "marked")
    result.stdout.fnmatch_lines(["UNKNOWN LAYER  test_marked?h5?: the saved model *what the test declares"])
    assert max(map(len, result.outlines)) > 100
