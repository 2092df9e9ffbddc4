"""What is declared under a misspelt name, or at a misspelt place: the name that was meant, and a fix that works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.diagnosis.misspelt import declares_none, misspelt_as

if TYPE_CHECKING:
    from tests.conftest import Project

LAYERS = """
    import keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @keras.saving.register_keras_serializable(package="shop")
    class Square(keras.layers.Layer):
        def call(self, inputs):
            return inputs * inputs

    def build():
        return keras.Sequential([keras.Input((3,)), Scale(), keras.layers.Dense(1)])
"""
TEST = """
import pytest
from mc_meant.layers import *

{marker}
def test_model():
    return build()
"""
COMMAND = ["--modelcompat-model", "mc_meant.layers:build", "--modelcompat-update-golden", "--modelcompat-format"]


@pytest.fixture
def shop(project: Project) -> Project:
    project.write("mc_meant/__init__.py", "")
    project.write("mc_meant/layers.py", LAYERS)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    return project


@pytest.mark.parametrize("format_", ["h5", "keras"])
def test_a_misspelt_name_is_named_beside_the_right_one(shop: Project, format_: str) -> None:
    only = f'@pytest.mark.model_roundtrip(formats=["{format_}"])'
    misspelt = '@pytest.mark.model_roundtrip(custom_objects={"Scal": Scale})'
    shop.write("test_it.py", TEST.format(marker=f"{only}\n{misspelt}"))
    result = shop.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    text = " ".join(result.stdout.str().split())
    assert "Keras has no layer of this name, and the test declares 'Scal'; did you mean 'Scale'?" in text
    assert "the test declares none" not in text
    (fix,) = re.findall(r'@pytest\S+\(custom_objects={"Scale": Scale}\)', result.stdout.str())
    shop.write("test_it.py", TEST.format(marker=f"{only}\n{fix}"))
    shop.run("--modelcompat-update-golden").assert_outcomes(passed=1)


@pytest.mark.parametrize("given", ["mc_meant.layers:Scal", "mc_meant.layrs:Scale", "Scale=mc_meant.layers:Sclae"])
def test_a_misspelt_place_on_the_command_line_is_answered_with_the_right_one(shop: Project, given: str) -> None:
    result = shop.run(*COMMAND, "keras", "--modelcompat-custom-object", given)
    result.assert_outcomes(failed=1)
    meant = "mc_meant.layers" if "layrs" in given else "mc_meant.layers.Scale"
    assert re.search(rf"did you mean '{meant}(\.Scale)?'\?", " ".join(result.stdout.str().split()))
    (fix,) = re.findall(r"^ +fix +(--modelcompat-custom-object .+)$", result.stdout.str(), re.MULTILINE)
    shop.run(*COMMAND, "keras", *shlex.split(fix)).assert_outcomes(passed=1)


def test_a_misspelt_module_that_is_imported_is_answered_with_the_right_one(shop: Project) -> None:
    result = shop.run(*COMMAND, "keras", "--modelcompat-import", "mc_maent.layers")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["* fix *--modelcompat-import mc_meant.layers"])


def test_what_is_declared_and_in_the_artifact_is_not_misspelt() -> None:
    uses = tuple(LayerUse(name, (name.lower(),)) for name in ("Scale", "Scale2"))
    inventory = Inventory(Path("model.h5"), "h5", layers=uses)
    assert misspelt_as("Scale", {"Scale2"}, inventory) == ""
    assert misspelt_as("Scale", {"Scal", "Scale2"}, inventory) == "Scal"
    assert misspelt_as("Scale", {"Pooling"}, inventory) == ""
    assert declares_none("Scale", (), inventory) == "the test declares none"
