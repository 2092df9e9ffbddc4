"""A run as Markdown for the summary page of a CI job: counts, a table of all targets, failures grouped by cause.

GitHub shows it, and refuses one of more than 1 MiB a step:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, listed, shorten
from pytest_modelcompat.report.causes import facts_of, failure_causes, warning_causes
from pytest_modelcompat.report.json_report import counts, fails
from pytest_modelcompat.report.layout import versions_text
from pytest_modelcompat.report.matrix import NOT_RUN, columns, mark, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.report.causes import Cause
    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.report.matrix import Row

    TargetData = Mapping[str, Any]

MOST_BYTES = 1 << 20
# What the last line takes, which says that there is more.
_MARGIN = 400
_MOST_ROWS = 200
_MOST_RUNTIMES = 24
_MOST_CAUSES = 50
_MOST_OPEN = 10
_MOST_STALE = 20
_MOST_CELLS = 20
_LONGEST = 4000
_GLYPHS = {"passed": "✅", "failed": "❌", "error": "❗", "expected": "☑️", "skipped": "⏭️"}
_WORDS = {"failed": "failed", "error": "in error", "expected": "failed as expected", "skipped": "skipped"}


def step_summary(report: Report, room: int = MOST_BYTES) -> str:
    """A run in Markdown, at most so many bytes of UTF-8; empty where that is not enough for anything.

    Args:
        report: of the run.
        room: how many bytes there are.
    """
    text, left = [], room - _MARGIN
    for block in _blocks(report):
        left -= len(block.encode()) + 2
        if left < 0:
            text.append("The rest is too long for this page; pytest's output has all of it.")
            break
        text.append(block)
    return "\n\n".join(text) + "\n" if len(text) > 1 else ""


def _blocks(report: Report) -> Iterator[str]:
    """The parts of the page, each complete in itself."""
    yield f"### Model compatibility: {_state(report)}"
    yield from _remarks(report)
    yield f"{_counts(report)}. {_runtimes(report)}".rstrip()
    yield from _table(report)
    causes = failure_causes(report.targets)
    if causes:
        yield "#### Failures by cause"
        yield from _causes(causes)
    warnings = warning_causes(report.targets)
    if warnings:
        yield "#### Warnings"
        yield from _causes(warnings)
    if report.stale:
        names = listed((_code(name) for name in report.stale), _MOST_STALE)
        yield f"Stale goldens, which no test claims: {names}"


def _state(report: Report) -> str:
    failing, total = sum(map(fails, report.targets)), counted(len(report.targets), "target")
    if failing:
        return f"❌ {failing:,} of {total} failed"
    if report.failed:
        return f"⚠️ {total}, not complete"
    all_skipped = all(target["verdict"] == "skipped" for target in report.targets)
    return f"⏭️ {total}, all skipped" if all_skipped else f"✅ {total}"


def _counts(report: Report) -> str:
    count = counts(report.targets)
    shown = [f"{count[verdict]:,} {words}" for verdict, words in _WORDS.items() if count[verdict]]
    return f"{counted(count['targets'], 'target')}: " + ", ".join([f"{count['passed']:,} passed", *shown])


def _runtimes(report: Report) -> str:
    loaded = [f"{_escaped(name)}: {_escaped(versions_text(made))}" for name, made in report.runtimes.items() if made]
    return f"{'; '.join(loaded)}." if loaded else ""


def _remarks(report: Report) -> Iterator[str]:
    if not report.complete:
        yield "⚠️ pytest stopped before all targets had run."
    for problem in report.problems[:_MOST_CELLS]:
        what = "worker crashed" if "::" in problem["nodeid"] else "not collected"
        yield f"❗ {what}: {_code(problem['nodeid'])}: {_escaped(problem['headline'])}"


def _table(report: Report) -> Iterator[str]:
    names = columns(report.targets, tuple(report.runtimes))
    every = rows(report.targets)
    failing = [row for row in every if any(map(fails, row.cells.values()))]
    shown = every if len(every) <= _MOST_ROWS else failing[:_MOST_ROWS]
    if not shown:
        return
    kept = names[:_MOST_RUNTIMES]
    lines = [_table_row(["", *map(_escaped, kept)]), _table_row(["---"] * (len(kept) + 1))]
    lines += [_table_row([_code(row.label), *_cells(row, kept)]) for row in shown]
    yield "\n".join(lines)
    if len(shown) < len(every):
        yield f"Only rows with failures are shown; {counted(len(every) - len(shown), 'row')} more are not."
    if len(kept) < len(names):
        yield f"{counted(len(names) - len(kept), 'runtime')} more are not shown."


def _cells(row: Row, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        target = row.cells.get(name)
        yield NOT_RUN if target is None else f"{_GLYPHS[target['verdict']]} {_escaped(mark(target))}"


def _table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _causes(causes: Sequence[Cause]) -> Iterator[str]:
    for number, cause in enumerate(causes[:_MOST_CAUSES]):
        yield _cause(cause, is_open=number < _MOST_OPEN)
    rest = causes[_MOST_CAUSES:]
    if rest:
        yield f"{counted(len(rest), 'more cause')}, of {counted(sum(len(each.targets) for each in rest), 'target')}."


def _cause(cause: Cause, *, is_open: bool) -> str:
    # In code, where neither a mention nor a number of an issue is seen in a name.
    subject = f" <code>{_html(shorten(cause.subject, 160))}</code>" if cause.subject else ""
    count = counted(len(cause.targets), "target")
    lines = [
        f"<details{' open' if is_open else ''}><summary><b>{_html(cause.heading)}</b>{subject} ({count})</summary>",
        "",
        _escaped(shorten(cause.sentence, _LONGEST)),
        "",
    ]
    for label, text in facts_of(cause):
        name = _escaped(label)
        in_a_line = _escaped(text.replace("\n", "; "))
        lines += [f"- {name}:", "", *_fenced(text)] if label.startswith("fix") else [f"- {name}: {in_a_line}"]
    lines.append(f"- targets: {_targets(cause.targets)}")
    if cause.page:
        lines.append(f"- [about this kind]({cause.page})")
    return "\n".join([*lines, "", "</details>"])


def _fenced(text: str) -> Iterable[str]:
    """A text as code below an item of a list; it may hold what ends a shorter fence."""
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"  {fence}", *(f"  {line}" for line in shorten(text, _LONGEST).split("\n")), f"  {fence}", ""]


def _targets(targets: Sequence[TargetData]) -> str:
    where: dict[str, list[str]] = {}
    for row in rows(targets):
        where.setdefault(row.label, []).extend(row.cells)
    return listed((f"{_code(label)} in {_escaped(', '.join(names))}" for label, names in where.items()), _MOST_CELLS)


def _escaped(text: str) -> str:
    """A text as it is, in one line of Markdown."""
    line = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_<>[]|#@~&" else letter for letter in line)


def _html(text: str) -> str:
    from html import escape

    return escape(" ".join(text.split()))


def _code(text: str) -> str:
    # Within a table a bar ends the cell, in code too.
    line = " ".join(text.split())
    return f"`{line.replace('`', chr(39)).replace('|', chr(92) + '|')}`"
