"""Reading a failure text as a user does: its lines in their order, and nothing of ours behind it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable

import pytest

ReportedFailure = Callable[..., None]


@pytest.fixture
def reported_failure() -> ReportedFailure:
    """Asserts that a run printed these lines in this order (`*` for any text, runs of blanks for one)."""

    def reported_failure(result: pytest.RunResult, *lines: str) -> None:
        printed = [" ".join(line.split()) for line in result.outlines]
        rest = iter(printed)
        for line in lines:
            pattern = line.replace("[", "[[]").replace("?", "[?]")
            assert any(fnmatch.fnmatchcase(each, pattern) for each in rest), f"not printed, or not in order: {line}"
        assert not [line for line in printed if "pytest_modelcompat/" in line or "Traceback" in line]

    return reported_failure
