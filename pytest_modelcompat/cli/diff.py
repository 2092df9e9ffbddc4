"""`modelcompat diff`: how two artifacts differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import BrokenArtifactError
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.inventories import with_inventory
from pytest_modelcompat.cli.parser import Parser, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.comparison.artifacts import ArtifactComparison

_EPILOG = """examples:
  modelcompat diff models/ranker-2023.h5 models/ranker-2024.h5
  modelcompat diff ranker.h5 ranker.keras    # across formats: layers, and weights by their values
  modelcompat diff old.keras new.keras --html changes.html    # the layers side by side

Exit codes: 0 they are the same, 1 they differ, 2 one could not be read.
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
    try:
        one, other = _inventory(options.old), _inventory(options.new)
        with console.waits.on(f"comparing {options.old} with {options.new}"):
            comparison = with_inventory(one.path, lambda _: _compared(one, other))
    except BrokenArtifactError as error:
        if options.json:
            from pytest_modelcompat.report.json_data import line

            console.lines([line({"old": options.old, "new": options.new, "unreadable": str(error)})])
        console.problem(str(error))
        return ExitCode.ERROR
    if options.html is not None:
        _write_page(options.html, one, other, comparison)
    console.lines(_lines(one, other, comparison, as_json=options.json))
    if options.html is not None:
        console.notes([f"modelcompat: the page is {options.html}"])
    if comparison.is_same and not comparison.is_conclusive:
        console.problem("whether they are the same is unknown: not all weights could be compared")
        return ExitCode.ERROR
    return ExitCode.OK if comparison.is_same else ExitCode.FAILED


def _parser() -> Parser:
    parser = Parser("diff", "Says how two saved models differ: structure, configuration, weights.", _EPILOG)
    parser.add_argument("old", metavar="A", help="an .h5 or .keras file, or a SavedModel")
    parser.add_argument("new", metavar="B", help="another, of any format")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with the layers side by side too (needs Jinja2)"
    )
    return parser


def _inventory(path: str) -> Inventory:
    return with_inventory(Path(path), lambda inventory: inventory)


def _compared(one: Inventory, other: Inventory) -> ArtifactComparison:
    from pytest_modelcompat.comparison.artifacts import compare_artifacts

    return compare_artifacts(one, other)


def _write_page(path: Path, one: Inventory, other: Inventory, comparison: ArtifactComparison) -> None:
    from pytest_modelcompat.report.graph_page.page import BEGINNING, NoTemplatesError, diff_page
    from pytest_modelcompat.report.json_report import ReportError, destination, write_whole

    try:
        file = destination(path, BEGINNING)
        write_whole(diff_page(one, other, comparison), file)
    except (NoTemplatesError, ReportError) as error:
        raise UsageError(str(error)) from error


def _lines(one: Inventory, other: Inventory, comparison: ArtifactComparison, *, as_json: bool) -> list[str]:
    from pytest_modelcompat.report.diff import comparison_data, comparison_page

    if as_json:
        from pytest_modelcompat.report.json_data import line

        return [line(comparison_data(one, other, comparison))]
    return list(comparison_page(one, other, comparison))
