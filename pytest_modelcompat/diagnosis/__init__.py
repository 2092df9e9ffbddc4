"""Exception or crash -> finding: the catalogue of known failures, and how a loader's child can end."""

from __future__ import annotations

from pytest_modelcompat.diagnosis.before_loading import call_failed, no_space, no_tensorflow, save_failed
from pytest_modelcompat.diagnosis.context import Context
from pytest_modelcompat.diagnosis.deaths import cannot_start
from pytest_modelcompat.diagnosis.diagnosing import diagnose
from pytest_modelcompat.diagnosis.texts import true_cause

__all__ = [
    "Context",
    "call_failed",
    "cannot_start",
    "diagnose",
    "no_space",
    "no_tensorflow",
    "save_failed",
    "true_cause",
]
