"""What all tests of a session claim together: `modelcompat golden prune` asks for it, and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.golden.staleness import CollectedClaims
from pytest_modelcompat.report import user_properties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


def claims_of_items(items: Sequence[pytest.Item], root: Path) -> CollectedClaims:
    """What the tests that were collected claim, whether they will run or not.

    Args:
        items: all of them, with the claims that were noted on the model tests.
        root: the project's folder.
    """
    modules = {item.path.with_suffix("") for item in items if item.path.is_relative_to(root)}
    properties = [item.user_properties for item in items]
    return CollectedClaims(
        names=frozenset(name for each in properties for name in user_properties.claims(each)),
        uncertain=frozenset(
            folder for each in properties for folder in user_properties.uncertain_folders(each, passed=False)
        ),
        collected=frozenset(module.relative_to(root).as_posix() for module in modules),
    )


def claims_of_reports(reports: Sequence[pytest.TestReport]) -> CollectedClaims:
    """What the tests that ran claim, wherever they ran; a call that was not reached leaves its folder uncertain."""
    last = {report.nodeid: report for report in reports if report.when != "teardown"}
    last.update({report.nodeid: report for report in reports if report.when == "call"})
    return CollectedClaims(
        names=frozenset(name for each in reports for name in user_properties.claims(each.user_properties)),
        uncertain=frozenset(
            folder
            for each in last.values()
            for folder in user_properties.uncertain_folders(
                each.user_properties, passed=each.when == "call" and each.passed
            )
        ),
        collected=frozenset(nodeid.partition("::")[0].removesuffix(".py") for nodeid in last),
    )
