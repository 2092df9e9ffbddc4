"""The line that says what is being waited for."""

from __future__ import annotations

import threading
import time

import pytest

from pytest_modelcompat.report.wait_line import WaitLine
from pytest_modelcompat.runtimes.waits import Waits


class Terminal:
    """One line of a terminal, with a cursor."""

    def __init__(self, before: str = "", columns: int = 60, blanks: int = 0) -> None:
        self.line, self.cursor = before, len(before)
        self.columns, self.blanks = columns, blanks
        self.seen: list[str] = []
        self.drawn = threading.Event()

    def room(self) -> tuple[int, int]:
        return self.blanks, self.columns - len(self.line.rstrip())

    def write(self, text: str) -> None:
        for piece in text.replace("\x1b[", "\n\x1b[").split("\n"):
            if piece.startswith("\x1b["):
                self._control(piece[2:])
            else:
                self.line = self.line[: self.cursor] + piece + self.line[self.cursor + len(piece) :]
                self.cursor += len(piece)
        self.seen.append(self.line)
        self.drawn.set()

    def _control(self, piece: str) -> None:
        letter = next(each for each in piece if each.isalpha())
        count, _, rest = piece.partition(letter)
        if letter == "K":
            self.line = self.line[: self.cursor]
        else:
            self.cursor += int(count) * (1 if letter == "C" else -1)
        self.line = self.line[: self.cursor] + rest + self.line[self.cursor + len(rest) :]
        self.cursor += len(rest)

    def wait_until_drawn(self) -> None:
        assert self.drawn.wait(10)
        self.drawn.clear()


@pytest.mark.parametrize(("before", "blanks"), [("", 0), ("test_it.py ..", 0), ("collecting 3 items" + " " * 30, 29)])
def test_it_is_shown_behind_the_text_and_taken_away_again(before: str, blanks: int) -> None:
    terminal = Terminal(before, blanks=blanks)
    line = WaitLine(terminal.write, terminal.room, after=0.01)
    with line.on("importing TensorFlow"):
        terminal.wait_until_drawn()
    shown = before[: len(before) - blanks] + "importing TensorFlow … 0 s"
    assert terminal.seen[0] == shown
    assert terminal.line.rstrip() == before.rstrip()
    assert terminal.cursor == len(before)


def test_what_is_soon_over_shows_nothing() -> None:
    terminal = Terminal()
    line = WaitLine(terminal.write, terminal.room, after=0.2)
    for _ in range(5):
        with line.on("comparing"):
            pass
    time.sleep(0.4)
    assert terminal.seen == []


def test_the_innermost_is_shown_and_then_the_outer_again() -> None:
    terminal = Terminal()
    line = WaitLine(terminal.write, terminal.room, after=0.01)
    with line.on("loading"):
        with line.on("importing TensorFlow"):
            terminal.wait_until_drawn()
        assert terminal.line == ""
        terminal.drawn.clear()
        terminal.wait_until_drawn()
    assert terminal.seen[0].startswith("importing TensorFlow")
    assert any(each.startswith("loading") for each in terminal.seen)
    assert terminal.line == ""


def test_it_is_gone_after_an_exception() -> None:
    terminal = Terminal()
    line = WaitLine(terminal.write, terminal.room, after=0.01)

    def interrupted() -> None:
        with line.on("loading"):
            terminal.wait_until_drawn()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (terminal.line, terminal.cursor) == ("", 0)


def test_it_fits_into_the_room_and_is_left_out_of_none() -> None:
    terminal = Terminal(columns=30)
    with WaitLine(terminal.write, terminal.room, after=0.01).on("a name\x1b[2J that is longer than the room for it"):
        terminal.wait_until_drawn()
    assert len(terminal.seen[0]) <= 30
    assert terminal.seen[0].startswith("a name?[2J")
    narrow = Terminal("." * 50)
    with WaitLine(narrow.write, narrow.room, after=0.01).on("loading"):
        time.sleep(0.1)
    assert narrow.seen == []


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    def broken(text: str) -> None:
        raise OSError(text)

    terminal = Terminal()
    with WaitLine(broken, terminal.room, after=0.0).on("loading"):
        time.sleep(0.1)


def test_without_a_terminal_nothing_happens() -> None:
    waits = Waits()
    with waits.on("loading"):
        waits.clear()
