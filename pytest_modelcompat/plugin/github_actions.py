"""What a run on GitHub Actions shows there, without configuration: annotations and the summary of its step."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin import report_writer
from pytest_modelcompat.plugin.markers import ARTIFACT, ROUNDTRIP
from pytest_modelcompat.report.github import annotations_of
from pytest_modelcompat.report.repository import repository_of
from pytest_modelcompat.report.step_summary import MOST_BYTES, step_summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.report.json_report import Report

# `modelcompat matrix` switches it off in the runs that it starts, by `-p no:` with this name.
PLUGIN = "modelcompat-github"


def register(
    config: pytest.Config,
    session: pytest.Session | None = None,
    reports: Iterable[pytest.TestReport | pytest.CollectReport] = (),
) -> None:
    """Have this session shown on GitHub.

    Args:
        config: pytest's.
        session: the one whose collection has just finished; None where pytest-xdist has divided it.
        reports: what has been reported of models before.
    """
    manager = config.pluginmanager
    if config.option.collectonly or manager.has_plugin(PLUGIN) or manager.is_blocked(PLUGIN):
        return
    is_worker = hasattr(config, "workerinput")
    if not manager.has_plugin(report_writer.PLUGIN):
        sender = report_writer.ResultSender() if is_worker else report_writer.ReportWriter(config, ())
        manager.register(sender, report_writer.PLUGIN)
        if session is not None:
            sender.pytest_collection_finish(session)
            reports = (*reports, *_failed_collections(config))
        if isinstance(sender, report_writer.ReportWriter):
            _hand_on(reports, sender)
    if not is_worker:
        manager.register(GitHubReporter(config), PLUGIN)


def _hand_on(reports: Iterable[pytest.TestReport | pytest.CollectReport], writer: report_writer.ReportWriter) -> None:
    for report in reports:
        if isinstance(report, pytest.CollectReport):
            writer.pytest_collectreport(report)
        else:
            writer.pytest_runtest_logreport(report)


def _failed_collections(config: pytest.Config) -> Iterator[pytest.CollectReport]:
    """What could not be collected so far."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    errors = terminal.stats.get("error", ()) if terminal is not None else ()
    yield from (each for each in errors if isinstance(each, pytest.CollectReport))


def _may_have_model_tests(nodeid: str, root: Path) -> bool:
    """Whether what was not collected or killed its worker is of a file that has model tests, or is an artifact."""
    file = root / nodeid.partition("::")[0]
    if not nodeid or file.suffix != ".py":
        return bool(nodeid)
    try:
        source = file.read_bytes()
    except OSError:
        return False
    return ROUNDTRIP.encode() in source or ARTIFACT.encode() in source


class GitHubReporter:
    """Shows a session on GitHub when it ends, however it does.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._trouble = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """When the last test has run: above what pytest says of failures, which stays the end of the log."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        report = self._report(exitstatus)
        if not report.targets and not report.problems:
            return
        self._append_summary(report)
        if terminal is None:
            return
        found = annotations_of(report, repository_of(self._config.rootpath, os.environ))
        # The runner reads a command at the start of a line only.
        for line in ("", *(annotation.command for annotation in found)) if found else ():
            terminal.write_line(line)
        if self._trouble:
            terminal.write_line(f"modelcompat: the summary of this step was not written: {self._trouble}", yellow=True)

    def _report(self, exitstatus: int) -> Report:
        writer = self._config.pluginmanager.get_plugin(report_writer.PLUGIN)
        assert isinstance(writer, report_writer.ReportWriter)  # noqa: S101 - `register` has seen to it
        report, root = writer.report(exitstatus), self._config.rootpath
        problems = (each for each in report.problems if _may_have_model_tests(each["nodeid"], root))
        return replace(report, problems=tuple(problems))

    def _append_summary(self, report: Report) -> None:
        """Add to what the step's commands have written before; a page that cannot be written fails nothing."""
        name = os.environ.get("GITHUB_STEP_SUMMARY")
        if not name:
            return
        file = Path(name)
        try:
            written = file.stat().st_size if file.exists() else 0
            with file.open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(step_summary(report, MOST_BYTES - written))
        except OSError as error:
            self._trouble = error.strerror or str(error)
