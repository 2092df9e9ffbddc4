"""What a builder of the user's raises: their own frames, a few lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MODELS = """
    import keras

    class Halved(keras.layers.Layer):
        def call(self, inputs):
            return self.halved(inputs)

        def halved(self, inputs):
            raise ValueError("half of nothing")

    def outer():
        return inner()

    def inner():
        return innermost()

    def innermost():
        return keras.Sequential([keras.Input((3,)), Halved()])

    def chained():
        try:
            {}["words"]
        except KeyError as error:
            raise RuntimeError("no vocabulary for this shop") from error
"""
TESTS = """
    import pytest
    import models

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_deep():
        return models.outer()

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_chained():
        return models.chained()

    def test_called(model_roundtrip):
        model_roundtrip(models.chained, formats=["h5"])
"""
VV = "pytest -vv shows the whole traceback"


@pytest.fixture
def raising(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose builders raise."""
    project.write("models.py", MODELS)
    project.write("test_it.py", TESTS)
    monkeypatch.syspath_prepend(project.path)
    return project


def test_the_users_frames_alone_and_once_for_all_formats(raising: Project) -> None:
    result = raising.run("-k", "deep")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "test_it.py:6: in test_deep",
            "    return models.outer()",
            "… 3 more calls",
            "models.py:5: in call",
            "    return self.halved(inputs)",
            "models.py:8: in halved",
            '    raise ValueError("half of nothing")',
            "E   ValueError: Exception encountered when calling Halved.call().",
            "E   Could not automatically infer the output shape *",
            "E   half of nothing",
            "E   … 3 more lines",
        ],
        consecutive=True,
    )
    result.stdout.fnmatch_lines(
        [VV, "also in keras: the same cause", "_*", "ValueError  test_deep?keras?: the same cause as test_deep?h5?, *"],
        consecutive=True,
    )
    assert not re.search(r"site-packages|pytest_modelcompat/|\x1b", result.stdout.str())
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_deep?h5? - ValueError: Exception encountered *"])


@pytest.mark.parametrize("name", ["chained", "called"])
def test_what_it_was_raised_from_is_said(raising: Project, name: str) -> None:
    result = raising.run("-k", name)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "models.py:*: in chained",
            '    raise RuntimeError("no vocabulary for this shop") from error',
            "E   RuntimeError: no vocabulary for this shop",
            "E   raised from KeyError: 'words'",
            VV,
        ],
        consecutive=True,
    )


def test_a_builder_of_the_command_line(raising: Project) -> None:
    result = raising.run("--modelcompat-model", "models:chained", "--modelcompat-format", "h5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["models.py:*: in chained", "*", "E   RuntimeError: no vocabulary for this shop"])


@pytest.mark.parametrize("option", ["-vv", "--tb=long", "--showlocals", "--full-trace"])
def test_all_of_it_if_asked_for(raising: Project, option: str) -> None:
    result = raising.run("-k", "chained", option)
    result.assert_outcomes(failed=1)
    assert VV not in result.stdout.str()
    result.stdout.fnmatch_lines(["*KeyError: 'words'*", "*direct cause*", "*RuntimeError: no vocabulary*"])


def test_what_is_raised_beside_a_builder_is_pytests_own(project: Project) -> None:
    project.write("test_it.py", "def test_it(model_roundtrip):\n    raise ValueError('of the test')\n")
    result = project.run()
    assert VV not in result.stdout.str()
    result.stdout.fnmatch_lines([">       raise ValueError('of the test')", "E       ValueError: of the test"])


def test_a_builder_that_skips_is_skipped(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_it():
            pytest.skip("not today")
        """,
    )
    project.run().assert_outcomes(skipped=1)
