"""Words for what everything above shows: tensors, sizes, counts, lists, tables, near matches, and long texts cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts.inventory import TensorSpec

MOST_PLACES = 4
_KILO = 1000
_LONGEST = 200


def tensor_text(spec: TensorSpec) -> str:
    """A tensor's dtype and shape: `float32 (?, 8)`, `int64 of unknown shape, sparse`; `unknown` where neither is."""
    if spec.shape is None and spec.dtype == "invalid":
        return "unknown"
    if spec.shape is None:
        shape = "of unknown shape"
    else:
        dims = ["?" if dim is None else str(dim) for dim in spec.shape]
        shape = f"({', '.join(dims)}{',' if len(dims) == 1 else ''})"
    return f"{spec.dtype} {shape}" + ("" if spec.kind == "dense" else f", {spec.kind}")


def size_text(nbytes: float) -> str:
    """A size: `512 bytes`, `95.0 kB`, `1.2 MB`."""
    if nbytes < _KILO:
        return f"{nbytes:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        nbytes /= _KILO
        if nbytes < _KILO:
            return f"{nbytes:.1f} {unit}"
    return f"{nbytes / _KILO:.1f} TB"


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts `v2` before `v10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def clause(text: object) -> str:
    """A text, such as an exception's or a name from a file, in one line, without what would steer a terminal.

    Args:
        text: anything that has a text; cut where it is longer than a sentence bears.
    """
    line = " ".join(str(text)[: 2 * _LONGEST].split())
    line = "".join(each if each.isprintable() else "?" for each in line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def shorten(text: str, longest: int) -> str:
    """A text as it is, or its beginning and ` …` where it has more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 2].rstrip()} …"


def counted(count: int, what: str) -> str:
    """`1 golden`, `2 goldens`, `1,000 goldens`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def first_few(items: Iterable[str], most: int = MOST_PLACES, *, total: int | None = None) -> tuple[str, ...]:
    """The first few of several things, each once, and how many more there are.

    Args:
        items: the things, in words.
        most: how many are shown.
        total: how many there are; as many as `items` where it is None.
    """
    distinct = list(dict.fromkeys(items))
    shown = distinct[:most]
    rest = (len(distinct) if total is None else total) - len(shown)
    return (*shown, f"and {rest:,} more") if rest > 0 else tuple(shown)


def listed(items: Iterable[str], most: int | None = None, conjunction: str = "") -> str:
    """Things in a sentence: `a, b, c`, `a, b and 3 more`, `a, b or c`.

    Args:
        items: the things, in words.
        most: how many are shown; None for all.
        conjunction: what stands before the last one where all are shown; a comma where it is empty.
    """
    shown = list(items)
    if most is not None and len(shown) > most:
        return f"{', '.join(shown[:most])} and {len(shown) - most:,} more"
    if conjunction and len(shown) > 1:
        return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"
    return ", ".join(shown)


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), widest: int | None = None) -> Iterator[str]:
    """Rows of a table as lines, their cells below each other.

    Args:
        rows: all of them with as many cells.
        right: the columns whose cells end below each other, counted from 0.
        widest: how wide a column is at most: a longer cell pushes the others of its row aside. None for any width.
    """
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths = lengths if widest is None else [min(length, widest) for length in lengths]
    for row in rows:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def near_match(given: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The known word that is most like a given one; empty where none is.

    Args:
        given: a word that is not known.
        known: the words that are.
        alike: how like it has to be, from 0 to 1 for the same.
    """
    import difflib

    return next(iter(difflib.get_close_matches(given, list(known), 1, alike)), "")


def did_you_mean(given: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """`did you mean 'check'?` where a known word is like the given one, else what there is to say instead.

    Args:
        given: a word that is not known.
        known: the words that are.
        otherwise: what is said where none is like it; the list of them where it is None.
    """
    words = list(known)
    near = near_match(given, words)
    if near:
        return f"did you mean {near!r}?"
    return f"known are {', '.join(words)}" if otherwise is None else otherwise
