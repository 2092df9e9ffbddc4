"""An exception or a crash becomes a finding: the catalogue of known failures, and how a loader's child can end."""

from __future__ import annotations

from pytest_modelcompat.diagnosis.context import DiagnosisContext
from pytest_modelcompat.diagnosis.diagnose import diagnose
from pytest_modelcompat.diagnosis.local_errors import call_failed, no_space, no_tensorflow, save_failed
from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.diagnosis.process_exit import cannot_start

__all__ = [
    "DiagnosisContext",
    "call_failed",
    "cannot_start",
    "diagnose",
    "no_space",
    "no_tensorflow",
    "root_cause",
    "save_failed",
]
