"""The command that migrates an artifact, as it is printed to be pasted."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Has a runtime that is needed created.
CREATE = ("--create", "")


def migrate_command(path: str, runtime: str, options: Iterable[tuple[str, str]] = ()) -> str:
    """The whole command.

    Args:
        path: the artifact.
        runtime: the runtime's name.
        options: options with their values; an empty value is of one that takes none. What is there twice is said once.
    """
    # What begins with a dash would be taken for an option.
    words = ["modelcompat", "migrate", f"./{path}" if path.startswith("-") else path, "--runtime", runtime]
    for option, value in dict.fromkeys(options):
        words += [option, value] if value else [option]
    return shlex.join(words)
