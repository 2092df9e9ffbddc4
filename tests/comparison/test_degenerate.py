"""Outputs that say little of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.degenerate import why_degenerate

ROWS = np.linspace(0.1, 0.9, 6).reshape(2, 3)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (np.zeros((2, 3), "float32"), "every element is 0.0: a dead ReLU"),
        (np.full((2, 1), 0.5), "every element is 0.5: a saturated"),
        (np.full((2, 3), np.nan), "every element is NaN"),
        (np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]), "every element is 0.0, 1.0 or -1.0"),
        (np.array([[1.0, -1.0], [-1.0, -1.0]], "float16"), "every element is 0.0, 1.0 or -1.0"),
        (np.repeat(ROWS[:1], 4, axis=0), "every example has the same output"),
        (np.full((2, 2), 1 + 1j), "every element is (1+1j)"),
        (np.array([[1.0, 1.0 + 1e-12]]), ""),
        (ROWS, ""),
        (np.eye(3), ""),
        (np.zeros((1,)), ""),
        (np.zeros((2, 3), "int64"), ""),
        (np.array([["a"], ["a"]], object), ""),
        (np.array([[np.nan, 1.0]]), ""),
        (np.zeros((0, 3)), ""),
        ("a ragged value", ""),
    ],
)
def test_why(output: Any, why: str) -> None:
    found = why_degenerate(output)
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_narrow_floats_of_other_packages() -> None:
    """Models of mixed precision give them; NumPy takes them for no floats."""
    narrow = pytest.importorskip("ml_dtypes")
    assert why_degenerate(np.zeros((2, 2), narrow.bfloat16)).startswith("every element is 0.0")
    assert not why_degenerate(ROWS.astype(narrow.bfloat16))
    assert not why_degenerate(np.zeros((2, 2), narrow.int4))
