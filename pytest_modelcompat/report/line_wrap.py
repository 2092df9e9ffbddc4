"""Failure texts as wide as a terminal: sentences continue below themselves, and what is to be pasted stays whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.report.layout import INDENT, LABEL_WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A line that somebody copies must come out in one piece, however long it is.
_AS_IT_IS = frozenset({"fix", "accept", "see", "add", "pdb", "reproduce", "|"})
_LEFT = len(INDENT) + LABEL_WIDTH
_NARROWEST = 40
# Of a warning in the summary: what follows is to be pasted.
_BEFORE_CODE = ("; add ", "; give them: ")
# Not broken within: a word, a path, and the short name or expression that quotes or brackets hold together.
_PIECE = re.compile(r"""\s*(?:\[[^\]\s]*(?:\ [^\]\s]*){0,4}\]|"[^"]{0,60}"|`[^`]{0,60}`|\S)+""")


def wrapped(text: str, width: int | None) -> str:
    """A failure text whose lines are no longer than a width, as far as its words allow.

    Args:
        text: the text, as `failure_text` gives it.
        width: of the terminal; None, or a width in which no sentence would fit, leaves the text as it is.
    """
    if width is None or width < _NARROWEST:
        return text
    return "\n".join(_fitting(text.split("\n"), width))


def _fitting(lines: Sequence[str], width: int) -> Iterator[str]:
    label = ""
    for number, line in enumerate(lines):
        if line.startswith(INDENT) and not line[len(INDENT) :].startswith(" "):
            label = line[len(INDENT) : _LEFT].strip()
        if number == 0 or not line.startswith(INDENT):
            yield from broken(line, width, INDENT * 2)
        elif not label or label.partition(" ")[0] in _AS_IT_IS:
            # Without a label it is a line of code, in a traceback.
            yield line
        else:
            # What stands below the label's own column, as the rows of a table do, keeps its place.
            inner = len(line) - len(line.lstrip())
            yield from broken(line, width, " " * max(_LEFT, inner))


def wrapped_summary(line: str, width: int | None) -> Iterator[str]:
    """A line of the summary as several; the code that a warning says to add stays in one piece.

    Args:
        line: the line.
        width: see `wrapped`.
    """
    if width is None or width < _NARROWEST or len(line) <= width:
        yield line
        return
    cut = next((line.index(mark) + len(mark) for mark in _BEFORE_CODE if mark in line), len(line))
    yield from broken(line[:cut].rstrip(), width, INDENT * 2)
    if line[cut:]:
        yield INDENT * 2 + line[cut:]


def broken(line: str, width: int, indent: str) -> Iterator[str]:
    """A line as several, broken between words only.

    Args:
        line: the line.
        width: how long each may be; one with a single longer word is longer.
        indent: what stands before the words of all but the first.
    """
    if len(line) <= width:
        yield line
        return
    now, has_words = "", False
    for piece in _PIECE.findall(line):
        if has_words and len(now) + len(piece) > width:
            yield now
            now = indent + piece.lstrip()
        else:
            now += piece
        # A label alone would stand on a line of its own.
        has_words = len(now.strip()) > LABEL_WIDTH or len(now) > _LEFT
    yield now
