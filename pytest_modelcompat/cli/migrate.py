"""`modelcompat migrate`: old models, repaired for a runtime, and proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.migrate_options import parser
from pytest_modelcompat.cli.migrate_session import migrated
from pytest_modelcompat.cli.migrate_sources import migration_sources
from pytest_modelcompat.results.migration import MigrationResult, Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.cli.migrate_sources import MigrationSource

_IS_ERROR = frozenset({Outcome.UNREADABLE, Outcome.NOT_WRITTEN})
_IS_WELL = frozenset({Outcome.LOADS, Outcome.PLANNED, Outcome.PROVEN, Outcome.NOT_PROVEN})


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
    given = tuple(arguments)
    options = parser().parse(given)
    sources = migration_sources(options)
    # What is asked for is judged before anything is read.
    with migrated(given, options, sources) as results:
        output = _Output(console, options, is_table=len(sources) > 1)
        for result in _watched(results, sources, console):
            if result is not None:
                output.add(result)
    output.end()
    return _exit_code(output)


def _watched(
    results: Iterator[MigrationResult | None], sources: Sequence[MigrationSource], console: Console
) -> Iterator[MigrationResult | None]:
    for position in console.progress([str(each.path) for each in sources]):
        result = next(results)
        if result is None:
            console.problem(f"skipped: {sources[position].path} holds no model")
        yield result


@dataclass
class _Output:
    """Writes each artifact as soon as it is migrated; what is to say of all of them at the end."""

    console: Console
    options: argparse.Namespace
    is_table: bool
    results: list[MigrationResult] = field(default_factory=list)

    def add(self, result: MigrationResult) -> None:
        self.results.append(result)
        if self.options.json:
            from pytest_modelcompat.report.json_data import line
            from pytest_modelcompat.results.migration_data import result_data

            self.console.lines([line(result_data(result))])
        elif result.plan is not None or result.is_earlier:
            from pytest_modelcompat.report.layout import bounded_page
            from pytest_modelcompat.report.migration import migration_line, migration_page

            is_line = self.is_table and not self.options.dry_run
            lines = [migration_line(result)] if is_line else migration_page(result, in_full=self.options.dry_run)
            self.console.lines(bounded_page(lines))
        if result.problem:
            self.console.problem(result.problem)

    def end(self) -> None:
        for name in self.unused_vocabularies():
            self.console.problem(f"--vocabulary {name}: no layer of this name lacks its vocabulary")
        if self.options.json or not self.is_table:
            return
        from pytest_modelcompat.report.migration import migration_summary

        self.console.lines(migration_summary(self.results, with_needs=not self.options.dry_run))

    def unused_vocabularies(self) -> list[str]:
        """The layers of --vocabulary that no artifact has."""
        if any(each.is_earlier for each in self.results):
            return []
        changed = {
            change.where
            for result in self.results
            if result.plan is not None
            for edit in result.plan.edits
            if edit.name == "give-vocabulary"
            for change in edit.changes
        }
        names = [each.partition("=")[0] for each in self.options.vocabulary]
        return [name for name in names if not any(f'"{name}"' in where for where in changed)]


def _exit_code(output: _Output) -> ExitCode:
    outcomes = {result.outcome for result in output.results}
    if outcomes & _IS_ERROR or not outcomes or output.unused_vocabularies():
        return ExitCode.ERROR
    return ExitCode.OK if outcomes <= _IS_WELL else ExitCode.FAILED
