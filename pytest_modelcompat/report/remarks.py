"""What there is to say of a whole report: what was not seen, stale goldens, and the counts in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted
from pytest_modelcompat.report.json_report import counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.report.json_report import Report

WORDS = {"failed": "failed", "error": "in error", "expected": "failed as expected", "skipped": "skipped"}


def remarks(report: Report) -> Iterator[str]:
    """What was not seen, and which goldens are stale, a line each."""
    if not report.complete:
        yield "not complete: pytest stopped before all targets had run"
    for problem in report.problems:
        yield f"not seen: {problem['nodeid']}: {problem['headline']}"
    yield from (f"stale golden: {name} (no test claims it)" for name in report.stale)


def count_sentence(report: Report) -> str:
    """`3 targets: 1 passed, 2 failed`."""
    count = counts(report.targets)
    shown = [f"{count[verdict]} {words}" for verdict, words in WORDS.items() if count[verdict]]
    return f"{counted(count['targets'], 'target')}: " + ", ".join([f"{count['passed']} passed", *shown])
