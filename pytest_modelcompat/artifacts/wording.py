"""Making one readable clause of text that somebody else wrote."""

from __future__ import annotations

_LONGEST = 200


def clause(text: object) -> str:
    """A text, such as an exception's or a name from a file, in one line, without what would steer a terminal.

    Args:
        text: anything that has a text; cut where it is longer than a sentence bears.
    """
    line = " ".join(str(text)[: 2 * _LONGEST].split())
    line = "".join(each if each.isprintable() else "?" for each in line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
