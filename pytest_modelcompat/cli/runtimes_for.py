"""`modelcompat runtimes-for`: which of all TensorFlow and Keras versions load an artifact."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.check import add_declarations, check_all
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.inventories import artifact_results, report_unreadable
from pytest_modelcompat.cli.parser import Parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.profiles.profile import Profile

_EPILOG = """examples:
  modelcompat runtimes-for models/ranker.h5
  modelcompat runtimes-for models/ranker.h5 --json | jq 'select(.verdict == "loads").runtime'

`modelcompat check PATH --runtime NAME` lists every reason, and the fix.

Exit codes: 0 the artifacts were read, whatever loads them, 2 something could not be read.
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
    options = _parser().parse(arguments)
    work = partial(_lines, runtimes=_all_runtimes(), options=options, columns=_columns(console))
    code = ExitCode.OK
    for answer in artifact_results(options.paths, console, work):
        if answer.value is None:
            code = report_unreadable(answer, console, as_json=options.json)
        else:
            console.lines(answer.value)
    return code


def _parser() -> Parser:
    parser = Parser("runtimes-for", "Says which TensorFlow and Keras versions load saved models.", _EPILOG)
    parser.add_argument("paths", nargs="+", metavar="PATH", help=".h5 or .keras files, SavedModels, folders, globs")
    add_declarations(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each artifact and runtime")
    return parser


def _all_runtimes() -> tuple[Profile, ...]:
    """Every TensorFlow with the Keras of its time, and the newest with Keras 2, the usual way out."""
    from pytest_modelcompat.profiles.store import load_profile
    from pytest_modelcompat.runtimes.names import all_names

    names = all_names()
    return tuple(load_profile(name) for name in (*names, f"{names[-1]}+tf_keras"))


def _lines(
    inventory: Inventory, runtimes: Sequence[Profile], options: argparse.Namespace, columns: int | None
) -> list[str]:
    judged = check_all(inventory, runtimes, options)
    if options.json:
        from pytest_modelcompat.report.json_data import compatibility_data, line

        return [line(compatibility_data(each)) for each in judged]
    from pytest_modelcompat.report.compatibility import runtimes_table

    about = (profile.keras + (" (tf_keras)" if profile.package == "tf_keras" else "") for profile in runtimes)
    return list(runtimes_table(inventory, list(zip(judged, about, strict=True)), columns))


def _columns(console: Console) -> int | None:
    """The width of the terminal; None where the output is not one."""
    return shutil.get_terminal_size().columns if console.out.isatty() else None
