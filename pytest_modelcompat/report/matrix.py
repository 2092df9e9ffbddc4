"""Targets as a table: a row for each case in each format, a column for each runtime; as text and as Markdown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import aligned
from pytest_modelcompat.report.json_report import fails
from pytest_modelcompat.report.layout import INDENT
from pytest_modelcompat.report.reason_facts import fact_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    TargetData = Mapping[str, Any]

WIDTH = 120
NOT_RUN = "-"
_MARKS = {"passed": "ok", "error": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class Row:
    """One case in one format, as it is now or as of a release.

    Args:
        label: `test_ranker[h5]`, `test_ranker[h5:v1.2]`.
        cells: its targets by runtime.
    """

    label: str
    cells: Mapping[str, TargetData]


@dataclass(frozen=True)
class FailureReason:
    """Why targets failed: all those of which the first line is the same.

    Args:
        kind: the kind they failed with, or the mark of their cells.
        sentence: the first line of their failure texts, without kind and title.
        cells: labels of rows, each with the runtimes it failed in.
        targets: those targets, as they stand in a report.
    """

    kind: str
    sentence: str
    cells: Mapping[str, tuple[str, ...]]
    targets: tuple[TargetData, ...] = ()

    @property
    def cell_texts(self) -> tuple[str, ...]:
        """`test_ranker[h5] in tf2.4, tf2.6`, one for each row."""
        return tuple(f"{label} in {', '.join(runtimes)}" for label, runtimes in self.cells.items())


def rows(targets: Sequence[TargetData]) -> tuple[Row, ...]:
    """The rows of a table, in the order in which their first targets come.

    Args:
        targets: as they stand in a report.
    """
    grouped: dict[tuple[str, str | None, str | None], dict[str, TargetData]] = {}
    for target in targets:
        key = (target["case"], target["format"], target["frozen"])
        grouped.setdefault(key, {})[target["runtime"]] = target
    first = [next(iter(cells.values())) for cells in grouped.values()]
    count = Counter(map(_label, first))
    labels = [_label(each) if count[_label(each)] == 1 else _long_label(each) for each in first]
    return tuple(Row(label, cells) for label, cells in zip(labels, grouped.values(), strict=True))


def _label(target: TargetData) -> str:
    title, suffix = target["title"], f"-{target['runtime']}]"
    return title.removesuffix(suffix) + "]" if title.endswith(suffix) else str(title)


def _long_label(target: TargetData) -> str:
    """A label that tells tests of one name in two modules or classes apart."""
    nodeid, title = target["nodeid"], target["title"]
    before = nodeid.removesuffix(title) if nodeid.endswith(title) else f"{nodeid} "
    return f"{before}{_label(target)}"


def columns(targets: Sequence[TargetData], runtimes: Sequence[str] = ()) -> tuple[str, ...]:
    """The runtimes of a table: those given, then others that targets ran in."""
    return tuple(dict.fromkeys((*runtimes, *(target["runtime"] for target in targets))))


def matrix_lines(targets: Sequence[TargetData], runtimes: Sequence[str] = (), *, width: int = WIDTH) -> list[str]:
    """The table as text; runtimes that do not fit beside each other continue in another block below.

    Args:
        targets: as they stand in a report.
        runtimes: the order of the columns.
        width: how long a line may be.
    """
    table = rows(targets)
    if not table:
        return []
    names = max(len(row.label) for row in table)
    widths = {
        runtime: max(len(runtime), *(len(mark(row.cells.get(runtime))) for row in table))
        for runtime in columns(targets, runtimes)
    }
    lines: list[str] = []
    for block in _blocks(widths, width - names):
        lines.extend([""] if lines else [])
        lines.extend(
            aligned([("", *block), *((row.label, *(mark(row.cells.get(each)) for each in block)) for row in table)])
        )
    return lines


def _blocks(widths: Mapping[str, int], room: int) -> Iterator[list[str]]:
    block: list[str] = []
    used = 0
    for name, width in widths.items():
        if block and used + 2 + width > room:
            yield block
            block, used = [], 0
        block.append(name)
        used += 2 + width
    if block:
        yield block


def mark(target: TargetData | None) -> str:
    """What a cell says: `ok`, the kind of failure, `xfail`, `error`, `skipped`, or `-` where nothing ran."""
    if target is None:
        return NOT_RUN
    if target["verdict"] == "expected":
        return "xfail"
    return _MARKS.get(target["verdict"]) or kind_of(target) or "FAILED"


def kind_of(target: TargetData) -> str:
    """The kind that a target failed with; empty where it has none."""
    return str(next(iter(target["kinds"]), ""))


def reasons(targets: Sequence[TargetData], *, with_expected: bool = False) -> tuple[FailureReason, ...]:
    """Why targets failed, each reason once, with the cells it is of.

    Args:
        targets: as they stand in a report.
        with_expected: whether failures that somebody expected are among them.
    """
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    alike: dict[tuple[str, str], list[TargetData]] = {}
    for row in rows(targets):
        for runtime, target in row.cells.items():
            if fails(target) or (with_expected and target["verdict"] == "expected"):
                key = (kind_of(target) or mark(target), sentence_of(target))
                found.setdefault(key, {}).setdefault(row.label, []).append(runtime)
                alike.setdefault(key, []).append(target)
    return tuple(
        FailureReason(*key, {label: tuple(runtimes) for label, runtimes in cells.items()}, tuple(alike[key]))
        for key, cells in found.items()
    )


def sentence_of(target: TargetData) -> str:
    """The first line of a failure's text, without kind and title."""
    text = str(target["headline"] or "").removeprefix(f"{kind_of(target)}  {target['title']}: ")
    # How much else there is to say differs from model to model, and is said where each of them fails.
    return re.sub(r" \(and \d+ more\)$", "", text)


def reason_lines(targets: Sequence[TargetData]) -> list[str]:
    """The first lines of what failed, each with the cells it is of, its drift and its fix, as text."""
    lines: list[str] = []
    for reason in reasons(targets):
        lines.extend([""] if lines else [])
        lines.append(f"{reason.kind}: {reason.sentence}")
        lines.extend(f"{INDENT}{place}" for place in reason.cell_texts)
        lines.extend(fact_lines(reason.targets))
    return lines


def markdown_lines(targets: Sequence[TargetData], runtimes: Sequence[str] = ()) -> list[str]:
    """The table in Markdown, and below it a list of why its cells failed, expected failures among them.

    Args:
        targets: as they stand in a report.
        runtimes: the order of the columns.
    """
    names = columns(targets, runtimes)
    lines = [_markdown_row(["", *map(_escaped, names)]), _markdown_row(["---"] * (len(names) + 1))]
    for row in rows(targets):
        cells = (_markdown_cell(row.cells.get(name)) for name in names)
        lines.append(_markdown_row([_code(row.label), *cells]))
    listed = [_markdown_reason(reason) for reason in reasons(targets, with_expected=True)]
    return [*lines, *(["", *listed] if listed else [])]


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(target: TargetData | None) -> str:
    if target is not None and target["verdict"] == "expected":
        return f"{_escaped(kind_of(target))} (expected)" if kind_of(target) else "xfail"
    return _escaped(mark(target))


def _markdown_reason(reason: FailureReason) -> str:
    places = [f"{_code(label)} in {_escaped(', '.join(where))}" for label, where in reason.cells.items()]
    return f"- **{_escaped(reason.kind)}**: {_escaped(reason.sentence)} ({'; '.join(places)})"


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_<>[]|" else letter for letter in text)


def _code(text: str) -> str:
    # Within a table a bar ends the cell, in code too.
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`"
