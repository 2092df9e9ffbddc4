"""A project with a class of its own, and what is printed of it put into it as it stands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

from real.paste import edited, paste_of

if TYPE_CHECKING:
    from tests.conftest import Project

__all__ = ["ClassCase", "edited", "findings_of", "findings_with_what_is_printed", "paste_of", "written"]

IMPORTS = """
import keras
import numpy as np
from keras import layers as L
from keras import ops

def compiled(loss, **others):
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    model.compile("sgd", loss, **others)
    return model
"""
TEST = """
import keras
import numpy as np
import pytest

import {module} as own
{pasted}

@pytest.mark.model_roundtrip({options})
def test_model():
    return {model}
"""


class ClassCase(NamedTuple):
    """A project's own class.

    Args:
        name: what is special of it, which names its module: this process keeps what it has imported.
        code: of the module.
        model: what the test returns.
        options: further options of its marker.
    """

    name: str
    code: str
    model: str
    options: str = ""

    @property
    def module(self) -> str:
        """The module's name."""
        return "class_that_" + self.name.replace(" ", "_").replace("__init__", "init")


def written(project: Project, case: ClassCase) -> Path:
    """The module, written into a project."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    return project.write(f"{case.module}.py", IMPORTS + dedent(case.code))


def findings_of(project: Project, case: ClassCase, saved_as: str, pasted: str = "") -> list[dict[str, Any]]:
    """The errors of the class's test.

    Args:
        project: has the module.
        case: the class.
        saved_as: the format.
        pasted: lines for the test.
    """
    formats = "" if "formats=" in pasted else f'formats=["{saved_as}"], '
    objects = "" if "custom_objects=" in pasted else case.options
    test = TEST.format(module=case.module, pasted=pasted, model=case.model, options=formats + objects)
    project.write("test_it.py", test)
    project.run("--modelcompat-update-golden", "--modelcompat-report", "report.json", "test_it.py")
    (target,) = json.loads((project.path / "report.json").read_text(encoding="utf-8"))["targets"]
    return [each for each in target["findings"] if each["severity"] == "error"]


def findings_with_what_is_printed(
    project: Project, case: ClassCase, saved_as: str, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The errors that are left when what the first ones print is pasted, into the class and above the test."""
    pasted = paste_of(found)
    assert pasted, found
    file = project.path / f"{case.module}.py"
    file.write_text(edited(file.read_text(encoding="utf-8"), pasted.methods), encoding="utf-8")
    return findings_of(project, case, saved_as, "\n".join(pasted.lines))
