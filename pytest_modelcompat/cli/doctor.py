"""`modelcompat doctor`: what isolation this machine gives, and whether what the tests need is there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import Parser
from pytest_modelcompat.report.json_data import line
from pytest_modelcompat.report.machine import machine_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.cli.console import Console

_EPILOG = """Each is tried in a process of its own: it confines itself as a load does, and tries to write outside of its
folder and to open a connection. TensorFlow is imported.

Exit codes: 0 all that is needed is there, 1 something is missing without which no model can be reloaded.
"""


def _ended_loaders() -> Iterator[str]:
    from pytest_modelcompat.runtimes.shared_loaders import shared_loaders

    kept = list(shared_loaders())
    for each in kept:
        each.end()
        yield f"ended: process {each.pid}"
    if not kept:
        yield "no loader is kept for later sessions"


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
    parser = Parser("doctor", "Says what isolation this machine gives, and what is missing.", _EPILOG)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for each thing looked for")
    parser.add_argument(
        "--end-loaders",
        action="store_true",
        help="end the loaders that pytest --modelcompat-loader-server keeps for later sessions, and do nothing else",
    )
    options = parser.parse(arguments)
    if options.end_loaders:
        console.lines(_ended_loaders())
        return ExitCode.OK
    from pytest_modelcompat.runtimes.machine import checks

    found = list(checks())
    console.lines((line(asdict(each)) for each in found) if options.json else machine_lines(found))
    return ExitCode.FAILED if any(each.is_needed and not each.is_ok for each in found) else ExitCode.OK
