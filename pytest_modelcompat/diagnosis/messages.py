"""Finding the sentence that matters in what Keras and TensorFlow say."""

from __future__ import annotations

import re
import textwrap

from pytest_modelcompat.artifacts.text import shorten

LONGEST_LINE = 300
LONGEST_CAUSE = 8_000

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OUTER = "Exception encountered: "
_CALLING = re.compile(r"Exception encountered when calling [^\n]*\n+")
_CALLED_CLASS = re.compile(r"Exception encountered when calling (?:layer [^\n]*\(type )?(\w+)")
_ARGUMENTS = re.compile(r"\n\s*(?:Call a|A)rguments received by [^\n]*(?:\n|$)")
_WALLS = re.compile(r"\s*(?:Full object config: |\bconfig=\{|\busing config=\{).*", re.DOTALL)
_NOISE = re.compile(
    r"\s+|Graph execution error:|Detected at node|Node: |<stack traces|Traceback \(|Original stack trace|"
    r"The above exception was|During handling of"
)
_FUNCTION_NODE = re.compile(r"\{\{function_node [^}]*\}\} ?")
_USER_CODE = "in user code:\n"
_RAISED_IN_USER_CODE = re.compile(r"\n[ ]*\n[ ]+(?:\w+\.)*\w+: ")
# Where an object lay in memory is another place each time.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=>)")
_SENTENCE_END = re.compile(r"[.!?](?= )")
_ENDS = (".", "!", "?", ":")
_OP_SUFFIX = re.compile(r"\s*\[Op:\w+\](?: name:.*)?$")
_OUTER_CLASS = re.compile(r"Error when deserializing class '(\w+)'(?: using config=\{[^\n]{0,40}?'name': '([^']+)')?")
_REBUILT_CLASS = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'> could not be deserialized properly")


def root_cause(message: str, exception: str = "Exception") -> str:
    """The line of an exception's message that says what is wrong.

    Args:
        message: all of it, as long and coloured as Keras makes it.
        exception: the exception's class, for a message that says nothing.

    Returns:
        One line of at most 300 characters, never empty: a sentence that goes over several lines is joined.
    """
    text = _WALLS.sub("", innermost(message))
    lines = [line for line in text.split("\n") if line.strip()]
    telling = [line for line in lines if not _NOISE.match(line)] or lines
    line = _OP_SUFFIX.sub("", _unwrapped(text, telling[0])).strip() if telling else ""
    if not line:
        return f"{exception} (no message)"
    return _whole_sentences(line)


def _unwrapped(text: str, line: str) -> str:
    """A line and the lines behind it that its sentence goes on in: Keras breaks the lines of some messages by hand."""
    behind = text[text.index(line) + len(line) :].split("\n")[1:]
    while behind and behind[0][:1].islower() and not line.endswith(_ENDS):
        line = f"{line} {behind.pop(0)}"
    return line


def _whole_sentences(line: str) -> str:
    """A line as it is, or the sentences at its beginning that are not too long together."""
    if len(line) <= LONGEST_LINE:
        return line
    ends = [match.end() for match in _SENTENCE_END.finditer(line, 0, LONGEST_LINE + 1)]
    return line[: ends[-1]] if ends else shorten(line, LONGEST_LINE)


def innermost(message: str) -> str:
    """The innermost exception's whole message: without the outer ones', colours and received arguments."""
    text = _ADDRESS.sub("", _ANSI.sub("", message).replace("\r", ""))
    text = text.rpartition(_OUTER)[2] or text
    text = _CALLING.sub("", text)
    text = _out_of_user_code(_ARGUMENTS.split(text, maxsplit=1)[0])
    return _FUNCTION_NODE.sub("", text).strip()[:LONGEST_CAUSE]


def _out_of_user_code(text: str) -> str:
    """The message that TensorFlow puts, indented and under a traceback, below `in user code:`."""
    below = text.rpartition(_USER_CODE)[2]
    raised = _RAISED_IN_USER_CODE.search(below) if below != text else None
    return textwrap.dedent(below[raised.end() :]) if raised else text


def class_being_rebuilt(message: str) -> tuple[str, str]:
    """The class and the name of the innermost layer that Keras was rebuilding; empty where it does not say."""
    found = _OUTER_CLASS.findall(message)
    if found:
        return found[-1][0], found[-1][1]
    rebuilt = _REBUILT_CLASS.findall(message)
    return (rebuilt[-1] if rebuilt else ""), ""


def class_being_called(message: str) -> str:
    """The class of the innermost layer that Keras was calling; empty where it does not say."""
    found = _CALLED_CLASS.findall(message)
    return found[-1] if found else ""


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    lines = [_ANSI.sub("", line).strip() for line in log.split("\n")]
    return next((shorten(line, LONGEST_LINE) for line in reversed(lines) if line), "")
