"""Outputs that draw random numbers: their mean and spread over many calls, compared by ranks.

Each call of a model gives some figures, and under the assumption that both models draw alike all calls are
exchangeable: the ranks of one model's figures among all are a random choice, whatever the distribution of the output.
So the rank sum test (Mann-Whitney) holds for every model. Its statistic is a sum over a random half of the ranks, whose
tails are lighter than those of the normal distribution. Six figures are tested (the means of five, and the spread),
both ends of each, at 5.5 standard deviations: a false alarm has a chance below 6 * 3.8e-8 = 2.3e-7 a check.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.differences import Drift
from pytest_modelcompat.comparison.leaves import expanded_leaf
from pytest_modelcompat.comparison.tolerance import OwnComparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.loader.tensors import Sampled

STOCHASTIC = "stochastic"
SIGNIFICANT = 5.5


def sampled_drift(output: str, actual: Sampled, expected: Sampled, tolerance: Tolerance) -> Drift:
    """How far two models are apart in an output that draws random numbers.

    What differs by no more than the tolerance holds, however certain the difference is.

    Args:
        output: its name.
        actual: samples of one model.
        expected: samples of the other one, of the same shape and dtype.
        tolerance: what is allowed between the means over all calls.
    """
    leaf = expanded_leaf(expected)
    identical = bool(_same(actual.calls, expected.calls) and _same(actual.pairs, expected.pairs))
    found = [] if identical else list(_differences(actual, expected, tolerance))
    mean, expected_mean = float(actual.calls[:, 0].mean()), float(expected.calls[:, 0].mean())
    apart = abs(mean - expected_mean)
    because = f"mean and spread over {len(actual.calls)} calls: " + "; ".join(found) if found else ""
    return Drift(
        output=output,
        dtype=leaf.dtype,
        shape=leaf.shape,
        total=leaf.values.size,
        mismatched=0,
        max_abs=apart,
        max_abs_at=None,
        max_rel=apart / abs(expected_mean) if expected_mean else 0.0,
        max_rel_at=None,
        tolerance=replace(tolerance, own=None),
        nan_mismatched=0,
        inf_mismatched=0,
        identical=identical,
        worst=(),
        allowance_used=2.0 if found else 0.0,
        passing_atol=None,
        passing_rtol=None,
        own=OwnComparison(not found, because, by=STOCHASTIC),
    )


def rank_deviation(actual: NDArray[Any], expected: NDArray[Any]) -> float:
    """How many standard deviations the rank sum of one sample is from that of two samples which are drawn alike.

    Args:
        actual: (n,).
        expected: (m,).
    """
    import numpy as np

    together = np.concatenate([actual, expected])
    _, inverse, counts = np.unique(together, return_inverse=True, return_counts=True)
    # Equal figures share their ranks.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]
    n, m, total = len(actual), len(expected), len(together)
    ties = float((counts.astype(np.float64) ** 3 - counts).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - ties)
    if variance <= 0:
        return 0.0
    return float((ranks[:n].sum() - n * (total + 1) / 2) / math.sqrt(variance))


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    import numpy as np

    return bool(np.array_equal(one, other))


def _differences(actual: Sampled, expected: Sampled, tolerance: Tolerance) -> Iterator[str]:
    from pytest_modelcompat.loader.samples import FIGURES

    not_finite, magnitude = len(FIGURES) - 1, len(FIGURES) - 2
    if actual.calls[:, not_finite].any() and not expected.calls[:, not_finite].any():
        yield "some elements are NaN or infinite, and no expected one is"
    allowed = tolerance.atol + tolerance.rtol * float(expected.calls[:, magnitude].mean())
    spread, wanted = float(actual.pairs.mean()), float(expected.pairs.mean())
    if abs(spread - wanted) > allowed and abs(rank_deviation(actual.pairs, expected.pairs)) > SIGNIFICANT:
        times = f", {spread / wanted:.3g} times as much" if wanted else ""
        yield f"the spread is {spread:.4g}, expected {wanted:.4g}{times}"
    moved = [
        place
        for place in range(not_finite)
        if abs(float(actual.calls[:, place].mean()) - float(expected.calls[:, place].mean())) > allowed
        and abs(rank_deviation(actual.calls[:, place], expected.calls[:, place])) > SIGNIFICANT
    ]
    if any(place != magnitude for place in moved):
        yield _moved_mean(actual, expected, moved)
    elif moved:
        sizes = [float(each.calls[:, magnitude].mean()) for each in (actual, expected)]
        yield f"the mean magnitude is {sizes[0]:.4g}, expected {sizes[1]:.4g}"


def _moved_mean(actual: Sampled, expected: Sampled, moved: list[int]) -> str:
    means = [float(each.calls[:, 0].mean()) for each in (actual, expected)]
    if 0 in moved:
        return f"the mean is {means[0]:.4g}, expected {means[1]:.4g}"
    return f"the means of its elements are others, though that of all is {means[0]:.4g}, expected {means[1]:.4g}"
