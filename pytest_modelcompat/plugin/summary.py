"""The section at the end of a session, with or without xdist: all of it comes from the reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin.collected_claims import claims_of_reports
from pytest_modelcompat.plugin.session import is_complete
from pytest_modelcompat.report import user_properties
from pytest_modelcompat.report.failure_text import summary_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.plugin.session import Session

TITLE = "model compatibility"
# What pytest-rerunfailures makes of the outcome of a test that it runs once more.
_RUN_AGAIN = ("rerun",)


def write_summary(reporter: pytest.TerminalReporter, exitstatus: int, session: Session) -> None:
    """Write the section, if the session had model tests or has goldens that nothing claims."""
    reports = list(_reports(reporter))
    lines = [
        line
        for report in reports
        if report.when == "call" and report.outcome not in _RUN_AGAIN
        for line in user_properties.lines(
            report.user_properties, expected=report.skipped and hasattr(report, "wasxfail")
        )
    ]
    stale = stale_goldens(reporter, exitstatus, session)
    # pytest 9.2 asks plugins even under --no-summary; earlier ones do not.
    if reporter.config.option.no_summary or not (lines or stale):
        return
    from pytest_modelcompat.report.line_wrap import wrapped_summary

    reporter.section(TITLE)
    width = terminal_width(reporter)
    for text in summary_lines(lines, stale, reporter.config.get_verbosity()):
        for line in wrapped_summary(text, width):
            reporter.write_line(line)


def terminal_width(reporter: pytest.TerminalReporter) -> int | None:
    """How wide lines may be: a terminal's width, or what `COLUMNS` says; None for a pipe or a file."""
    return reporter._tw.fullwidth if reporter.isatty or os.environ.get("COLUMNS") else None  # noqa: SLF001 - no public one


def stale_goldens(reporter: pytest.TerminalReporter, exitstatus: int, session: Session) -> list[str]:
    """Goldens that no test claims; none where not every test had its chance to claim its own."""
    if not _all_could_claim(reporter, exitstatus) or not session.golden_root.is_dir():
        return []
    from pytest_modelcompat.golden.store import GoldenStore

    claims = claims_of_reports(list(_reports(reporter)))
    root = reporter.config.rootpath
    return [str(name) for name in GoldenStore(session.golden_root).names() if claims.is_stale(name, root)]


def _reports(reporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    seen = set()
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and id(report) not in seen:
                seen.add(id(report))
                yield report


def _all_could_claim(reporter: pytest.TerminalReporter, exitstatus: int) -> bool:
    """Whether every test of the project had its chance to claim its golden."""
    option = reporter.config.option
    narrowed = (
        option.keyword,
        option.markexpr,
        getattr(option, "lf", False),
        option.ignore,
        option.ignore_glob,
        # Under pytest-xdist the workers deselect, and do not tell.
        option.deselect,
        reporter.stats.get("deselected"),
    )
    # A module that cannot be imported, or skips itself whole, has tests that nobody saw.
    unseen = any(
        isinstance(report, pytest.CollectReport)
        for outcome in ("error", "skipped")
        for report in reporter.stats.get(outcome, ())
    )
    chosen = reporter.config.args_source is pytest.Config.ArgsSource.ARGS or option.modelcompat_model
    return is_complete(reporter.config, exitstatus) and not (any(narrowed) or unseen or chosen or option.collectonly)
