"""The hooks that a project writes in its `conftest.py`, or another plugin in its own; `docs/hooks.md` has examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.comparison.tolerance import OwnComparison, Tolerance
    from pytest_modelcompat.diagnosis.known_failure import KnownFailure
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.settings.settings import Settings


def pytest_modelcompat_known_failures(config: pytest.Config) -> Sequence[KnownFailure]:  # type: ignore[empty-body]
    """Failures to load that only this project knows, looked up before the plugin's own. Called once a session.

    Args:
        config: pytest's.
    """


@pytest.hookspec(firstresult=True)
def pytest_modelcompat_inputs(case: str, model: Any, options: Settings) -> Any:
    """The inputs of a case whose test gives none; None to derive them as usual. The first hook that gives some counts.

    Args:
        case: the case's name, `tests/test_models/test_ranker`.
        model: the model under test; None for an artifact that something else saved.
        options: the case's options.
    """


@pytest.hookspec(firstresult=True)
def pytest_modelcompat_compare(output: str, actual: Any, expected: Any, tolerance: Tolerance) -> OwnComparison | None:
    """Compares one output of a model in a way of its own; None to compare it as usual. The first answer counts.

    Called for each comparison of the output: reloaded with saved, saved with golden, and the second prediction with
    the first. Both values have the same dtype and shape.

    Args:
        output: the output's name.
        actual: a NumPy array, or a ragged or sparse value.
        expected: the same.
        tolerance: what would be allowed.
    """


def pytest_modelcompat_result(result: Result, item: pytest.Item) -> None:
    """After each target, passed or failed, when its result is final.

    Args:
        result: the target's.
        item: the test that ran it.
    """
