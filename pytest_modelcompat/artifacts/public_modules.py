"""Public modules of packages: which of them imports the private modules that define what an artifact names."""

from __future__ import annotations

import ast
import sys
from collections import deque
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

    One public module of the project's own is imported as it is, and so are those that no public module imports.

    Args:
        modules: by name; they need not be imported here.
    """
    packages: dict[str, list[str]] = {}
    for module in modules:
        packages.setdefault(module.partition(".")[0], []).append(module)
    found = [each for package, names in packages.items() for each in _for_package(package, names)]
    return list(dict.fromkeys(found))


def _for_package(package: str, modules: list[str]) -> list[str]:
    if not (len(set(modules)) > 1 or any(map(is_private, modules)) or _is_installed(package)):
        return modules
    for candidate in _public(package, modules):
        if _imports_all(candidate, set(modules)):
            return [candidate]
    return modules


def _is_installed(package: str) -> bool:
    """Whether it is no code of the project's own: people import such a package as a whole."""
    file = _file_of(package)
    return file is not None and not {"site-packages", "dist-packages"}.isdisjoint(file.parts)


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


def exported_path(module: str, name: str) -> str:
    """The import path of a class or function that nobody has imported here: by a public module that imports its name.

    Args:
        module: where it is defined.
        name: its name there.
    """
    for candidate in _public(module.partition(".")[0], [module]) if is_private(module) else ():
        if any(path.rpartition(".")[2] == name for path in _imports(candidate)):
            return f"{candidate}.{name}"
    return f"{module}.{name}"


def _imports_all(module: str, wanted: set[str]) -> bool:
    """Whether a fresh import of a module imports all of these, looking no further than they are."""
    seen: set[str] = set()
    waiting = deque([module])
    while waiting and not wanted <= seen:
        each = waiting.popleft()
        if each not in seen and _file_of(each) is not None:
            seen.add(each)
            waiting += _imports(each)
    return wanted <= seen


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


@cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of its own package that a module's source imports, its parent among them."""
    root, file = module.partition(".")[0], _file_of(module)
    try:
        tree = ast.parse(file.read_bytes()) if file is not None else ast.Module([], [])
    except (OSError, SyntaxError, ValueError):
        return ()
    parent = module.rpartition(".")[0]
    package = module if file is not None and file.name == _INIT else parent
    names = [parent, *(name for each in _run_on_import(tree.body) for name in _named_by(each, package))]
    return tuple(dict.fromkeys(name for name in names if name.partition(".")[0] == root))


def _named_by(statement: ast.AST, package: str) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    parts = package.split(".")
    above = parts[: len(parts) - statement.level + 1] if statement.level else []
    base = ".".join((*above, *([statement.module] if statement.module else [])))
    return [base, *(f"{base}.{alias.name}" for alias in statement.names)]


def _run_on_import(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The statements that an import runs: none in a function or class, or under `if TYPE_CHECKING`."""
    for statement in body:
        yield statement
        is_for_types = isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)
        if is_for_types or isinstance(statement, _CODE):
            continue
        for part in ("body", "orelse", "handlers", "finalbody"):
            yield from _run_on_import(getattr(statement, part, []))
