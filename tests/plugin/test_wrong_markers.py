"""What is wrong with a marker is an error of its test alone, which says where it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

PLACES = """
import pytest

pytestmark = [
    pytest.mark.model_roundtrip(
        seed=3,
        atoll=1,
    )
]

def test_of_the_module(): ...
"""
OF_A_CLASS = """
import pytest

loose = pytest.mark.model_artifact("a.h5", chekcs=["weights"])

@loose
class TestModels:
    @pytest.mark.parametrize("size", [1])
    def test_of_the_class(self, size): ...

    @pytest.mark.model_artifact
    def test_that_says_more(self):
        return dict(chekcs=1)
"""
IN_A_CALL = """
def check(function, **options):
    return function(
        None, **options
    )

def test_a_call_in_a_helper(model_roundtrip):
    check(model_roundtrip, format="h5")
"""
OUT_OF_SIGHT = """
import pytest

options = {"format": "h5"}

@pytest.mark.model_roundtrip(**options)
def test_unpacked(): ...
"""


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            PLACES,
            ["BAD OPTION: *did you mean 'atol'?", "  test   test_it.py::test_of_the_module", "  where  test_it.py:6"],
        ),
        (OF_A_CLASS, ["BAD OPTION: *did you mean 'checks'?", "  where  test_it.py:3"]),
        (IN_A_CALL, ["BAD OPTION: call: *did you mean 'formats'?", "  where  test_it.py:2"]),
        (OUT_OF_SIGHT, ["BAD OPTION: *did you mean 'formats'?", "  where  test_it.py:5"]),
    ],
)
def test_the_line_is_that_of_the_option_wherever_it_is_written(project: Project, text: str, lines: list[str]) -> None:
    project.write("test_it.py", text)
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(lines)


BROKEN = """
import pytest

@pytest.mark.model_roundtrip(format="h5")
def test_broken(): ...

def test_plain(): ...
"""


def test_selecting_a_target_by_its_name_still_shows_the_error(project: Project) -> None:
    project.write("test_it.py", BROKEN)
    result = project.run("-k", "h5")
    result.assert_outcomes(errors=1, deselected=1)


def test_the_report_has_the_error(project: Project) -> None:
    project.write("test_it.py", BROKEN)
    project.run("--modelcompat-report", "report.json")
    (target,) = json.loads((project.path / "report.json").read_text(encoding="utf-8"))["targets"]
    assert target["verdict"] == "error"
    assert "did you mean 'formats'?" in target["headline"]


def test_goldens_of_a_module_with_a_wrong_marker_are_not_called_stale(project: Project) -> None:
    """Which golden such a test has is not known, and a prune must not remove it."""
    folder = project.path / "golden/test_it/test_broken"
    folder.mkdir(parents=True)
    (folder / "golden.json").write_text("{}", encoding="utf-8")
    project.write("test_it.py", BROKEN)
    result = project.run()
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.no_fnmatch_line("*model compatibility*")
    assert "test_it/test_broken" not in result.stdout.str()
