"""The house: its folders, and the imports between its files."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "pytest_modelcompat"
ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "migration",
    "plugin",
    "cli",
    "report",
    "reproduction",
    "roundtrip",
    "compatibility",
    "diagnosis",
    "settings",
    "profiles",
    "results",
    "golden",
    "comparison",
    "runtimes",
    "artifacts",
    "loader",
}


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package under a root: its dotted name -> its file."""
    files = sorted((root / PACKAGE).rglob("*.py"))
    parts = [file.relative_to(root).with_suffix("").parts for file in files]
    return {
        ".".join(part[:-1] if part[-1] == "__init__" else part): file for part, file in zip(parts, files, strict=True)
    }


def imports_of(name: str, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules of the package that a file imports, also for types alone, and also inside functions."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            if module in known:
                yield from (
                    f"{module}.{alias.name}" if f"{module}.{alias.name}" in known else module for alias in node.names
                )


@cache
def arrows(root: Path) -> dict[str, set[str]]:
    """What each file imports, without itself."""
    known = modules(root)
    return {name: set(imports_of(name, file, known)) - {name} for name, file in known.items()}


def circles(root: Path) -> list[list[str]]:
    """Groups of files that import each other in a circle, each with the names of its files."""
    known = arrows(root)

    @cache
    def reached(name: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = list(known[name])
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(known[each])
        return frozenset(found)

    groups = {frozenset(b for b in reached(a) if a in reached(b)) for a in known if a in reached(a)}
    return sorted(sorted(group) for group in groups)


def test_the_root_holds_the_folders_alone() -> None:
    entries = {entry.name for entry in (ROOT / PACKAGE).iterdir() if entry.name != "__pycache__"}
    assert entries == FOLDERS | {"__init__.py", "py.typed"}


def test_every_folder_has_its_floor() -> None:
    assert {name for floor in floors() for name in floor} == FOLDERS
    assert len(floors()) <= 6


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(ROOT) == []


def test_a_circle_is_found(tmp_path: Path) -> None:
    folder = tmp_path / PACKAGE / "room"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "one.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .two import x\n")
    (folder / "two.py").write_text(f"def f():\n    from {PACKAGE}.room import three\n")
    (folder / "three.py").write_text(f"import {PACKAGE}.room.one\n")
    assert circles(tmp_path) == [[f"{PACKAGE}.room.{name}" for name in ("one", "three", "two")]]


def test_each_file_can_be_imported_first() -> None:
    """A file that is imported runs the `__init__.py` above it, too, which may import the file again.

    Floor by floor, from below: what is below stays imported, as it imports nothing of what is above.
    """
    assert imported_first(ROOT, floors()) == ""


def test_a_file_that_cannot_be_imported_first_is_found(tmp_path: Path) -> None:
    (tmp_path / PACKAGE / "below").mkdir(parents=True)
    (tmp_path / PACKAGE / "above").mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    (tmp_path / PACKAGE / "below/__init__.py").touch()
    (tmp_path / PACKAGE / "above/__init__.py").write_text(f"from {PACKAGE}.above.one import x\n")
    (tmp_path / PACKAGE / "above/one.py").write_text(f"from {PACKAGE}.above.two import x\n")
    (tmp_path / PACKAGE / "above/two.py").write_text(f"from {PACKAGE}.below import y as x\n")
    (tmp_path / PACKAGE / "below/y.py").touch()
    assert imported_first(tmp_path, [["below"], ["above"]]) == ""
    (tmp_path / PACKAGE / "above/two.py").write_text(f"from {PACKAGE}.above import x\n")
    assert "cannot import name 'x'" in imported_first(tmp_path, [["below"], ["above"]])


def floors() -> list[list[str]]:
    """The folders, from the lowest floor to the highest."""
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition('name = "Arrows run downwards only"')[2]
    rows = contract.partition("layers = [")[2].partition("]")[0].strip().splitlines()
    return [[name.strip() for name in row.strip(' ",').split("|")] for row in reversed(rows)]


def imported_first(root: Path, below: list[list[str]]) -> str:
    """What an interpreter says that imports each file before the others of its folder; nothing where it can.

    Args:
        root: has the package.
        below: its folders, from the lowest floor to the highest.
    """
    names = [name for name in modules(root) if not name.endswith("__main__")]
    order = [
        (f"{PACKAGE}.{folder}", [name for name in names if f"{name}.".startswith(f"{PACKAGE}.{folder}.")])
        for floor in below
        for folder in floor
    ]
    assert len(names) == 1 + sum(len(each) for _, each in order)
    code = f"""
import importlib, sys
sys.path.insert(0, {str(root)!r})
for folder, names in {order!r}:
    for name in names:
        for loaded in [each for each in sys.modules if f"{{each}}.".startswith(f"{{folder}}.")]:
            del sys.modules[loaded]
        importlib.import_module(name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def test_nothing_inside_imports_the_public_names() -> None:
    assert [name for name, imported in arrows(ROOT).items() if PACKAGE in imported] == []


def test_no_module_is_named_with_a_verb_in_ing() -> None:
    assert [name for name in modules(ROOT) if name.endswith("ing")] == [f"{PACKAGE}.results.finding"]
