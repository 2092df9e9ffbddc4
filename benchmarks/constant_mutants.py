"""What mutmut leaves out of `compatibility/`, mutated: the tables at the top of each file, properties, defaults.

    python benchmarks/constant_mutants.py [FILE ...] [--numbers] [--list]

mutmut changes the functions that have no decorator. The versions and names that judge stand above them. Each number is
raised by one here, each text and each comparison altered, each member of an enumeration exchanged for the next, one at
a time; a fresh process then runs the tests of `tests/compatibility` that need no TensorFlow, up to the first failure.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib.util
import io
import os
import sys
import time
from collections import Counter
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pytest_modelcompat" / "compatibility"
# Those that see most of them are asked first, and alone: collecting the rest takes longer.
TESTS = (
    ("tests/compatibility/test_verdicts.py", "tests/compatibility/test_known_changes.py"),
    ("tests/compatibility",),
)
SELECTION = ("-x", "-q", "-m", "not needs_tensorflow", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain")
ENUMERATIONS = {
    "Severity": ("ERROR", "CHANGE", "NOTE"),
    "Stage": ("OPEN", "CONFIG", "BUILD", "WEIGHTS"),
    "Kind": ("CONFIG_CHANGED", "STATE_LOST"),
    "Acts": ("LOADED", "CALLED"),
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


class Mutant:
    """One file with one thing altered.

    Args:
        file: the file.
        tree: the altered one.
        line: where.
        what: before and after, in words.
    """

    def __init__(self, file: Path, tree: ast.Module, line: int, what: str) -> None:
        self.file, self.tree, self.line, self.what = file, tree, line, what

    @property
    def is_of_number(self) -> bool:
        return self.what.split()[0].isdigit()

    @property
    def name(self) -> str:
        return f"{self.file.relative_to(PACKAGE)}:{self.line}: {self.what}"


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    count = len(list(sites(tree)))
    for number in range(count):
        for choice in (0, 1):
            altered = copy.deepcopy(tree)
            site = list(sites(altered))[number]
            before = ast.unparse(site)
            if alter(site, choice):
                yield Mutant(file, ast.fix_missing_locations(altered), site.lineno, f"{before} -> {ast.unparse(site)}")


def sites(tree: ast.Module) -> Iterator[Any]:
    """The expressions that mutmut passes over and that say something."""
    for statement in tree.body:
        yield from _in_statement(statement)


def _in_statement(statement: ast.stmt) -> Iterator[Any]:
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.If)) or _is_text(statement):
        return
    if isinstance(statement, ast.ClassDef):
        for each in statement.body:
            yield from _in_statement(each)
    elif isinstance(statement, ast.FunctionDef):
        for each in statement.body if statement.decorator_list else ():
            yield from () if _is_text(each) else _expressions(each)
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        yield from () if "__all__" in ast.unparse(statement) else _expressions(statement.value)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _expressions(node: ast.AST) -> Iterator[Any]:
    for each in ast.walk(node):
        is_member = (
            isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in ENUMERATIONS
        )
        is_value = isinstance(each, ast.Constant) and isinstance(each.value, (bool, int, str))
        if is_member or is_value or isinstance(each, (ast.Compare, ast.BoolOp)):
            yield each


def alter(node: Any, choice: int) -> bool:
    """Alters a node in one of two ways; whether there is such a way."""
    if isinstance(node, ast.Constant):
        return _alter_constant(node, choice)
    if choice:
        return False
    if isinstance(node, ast.Attribute):
        members = ENUMERATIONS[node.value.id]  # type: ignore[attr-defined]
        node.attr = members[(members.index(node.attr) + 1) % len(members)] if node.attr in members else members[0]
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    else:
        node.ops = [COMPARISONS[type(node.ops[0])](), *node.ops[1:]]
    return True


def _alter_constant(node: ast.Constant, choice: int) -> bool:
    if isinstance(node.value, bool):
        node.value = not node.value
        return not choice
    if isinstance(node.value, int):
        node.value += -1 if choice else 1
        return True
    node.value = f"XX{node.value!s}XX"
    return not choice


class MutantFinder:
    """Has one file of the package imported as its mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._code: CodeType = compile(mutant.tree, str(mutant.file), "exec")
        parts = mutant.file.relative_to(ROOT).with_suffix("").parts
        self._name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self._file = mutant.file

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> Any:
        """For `sys.meta_path`."""
        del path, target
        if name != self._name:
            return None
        code = self._code

        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                del fullname
                return code

        return importlib.util.spec_from_file_location(name, self._file, loader=Loader(name, str(self._file)))


def is_killed(mutant: Mutant) -> bool:
    """Whether a test fails with it, in a process of its own."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    status = 1
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - for the descriptors of the process
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        with contextlib.suppress(BaseException):
            import pytest

            sys.meta_path.insert(0, MutantFinder(mutant))
            status = int(any(pytest.main([*SELECTION, *tests]) for tests in TESTS))
    os._exit(status)


def preload() -> None:
    """What every process needs, and what no mutant is part of."""
    with contextlib.redirect_stdout(io.StringIO()):
        import h5py
        import hypothesis
        import numpy as np
        import pytest

    assert all((h5py, hypothesis, np, pytest))


def main(arguments: Sequence[str]) -> int:
    """Runs them all; 1 if more than a tenth survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="of the package; all of them if none is given")
    parser.add_argument("--numbers", action="store_true", help="only those of numbers, which are versions mostly")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    files = [file.resolve() for file in options.files] or sorted(PACKAGE.rglob("*.py"))
    every = [mutant for file in files for mutant in mutants_of(file)]
    if options.numbers:
        every = [mutant for mutant in every if mutant.is_of_number]
    if options.list:
        print("\n".join(mutant.name for mutant in every))
        return 0
    preload()
    survived: Counter[str] = Counter()
    started = time.monotonic()
    for number, mutant in enumerate(every, 1):
        if not is_killed(mutant):
            survived[str(mutant.file.relative_to(PACKAGE))] += 1
            print(f"survives  {mutant.name}", flush=True)
        if number % 50 == 0:
            print(f"{number} of {len(every)}, {sum(survived.values())} survive", flush=True)
    killed = len(every) - sum(survived.values())
    print(f"{killed} of {len(every)} killed in {time.monotonic() - started:.0f} s")
    for name, count in survived.most_common():
        print(f"{count:5} survive in {name}")
    return int(killed < 0.9 * len(every))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
