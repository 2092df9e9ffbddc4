"""Fails CI when a saved TensorFlow/Keras model stops loading, or loads and predicts something else.

The names below are the public ones; `docs/api.md` says what is promised of them. They are imported when they are first
used, so that `import pytest_modelcompat` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.comparison.tolerance import OwnComparison, Tolerance
    from pytest_modelcompat.diagnosis.known_failure import KnownFailure
    from pytest_modelcompat.plugin.fixture import ModelRoundtrip
    from pytest_modelcompat.results.finding import Finding, Kind
    from pytest_modelcompat.results.result import ModelCompatError, Result, RoundTripResult
    from pytest_modelcompat.settings.settings import Settings

__all__ = [
    "Drift",
    "Finding",
    "Kind",
    "KnownFailure",
    "ModelCompatError",
    "ModelRoundtrip",
    "OwnComparison",
    "Result",
    "RoundTripResult",
    "Settings",
    "Tolerance",
]

_HOMES = {
    "Drift": "comparison.differences",
    "Finding": "results.finding",
    "Kind": "results.finding",
    "KnownFailure": "diagnosis.known_failure",
    "ModelCompatError": "results.result",
    "ModelRoundtrip": "plugin.fixture",
    "OwnComparison": "comparison.tolerance",
    "Result": "results.result",
    "RoundTripResult": "results.result",
    "Settings": "settings.settings",
    "Tolerance": "comparison.tolerance",
}


if not TYPE_CHECKING:  # a type checker would believe in any name

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
