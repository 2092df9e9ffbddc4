"""The failure texts of a session as its terminal shows them: each cause of a case once, and no wider than it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.plugin.failure_repr import text_repr
from pytest_modelcompat.plugin.stash import FAILURES_ATTRIBUTE
from pytest_modelcompat.plugin.summary import terminal_width
from pytest_modelcompat.report.failure_groups import condensed
from pytest_modelcompat.report.line_wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_modelcompat.report.failure_groups import FailureData


def fit(reports: Sequence[pytest.TestReport], reporter: pytest.TerminalReporter) -> None:
    """Give failed targets the texts that the terminal shows at the end of a session.

    Only then it is known which of them are shown, and in which order; JUnit XML and other plugins have each text in
    full, taken from its report when the test ended.

    Args:
        reports: of failed tests, in the order in which pytest shows them.
        reporter: pytest's.
    """
    ours = [report for report in reports if hasattr(report, FAILURES_ATTRIBUTE)]
    failures: list[FailureData] = [failure for report in ours for failure in vars(report)[FAILURES_ATTRIBUTE]]
    is_verbose = reporter.config.get_verbosity() >= 2
    texts = iter([each["text"] for each in failures] if is_verbose else condensed(failures))
    width = terminal_width(reporter)
    for report in ours:
        own = [wrapped(next(texts), width) for _ in vars(report)[FAILURES_ATTRIBUTE]]
        crash: Any = getattr(report.longrepr, "reprcrash", None)
        if crash is not None:
            report.longrepr = text_repr("\n\n".join(own), crash.path, crash.lineno, crash.message)
