"""The line at which a marker or a call is written, for what is wrong with it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.plugin.markers import ARTIFACT, ROUNDTRIP
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.kind_codes import CODES

if TYPE_CHECKING:
    import pytest

PACKAGE = Path(__file__).parents[1]


def refusal(nodeid: str, problem: str, place: str) -> str:
    """What to say of a test whose options are wrong: what, of which test, and where that is written.

    The problem stands first, as the short summary shows no more than the beginning.

    Args:
        nodeid: the test's.
        problem: one sentence.
        place: the file and the line, as `marker_line` or `call_line` gives them.
    """
    about = f"modelcompat explain {CODES[Kind.BAD_OPTION]}"
    return f"{Kind.BAD_OPTION.value}: {problem}\n\n  test   {nodeid}\n  where  {place}\n  about  {about}"


def marker_line(item: pytest.Item, problem: str) -> str:
    """The line of a test's marker, that of the option a problem quotes where it can be found; else the test's.

    A marker does not know where it was written. It is looked for by its name and the names of its options, up to the
    first line of the test's body: there are the test's own, those of its class and module, and what these name.
    """
    path, line, _ = item.reportinfo()
    end, calls = line or 0, []
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _first_line(node) == (line or 0) + 1:
            end = node.body[0].lineno
        if isinstance(node, ast.Call):
            calls.append(node)
    marks = [mark for mark in item.iter_markers() if mark.name in (ROUNDTRIP, ARTIFACT)]
    found = [call for mark in marks for call in calls if call.lineno <= end and _is_written(mark, call)]
    at = max((_line_of(call, problem) for call in found), default=(line or 0) + 1)
    return _shown(Path(path), at, item.config)


def call_line(config: pytest.Config) -> str:
    """The line of the user's from which the plugin is called just now; empty if there is none."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to see one's caller without reading its source
    while frame is not None and Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return _shown(Path(frame.f_code.co_filename), frame.f_lineno, config)


def _shown(path: Path, line: int, config: pytest.Config) -> str:
    root = config.rootpath
    return f"{path.relative_to(root).as_posix() if path.is_relative_to(root) else path}:{line}"


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min((each.lineno for each in node.decorator_list), default=node.lineno)


def _is_written(mark: pytest.Mark, call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == mark.name and [each.arg for each in call.keywords] == list(mark.kwargs)


def _line_of(call: ast.Call, problem: str) -> int:
    quoted = (each.value.lineno for each in call.keywords if repr(each.arg) in problem)
    return next(quoted, call.lineno)
