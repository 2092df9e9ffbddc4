"""A failed target in pytest's own terms: our text, no traceback, the first line for the short summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from pytest_modelcompat.report.failure_text import failure_text, headline

if TYPE_CHECKING:
    import pytest

    from pytest_modelcompat.results.result import ModelCompatError


def show(report: pytest.TestReport, error: ModelCompatError, item: pytest.Item) -> None:
    """Put the failure text of an error's results in place of pytest's traceback.

    These classes of pytest's, rather than plain text, because only of them the short summary and JUnit XML take the
    first line alone, and because they travel from xdist workers as they are.
    """
    verbose = item.config.get_verbosity() >= 2
    text = "\n\n".join(failure_text(result, verbose=verbose) for result in error.results)
    path, line, _ = report.location
    report.longrepr = ReprExceptionInfo(
        reprtraceback=ReprTraceback([ReprEntryNative([text + "\n"])], extraline=None, style="native"),
        reprcrash=ReprFileLocation(path, (line or 0) + 1, headline(error.results[0])),
    )
