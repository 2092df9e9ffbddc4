"""`modelcompat report show --target` and `--out`: some targets of a report, and a report as another file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, did_you_mean
from pytest_modelcompat.cli.parser import UsageError
from pytest_modelcompat.report import report_file
from pytest_modelcompat.report.json_report import ReportError
from pytest_modelcompat.report.repository import repository_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.report.json_report import Report


def of_target(report: Report, name: str) -> Report:
    """A report of the targets of one name alone.

    Args:
        report: all of it.
        name: a target's title, or the id of its test.

    Raises:
        UsageError: it has no such target.
    """
    chosen = tuple(target for target in report.targets if name in (target["title"], target["nodeid"]))
    if not chosen:
        known = [target["title"] for target in report.targets]
        hint = did_you_mean(name, known, otherwise="modelcompat report show FILE lists them")
        raise UsageError(f"the report has no target {name!r}: {hint}")
    runtimes = {target["runtime"]: report.runtimes.get(target["runtime"], {}) for target in chosen}
    return replace(report, runtimes=runtimes, targets=chosen, stale=(), problems=())


def write_as(report: Report, path: str, console: Console, *, data: str, all_charts: bool) -> None:
    """Write a report in the format of a file's suffix, and say so.

    Args:
        report: what is written.
        path: where to, as it was given.
        console: what says so.
        data: the file that the report is from.
        all_charts: whether a page draws every chart that there is.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        file, repository = report_file.destination(Path(path)), repository_of(Path.cwd(), os.environ)
        report_file.write(report, file, data=data, all_charts=all_charts, repository=repository)
    except ReportError as error:
        raise UsageError(str(error)) from None
    console.lines([f"{path}: {counted(len(report.targets), 'target')}"])


def target_lines(report: Report) -> Iterator[str]:
    """The text of each target, or what it came out as where it has none.

    Args:
        report: of the targets to show.
    """
    for position, target in enumerate(report.targets):
        if position:
            yield ""
        yield from str(
            target.get("text") or target["headline"] or f"{target['title']}: {target['verdict']}"
        ).splitlines()
