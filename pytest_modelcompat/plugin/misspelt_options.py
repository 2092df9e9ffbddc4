"""A hint for a misspelt option of ours on pytest's command line, which pytest itself refuses without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import near_match
from pytest_modelcompat.settings.table import SESSION_FLAGS, WITH_FLAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

# What pytest calls the hint, below its own words on what it does not know.
LABEL = "did you mean"
# Options of other plugins may look a little like ours.
_ALIKE = 0.75


def add_hint(parser: pytest.Parser, arguments: Sequence[str]) -> None:
    """Give pytest's parser a hint, to show below an error of its own if it comes to one.

    Nothing is refused here: whatever other plugins make of an argument is theirs.

    Args:
        parser: pytest's.
        arguments: the command line.
    """
    hints = dict.fromkeys(_hints(arguments))
    if hints:
        parser.extra_info[LABEL] = ", ".join(hints)


def _hints(arguments: Sequence[str]) -> Iterable[str]:
    known = [*SESSION_FLAGS, *(each.flag for each in WITH_FLAG)]
    for argument in arguments:
        if argument == "--":
            return
        name = argument.partition("=")[0]
        if name.startswith("--") and name not in known:
            near = near_match(name, known, _ALIKE)
            if near:
                yield near
