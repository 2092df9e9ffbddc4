"""Importing what a case declares: by name, by file, with its parents."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.loader.imports import DeclaredImportError, find_object, import_declared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _forget_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_module_on_the_path_is_imported_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "plain_one.py", "VALUE = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert import_declared("plain_one", {"plain_one": file}).VALUE == 1


def test_a_module_off_the_path_comes_from_its_file_with_its_parents(tmp_path: Path) -> None:
    write(tmp_path / "suite" / "__init__.py", "PARENT = 'package'")
    write(tmp_path / "suite" / "parts" / "helper.py", "VALUE = 2")
    file = write(tmp_path / "suite" / "parts" / "test_it.py", "from . import helper\nfrom suite import PARENT\n")
    module = import_declared("suite.parts.test_it", {"suite.parts.test_it": file})
    assert (module.helper.VALUE, module.PARENT) == (2, "package")
    assert sys.modules["suite.parts"].test_it is module


def test_another_module_of_this_name_on_the_path_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "first" / "test_twin.py", "VALUE = 'wrong'")
    file = write(tmp_path / "second" / "test_twin.py", "VALUE = 'right'")
    monkeypatch.syspath_prepend(str(tmp_path / "first"))
    assert import_declared("test_twin", {"test_twin": file}).VALUE == "right"


@pytest.mark.parametrize("text", ["raise OSError('broken')", "import sys; sys.exit(3)", "import not_there_at_all"])
def test_what_a_module_raises_is_the_cause(tmp_path: Path, text: str) -> None:
    file = write(tmp_path / "test_bad.py", text)
    with pytest.raises(DeclaredImportError) as raised:
        import_declared("test_bad", {"test_bad": file})
    assert raised.value.name == "test_bad"
    assert type(raised.value.cause) in (OSError, SystemExit, ModuleNotFoundError)


def test_objects_are_found_by_qualified_name(tmp_path: Path) -> None:
    file = write(tmp_path / "nest_it.py", "class Outer:\n    class Inner: pass\n")
    assert find_object("nest_it", "Outer.Inner", {"nest_it": file}).__qualname__ == "Outer.Inner"
    with pytest.raises(DeclaredImportError) as raised:
        find_object("nest_it", "Outer.Other", {"nest_it": file})
    assert raised.value.name == "nest_it.Outer.Other"
