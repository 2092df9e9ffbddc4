"""The project a folder belongs to, and where it keeps its goldens: what pytest would read from its ini file."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.cli.parser import UsageError
from pytest_modelcompat.runtimes.toml_file import TomlError, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_GOLDEN_DIR = "modelcompat_golden_dir"
_DEFAULT = "golden"
# In the order pytest looks for them in each folder; the tables that hold its options, if the file is to count.
_INI_FILES: Mapping[str, tuple[str, ...]] = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "pyproject.toml": ("tool.pytest", "tool.pytest.ini_options"),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}


@dataclass(frozen=True)
class PytestConfig:
    """A project as pytest sees it.

    Args:
        root: its folder, pytest's rootdir.
        goldens: the folder of its goldens, whether it is there or not.
    """

    root: Path
    goldens: Path


def find_pytest_config(folder: Path, goldens: str = "") -> PytestConfig:
    """The project a folder belongs to.

    Args:
        folder: where the command runs.
        goldens: the folder of the goldens, from there; as the ini file says where it is empty.

    Raises:
        UsageError: its ini file cannot be read.
    """
    root, options = _ini(folder)
    chosen = folder / goldens if goldens else root / str(options.get(_GOLDEN_DIR, _DEFAULT))
    # Seen from here, so that what is said of it can be read, and pasted into the next command.
    return PytestConfig(root, Path(os.path.relpath(chosen, folder)) if chosen.is_relative_to(folder) else chosen)


def _ini(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """The rootdir and options of pytest: those of the nearest folder upwards with an ini file, else a setup.py."""
    for home in (folder, *folder.parents):
        for name in _INI_FILES:
            options = _options(home / name)
            if options is not None:
                return home, options
    marked = (home for home in (folder, *folder.parents) if (home / "setup.py").is_file())
    plain = (home for home in (folder, *folder.parents) if (home / "pyproject.toml").is_file())
    return next(marked, None) or next(plain, folder), {}


def _options(file: Path) -> Mapping[str, Any] | None:
    """What a file says of pytest's options; None where it is none of pytest's."""
    if not file.is_file():
        return None
    tables = _toml(file) if file.suffix == ".toml" else _sections(file)
    found = [tables[table] for table in _INI_FILES[file.name] if table in tables]
    if not found:
        # These are pytest's even if they are empty.
        return {} if file.stem in ("pytest", ".pytest") else None
    return {key: value for table in found for key, value in table.items()}


def _toml(file: Path) -> dict[str, Mapping[str, Any]]:
    try:
        content = read_toml(file)
    except TomlError as error:
        raise UsageError(str(error)) from None
    found: dict[str, Mapping[str, Any]] = {}
    for table in _INI_FILES[file.name]:
        value: Any = content
        for part in table.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, dict):
            found[table] = value
    return found


def _sections(file: Path) -> dict[str, Mapping[str, Any]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from None
    except (ValueError, configparser.Error) as error:
        raise UsageError(f"{file} cannot be understood: {' '.join(str(error).split())}") from None
    return {section: dict(parser[section]) for section in parser.sections()}
