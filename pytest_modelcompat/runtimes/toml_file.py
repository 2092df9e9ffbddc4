"""Reading a TOML file, and saying in a sentence why it cannot be read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class TomlError(Exception):
    """A file cannot be read as TOML; one sentence that names the file."""


def read_toml(file: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        TomlError: the file cannot be read, or is no TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TomlError(f"{file} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise TomlError(f"{file} is not valid TOML: {error}") from None
    return content
