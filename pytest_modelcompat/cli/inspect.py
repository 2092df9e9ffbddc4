"""`modelcompat inspect`: what an artifact contains, and its unsafe content."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.artifact_files import files_of
from pytest_modelcompat.cli.accepted import acceptance_of, add_acceptance, entries_of, write_baseline
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.inventories import artifact_results, report_unreadable
from pytest_modelcompat.cli.parser import Parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.compatibility.unsafe.acceptance import Acceptance, AcceptedFinding
    from pytest_modelcompat.results.finding import Finding

_EPILOG = """examples:
  modelcompat inspect models/ranker.h5
  modelcompat inspect --json models/ | jq .layers

Exit codes: 0 everything was read, 2 something could not be read.
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
    work = partial(_inspected, options=options, accepted=acceptance_of(options))
    code = ExitCode.OK
    entries: list[AcceptedFinding] = []
    for answer in artifact_results(options.paths, console, work):
        if answer.value is None:
            code = report_unreadable(answer, console, as_json=options.json)
        else:
            lines, accepted = answer.value
            console.lines(lines)
            entries.extend(accepted)
    write_baseline(options, entries, console)
    return code


def _parser() -> Parser:
    parser = Parser("inspect", "Shows what is in saved models, without loading them.", _EPILOG)
    parser.add_argument("paths", nargs="+", metavar="PATH", help=".h5 or .keras files, SavedModels, folders, globs")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--all", action="store_true", help="list every layer, op and finding, however many there are")
    add_acceptance(parser)
    return parser


def _inspected(
    inventory: Inventory, *, options: argparse.Namespace, accepted: Acceptance | None
) -> tuple[list[str], tuple[AcceptedFinding, ...]]:
    """The lines to show of an artifact, and what a baseline has of it."""
    from pytest_modelcompat.compatibility.unsafe import unsafe_content

    unsafe = unsafe_content(inventory)
    if accepted is not None:
        unsafe = accepted.apply(unsafe, inventory)
    lines = _lines(inventory, unsafe, as_json=options.json, in_full=options.all)
    return lines, entries_of(options, unsafe, inventory)


def _lines(inventory: Inventory, unsafe: Sequence[Finding], *, as_json: bool, in_full: bool) -> list[str]:
    from pytest_modelcompat.golden.migrated_copies import is_unchanged, read_provenance

    migrated = read_provenance(inventory.path)
    if as_json:
        from pytest_modelcompat.report.json_data import inventory_data, line

        data = inventory_data(inventory, unsafe)
        return [line(data if migrated is None else {**data, "migration": migrated})]
    from pytest_modelcompat.profiles.third_party import third_party_uses
    from pytest_modelcompat.report.inventory import inspect_page
    from pytest_modelcompat.report.layout import bounded_page

    history: tuple[str, ...] = ()
    if migrated is not None:
        from pytest_modelcompat.report.migration import provenance_lines

        unchanged = is_unchanged(inventory.path, migrated)
        history = tuple(provenance_lines(migrated, is_unchanged=unchanged))
    nbytes = _size(inventory.path)
    page = inspect_page(inventory, unsafe, third_party_uses(inventory), nbytes=nbytes, in_full=in_full, history=history)
    return list(bounded_page(page, in_full=in_full))


def _size(path: Path) -> int:
    """How much an artifact takes on disk, in bytes."""
    return sum(each.stat().st_size for each in files_of(path))
