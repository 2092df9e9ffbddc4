"""How far two outputs are apart, in figures: each held against what NumPy computes of the whole arrays."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.classes import rows_with_same_top
from pytest_modelcompat.comparison.figures import Figures, figures_of
from pytest_modelcompat.comparison.frontier import Frontier, is_within
from tests.comparison.comparisons import drift_of, float32, strings

if TYPE_CHECKING:
    from collections.abc import Callable


def figures(actual: Any, expected: Any) -> Figures:
    found = figures_of(np.asarray(actual), np.asarray(expected))
    assert found is not None
    json.dumps(asdict(found), allow_nan=False)
    return found


def normal(size: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=size)


def test_means_and_the_cosine_are_those_of_numpy_over_several_chunks() -> None:
    expected = normal(30_000).astype(np.float32)
    actual = expected + (1e-3 * normal(30_000, 1)).astype(np.float32)
    found, wide = figures(actual, expected), (actual.astype(float), expected.astype(float))
    difference = np.abs(wide[0] - wide[1])
    assert found.compared == 30_000
    assert found.mean_abs == pytest.approx(difference.mean(), rel=1e-12)
    assert found.mean_rel == pytest.approx((difference / np.abs(wide[1])).mean(), rel=1e-12)
    cosine = wide[0] @ wide[1] / np.linalg.norm(wide[0]) / np.linalg.norm(wide[1])
    assert found.cosine == pytest.approx(cosine, abs=1e-12)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 1e30])
def test_percentiles_are_at_most_1_percent_too_high_and_never_too_low(scale: float) -> None:
    difference = np.abs(normal(10_001)) * scale
    found = figures(difference, np.zeros(10_001)).percentiles
    exact = np.percentile(difference, (50, 90, 99, 100), method="inverted_cdf")
    for each, wanted in zip(found, exact, strict=True):
        assert wanted <= each <= 1.01 * wanted
    assert found[3] == exact[3]


def test_percentiles_of_mostly_equal_elements_are_0() -> None:
    actual = np.zeros(100)
    actual[:5] = 1.0
    assert figures(actual, np.zeros(100)).percentiles == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_ulps_count_the_numbers_between_two(dtype: str) -> None:
    kind = np.dtype(getattr(pytest.importorskip("ml_dtypes"), dtype) if dtype == "bfloat16" else dtype)
    bits = np.array([0x3C00, 0x0001], np.uint16).astype(f"u{kind.itemsize}")
    expected = bits.view(kind)
    assert figures((bits + 3).astype(bits.dtype).view(kind), expected).max_ulps == 3
    # From the smallest negative number over both zeros to the smallest positive one.
    smallest = np.array([1], bits.dtype).view(kind)
    assert figures(-smallest, smallest).max_ulps == 2
    assert figures(-np.zeros(1, kind), np.zeros(1, kind)).max_ulps == 0


def test_ulps_of_complex_numbers_are_those_of_their_parts() -> None:
    expected = np.array([1 + 1j], np.complex64)
    actual = np.array([1 + 1j * np.nextafter(np.float32(1), np.float32(2))], np.complex64)
    assert figures(actual, expected).max_ulps == 1


def test_integers_have_no_ulps_and_their_differences_are_exact_far_from_zero() -> None:
    found = figures(np.array([2**63 - 1, -(2**63)]), np.array([2**63 - 2, -(2**63)]))
    assert (found.max_ulps, found.mean_abs, found.percentiles[3]) == (None, 0.5, 1.0)
    assert figures(np.array([True, False]), np.array([True, True])).mean_abs == 0.5


def test_nan_and_infinities_are_left_out() -> None:
    found = figures([np.nan, np.inf, 1.0, 2.0], [0.0, np.inf, 1.0, 1.0])
    assert (found.compared, found.mean_abs, found.percentiles[3]) == (2, 0.5, 1.0)
    nothing = figures([np.nan], [1.0])
    assert (nothing.compared, nothing.mean_abs, nothing.mean_rel, nothing.cosine) == (0, 0.0, None, None)


def test_of_nothing_and_of_strings_there_is_nothing_to_say() -> None:
    assert figures(np.zeros((0, 3)), np.zeros((0, 3))).compared == 0
    assert figures_of(strings("a"), strings("b")) is None


@pytest.mark.parametrize(
    ("actual", "expected", "cosine"),
    [
        ([0.0, 0.0], [0.0, 0.0], 1.0),
        ([0.0, 0.0], [0.0, 1.0], 0.0),
        ([-1.0, 0.0], [2.0, 0.0], -1.0),
        ([1e200, 0.0], [1e200, 1.0], None),
        ([1e-200], [2e-200], None),
        ([1e-200], [1e-200], 1.0),
    ],
)
def test_the_cosine_of_zeros_and_of_extremes(actual: Any, expected: Any, cosine: float | None) -> None:
    assert figures(actual, expected).cosine == cosine


def test_differences_beyond_float64_stay_numbers() -> None:
    found = figures([1.7e308, 1.7e308], [-1.7e308, -1.7e308])
    assert found.percentiles[3] == 1.7976931348623157e308


PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]], np.float32)


def test_changed_classes_are_counted_where_rows_are_probabilities() -> None:
    actual = PROBABILITIES[:, ::-1].copy()
    found = figures(actual, PROBABILITIES).classes
    assert found is not None
    assert (found.changed, found.rows) == (2, 3)


@pytest.mark.parametrize(
    "expected",
    [
        PROBABILITIES * 2,
        PROBABILITIES - np.float32(0.2),
        np.ones((3, 1), np.float32),
        PROBABILITIES[0],
        np.array([[1, 0], [0, 1]]),
        np.full((1, 10_001), 1 / 10_001),
    ],
    ids=["sums", "negative", "one class", "one row", "integers", "too many"],
)
def test_other_outputs_have_no_classes(expected: Any) -> None:
    assert figures(expected, expected).classes is None


def test_the_same_greatest_scores_in_whatever_order() -> None:
    expected = np.array([[5.0, 4.0, 1.0], [5.0, 4.0, 1.0], [5.0, 4.0, 4.0], [1.0, 2.0, np.nan], [3.0, 2.0, 1.0]])
    actual = np.array([[4.0, 5.0, 1.0], [5.0, 1.0, 4.0], [5.0, 0.0, 4.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    # Rows: another order, another element, an expected tie, NaN on one side, an output that became constant.
    assert [rows_with_same_top(actual[at, None], expected[at, None], 2) for at in range(5)] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize("changed", [0, 2**16, 2**17 + 4])
def test_the_greatest_scores_of_a_row_that_is_read_in_pieces(changed: int) -> None:
    expected = np.random.default_rng(0).random((2, 2**17 + 5), np.float32)
    expected[1, [5, 2**16 + 1, 2**17]] = [2.0, 3.0, 4.0]
    actual = expected * np.float32(0.9)
    assert rows_with_same_top(actual, expected, 3) == 2
    actual[1, changed] = 5.0
    assert rows_with_same_top(actual, expected, 3) == 1
    assert rows_with_same_top(expected, expected, expected.shape[1] - 1) == 2


@pytest.mark.parametrize("seed", range(20))
def test_the_frontier_decides_as_all_elements_do(seed: int) -> None:
    random = np.random.default_rng(seed)
    frontier, sizes, differences = Frontier(), random.lognormal(0, 2, 9000), random.lognormal(-3, 2, 9000)
    for start in range(0, 9000, 1000):
        frontier.add(sizes[start : start + 1000], differences[start : start + 1000])
    points = frontier.points
    assert points is not None
    assert len(points) < 40
    for rtol, atol in zip(random.lognormal(-1, 3, 200), random.lognormal(-1, 3, 200), strict=True):
        assert is_within(points, rtol, atol) == bool((differences <= atol + rtol * sizes).all())
    greatest = float(differences.max())
    assert is_within(points, 0.0, greatest)
    assert not is_within(points, 0.0, greatest * 0.999)


def test_a_drift_has_figures_where_something_differs() -> None:
    assert drift_of(float32(1.0, 2.0), float32(1.0, 2.0)).figures is None
    close = drift_of(float32(1.0, 2.0 + 1e-6), float32(1.0, 2.0))
    assert close.holds
    assert close.figures is not None
    far = drift_of(float32(1.0, 3.0), float32(1.0, 2.0)).figures
    assert far is not None
    assert far.mean_abs == 0.5


def test_many_elements_that_hold_are_not_worth_the_time() -> None:
    expected = np.ones(2**18 + 1, np.float32)
    actual = expected + np.float32(1e-6)
    assert drift_of(actual, expected).figures is None
    actual[0] = 2.0
    assert drift_of(actual, expected).figures is not None


def make(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize(
    "layout",
    [lambda: make((1_500_000,)), lambda: make((500_000, 3)), lambda: make((3, 500_000)).T],
    ids=["flat", "rows", "not contiguous"],
)
def test_memory_stays_below_a_tenth_of_one_array_and_some_mb(layout: Callable[[], Any]) -> None:
    expected = layout()
    actual = expected + np.float32(1e-3)
    tracemalloc.start()
    try:
        figures_of(actual, expected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The counts of the percentiles are 2 MB, which a tenth of 10^8 float32 is 20 times.
    assert peak < 5 << 20
