"""A failed target in pytest's own terms: our text, no traceback, one line for the short summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from pytest_modelcompat.plugin.stash import FAILURES_ATTRIBUTE, STOPPED_WITH
from pytest_modelcompat.report.failure_groups import failure_data
from pytest_modelcompat.report.failure_text import short_headline
from pytest_modelcompat.report.layout import labelled

if TYPE_CHECKING:
    import pytest

    from pytest_modelcompat.results.result import ModelCompatError


def show(report: pytest.TestReport, error: ModelCompatError, item: pytest.Item) -> None:
    """Put the failure text of an error's results in place of pytest's traceback.

    These classes of pytest's, rather than plain text, because only of them the short summary and JUnit XML take one
    line alone, and because they travel from xdist workers as they are. The terminal's own texts, which
    `plugin.failure_texts` makes at the end, need the results apart.
    """
    verbose = item.config.get_verbosity() >= 2
    failures = [failure_data(result, verbose=verbose) for result in error.results]
    vars(report)[FAILURES_ATTRIBUTE] = failures
    path, line, _ = report.location
    at_hand = item.stash.get(STOPPED_WITH, "")
    shown = [*(each["text"] for each in failures), *(["\n".join(labelled("pdb", at_hand))] if at_hand else [])]
    report.longrepr = text_repr("\n\n".join(shown), path, (line or 0) + 1, short_headline(error.results[0]))


def text_repr(text: str, path: str, line: int, message: str) -> ReprExceptionInfo:
    """A text as pytest shows an exception.

    Args:
        text: the text.
        path: the file of the test.
        line: the line in it.
        message: what the short summary says.
    """
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback([ReprEntryNative([text + "\n"])], extraline=None, style="native"),
        reprcrash=ReprFileLocation(path, line, message),
    )
