"""Takes a printed fix and pastes it: imports, markers and methods, as they stand in the text."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MARKER = re.compile(r"@pytest\.mark\.model_roundtrip\(.*\)$")
_IMPORT = re.compile(r"(from [\w.]+ import [\w, ]+|import [\w.]+)$")
_METHOD = re.compile(r"def (__init__|get_config|from_config)\(")
_OF_A_MODULE = re.compile(r"\((\w+), of [\w.]+\)$")
_IN_CLASS = re.compile(r"in class (\w+) of ")
# What is to be done first, in words.
_BY_HAND = re.compile(r"move \w+ out of ")
_OTHERWISE = re.compile(r"or\b")


@dataclass
class Paste:
    """What one text says to paste.

    Args:
        lines: imports and markers for the test, as printed.
        methods: name of a class -> the methods printed for it.
    """

    lines: list[str] = field(default_factory=list)
    methods: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.lines or self.methods)

    def text(self) -> str:
        """All of it, to be shown."""
        methods = (
            f"in {name}:\n{textwrap.indent(each, '    ')}" for name, all_ in self.methods.items() for each in all_
        )
        return "\n".join((*self.lines, *methods))


def paste_of(findings: Sequence[Mapping[str, Any]]) -> Paste:
    """The first of the printed alternatives of each finding that can be pasted."""
    paste = Paste()
    for finding in findings:
        for alternative in _alternatives(finding["fix"]):
            lines = [] if _BY_HAND.match(alternative[0]) else _lines(alternative)
            owner = _class_of(finding)
            methods = _methods(alternative) if owner else []
            if lines or methods:
                paste.lines += [line for line in lines if line not in paste.lines]
                if methods:
                    paste.methods.setdefault(owner, []).extend(methods)
                break
    return paste


def _class_of(finding: Mapping[str, Any]) -> str:
    """The class that a finding's methods are for: its subject, or that of the layer it names."""
    headed = next((_IN_CLASS.match(line) for line in finding["fix"] if _IN_CLASS.match(line)), None)
    if headed:
        return headed[1]
    named = (_OF_A_MODULE.search(place) for place in finding.get("where", ()))
    subject = finding["subject"] if finding["subject"].isidentifier() else ""
    return next((match[1] for match in named if match), subject)


def _alternatives(fix: Sequence[str]) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in "\n".join(fix).split("\n"):
        if lines and _OTHERWISE.match(line):
            yield lines
            lines = []
        lines.append(line)
    yield lines


def _lines(alternative: Sequence[str]) -> list[str]:
    found = (_MARKER.search(line) or _IMPORT.match(line) for line in alternative)
    return [match[0] for match in found if match]


def _methods(alternative: Sequence[str]) -> list[str]:
    methods: list[list[str]] = []
    for line in alternative:
        if _METHOD.match(line):
            methods.append(["@classmethod", line] if line.startswith("def from_config") else [line])
        elif methods and line.startswith(" "):
            methods[-1].append(line)
    return ["\n".join(lines) for lines in methods]


def edited(source: str, methods: Mapping[str, Sequence[str]]) -> str:
    """A module's text with methods put into its classes, in place of those of the same name or as new ones.

    A printed `__init__` is a signature and what to store: the statements that the class has are kept below it.
    """
    lines = source.split("\n")
    for name, printed in methods.items():
        for method in printed:
            lines = _with_method(lines, name, method.split("\n"))
    return "\n".join(lines)


def _with_method(lines: list[str], owner: str, method: Sequence[str]) -> list[str]:
    start = next(number for number, line in enumerate(lines) if re.match(rf"class {owner}\b", line))
    end = _end(lines, start, "")
    name = re.search(r"def (\w+)", "\n".join(method))
    assert name
    own = next((n for n in range(start, end) if re.match(rf"    def {name[1]}\(", lines[n])), None)
    new = [f"    {line}" for line in method]
    if own is None:
        return [*lines[:end], "", *new, *lines[end:]]
    last = _end(lines, own, "    ")
    kept = [] if name[1] != "__init__" else [line for line in lines[own + 1 : last] if "super().__init__" not in line]
    return [*lines[:own], *new, *kept, *lines[last:]]


def _end(lines: Sequence[str], start: int, indent: str) -> int:
    """The line behind a block that begins at `start`, without the blank lines that follow it."""
    deeper = f"{indent}    "
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(deeper)):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end
