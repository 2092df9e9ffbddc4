"""What holds of any two outputs that are compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance
from tests.properties import PROPERTY

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import Drift

SHAPES = arrays.array_shapes(max_dims=3, max_side=5)
ANY_FLOATS = st.floats(width=32)
FLOATS = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)


def drift(actual: Any, expected: Any, rtol: float = 0.0, atol: float = 0.0) -> Drift:
    (found,) = compare_outputs({"y": actual}, {"y": expected}, lambda *_: Tolerance(rtol, atol, "test")).drifts
    return found


def pairs(dtype: str, elements: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    """Two arrays of one shape."""
    return SHAPES.flatmap(lambda shape: st.tuples(*[arrays.arrays(dtype, shape, elements=elements)] * 2))


@PROPERTY
@given(arrays.arrays("float32", SHAPES, elements=ANY_FLOATS))
def test_an_output_equals_itself(values: Any) -> None:
    found = drift(values, values.copy())
    assert found.holds
    assert found.identical
    assert (found.mismatched, found.max_abs, found.total) == (0, 0.0, values.size)


@PROPERTY
@given(pairs("float32", ANY_FLOATS), st.floats(0, 10))
def test_an_absolute_tolerance_is_the_same_both_ways(both: tuple[Any, Any], atol: float) -> None:
    there, back = drift(*both, atol=atol), drift(*both[::-1], atol=atol)
    for name in ("mismatched", "max_abs", "nan_mismatched", "inf_mismatched", "identical", "holds"):
        assert getattr(there, name) == getattr(back, name)


@PROPERTY
@given(pairs("float32", st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf])))
def test_nan_and_infinities_are_compared_by_position(both: tuple[Any, Any]) -> None:
    actual, expected = both
    found = drift(actual, expected, atol=1e30)
    nan, other = np.isnan(actual) != np.isnan(expected), np.isnan(actual) | np.isnan(expected)
    infinite = (np.isinf(actual) | np.isinf(expected)) & (actual != expected) & ~other
    assert found.nan_mismatched == nan.sum()
    assert found.inf_mismatched == infinite.sum()
    assert found.mismatched == (nan | infinite).sum()
    assert math.isfinite(found.max_abs)


@PROPERTY
@given(pairs("int64", st.integers(-(1 << 63), (1 << 63) - 1)))
def test_integers_are_exact(both: tuple[Any, Any]) -> None:
    actual, expected = both
    found = drift(actual, expected)
    assert found.mismatched == (actual != expected).sum()
    assert found.holds == np.array_equal(actual, expected)


@PROPERTY
@given(pairs("float32", FLOATS), st.integers(-20, 20), st.floats(0, 0.5))
def test_a_relative_tolerance_knows_no_scale(both: tuple[Any, Any], power: int, rtol: float) -> None:
    actual, expected = (values.astype("float64") for values in both)
    scaled = drift(np.ldexp(actual, power), np.ldexp(expected, power), rtol=rtol)
    assert scaled.mismatched == drift(actual, expected, rtol=rtol).mismatched


@PROPERTY
@given(pairs("float32", FLOATS))
def test_the_tolerance_that_is_said_to_pass_does(both: tuple[Any, Any]) -> None:
    needed = drift(*both).passing_atol
    assert needed is not None
    assert drift(*both, atol=needed).holds
