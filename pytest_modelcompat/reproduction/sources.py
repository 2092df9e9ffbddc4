"""The modules of the project that a model needs, and the packages that others install for it."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_INSTALLED = ("site-packages", "dist-packages")
# They are pinned as the runtime.
_OF_RUNTIME = frozenset({"tensorflow", "keras", "tf_keras", "numpy"})
_SUFFIXES = (".py", ".so", ".pyd")
_MOST = 2000


@dataclass
class Sources:
    """What a folder carries of a project.

    Args:
        files: path in the folder -> where it is; None for an empty `__init__.py`.
        packages: distribution -> version, of what is installed.
    """

    files: dict[str, Path | None] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)


def sources_of(names: Iterable[str], known: Mapping[str, str], folders: Iterable[str]) -> Sources:
    """The files of modules and of all that they import, as far as they are the project's own.

    Args:
        names: dotted names of modules.
        known: where this process has modules from, by name.
        folders: where modules are looked for.
    """
    found = Sources()
    waiting = [name for each in names for name in _with_parents(each)]
    seen: set[str] = set()
    places = [Path(each) for each in folders]
    while waiting and len(found.files) < _MOST:
        name = waiting.pop()
        top = name.partition(".")[0]
        if name in seen or top in sys.stdlib_module_names or top in _OF_RUNTIME:
            continue
        seen.add(name)
        file = _file_of(name, known, places)
        if file is None or _is_installed(file):
            if file is not None or not _is_folder(name, places):
                found.packages.update(_packages_of(top))
            continue
        where = _place(name, file)
        found.files[where] = file
        if file.suffix == ".py":
            waiting.extend(_imports(name, file, known, places))
    _make_packages(found.files)
    return found


def module_of(path: str) -> str:
    """The module of an import path such as `shop.layers.Outer.Inner`; empty where it is none that was imported.

    Args:
        path: of a class or a function.
    """
    parents = reversed(list(_with_parents(path))[:-1])
    return next((name for name in parents if name in sys.modules and name != "__main__"), "")


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def _file_of(name: str, known: Mapping[str, str], folders: list[Path]) -> Path | None:
    file = known.get(name) or getattr(sys.modules.get(name), "__file__", None)
    if file:
        return Path(file)
    for folder in folders:
        base = folder.joinpath(*name.split("."))
        if (base / "__init__.py").is_file():
            return base / "__init__.py"
        for suffix in _SUFFIXES:
            if base.with_name(base.name + suffix).is_file():
                return base.with_name(base.name + suffix)
    return None


def _is_folder(name: str, folders: list[Path]) -> bool:
    """Whether it is a package without a file of its own."""
    return any(folder.joinpath(*name.split(".")).is_dir() for folder in folders if not _is_installed(folder))


def _is_installed(file: Path) -> bool:
    return bool(set(_INSTALLED) & set(file.parts)) or file.is_relative_to(Path(sys.base_prefix) / "lib")


def _place(name: str, file: Path) -> str:
    base = name.replace(".", "/")
    return f"{base}/__init__.py" if file.name == "__init__.py" else base + file.suffix


def _make_packages(files: dict[str, Path | None]) -> None:
    """Make each folder a package: an installed one of the same name would be found before a folder that is none."""
    for name in list(files):
        for parent in list(Path(name).parents)[:-1]:
            files.setdefault((parent / "__init__.py").as_posix(), None)


def _imports(name: str, file: Path, known: Mapping[str, str], folders: list[Path]) -> Iterator[str]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from _with_parents(module)
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                if _file_of(inner, known, folders) is not None:
                    yield inner


def _packages_of(top: str) -> dict[str, str]:
    """The distribution that a module is of, with its version; none for one that nobody has installed."""
    try:
        return {name: metadata.version(name) for name in _distributions().get(top, ())[:1]}
    except metadata.PackageNotFoundError:
        return {}


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()
