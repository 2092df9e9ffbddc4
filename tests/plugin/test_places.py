"""Where a builder that is named on the command line is defined."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin.places import place_of_builder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = """
import functools


def cached(function):
    return functools.lru_cache(maxsize=None)(function)


@cached
def build(size=3):  # build
    return size


class Model:  # Model
    @staticmethod
    def make():  # Model.make
        return 1
"""
ZOO = """
import functools
from zoo_home import Model, build

small = functools.partial(functools.partial(build, 2), 1)
nested = lambda: 3  # nested
try:
    import nothing_of_that_name
except ImportError:
    instance = object()  # instance
if True:
    one, (two, three) = 1, (2, object())  # three


class Strange:
    def __getattribute__(self, name):
        raise RuntimeError(name)


strange = Strange()


def cyclic():
    return 1


cyclic.__wrapped__ = cyclic
exec("def made():\\n    return 1")
"""


@pytest.fixture(autouse=True)
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "zoo_home.py").write_text(HOME)
    (tmp_path / "zoo.py").write_text(ZOO)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("zoo")
    yield tmp_path
    for name in ("zoo", "zoo_home"):
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("build", "zoo_home.py", "# build"),
        ("small", "zoo_home.py", "# build"),
        ("Model", "zoo_home.py", "# Model"),
        ("Model.make", "zoo_home.py", "# Model.make"),
        ("nested", "zoo.py", "# nested"),
        ("instance", "zoo.py", "# instance"),
        ("three", "zoo.py", "# three"),
    ],
)
def test_the_line_of_its_definition(zoo: Path, name: str, file: str, text: str) -> None:
    place = place_of_builder(f"zoo:{name}")
    assert place is not None
    assert place.file == zoo / file
    assert place.file.read_text().splitlines()[place.line - 1].endswith(text)


@pytest.mark.parametrize("name", ["made", "nothing"])
def test_of_what_its_source_does_not_show_it_is_the_module(zoo: Path, name: str) -> None:
    assert place_of_builder(f"zoo:{name}") == (zoo / "zoo.py", 1)


@pytest.mark.parametrize("name", ["zoo:strange.name", "zoo:cyclic", "builtins:len", "no_such_module:build"])
def test_what_does_not_say_has_no_place_and_raises_nothing(name: str) -> None:
    assert place_of_builder(name) is None
