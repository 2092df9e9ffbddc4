"""Outputs that draw random numbers, compared by mean and spread: no false alarm, and a noise that doubles is seen."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.samples import SIGNIFICANT, rank_deviation
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.loader import samples, tensors

FLOAT32 = Tolerance(1.3e-6, 1e-5, "dtype float32")


def sampled(draw: Any, seed: int) -> tensors.Sampled:
    random = np.random.default_rng(seed)

    def call() -> Any:
        return {"": {"z": np.asarray(draw(random)), "mean": np.zeros(1)}}

    routes = samples.over_calls(call(), call, ["z"])
    assert isinstance(routes[""]["mean"], np.ndarray)
    leaf = routes[""]["z"]
    assert isinstance(leaf, tensors.Sampled)
    # It travels through a golden and a loader's answer.
    structure, arrays = tensors.pack({"z": leaf})
    again: tensors.Sampled = tensors.unpack(structure, arrays)["z"]
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(leaf, again, strict=True))
    return again


def drift(actual: Any, expected: Any, tolerance: Tolerance = FLOAT32) -> Any:
    comparison = compare_outputs({"z": actual}, {"z": expected}, lambda *_: tolerance)
    assert not comparison.structure
    return comparison.drifts[0]


MEANS = np.linspace(-2, 2, 8).reshape(4, 2)


def normal(scale: float = 1.0, shift: float = 0.0, elements: int = 8) -> Any:
    means = np.resize(MEANS, elements)
    return lambda random: (means + shift + scale * random.normal(size=elements)).astype(np.float32)


DRAWS = {
    "normal": normal(),
    "heavy tails": lambda random: random.standard_cauchy(8),
    "skewed": lambda random: random.lognormal(0, 3, 8),
    "dropped": lambda random: MEANS * (random.random(MEANS.shape) > 0.02),
    "classes": lambda random: random.integers(0, 3, 8),
    "one number": lambda random: random.normal(size=(1, 1)),
    "complex": lambda random: random.normal(size=4) + 1j * random.normal(size=4),
    "all at once": lambda random: np.full(8, random.normal()),
    "bool": lambda random: random.random(8) > 0.5,
}


@pytest.mark.parametrize("name", DRAWS)
def test_what_is_drawn_alike_holds(name: str) -> None:
    expected = sampled(DRAWS[name], 0)
    for seed in range(1, 4):
        assert drift(sampled(DRAWS[name], seed), expected).holds


@pytest.mark.parametrize("elements", [2, 4, 8, 1000])
def test_noise_that_doubles_or_halves_is_seen(elements: int) -> None:
    expected = sampled(normal(elements=elements), 0)
    for scale in (2.0, 0.5):
        found = drift(sampled(normal(scale, elements=elements), 1), expected)
        assert not found.holds
        assert "the spread is " in found.own.because
        assert "times as much" in found.own.because


def test_a_mean_that_moves_is_seen() -> None:
    expected = sampled(normal(), 0)
    found = drift(sampled(normal(shift=1.0), 1), expected)
    assert not found.holds
    assert found.own.because.startswith("mean and spread over 128 calls: the mean is ")


def test_elements_that_change_places_are_seen() -> None:
    expected = sampled(lambda random: MEANS + 0.1 * random.normal(size=MEANS.shape), 0)
    found = drift(sampled(lambda random: MEANS[::-1] + 0.1 * random.normal(size=MEANS.shape), 1), expected)
    assert "the means of its elements are others" in found.own.because


def test_what_no_longer_draws_and_what_is_not_finite_are_seen() -> None:
    expected = sampled(normal(), 0)
    still = sampled(lambda _: MEANS.reshape(-1).astype(np.float32), 0)
    assert "the spread is 0, expected" in drift(still, expected).own.because

    def broken(random: Any) -> Any:
        found = normal()(random)
        found[0] = np.nan
        return found

    assert "some elements are NaN or infinite" in drift(sampled(broken, 1), expected).own.because


def test_what_is_within_the_tolerance_holds_however_certain_it_is() -> None:
    # A million elements make the mean of a call so exact that any rounding shows.
    expected = sampled(lambda random: 1 + 1e-3 * random.normal(size=20_000), 0)
    actual = sampled(lambda random: 1 + 1e-4 + 1e-3 * random.normal(size=20_000), 1)
    assert not drift(actual, expected).holds
    assert drift(actual, expected, Tolerance(1e-3, 0.0, "marker")).holds


def test_shape_dtype_and_kind_are_held() -> None:
    expected = sampled(normal(), 0)
    for actual, what in (
        (sampled(lambda random: random.normal(size=8), 0), "dtype"),
        (sampled(normal(elements=9), 0), "shape"),
        (np.zeros(8, np.float32), "kind"),
    ):
        comparison = compare_outputs({"z": actual}, {"z": expected}, lambda *_: FLOAT32)
        assert [each.what for each in comparison.structure] == [what]


def test_another_shape_in_another_call_is_said() -> None:
    sizes = iter((1, 2))
    with pytest.raises(samples.ShapeVariesError, match=r"output 'z' is float64 \(1,\) in one call and float64 \(2,\)"):
        sampled(lambda _: np.zeros(next(sizes)), 0)


@pytest.mark.parametrize("size", [20, 64])
def test_ranks_deviate_by_chance_in_less_than_one_of_ten_million(size: int) -> None:
    """The exact distribution of the rank sum, as the coefficients of the Gaussian binomial."""
    counts = [1] + [0] * (size * size)
    for factor in range(1, size + 1):
        for place in range(size * size, size + factor - 1, -1):
            counts[place] -= counts[place - size - factor]
        for place in range(factor, size * size + 1):
            counts[place] += counts[place - factor]
    assert sum(counts) == math.comb(2 * size, size)
    deviation = math.sqrt(size * size * (2 * size + 1) / 12)
    beyond = sum(each for place, each in enumerate(counts) if abs(place - size * size / 2) / deviation > SIGNIFICANT)
    assert Fraction(beyond, sum(counts)) < Fraction(1, 10**7)


def test_the_deviation_of_ranks() -> None:
    low, high = np.arange(64.0), np.arange(64.0) + 100
    assert rank_deviation(high, low) == -rank_deviation(low, high) == pytest.approx(9.76, abs=0.01)
    assert rank_deviation(low, low) == 0.0
    assert rank_deviation(np.ones(64), np.ones(64)) == 0.0
    # All of one sample above a single value of the other: equal figures share their ranks.
    assert rank_deviation(np.ones(64), np.zeros(64)) == pytest.approx(math.sqrt(127), abs=0.01)
