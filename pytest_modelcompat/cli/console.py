"""Console: where a command writes what it found, what it could not read, and how far it has come."""

from __future__ import annotations

import io
import itertools
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from pytest_modelcompat.runtimes.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BAR = 30
# Of a folder of files that cannot be read, so many are named.
_MOST_PROBLEMS = 2000
_TAB, _NEWLINE, _DELETE, _FIRST_PRINTABLE, _LAST_CONTROL = 0x09, 0x0A, 0x7F, 0x20, 0x9F
# They turn the direction of text around, or end a line.
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
# A file's names go to the terminal: none of them may move its cursor, colour its text or show it in another order.
_CONTROLS = {
    code: f"\\x{code:02x}"
    for code in (*range(_FIRST_PRINTABLE), *range(_DELETE, _LAST_CONTROL + 1))
    if code not in (_TAB, _NEWLINE)
} | {code: f"\\u{code:04x}" for code in _DIRECTIONS}


@dataclass(frozen=True)
class Console:
    """Two streams: findings go to `out`, which may be a pipe, and everything about the run itself to `err`."""

    out: TextIO
    err: TextIO
    waits: Waits = field(default_factory=Waits)
    _problems: Iterator[int] = field(default_factory=itertools.count, repr=False, compare=False)

    def lines(self, lines: Iterable[str]) -> None:
        """Writes lines, with control characters made visible."""
        for line in lines:
            self.waits.clear()
            self.out.write(line.translate(_CONTROLS) + "\n")

    def problem(self, sentence: str) -> None:
        """Says in one sentence what could not be done; after thousands of them, that there are more."""
        number = next(self._problems)
        if number > _MOST_PROBLEMS:
            return
        if number == _MOST_PROBLEMS:
            sentence = f"more than {_MOST_PROBLEMS:,} things could not be done or read; --json names each"
        self.waits.clear()
        self.out.flush()
        self.err.write(f"modelcompat: {sentence}\n".translate(_CONTROLS))

    def notes(self, lines: Iterable[str]) -> None:
        """Writes lines about the run itself, at once."""
        self.waits.clear()
        self.out.flush()
        for line in lines:
            self.err.write(line.translate(_CONTROLS) + "\n")
        self.err.flush()

    def progress(self, items: Sequence[str]) -> Iterator[int]:
        """Yields each position, and shows a bar with the item's name while it is worked on, if anybody looks.

        Args:
            items: what is worked on, in words.
        """
        is_shown = len(items) > 1 and self.err.isatty()
        for position, item in enumerate(items):
            if is_shown:
                self._bar(position, len(items), item)
            yield position
            if is_shown:
                self.err.write("\r\x1b[K")
                self.err.flush()

    def _bar(self, done: int, total: int, item: str) -> None:
        filled = _BAR * done // total
        bar = "#" * filled + "." * (_BAR - filled)
        self.err.write(f"\r[{bar}] {done}/{total}  {item[-60:].translate(_CONTROLS)}\x1b[K")
        self.err.flush()


def standard_console() -> Console:
    """The process' own streams, in which what their encoding lacks is written as an escape instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return Console(sys.stdout, sys.stderr, _waits(sys.stderr))


def _waits(err: TextIO) -> Waits:
    """What shows that something is waited for: a line on a terminal, else nothing."""
    if not err.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return Waits()
    from pytest_modelcompat.report.wait_line import WaitLine

    def write(text: str) -> None:
        err.write(text)
        err.flush()

    return WaitLine(write, lambda: (0, os.get_terminal_size(err.fileno()).columns - 1))
