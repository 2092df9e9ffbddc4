"""What `--modelcompat-model` names, looked up without importing it: a user's module imports TensorFlow.

A typo is so answered at once. What cannot be told from the source alone is left to the import.
"""

from __future__ import annotations

import ast
import pkgutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path

# A module or package that uses one of these may have names, or modules in it, that its source does not show.
_DYNAMIC = frozenset({"__getattr__", "__path__", "exec", "globals", "import_module", "locals", "setattr", "vars"})
_DYNAMIC_ATTRIBUTES = frozenset({"modules", "__dict__"})


class _Found(NamedTuple):
    """How far the parts of a module's name lead: the last that is there, and the first that is not."""

    spec: ModuleSpec | None
    missing: str = ""
    places: tuple[str, ...] = ()


def problem_of_builder(given: str, directory: Path) -> str:
    """Why there is no such builder, in a clause; empty where there is one, or only the import can tell.

    Args:
        given: `module:name`, as on the command line.
        directory: where pytest was started, from where modules are imported too.
    """
    module, colon, name = given.partition(":")
    if not module or not name:
        return f"{given!r} is not written as module:name{_rewritten(given, directory) if not colon else ''}"
    if module in sys.modules:
        return ""
    try:
        found = _find(module)
    except Exception:  # noqa: BLE001 - a finder is anybody's code; the import says what is wrong with it
        return ""
    if found.missing:
        places = found.places if "." in found.missing else (str(directory),)
        near = _near(found.missing, _modules_in(places, found.missing))
        return f"{given}: there is no module {found.missing!r} on the path or in {directory}{near}"
    return _problem_of_name(given, module, name, found.spec) if found.spec is not None else ""


def _rewritten(given: str, directory: Path) -> str:
    """What was meant by `shop.build` or `shop.py:build`, where that is there."""
    module, _, name = given.rpartition(".")
    meant = f"{module}:{name}"
    return f"; did you mean {meant!r}?" if module and name and not problem_of_builder(meant, directory) else ""


def _find(module: str) -> _Found:
    """Finds a module without importing it, or the packages it is in, as `importlib.util.find_spec` would."""
    spec: ModuleSpec | None = None
    parts = module.split(".")
    for number in range(1, len(parts) + 1):
        name = ".".join(parts[:number])
        places = None if spec is None else spec.submodule_search_locations
        inner = _spec(name, places) if spec is None or places is not None else None
        if inner is None:
            is_certain = spec is None or not _is_dynamic(_tree(spec))
            return _Found(None, name if is_certain else "", tuple(places or ()))
        spec = inner
    return _Found(spec)


def _spec(name: str, places: Sequence[str] | None) -> ModuleSpec | None:
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    specs = (find(name, places) for find in finders if find is not None)
    return next((spec for spec in specs if spec is not None), None)


def _modules_in(places: Iterable[str], missing: str) -> list[str]:
    """The modules in some folders, named as the missing one is."""
    package = missing.rpartition(".")[0]
    names = (each.name for each in pkgutil.iter_modules(list(places)))
    return [f"{package}.{name}" if package else name for name in names]


def _problem_of_name(given: str, module: str, name: str, spec: ModuleSpec) -> str:
    tree = _tree(spec)
    if tree is None or _is_dynamic(tree):
        return ""
    body: Sequence[ast.stmt] = tree.body
    for part in name.split("."):
        names = dict(_bound(body))
        if part not in names:
            is_module = body is tree.body and _is_module_in(spec, part)
            near = _near(part, (each for each in names if not each.startswith("_")))
            return "" if is_module else f"{given}: module {module} has no {part!r}{near}"
        held = names[part]
        if not isinstance(held, ast.ClassDef) or held.bases or held.keywords or held.decorator_list:
            return ""
        body = held.body
    return ""


def _is_module_in(spec: ModuleSpec, name: str) -> bool:
    places = spec.submodule_search_locations
    return places is not None and _spec(f"{spec.name}.{name}", places) is not None


def _tree(spec: ModuleSpec) -> ast.Module | None:
    """A module's source; None where it has none to read."""
    get_source = getattr(spec.loader, "get_source", None)
    try:
        source = get_source(spec.name) if get_source is not None else None
        return None if source is None else ast.parse(source)
    except (ImportError, OSError, SyntaxError, ValueError, RecursionError):
        return None


def _is_dynamic(tree: ast.Module | None) -> bool:
    """Whether a module may have names that its source does not show."""
    return tree is None or any(_makes_names(node) for node in ast.walk(tree))


def _makes_names(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == "*" for alias in node.names)
    if isinstance(node, ast.Attribute):
        return node.attr in _DYNAMIC_ATTRIBUTES or node.attr in _DYNAMIC
    if isinstance(node, ast.FunctionDef):
        return node.name in _DYNAMIC
    return isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _DYNAMIC)


def _bound(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """What statements bind, at any depth of `if`, `try`, `with` and loops, but not in functions and classes."""
    for node in _in_scope(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0], node
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest, node
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node


def _in_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def _near(given: str, known: Iterable[str]) -> str:
    hint = did_you_mean(given, known, "")
    return f"; {hint}" if hint else ""
