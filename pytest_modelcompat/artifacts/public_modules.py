"""Public modules of packages: which of them imports the private modules that define what an artifact names."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What KerasHub and others call the folder of what is not public.
_PRIVATE = "src"
_INIT = "__init__.py"
_CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_private(module: str) -> bool:
    """Whether a module is in a part of its package that is not public: `hub._src.layers`, `keras_hub.src.models`."""
    return any(part.startswith("_") or part == _PRIVATE for part in module.split(".")[1:])


def importing(modules: Sequence[str]) -> list[str]:
    """The fewest public modules whose import imports all of these, as far as their sources tell.

    One public module is imported as it is. Where no public module imports those of a package, they stay.

    Args:
        modules: by name; they need not be imported here.
    """
    packages: dict[str, list[str]] = {}
    for module in modules:
        packages.setdefault(module.partition(".")[0], []).append(module)
    found = [each for package, names in packages.items() for each in _for_package(package, names)]
    return list(dict.fromkeys(found))


def _for_package(package: str, modules: list[str]) -> list[str]:
    if not (len(set(modules)) > 1 or any(map(is_private, modules))):
        return modules
    for candidate in _public(package, modules):
        if set(modules) <= _imported_by(candidate):
            return [candidate]
    return modules


def _public(package: str, modules: list[str]) -> Iterator[str]:
    """The package, the public modules above these, and those right in it."""
    yield package
    for module in modules:
        parents = module.split(".")[1:-1]
        for end in range(1, len(parents) + 1):
            name = ".".join((package, *parents[:end]))
            if not is_private(name):
                yield name
    home = _file_of(package)
    if home is not None and home.name == _INIT:
        for file in sorted(home.parent.iterdir()):
            name = f"{package}.{file.stem}"
            if not is_private(name) and (file.suffix == ".py" or (file / _INIT).is_file()):
                yield name


def public_path(path: str, target: Any) -> str:
    """The import path of a class or function by the shortest public module that has it, where its own is private.

    Args:
        path: its own, as `module.qualname`.
        target: itself.
    """
    name = path.rpartition(".")[2]
    target = target if hasattr(target, "__qualname__") else type(target)
    module = str(getattr(target, "__module__", ""))
    if not is_private(module) or path != f"{module}.{name}":
        return path
    root = module.partition(".")[0]
    homes = [
        each
        for each, loaded in list(sys.modules.items())
        if each.partition(".")[0] == root
        and not is_private(each)
        and getattr(loaded, "__dict__", {}).get(name) is target
    ]
    return f"{min(homes, key=lambda each: (each.count('.'), each))}.{name}" if homes else path


@cache
def _imported_by(module: str) -> frozenset[str]:
    """The modules of its own package that a fresh import of a module imports, itself among them."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        each = waiting.pop()
        file = _file_of(each) if each not in seen else None
        if file is None:
            continue
        seen.add(each)
        parent = each.rpartition(".")[0]
        waiting += [parent] if parent else []
        waiting += _imports(file, each)
    return frozenset(seen)


@cache
def _file_of(module: str) -> Path | None:
    """A module's source; None where there is none: a namespace, an extension, no such module."""
    root, *rest = module.split(".")
    for folder in map(Path, sys.path):
        package = folder / root
        if not rest and (folder / f"{root}.py").is_file():
            return folder / f"{root}.py"
        if (package / _INIT).is_file():
            path = package.joinpath(*rest)
            files = (path / _INIT, path.with_name(f"{path.name}.py"))
            return next((file for file in files if file.is_file()), None)
    return None


def _imports(file: Path, module: str) -> Iterator[str]:
    root = module.partition(".")[0]
    package = module if file.name == _INIT else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for statement in _run_on_import(tree.body):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
            base = ".".join((*above, *([statement.module] if statement.module else [])))
            names = [base, *(f"{base}.{alias.name}" for alias in statement.names)]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] == root)


def _run_on_import(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The statements that an import runs: none in a function or class, or under `if TYPE_CHECKING`."""
    for statement in body:
        yield statement
        is_for_types = isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)
        if is_for_types or isinstance(statement, _CODE):
            continue
        for part in ("body", "orelse", "handlers", "finalbody"):
            yield from _run_on_import(getattr(statement, part, []))
