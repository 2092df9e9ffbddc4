"""`modelcompat matrix`: the marked tests in every runtime, as one table."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted
from pytest_modelcompat.cli.exit_codes import ExitCode, PytestExitCode
from pytest_modelcompat.cli.parallel import GIB, PytestRun, free_memory, parallel_limit, run_parallel
from pytest_modelcompat.cli.parser import Parser, UsageError
from pytest_modelcompat.report import json_report, report_file
from pytest_modelcompat.report.layout import INDENT, labelled
from pytest_modelcompat.report.matrix import markdown_lines, matrix_lines, reason_lines
from pytest_modelcompat.report.merge import merge_reports
from pytest_modelcompat.runtimes.config import RuntimeConfigError, find_runtimes
from pytest_modelcompat.runtimes.environments import create, interpreter_of
from pytest_modelcompat.runtimes.names import UnknownRuntimeError
from pytest_modelcompat.runtimes.runtime import LOCAL_RUNTIME, TABLE, RuntimeUnavailableError
from pytest_modelcompat.runtimes.scratch import ScratchFolder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.cli.parallel import PytestRunResult
    from pytest_modelcompat.report.json_report import Report
    from pytest_modelcompat.runtimes.runtime import Runtime

_EPILOG = """examples:
  modelcompat matrix
  modelcompat matrix examples/ --runtime tf2.4 --runtime tf2.15 --create
  modelcompat matrix tests/test_models.py --format h5 --markdown > matrix.md
  modelcompat matrix -- -k ranker --modelcompat-timeout 60

Without --runtime: local and all runtimes that pyproject.toml declares. One pytest runs in each, as many
at once as fit into --memory; arguments after -- are passed to each of them. Only model tests are run.

Exit codes: 0 every target passed or failed as expected, 1 one did not, 2 something could not be run.
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
    own, extra = _split(arguments)
    options = _parser().parse(own)
    try:
        chosen = _chosen(options.runtime)
        if options.out is not None:
            report_file.destination(options.out)
    except (RuntimeConfigError, UnknownRuntimeError, json_report.ReportError) as error:
        raise UsageError(str(error)) from None
    usable = [runtime for runtime in chosen if _is_usable(runtime, console, may_create=options.create)]
    if not usable:
        return ExitCode.ERROR
    report = _run_all(usable, options, extra, console)
    if report is None:
        return ExitCode.ERROR
    _show(report, [runtime.name for runtime in chosen], options, console)
    if len(usable) < len(chosen) or not report.complete:
        return ExitCode.ERROR
    return ExitCode.FAILED if report.failed else ExitCode.OK


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and those for pytest, which stand behind `--`."""
    given = list(arguments)
    if "--" not in given:
        return given, []
    place = given.index("--")
    return given[:place], given[place + 1 :]


def _parser() -> Parser:
    parser = Parser("matrix", "Runs the model tests in every runtime, and prints a table of the results.", _EPILOG)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="test files and folders, as pytest takes them")
    parser.add_argument("--runtime", action="append", metavar="NAME", help="reload in this runtime; may be repeated")
    parser.add_argument("--format", action="append", default=[], metavar="FORMAT", help="save in this format only")
    parser.add_argument("--create", action="store_true", help="first create the runtimes that do not exist yet")
    parser.add_argument(
        "--memory", type=float, metavar="GB", help="memory for all runs together (default: half of the free memory)"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write a report: .json, .html, .md or .sarif")
    return parser


def _chosen(names: Sequence[str] | None) -> list[Runtime]:
    """The runtimes to run in: those named, else the local one and all that are declared.

    Raises:
        UsageError: none is named or declared.
        UnknownRuntimeError: one of the names means nothing.
        RuntimeConfigError: pyproject.toml cannot be understood.
    """
    runtimes = find_runtimes(Path.cwd())
    if names:
        return [runtimes.get(name) for name in dict.fromkeys(names)]
    if not runtimes.declared:
        where = f"{TABLE} of {runtimes.file or 'a pyproject.toml'}"
        raise UsageError(f"no runtime is declared in {where}: declare some, or name them as in --runtime tf2.15")
    return [LOCAL_RUNTIME, *runtimes.declared.values()]


def _is_usable(runtime: Runtime, console: Console, *, may_create: bool) -> bool:
    try:
        if may_create and runtime.is_created:
            create(runtime, lambda text: console.notes([text]))
        interpreter_of(runtime)
    except RuntimeUnavailableError as error:
        console.problem(str(error))
        console.notes([*labelled("fix", "\n".join(error.fix)), *(INDENT + line for line in error.quote.splitlines())])
        return False
    return True


def _run_all(
    runtimes: Sequence[Runtime], options: argparse.Namespace, extra: Sequence[str], console: Console
) -> Report | None:
    """Run pytest in every runtime and merge the reports; None if there is none."""
    memory = int(options.memory * GIB) if options.memory else free_memory() // 2
    limit = parallel_limit(memory, len(runtimes))
    console.notes([f"{counted(len(runtimes), 'runtime')}, {limit} at a time"])
    scratch = ScratchFolder.make()
    files = {runtime.name: scratch.path / f"{index}.json" for index, runtime in enumerate(runtimes)}
    try:
        runs = [PytestRun(name, _command(name, file, options, extra)) for name, file in files.items()]
        _report_run(run_parallel(runs, limit), files, console)
        reports = [json_report.read_report(file) for file in files.values() if file.is_file()]
    finally:
        scratch.remove()
    if not any(report.targets or report.problems for report in reports):
        if reports:
            console.problem(f"there are no model tests in {', '.join(options.paths) or 'what pytest collects here'}")
        return None
    merged, _ = merge_reports(reports)
    return replace(merged, complete=merged.complete and len(reports) == len(runtimes))


def _command(name: str, file: Path, options: argparse.Namespace, extra: Sequence[str]) -> tuple[str, ...]:
    formats = [argument for each in options.format for argument in ("--modelcompat-format", each)]
    chosen = ("--modelcompat-only", "--modelcompat-runtime", name, "--modelcompat-report", str(file))
    plugins = ("-p", "no:cacheprovider", "-p", "no:modelcompat-github")
    return (sys.executable, "-m", "pytest", *options.paths, *chosen, *formats, "-q", *plugins, *extra)


def _report_run(ended: Iterable[PytestRunResult], files: Mapping[str, Path], console: Console) -> None:
    """Say of each run as it ends how it went."""
    for each in ended:
        if files[each.name].is_file():
            report = json_report.read_report(files[each.name])
            counts = json_report.counts(report.targets)
            told = f"{counted(counts['targets'], 'target')}, {counts['failed']} failed"
            console.notes([f"{each.name}: {told}, {each.seconds:.0f} s"])
            if each.code in tuple(PytestExitCode) or report.problems:
                continue
            console.problem(f"pytest in runtime {each.name!r} ended with exit code {each.code}")
        else:
            console.problem(f"pytest in runtime {each.name!r} ended with exit code {each.code} and left no report")
        console.notes([INDENT + line for line in each.output.splitlines()])


def _show(report: Report, names: Sequence[str], options: argparse.Namespace, console: Console) -> None:
    if options.out is not None:
        report_file.write(report, options.out)
    for problem in report.problems:
        console.problem(f"not seen: {problem['nodeid']}: {problem['headline']}")
    if not report.targets:
        return
    if options.markdown:
        console.lines(markdown_lines(report.targets, names))
        return
    counts = json_report.counts(report.targets)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if verdict != "targets" and count)
    why = reason_lines(report.targets)
    end = ["", f"{counted(counts['targets'], 'target')}: {told}"]
    console.lines([*matrix_lines(report.targets, names), *([""] if why else []), *why, *end])
