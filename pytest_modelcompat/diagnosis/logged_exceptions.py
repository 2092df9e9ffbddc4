"""The exceptions in a text from elsewhere: a traceback, or a log of any program with several.

What is around them is taken off: colours, ends of lines of Windows, and what a logger, a container or a CI service
writes before each line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Longer messages say nothing more: Keras writes whole configurations.
_MOST_LINES = 400
_MOST_CHARACTERS = 200_000

_COLOURS = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# What is known to stand before lines: times, `web-1  | ` of Docker, `[pod/web/main] ` of Kubernetes, syslog.
_TIME = r"\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?"
_PREFIX = re.compile(
    rf"(?:{_TIME}(?:[ ](?! )|(?=$))"
    r"|[\w.-]+-\d+ *\| ?|[\w.-]+ +\| "
    r"|\[pod/[^\]]+\] "
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [\w./-]+(?:\[\d+\])?: "
    r"|\ufeff)"
)
_LEVEL = re.compile(r"\[?(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\]?\b[:\s-]*")
_DATED = re.compile(r"\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d|[EWIF]\d{4} \d\d:\d\d:\d\d")
_HEADER = re.compile(r"Traceback \(most recent call last\):?")
_BETWEEN = re.compile(r"During handling of the above exception|The above exception was the direct cause")
_SEPARATOR = re.compile(r"[=_!*-]{5,}|FAILED |ERROR tests?\b|##\[|::(?:error|group|endgroup)")
# TensorFlow quotes below it what the ops raised.
_HOLDS_OTHERS = re.compile(r"Graph execution error|root error\(s\) found")
_DOTTED = r"(?:[A-Za-z_]\w*\.)*"
_NAME = re.compile(rf"{_DOTTED}(?P<type>[A-Za-z_]\w*)(?:: ?(?P<message>.*))?$", re.DOTALL)
_ERROR = re.compile(
    rf"{_DOTTED}(?P<type>[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Failure)|_ArrayMemoryError)(?:: ?(?P<message>.*))?$",
    re.DOTALL,
)
_ERROR_INSIDE = re.compile(r"\b(?P<type>[A-Z]\w*(?:Error|Exception)): (?P<message>.+)$")
_PYTEST = re.compile(r"E(?:   +|$)")


@dataclass(frozen=True)
class LoggedException:
    """One exception of a log.

    Args:
        type: its class, without its module.
        message: all of its message.
        frames: the text of its traceback; empty where the log has none.
        line: the number of the line that it stands in, from 1.
        is_handled: whether another exception was raised while it was handled, or because of it.
    """

    type: str
    message: str
    frames: str
    line: int
    is_handled: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a log without what stands before it.

    Args:
        text: the line.
        prefix: what a logger or a service wrote before it.
    """

    text: str
    prefix: str


def lines_of(log: str) -> list[Line]:
    """The lines of a log, without colours and what stands before them."""
    clean = _COLOURS.sub("", log).replace("\r\n", "\n")
    if "\\n" in clean and "\n" not in clean.strip():
        # One line of JSON, as services keep a traceback.
        clean = clean.replace("\\n", "\n").replace('\\"', '"')
    shape = None
    lines = []
    for raw in clean.split("\n"):
        # A bar of progress writes over its own line.
        line = raw.rpartition("\r")[2]
        prefix = _prefix_of(line, shape)
        text = line[len(prefix) :]
        header = _HEADER.search(text)
        if header is not None and header.start() and not _is_notebook(text):
            prefix += text[: header.start()]
            text = text[header.start() :]
            shape = _shape_of(prefix)
        lines.append(Line(text, prefix))
    return lines


def _is_notebook(text: str) -> bool:
    """Whether a header of a traceback is a notebook's: `ValueError      Traceback (most recent call last)`."""
    return re.match(r"[A-Z]\w+ {3,}Traceback", text) is not None


def _prefix_of(line: str, shape: re.Pattern[str] | None) -> str:
    if shape is not None:
        found = shape.match(line)
        if found is not None:
            return found.group()
    prefix = ""
    while True:
        found = _PREFIX.match(line, len(prefix))
        if found is None or not found.group():
            return prefix
        prefix += found.group()


def _shape_of(prefix: str) -> re.Pattern[str]:
    """What other lines have before them where one has this: the same, with other digits."""
    return re.compile(re.sub(r"\d+", r"\\d+", re.escape(prefix)))


def exceptions_of(lines: Sequence[Line]) -> list[LoggedException]:
    """The exceptions of a log in the order of its lines, and of one of several lines its first line.

    Args:
        lines: those of the log.
    """
    found: list[LoggedException] = []
    position, frames_from = 0, None
    while position < len(lines):
        text = lines[position].text
        if _HEADER.search(text) is not None:
            frames_from = position
            position += 1
            continue
        if _PYTEST.match(text):
            position = _of_pytest(lines, position, found)
            continue
        match = _raised_at(lines, position, frames_from)
        if match is None:
            position += 1
            continue
        end = _end_of(lines, position)
        frames = _joined(lines[frames_from:position]) if frames_from is not None else ""
        message = _joined([Line(match["message"] or "", ""), *lines[position + 1 : end]])
        is_handled = end < len(lines) and _BETWEEN.search(lines[end].text) is not None
        found.append(LoggedException(match["type"], message.strip("\n"), frames, position + 1, is_handled))
        position, frames_from = end, None
    return found


def _raised_at(lines: Sequence[Line], position: int, frames_from: int | None) -> re.Match[str] | None:
    """The exception whose first line this is: below a traceback of any name, elsewhere one that is called an error."""
    text = lines[position].text
    if frames_from is None or _is_notebook(lines[frames_from].text):
        return _ERROR.match(text) or (_ERROR_INSIDE.search(text) if not text[:1].isspace() else None)
    return None if not text.strip() or text[0].isspace() else _NAME.match(text)


def _end_of(lines: Sequence[Line], first: int) -> int:
    """The line behind the last one of a message that begins in a line."""
    holds_others = _HOLDS_OTHERS.search(lines[first].text) is not None
    for position in range(first + 1, min(first + _MOST_LINES, len(lines))):
        line = lines[position]
        if holds_others and _ERROR.match(line.text):
            continue
        if _HEADER.search(line.text) or _BETWEEN.search(line.text) or _SEPARATOR.match(line.text):
            return position
        is_of_logger = (bool(line.prefix) and not lines[first].prefix) or _DATED.match(line.text) is not None
        if is_of_logger or _ERROR.match(line.text) or _LEVEL.match(line.text) or _PYTEST.match(line.text):
            return position
    return min(first + _MOST_LINES, len(lines))


def _of_pytest(lines: Sequence[Line], first: int, found: list[LoggedException]) -> int:
    """Adds the exception of pytest's lines that begin with `E`; the position behind them."""
    end = first
    while end < len(lines) and _PYTEST.match(lines[end].text):
        end += 1
    texts = [line.text[1:] for line in lines[first:end]]
    indent = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    texts = [text[indent:] for text in texts]
    starts = [number for number, text in enumerate(texts) if _ERROR.match(text)]
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(texts)
        match = _ERROR.match("\n".join(texts[start:stop]))
        if match is not None:
            frames = _joined(lines[max(0, first - _MOST_LINES) : first])
            found.append(LoggedException(match["type"], match["message"] or "", frames, first + start + 1))
    return end


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)[:_MOST_CHARACTERS]


def other_lines(lines: Sequence[Line], found: Sequence[LoggedException]) -> Iterator[tuple[int, str]]:
    """The numbered lines before the first exception and behind each, which native code and a shell write.

    Args:
        lines: those of the log.
        found: its exceptions.
    """
    taken: set[int] = set()
    for exception in found:
        frames = exception.frames.count("\n") + 1 if exception.frames else 0
        taken.update(range(exception.line - frames, exception.line + exception.message.count("\n") + 1))
    for number, line in enumerate(lines, 1):
        if number not in taken and line.text.strip():
            yield number, line.prefix + line.text
