"""The runtimes a project declares, in `[tool.modelcompat.runtimes]` of its pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.runtimes import LOCAL
from pytest_modelcompat.runtimes.aliases import ALIASES
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.names import UnknownRuntimeError, all_names
from pytest_modelcompat.runtimes.pins import PINS
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, TABLE, Runtime
from pytest_modelcompat.runtimes.toml_file import TomlError, read_toml

PYPROJECT = "pyproject.toml"
TABLES = ("runtimes", "expected_failures")
KEYS = ("python", "packages", "interpreter", "env", "imports", "op_libraries")

# A runtime's name stands in test ids, in file names and on command lines.
_NAME = re.compile(r"[A-Za-z0-9_.+-]+")
_PYTHON = re.compile(r"3\.\d+")
# `.`, `./shop.whl`, `../shop[gpu]`, each perhaps after `-e`: of requirements, only those that say they are paths.
_IN_FOLDER = re.compile(r"(?P<editable>-e\s*|--editable[\s=]\s*)?(?P<path>\.\.?(?:[/\\[].*)?)", re.DOTALL)


class RuntimeConfigError(Exception):
    """What pyproject.toml declares cannot be understood; one sentence that names the file, the key and the fix."""


@dataclass(frozen=True)
class RuntimeConfig:
    """The runtimes of a project: those it declares, `local`, and all that are known.

    Args:
        declared: by name, in the order of the file.
        file: the pyproject.toml they are declared in; None without one.
    """

    declared: Mapping[str, Runtime] = field(default_factory=dict)
    file: Path | None = None

    def get(self, name: str) -> Runtime:
        """The runtime of a name.

        Raises:
            UnknownRuntimeError: it is neither declared nor known; the message says which is near.
        """
        if name in self.declared:
            return self.declared[name]
        if name == LOCAL:
            return LOCAL_RUNTIME
        try:
            return builtin_runtime(name)
        except UnknownRuntimeError as error:
            # For a TensorFlow that is known the message says why it does not go with that Keras; nothing is like that.
            is_mix = name.partition("+")[0] in all_names()
            hint = did_you_mean(name, [LOCAL, *self.declared, *all_names(), *PINS, *ALIASES], "")
            if is_mix or "did you mean" in str(error):
                raise
            if hint:
                raise UnknownRuntimeError(f"{name!r} is not a known runtime: {hint}") from None
            names = ", ".join(self.declared)
            others = f"; declared are {names}" if names else f"; others are declared in {TABLE} of {PYPROJECT}"
            raise UnknownRuntimeError(f"{error}{others}") from None


def find_runtimes(folder: Path) -> RuntimeConfig:
    """The runtimes of the project a folder belongs to: those of the nearest pyproject.toml upwards.

    Raises:
        RuntimeConfigError: the file cannot be read, or what it declares cannot be understood.
    """
    file = find_pyproject(folder)
    return read_runtimes(file) if file is not None else RuntimeConfig()


def find_pyproject(folder: Path) -> Path | None:
    """The pyproject.toml of the project a folder belongs to, the nearest upwards; None without one."""
    files = (home / PYPROJECT for home in (folder, *folder.parents))
    return next((file for file in files if file.is_file()), None)


def read_runtimes(file: Path) -> RuntimeConfig:
    """The runtimes that a pyproject.toml declares.

    Raises:
        RuntimeConfigError: the file cannot be read, or what it declares cannot be understood.
    """
    return runtimes_of(tool_table(file), file)


def runtimes_of(tool: Mapping[str, Any], file: Path) -> RuntimeConfig:
    """The runtimes that a table `[tool.modelcompat]` declares.

    Args:
        tool: the table.
        file: the pyproject.toml it was read from.

    Raises:
        RuntimeConfigError: what it declares cannot be understood.
    """
    table = tool.get("runtimes", {})
    if not isinstance(table, Mapping):
        raise RuntimeConfigError(f"{file}: {TABLE} is not a table of runtimes")
    try:
        home = file.absolute().parent
        return RuntimeConfig({name: _runtime(name, entry, home) for name, entry in table.items()}, file)
    except _WrongError as error:
        raise RuntimeConfigError(f"{file}: {TABLE} {error}") from None


def tool_table(file: Path) -> Mapping[str, Any]:
    """The table `[tool.modelcompat]` of a pyproject.toml; empty where it has none.

    Raises:
        RuntimeConfigError: the file cannot be read, is no TOML, or has keys there that mean nothing.
    """
    try:
        tool = read_toml(file).get("tool", {})
    except TomlError as error:
        raise RuntimeConfigError(str(error)) from None
    table = tool.get("modelcompat", {}) if isinstance(tool, Mapping) else {}
    if not isinstance(table, Mapping):
        raise RuntimeConfigError(f"{file}: [tool.modelcompat] is not a table")
    for key in table:
        if key not in TABLES:
            hint = did_you_mean(key, TABLES)
            raise RuntimeConfigError(f"{file}: [tool.modelcompat] has an unknown key {key!r}; {hint}")
    return table


class _WrongError(Exception):
    """Says what is wrong with an entry."""


def _runtime(name: str, entry: Any, home: Path) -> Runtime:
    if not _NAME.fullmatch(name):
        raise _WrongError(f"{name!r}: a runtime's name is made of letters, digits, '.', '+', '-' and '_'")
    if name == LOCAL:
        raise _WrongError("'local' is the interpreter that pytest runs in, and is not declared")
    if not isinstance(entry, Mapping):
        raise _WrongError(f'{name!r} is not a table, such as {{ python = "3.11", packages = ["tensorflow==2.15.*"] }}')
    for key in entry:
        if key not in KEYS:
            raise _WrongError(f"{name!r}: unknown key {key!r}; {did_you_mean(key, KEYS)}")
    return _filled(name, entry, home)


def _filled(name: str, entry: Mapping[str, Any], home: Path) -> Runtime:
    """A runtime of what its entry says; what a known name leaves open is as it is known."""
    python = _text(name, entry, "python")
    interpreter = _text(name, entry, "interpreter")
    if python and not _PYTHON.fullmatch(python):
        raise _WrongError(f"{name!r}: 'python' takes a minor version such as \"3.11\", not {python!r}")
    if interpreter and (python or "packages" in entry):
        raise _WrongError(f"{name!r}: 'interpreter' is an environment of your own, so 'python' and 'packages' are not")
    base = Runtime(name) if interpreter else _base(name, has_all=bool(python) and "packages" in entry)
    libraries = _texts(name, entry, "op_libraries") if "op_libraries" in entry else None
    return replace(
        base,
        name=name,
        python=python or base.python,
        packages=tuple(_from_home(each, home) for each in _texts(name, entry, "packages")) or base.packages,
        interpreter=home / Path(interpreter).expanduser() if interpreter else None,
        env={**base.env, **_variables(name, entry)},
        imports=_texts(name, entry, "imports"),
        op_libraries=None if libraries is None else tuple(str(home / each) for each in libraries),
    )


def _base(name: str, *, has_all: bool) -> Runtime:
    try:
        # Of a known name only what its entry leaves open is taken; what says it all is that and no more.
        return Runtime(name) if has_all else builtin_runtime(name)
    except UnknownRuntimeError:
        raise _WrongError(
            f"{name!r} needs 'interpreter', or 'python' and 'packages': only names such as tf2.15 are known without"
        ) from None


def _text(name: str, entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or (key in entry and not value):
        raise _WrongError(f"{name!r}: {key!r} takes a string, not {value!r}")
    return value


def _texts(name: str, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(each, str) and each for each in value):
        raise _WrongError(f"{name!r}: {key!r} takes a list of strings, not {value!r}")
    return tuple(value)


def _from_home(requirement: str, home: Path) -> str:
    """A requirement with a path from the file it is written in, wherever pytest or the command is called."""
    found = _IN_FOLDER.fullmatch(requirement.strip())
    return f"{found['editable'] or ''}{home / found['path']}" if found else requirement


def _variables(name: str, entry: Mapping[str, Any]) -> dict[str, str]:
    value = entry.get("env", {})
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
        raise _WrongError(f"{name!r}: 'env' takes a table of strings, such as {{ TF_USE_LEGACY_KERAS = \"1\" }}")
    return dict(value)
