"""The file and the line of a model test, for reports that are shown beside the source."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_modelcompat.artifacts.formats import KERAS_FOLDER
from pytest_modelcompat.plugin.markers import ModelItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, ModuleType

# Decorators stand above a function; so many of their lines are looked through for its name.
_MOST_LINES = 500


class Place(NamedTuple):
    """A line of a file; the first is 1."""

    file: Path
    line: int


def place_data(item: pytest.Item) -> dict[str, Any]:
    """`file`, relative to the project where it is in it, and `line`: where an item is written.

    Of a test that is the line of its `def`, of a builder named on the command line that of the builder, and of an
    artifact without a test its own file.
    """
    file, line = _place(item)
    root = item.config.rootpath
    return {"file": (file.relative_to(root) if file.is_relative_to(root) else file).as_posix(), "line": line}


def _place(item: pytest.Item) -> Place:
    if isinstance(item, ModelItem):
        collector = item.parent
        # A builder is in no file that is collected.
        if isinstance(collector, pytest.File) and collector.path.is_dir():
            return place_of_builder(collector.name) or Place(item.path, 1)
        return Place(_file_in(item.path), 1)
    path, first, _ = item.reportinfo()
    file, line = Path(path), (first or 0) + 1
    if not file.is_file():
        return Place(item.path, 1)
    return Place(file, _line_of_def(file, line, getattr(item, "originalname", None) or item.name))


def _file_in(artifact: Path) -> Path:
    """The file that stands for an artifact: of a folder the one that a viewer of sources can show."""
    names = ("saved_model.pb", *KERAS_FOLDER)
    return next((artifact / name for name in names if (artifact / name).is_file()), artifact)


def _line_of_def(file: Path, first: int, name: str) -> int:
    """The line of a function's `def`, below its decorators; the first of all where it is not found."""
    linecache.checkcache(str(file))
    lines = linecache.getlines(str(file))
    is_def = re.compile(rf"\s*(async\s+)?def\s+{re.escape(name)}\b")
    numbers = range(first, min(first + _MOST_LINES, len(lines)) + 1)
    return next((number for number in numbers if is_def.match(lines[number - 1])), first)


def place_of_builder(named: str) -> Place | None:
    """Where `module:name` is defined; None where its module has no source, or does not say.

    Args:
        named: as on the command line; its module has been imported.
    """
    try:
        return _place_of_object(named)
    except Exception:  # noqa: BLE001 - what a user's module gives may do anything when it is asked for its attributes
        return None


def _place_of_object(named: str) -> Place | None:
    name, _, attribute = named.partition(":")
    module = sys.modules.get(name)
    value: Any = module
    for part in attribute.split("."):
        value = getattr(value, part, None)
    code = _code(value)
    if code is not None and Path(code.co_filename).is_file():
        file = Path(code.co_filename)
        return Place(file, _line_of_def(file, code.co_firstlineno, code.co_name))
    if inspect.isclass(value):
        module, attribute = sys.modules.get(value.__module__, module), value.__qualname__
    return _place_in(module, attribute) if module is not None else None


def _code(value: Any) -> CodeType | None:
    while isinstance(value, functools.partial):
        value = value.func
    found: CodeType | None = getattr(inspect.unwrap(value), "__code__", None) if callable(value) else None
    return found


def _place_in(module: ModuleType, name: str) -> Place | None:
    """The line at which a module gives a name its value; its first where that is not seen."""
    file = Path(getattr(module, "__file__", None) or "")
    if not file.is_file():
        return None
    first = name.partition(".")[0]
    try:
        body = ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError):
        return Place(file, 1)
    lines = (node.lineno for node in _statements(body) if first in _names_bound(node))
    return Place(file, next(lines, 1))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those below an `if` or a `try` too."""
    for node in body:
        yield node
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = (each for each in ast.iter_child_nodes(node) if isinstance(each, (ast.stmt, ast.ExceptHandler)))
            for each in inner:
                yield from _statements(each.body if isinstance(each, ast.ExceptHandler) else [each])


def _names_bound(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return {node.name}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return set()
