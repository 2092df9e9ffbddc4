"""Names that come from one public package: one import of it, or of its module that registers them, in every place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.public_modules import importing, public_path
from pytest_modelcompat.cli import main
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax

if TYPE_CHECKING:
    from tests.conftest import Project

CLASS = """
import keras

{decorator}
class {name}(keras.layers.Layer):
    def call(self, x):
        return x
"""
# What is public of each, and its source: the package itself, a module in it, and one that registers nothing.
PACKAGES = {"eager": "__init__", "lazily": "layers", "plain": "__init__"}
SOURCE = {
    "eager": "from eager import src as _\nfrom eager.src.scaling import Scale\nfrom .src import Shift",
    "lazily": "try:\n    from lazily.src.scaling import Scale\nfinally:\n    from lazily.src.shift import Shift",
    "plain": "from plain.src.scaling import Scale\nfrom plain.src.shift import Shift",
}
TESTS = """
import importlib

import keras
import pytest


def build_eager():
    from eager import Scale, Shift

    return keras.Sequential([keras.Input((2,)), Scale(), Shift()])


@pytest.mark.parametrize("module", ["eager", "lazily.layers", "plain"])
@pytest.mark.model_roundtrip(formats=["h5", "keras"])
def test_it(module):
    found = importlib.import_module(module)
    return keras.Sequential([keras.Input((2,)), found.Scale(), found.Shift()])
"""


def write_packages(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    for package, public in PACKAGES.items():
        decorator = "" if package == "plain" else f'@keras.saving.register_keras_serializable("{package}")'
        project.write(f"{package}/__init__.py", "")
        shift = "from .shift import Shift" if package == "eager" else ""
        project.write(f"{package}/src/__init__.py", shift)
        for module, name in (("scaling", "Scale"), ("shift", "Shift")):
            project.write(f"{package}/src/{module}.py", CLASS.format(decorator=decorator, name=name))
        project.write(f"{package}/{public}.py", SOURCE[package])
        project.write(f"{package}/other.py", "def later():\n    from .src import scaling, shift\n")
    project.write("test_it.py", TESTS)


def fix_of(text: str, title: str) -> str:
    found = re.search(rf"^[A-Z ]+  {re.escape(title)}: .*?^  fix +(.*?)$", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found[1]


@pytest.mark.usefixtures("tensorflow")
def test_one_import_is_the_fix_where_the_test_is_written(project: Project) -> None:
    write_packages(project)
    text = project.run("--modelcompat-update-golden").stdout.str()
    assert "src" not in "".join(line for line in text.splitlines() if "fix" in line or "import" in line.split())
    # Each text stands at the first format.
    assert fix_of(text, "test_it[eager-h5]") == '@pytest.mark.model_roundtrip(imports=["eager"])'
    assert fix_of(text, "test_it[lazily.layers-h5]") == '@pytest.mark.model_roundtrip(imports=["lazily.layers"])'
    # Importing it registers nothing, so that it is declared class by class.
    assert fix_of(text, "test_it[plain-h5]") == "from plain import Scale, Shift"
    declared = re.search(r'^ +(@pytest\.mark\.model_roundtrip\(custom_objects=\{"Scale".*\))$', text, re.MULTILINE)
    assert declared, text
    for module, fix in (
        ("eager", '@pytest.mark.model_roundtrip(imports=["eager"])'),
        ("lazily.layers", '@pytest.mark.model_roundtrip(imports=["lazily.layers"])'),
        ("plain", f"from plain import Scale, Shift\n{declared[1]}"),
    ):
        tests = TESTS.replace("@pytest.mark.parametrize", f"{fix}\n@pytest.mark.parametrize")
        project.write("test_it.py", tests.replace('["eager", "lazily.layers", "plain"]', f'["{module}"]'))
        project.record().assert_outcomes(passed=2)


@pytest.mark.usefixtures("tensorflow")
def test_so_it_is_for_files_and_builders(project: Project) -> None:
    write_packages(project)
    builder = ("--modelcompat-model", "test_it:build_eager", "--modelcompat-format", "keras")
    update = "--modelcompat-update-golden"
    text = project.run(*builder, update, "--modelcompat-keep", "kept").stdout.str()
    fix = fix_of(text, "build_eager[keras]")
    assert fix == "--modelcompat-import eager"
    project.record(*builder, *fix.split()).assert_outcomes(passed=1)
    (file,) = (project.path / "kept").rglob("*.keras")
    file.rename(project.path / "tagger.keras")
    text = project.run("tagger.keras", update).stdout.str()
    assert "--modelcompat-import eager\n" in text
    assert "eager.src" not in "".join(re.findall("--modelcompat.*", text))
    project.record("tagger.keras", *fix.split()).assert_outcomes(passed=1)


class TestModules:
    @pytest.fixture(autouse=True)
    def packages(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        write_packages(project)
        monkeypatch.syspath_prepend(project.path)

    @pytest.mark.parametrize(
        ("modules", "imported"),
        [
            (["eager.src.scaling", "eager.src.shift"], ["eager"]),
            (["eager.src.shift"], ["eager"]),
            (["lazily.src.scaling"], ["lazily.layers"]),
            (["eager.src.scaling", "lazily.src.scaling"], ["eager", "lazily.layers"]),
            (["nowhere.src.scaling"], ["nowhere.src.scaling"]),
            (["eager.other"], ["eager.other"]),
            (["eager.other", "lazily.layers"], ["eager.other", "lazily.layers"]),
            (["shop.layers", "shop.blocks"], ["shop.layers", "shop.blocks"]),
        ],
    )
    def test_that_import_private_ones(self, modules: list[str], imported: list[str]) -> None:
        assert importing(modules) == imported

    def test_of_an_installed_package_are_the_package(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        installed = project.path / "site-packages"
        project.write("site-packages/hubs/__init__.py", "from hubs import layers as layers\n")
        project.write("site-packages/hubs/layers.py", "from hubs.src import scaling\n")
        project.write("site-packages/hubs/src/__init__.py", "")
        project.write("site-packages/hubs/src/scaling.py", "")
        project.write("site-packages/hubs/extra.py", "")
        monkeypatch.syspath_prepend(installed)
        assert importing(["hubs.layers"]) == importing(["hubs.src.scaling"]) == ["hubs"]
        assert importing(["hubs.extra"]) == ["hubs.extra"]

    @pytest.mark.parametrize("place", OptionPlace)
    def test_are_written_in_every_place(self, place: OptionPlace) -> None:
        line = OptionSyntax(place).write("imports", ["eager.src.scaling", "eager.src.shift"])
        assert "eager" in line
        assert "src" not in line

    @pytest.mark.usefixtures("tensorflow")
    def test_are_named_by_check(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        import keras
        from eager import Scale, Shift  # type: ignore[import-not-found]

        path = project.path / "tagger.keras"
        keras.Sequential([keras.Input((2,)), Scale(), Shift()]).save(path)
        main(["check", str(path), "--runtime", "tf2.21"])
        text = capsys.readouterr().out
        assert text.count("or import eager\n") == len(("Scale", "Shift"))

    def test_have_the_paths_that_people_write(self) -> None:
        from eager.src.scaling import Scale  # type: ignore[import-not-found]

        assert public_path("eager.src.scaling.Scale", Scale) == "eager.Scale"
        assert public_path("eager.src.scaling.Scale", Scale()) == "eager.Scale"
