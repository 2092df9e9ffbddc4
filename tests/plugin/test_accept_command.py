"""The printed command that accepts a change: it repeats the options of the run, and works as it is."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MODEL = """
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def build():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((2,)), Twice(), keras.layers.Dense(1)])
"""


def accept(result: pytest.RunResult) -> list[str]:
    """The words of the first printed command, without `pytest`."""
    found = re.search(r"(?m)^ +fix +(pytest .+)$", result.stdout.str())
    assert found, result.stdout.str()
    return shlex.split(found[1])[1:]


@pytest.fixture
def own(project: Project, request: pytest.FixtureRequest) -> str:
    """A module of the user's; this process imports each only once."""
    name = "own_" + re.sub(r"\W+", "_", request.node.name)
    project.write(f"{name}.py", MODEL)
    return name


@pytest.mark.parametrize(
    "options",
    [
        ["--modelcompat-format", "keras"],
        ["--modelcompat-format=keras", "--modelcompat-timeout", "200"],
        ["--modelcompat-format", "keras", "-o", "modelcompat_golden_dir=my goldens"],
        ["--modelcompat-format", "keras", "--modelcompat-unsafe"],
    ],
    ids=" ".join,
)
def test_it_repeats_the_options_of_the_run(project: Project, own: str, options: list[str]) -> None:
    run = ["--modelcompat-model", f"{own}:build", "--modelcompat-custom-object", f"{own}:Twice", *options]
    result = project.run(*run)
    result.assert_outcomes(failed=1)
    printed = accept(result)
    assert f"{own}:Twice" in printed
    project.run(*printed).assert_outcomes(passed=1)
    project.run(*run).assert_outcomes(passed=1)


def test_it_repeats_the_ini_file(project: Project, own: str) -> None:
    project.write("ci.ini", f"[pytest]\nmodelcompat_formats = h5\nmodelcompat_custom_objects = {own}:Twice\n")
    run = ["-c", "ci.ini", "--modelcompat-model", f"{own}:build"]
    printed = accept(project.run(*run))
    assert printed[2:4] == ["-c", "ci.ini"]
    project.run(*printed).assert_outcomes(passed=1)
    project.run(*run).assert_outcomes(passed=1)


def test_what_addopts_adds_is_not_repeated(project: Project, own: str) -> None:
    project.write(
        "pytest.ini", f"[pytest]\naddopts = --modelcompat-format keras --modelcompat-custom-object {own}:Twice\n"
    )
    printed = accept(project.run("--modelcompat-model", f"{own}:build"))
    assert printed == ["--modelcompat-model", f"{own}:build", "--modelcompat-update-golden"]
    project.run(*printed).assert_outcomes(passed=1)
