"""A test module that imports a package of the project's, which pytest does not find: the line that finds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

IMPORTS = "import pytest\nfrom mc_own.models import build\n\n@pytest.mark.skipif(True, reason='model_roundtrip')\n"


@pytest.mark.parametrize("folder", [".", "src"])
@pytest.mark.parametrize("file", ["pyproject.toml", "pytest.ini", "setup.cfg"])
def test_the_setting_that_is_printed_finds_it(project: Project, folder: str, file: str) -> None:
    project.write(f"{folder}/mc_own/models.py", "def build(): ...")
    project.write("tests/test_it.py", IMPORTS + "def test_it(): ...")
    heading = {"pyproject.toml": "[tool.pytest.ini_options]", "setup.cfg": "[tool:pytest]"}.get(file, "[pytest]")
    settings = project.write(file, f"{heading}\n")
    result = project.run()
    result.assert_outcomes(errors=1)
    printed = re.search(rf"{re.escape(heading)}\npythonpath = .*\n", result.stdout.str())
    assert printed is not None
    settings.write_text(printed.group(), encoding="utf-8")
    project.run().assert_outcomes(skipped=1)


def test_what_is_nowhere_in_the_project_gets_no_hint(project: Project) -> None:
    project.write("tests/test_it.py", IMPORTS + "def test_it(): ...")
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*pythonpath*")


def test_the_projects_own_settings_name_the_examples(pytestconfig: pytest.Config) -> None:
    """README's first command works in a clone, and so does a plain `pytest` of the tests and the examples."""
    root: Path = pytestconfig.rootpath
    assert (root / "examples/shop/models.py").is_file()
    assert root / "examples" in pytestconfig.getini("pythonpath")
