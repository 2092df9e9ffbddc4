"""An op of a known package in an artifact: what a run says here, in another runtime, and once it is declared."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests import handmade

if TYPE_CHECKING:
    from tests.conftest import Project

TEST = """
import numpy as np
import pytest

@pytest.mark.model_artifact("normalizer"{options})
def test_it():
    return np.ones((2, 4), "float32")
"""
LACKING = "it comes with the package tensorflow_text, which the test does not declare"
PYPROJECT = """
[tool.modelcompat.runtimes]
prod = {{ interpreter = '{python}', imports = [{imports}] }}
"""


@pytest.fixture
def normalizer(project: Project) -> Project:
    """A project with a graph that calls an op of tensorflow_text, and a package of that name that has no ops."""
    handmade.write_saved_model(project.path / "normalizer", {"CaseFoldUTF8": 1})
    project.write("tensorflow_text.py", "")
    return project


def test_here_it_says_what_to_install_and_declare(normalizer: Project) -> None:
    normalizer.write("test_it.py", TEST.format(options=""))
    result = normalizer.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "UNKNOWN OP  test_it?saved_model?: *",
            "  op         CaseFoldUTF8 *",
            f"  because    *{LACKING}",
            '  fix        if it is missing where the model is loaded: pip install "tensorflow-text==2.*.?"',
            '             and declare it: @pytest.mark.model_artifact(..., imports=["tensorflow_text"])',
        ]
    )


def test_a_version_without_it_is_not_declared_again(normalizer: Project) -> None:
    normalizer.write("test_it.py", TEST.format(options=', imports=["tensorflow_text"]'))
    result = normalizer.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*which the loader has imported: the version installed there does not have it"])
    result.stdout.no_fnmatch_line("*imports=*")


@pytest.mark.parametrize(
    ("imports", "said"), [("", LACKING), ("'tensorflow_text'", "the version installed there does not have it")]
)
def test_in_another_runtime_what_that_imports_is_declared(normalizer: Project, imports: str, said: str) -> None:
    normalizer.write("test_it.py", TEST.format(options=', runtimes=["prod"]'))
    normalizer.write("pyproject.toml", PYPROJECT.format(python=sys.executable, imports=imports))
    result = normalizer.run()
    result.assert_outcomes(failed=1)
    declared = imports.strip("'") or "none"
    result.stdout.fnmatch_lines([f"UNKNOWN OP *{said}*", f"  declared   custom_objects: none    imports: {declared}"])
