"""Waits in a session that pytest-xdist has divided until a worker reports something of models.

The session itself collects nothing; what shows a run on GitHub is imported only where there is something to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_PHASES = ("setup", "call", "teardown")


class ReportWatch:
    """Has the session shown on GitHub from the first report on that is of a model test, or that may be.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """When a phase of a test is reported; pytest-xdist has a phase of its own for what killed a worker."""
        if hasattr(report, "modelcompat") or report.when not in _PHASES:
            self._start(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """When a file could not be collected."""
        if report.failed:
            self._start(report)

    def _start(self, first: pytest.TestReport | pytest.CollectReport) -> None:
        from pytest_modelcompat.plugin import github_actions

        self._config.pluginmanager.unregister(self)
        github_actions.register(self._config, reports=(first,))
