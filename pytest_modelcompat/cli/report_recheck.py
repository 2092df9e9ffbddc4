"""`modelcompat report recheck`: a stored report judged again by another tolerance."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser, UsageError
from pytest_modelcompat.report.json_data import line
from pytest_modelcompat.report.json_report import ReportError, read_report
from pytest_modelcompat.report.rejudgement import rejudge, rejudgement_data, rejudgement_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.cli.console import Console

_EPILOG = """Nothing runs: the report holds what decides for each rtol and atol. Where only one of the two is given, the
other is that of each output. What no tolerance decides stays as it is, and the line says why: a load that failed, other
weights, a comparison of the option `compare`, an output whose figures are not stored.

Exit codes: 0 nothing fails by this tolerance, 1 a target does, or the run is not complete, 2 the file is not a report.
"""


def recheck(arguments: Sequence[str], console: Console) -> int:
    """Runs the verb.

    Args:
        arguments: those behind its name.
        console: where it writes.

    Returns:
        The exit code.

    Raises:
        UsageError: the arguments are not what it takes, or the file is no report.
    """
    parser = Parser("report recheck", "Judges a stored report again by another tolerance, without a run.", _EPILOG)
    parser.add_argument("file", metavar="FILE", help="a report of pytest --modelcompat-report, or a merged one")
    parser.add_argument("--rtol", metavar="NUMBER", help="relative tolerance, for all outputs")
    parser.add_argument("--atol", metavar="NUMBER", help="absolute tolerance, for all outputs")
    parser.add_argument("--json", action="store_true", help="one JSON object a line for each target")
    options = parser.parse(arguments)
    if options.rtol is None and options.atol is None:
        raise UsageError("recheck takes --rtol, --atol or both: by what it is to judge")
    rtol, atol = _number("--rtol", options.rtol), _number("--atol", options.atol)
    try:
        report = read_report(Path(options.file))
        judged = rejudge(report, rtol, atol)
    except ReportError as error:
        raise UsageError(str(error)) from None
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{options.file} is an incomplete report: {type(error).__name__}: {error}") from None
    console.lines(map(line, map(rejudgement_data, judged)) if options.json else rejudgement_lines(judged))
    is_whole = report.complete and not report.problems
    return ExitCode.FAILED if any(each.fails for each in judged) or not is_whole else ExitCode.OK


def _number(flag: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise UsageError(f"{flag} takes a number that is not negative, not {text!r}")
    return number
