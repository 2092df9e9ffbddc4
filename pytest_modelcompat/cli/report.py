"""`modelcompat report`: reports of pytest runs in several runtimes, merged and shown."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import aligned, counted
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError, run_verb
from pytest_modelcompat.cli.report_recheck import recheck
from pytest_modelcompat.cli.report_target import of_target, target_lines, write_as
from pytest_modelcompat.report import report_file
from pytest_modelcompat.report.json_data import line
from pytest_modelcompat.report.json_report import ReportError, fails, read_report
from pytest_modelcompat.report.layout import INDENT, versions_text
from pytest_modelcompat.report.matrix import WIDTH, markdown_lines, matrix_lines, reason_lines, rows
from pytest_modelcompat.report.merge import merge_reports
from pytest_modelcompat.report.remarks import count_sentence, remarks
from pytest_modelcompat.report.repository import repository_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.report.json_report import Report

_HELP = """usage: modelcompat report show FILE [--failed] [--json | --markdown] [--target NAME] [--out FILE]
       modelcompat report merge FILE... --out FILE
       modelcompat report recheck FILE [--rtol NUMBER] [--atol NUMBER] [--json]

`pytest --modelcompat-report FILE` writes the result of every target. Where each job of CI runs one runtime, merge makes
one report of theirs, and show prints it as a table: cases and formats by runtimes. A file of either is written as
.json, .html, .md or .sarif. recheck judges a stored report again
by another tolerance, without a run.

  pytest --modelcompat-runtime tf2.15 --modelcompat-report tf2.15.json
  modelcompat report merge tf2.15.json tf2.21.json --out all.json
  modelcompat report show all.json --markdown
  modelcompat report show all.json --out all.html
  modelcompat report show all.json --target 'test_ranker[h5-tf2.15]' --out charts.html
"""
_SHOW_EPILOG = """Cells: ok, the kind of failure, xfail (it failed as expected), error (the test or
what it needs raised), skipped, - (nothing ran).

Exit codes: 0 nothing failed unexpectedly, 1 a target did, or a run is not complete, 2 the file is not a report.
"""
_MERGE_EPILOG = """If several files have the same target, the one whose run started last counts. A golden is stale if
all files say so. If `local` means different versions in different jobs, each becomes a separate runtime.

Exit codes: 0 it is merged, whatever it holds, 2 a file is not a report, or FILE cannot be written.
"""


def run(arguments: Sequence[str], console: Console) -> int:
    """Runs the command.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes.
    """
    return run_verb("report", {"show": _show, "merge": _merge, "recheck": recheck}, _HELP, arguments, console)


def _merge(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("report merge", "Merges several reports into one.", _MERGE_EPILOG)
    parser.add_argument("files", nargs="+", metavar="FILE", help="reports of pytest --modelcompat-report")
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="the merged report to write: .json, .html, .md or .sarif"
    )
    options = parser.parse(arguments)
    try:
        merged, replaced = merge_reports([read_report(Path(file)) for file in options.files])
        file, repository = report_file.destination(Path(options.out)), repository_of(Path.cwd(), os.environ)
        report_file.write(merged, file, repository=repository)
    except ReportError as error:
        raise UsageError(str(error)) from None
    if replaced:
        console.notes([f"{counted(replaced, 'target')} replaced by the same one of a later run"])
    files = counted(len(options.files), "report")
    console.lines([f"{options.out}: {files}, {counted(len(merged.runtimes), 'runtime')}, {count_sentence(merged)}"])
    return ExitCode.OK


def _show(arguments: Sequence[str], console: Console) -> int:
    parser = Parser("report show", "Shows what a report holds.", _SHOW_EPILOG)
    parser.add_argument("file", metavar="FILE", help="a report of pytest --modelcompat-report, or a merged one")
    parser.add_argument("--failed", action="store_true", help="only the rows in which a target failed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line for each target")
    parser.add_argument("--markdown", action="store_true", help="the table in Markdown")
    parser.add_argument(
        "--target", metavar="NAME", help="only this target, with its failure text: its title or test id"
    )
    parser.add_argument(
        "--out", metavar="FILE", help="write it as .html, .md, .json or .sarif; with --target all charts"
    )
    options = parser.parse(arguments)
    if options.json and options.markdown:
        raise UsageError("--json and --markdown are two forms of the same output: choose one")
    try:
        report = read_report(Path(options.file))
    except ReportError as error:
        raise UsageError(str(error)) from None
    if options.target is not None:
        report = of_target(report, options.target)
    if options.out is not None:
        write_as(report, options.out, console, data=options.file, all_charts=options.target is not None)
    elif options.target is not None and not (options.json or options.markdown):
        console.lines(target_lines(report))
    elif options.json:
        console.lines(line(each) for each in report.targets if fails(each) or not options.failed)
    else:
        targets = _of_failing_rows(report) if options.failed else report.targets
        console.lines(_markdown(report, targets) if options.markdown else _page(report, targets, _width(console)))
    return ExitCode.FAILED if report.failed else ExitCode.OK


def _of_failing_rows(report: Report) -> tuple[Mapping[str, Any], ...]:
    failing = (row for row in rows(report.targets) if any(map(fails, row.cells.values())))
    return tuple(target for row in failing for target in row.cells.values())


def _width(console: Console) -> int:
    """The width of the terminal, or what `COLUMNS` says where the output is none."""
    if console.out.isatty():
        return shutil.get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() and int(columns) else WIDTH


def _page(report: Report, targets: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    yield f"{report.project}, {report.started}"
    yield ""
    loaded = [(name, versions_text(made) if made else "nothing loaded") for name, made in report.runtimes.items()]
    yield from (INDENT + line for line in aligned(loaded))
    if targets:
        yield from ("", *matrix_lines(targets, tuple(report.runtimes), width=width))
    for lines in (reason_lines(targets), list(remarks(report))):
        if lines:
            yield from ("", *lines)
    yield from ("", count_sentence(report))


def _markdown(report: Report, targets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if targets:
        yield from (*markdown_lines(targets, tuple(report.runtimes)), "")
    for remark in remarks(report):
        yield from (remark, "")
    yield count_sentence(report)
