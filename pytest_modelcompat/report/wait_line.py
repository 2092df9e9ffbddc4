"""One line on a terminal that says what is being waited for, once that takes longer than somebody likes to wonder."""

from __future__ import annotations

import contextlib
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.runtimes.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AFTER = 2.0
_EVERY = 1.0
# In less room nothing is said that could be understood.
_LEAST_ROOM = 24


class WaitLine(Waits):
    """Writes behind the cursor, and moves it back: whatever writes next writes where it would have.

    Args:
        write: writes a text to the terminal at once; what it raises as OSError ends the line.
        room: gives how many blank columns there are before the cursor, and how many are free from the first of them.
        after: seconds until a line is shown.
    """

    def __init__(self, write: Callable[[str], None], room: Callable[[], tuple[int, int]], after: float = AFTER) -> None:
        self._write, self._room, self._after = write, room, after
        # From the outermost to the innermost, each with when it began.
        self._stack: list[tuple[str, float]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_shown = False
        self._back = 0

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """See `Waits`."""
        with self._changed:
            self._stack.append((what, time.monotonic()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._show, name="modelcompat-wait-line", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._stack.pop()
                self._clear()

    def clear(self) -> None:
        """See `Waits`."""
        with self._changed:
            self._clear()

    def _clear(self) -> None:
        if self._is_shown:
            self._is_shown = False
            self._put(f"{_moved(-self._back)}\x1b[K{_moved(self._back)}")

    def _show(self) -> None:
        with self._changed:
            while True:
                if not self._stack:
                    self._changed.wait()
                    continue
                what, since = self._stack[-1]
                seconds = time.monotonic() - since
                if seconds < self._after:
                    self._changed.wait(self._after - seconds)
                    continue
                self._draw(what, int(seconds))
                self._changed.wait(_EVERY)

    def _draw(self, what: str, seconds: int) -> None:
        tail = f" … {seconds} s"
        try:
            self._back, room = self._room()
        except (OSError, ValueError):
            return
        if room < _LEAST_ROOM:
            return
        text = shorten("".join(each if each.isprintable() else "?" for each in what), room - len(tail)) + tail
        self._is_shown = True
        self._put(f"{_moved(-self._back)}{text}\x1b[K{_moved(self._back - len(text))}")

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._write(text)


def _moved(columns: int) -> str:
    """What moves the cursor to the right, or to the left."""
    if not columns:
        return ""
    return f"\x1b[{columns}C" if columns > 0 else f"\x1b[{-columns}D"
