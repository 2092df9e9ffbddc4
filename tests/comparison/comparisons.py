"""Outputs compared, and the one thing that is expected of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import Drift, OutputComparison

EXACT = Tolerance(0.0, 0.0, "marker")
FLOAT32 = Tolerance(1.3e-6, 1e-5, "dtype float32")


def strings(*texts: str) -> Any:
    array = np.empty(len(texts), dtype=object)
    array[:] = [text.encode() for text in texts]
    return array


def float32(*values: float) -> Any:
    return np.array(values, np.float32)


def compared(actual: Any, expected: Any, tolerance: Tolerance = FLOAT32) -> OutputComparison:
    return compare_outputs({"score": actual}, {"score": expected}, lambda *_: tolerance)


def drift_of(actual: Any, expected: Any, tolerance: Tolerance = FLOAT32) -> Drift:
    comparison = compared(actual, expected, tolerance)
    assert len(comparison.drifts) == 1, comparison.structure
    drift = comparison.drifts[0]
    # Every drift travels in xdist's reports and in JSON, which know neither NumPy's scalars nor NaN.
    json.dumps(asdict(drift), allow_nan=False)
    return drift
