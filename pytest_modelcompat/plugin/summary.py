"""Collecting what the section at the end of a session says, with or without xdist: all of it from the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.report import user_properties
from pytest_modelcompat.report.failure_text import summary_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.plugin.session import Session

TITLE = "model compatibility"


def write_summary(reporter: pytest.TerminalReporter, exitstatus: int, session: Session) -> None:
    """Write the section, if the session had model tests or has goldens that nothing claims."""
    reports = list(_reports(reporter))
    lines = [
        line
        for report in reports
        if report.when == "call"
        for line in user_properties.lines(
            report.user_properties, expected=report.skipped and hasattr(report, "wasxfail")
        )
    ]
    stale = stale_goldens(reporter, exitstatus, session)
    # pytest 9.2 asks plugins even under --no-summary; earlier ones do not.
    if reporter.config.option.no_summary or not (lines or stale):
        return
    reporter.section(TITLE)
    for text in summary_lines(lines, stale, reporter.config.get_verbosity()):
        reporter.write_line(text)


def stale_goldens(reporter: pytest.TerminalReporter, exitstatus: int, session: Session) -> list[str]:
    """Goldens that no test claims; none where not every test had its chance to claim its own."""
    if not _is_complete(reporter, exitstatus, session):
        return []
    reports = list(_reports(reporter))
    claimed = {name for report in reports for name in user_properties.claims(report.user_properties)}
    return _stale(session, reporter.config, claimed, _uncertain_folders(reports))


def _reports(reporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    seen = set()
    for reports in reporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and id(report) not in seen:
                seen.add(id(report))
                yield report


def _uncertain_folders(reports: list[pytest.TestReport]) -> set[str]:
    """The folders in which a test may have goldens that it had no chance to claim: a name= in a call not reached."""
    last = {report.nodeid: report for report in reports if report.when != "teardown"}
    last.update({report.nodeid: report for report in reports if report.when == "call"})
    return {
        folder
        for report in last.values()
        for folder in user_properties.uncertain_folders(
            report.user_properties, passed=report.when == "call" and report.passed
        )
    }


def _is_complete(reporter: pytest.TerminalReporter, exitstatus: int, session: Session) -> bool:
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
    ended = exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    )
    # A module that cannot be imported, or skips itself whole, has tests that nobody saw.
    unseen = any(
        isinstance(report, pytest.CollectReport)
        for outcome in ("error", "skipped")
        for report in reporter.stats.get(outcome, ())
    )
    chosen = reporter.config.args_source is pytest.Config.ArgsSource.ARGS or option.modelcompat_model
    return ended and not (any(narrowed) or unseen or chosen or session.cut_short or option.collectonly)


def _stale(session: Session, config: pytest.Config, claimed: set[str], unsure: set[str]) -> list[str]:
    """Goldens that no test claims, of those whose tests lie where pytest looked."""
    if not session.golden_root.is_dir():
        return []
    from pytest_modelcompat.golden.store import GoldenStore

    looked = [config.invocation_params.dir / argument for argument in config.args]
    return [
        str(name)
        for name in GoldenStore(session.golden_root).names()
        if str(name) not in claimed
        and "/".join(name.folder) not in unsure
        and ":" not in name.name
        and not config.rootpath.joinpath(*name.folder, name.name).exists()
        and any(config.rootpath.joinpath(*name.folder).is_relative_to(folder) for folder in looked)
    ]
