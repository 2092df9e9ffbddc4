"""The terminal of a session, for the line that says what is waited for: pytest captures its own while tests run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_modelcompat.plugin.stash import TERMINAL
from pytest_modelcompat.runtimes.waits import Waits

if TYPE_CHECKING:
    import pytest


def waits_of(config: pytest.Config) -> Waits:
    """What shows a session's waits: a line where it has a terminal, else nothing."""
    file = config.stash.get(TERMINAL, None)
    reporter: pytest.TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    if file is None or reporter is None:
        return Waits()
    from pytest_modelcompat.report.wait_line import WaitLine

    writer = reporter._tw  # noqa: SLF001 - where its cursor is nobody else knows

    def room() -> tuple[int, int]:
        line = writer._current_line  # noqa: SLF001 - pytest fills it with blanks while it collects
        blanks = max(0, len(line) - len(line.rstrip()) - 1)
        return blanks, writer.fullwidth - (writer.width_of_current_line - blanks) % writer.fullwidth - 1

    return WaitLine(lambda text: _write(file, text), room)


def _write(file: int, text: str) -> None:
    os.write(file, text.encode("utf-8", "replace"))
