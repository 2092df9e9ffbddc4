"""The memory and the time that each comparison of two outputs takes: `python benchmarks/comparison_memory.py 1e8`.

Every element differs, and some are beyond tolerance, so that all figures are computed. Each comparison has a process of
its own, since the greatest memory of a process never falls; all of them share the pages of the two arrays.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_modelcompat.comparison.criterion import Criterion
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import tolerance_for

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.differences import OutputComparison

ALLOWED = 0.1
CRITERIA = (
    Criterion("tolerance"),
    Criterion("quantile", (0.99,)),
    Criterion("cosine", (0.999,)),
    Criterion("topk", (3,)),
    Criterion("psnr", (40,)),
)


def peak() -> int:
    """The greatest resident set of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def outputs(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of float32 (size / 10, 10) whose elements differ, made without a temporary of their size."""
    shape = (size // 10, 10)
    expected, actual = np.empty(shape, np.float32), np.empty(shape, np.float32)
    random = np.random.default_rng(0)
    step = 2_000
    for start in range(0, shape[0], step):
        rows = random.random((min(step, shape[0] - start), 10), np.float32)
        rows /= rows.sum(axis=1, keepdims=True)
        expected[start : start + step] = rows
        actual[start : start + step] = rows * np.float32(1 + 1e-4)
    return actual, expected


def compare(actual: np.ndarray, expected: np.ndarray, criterion: Criterion) -> OutputComparison:
    """Two outputs, compared as a test compares them."""
    return compare_outputs(
        {"score": actual}, {"score": expected}, lambda _, dtype: replace(tolerance_for([dtype]), own=criterion)
    )


def measure(criterion: Criterion, actual: np.ndarray, expected: np.ndarray) -> int:
    """Print what a comparison takes; 1 where that is too much memory."""
    small = outputs(1000)
    compare(*small, criterion)
    before, started = peak(), time.perf_counter()
    comparison = compare(actual, expected, criterion)
    seconds, more = time.perf_counter() - started, peak() - before
    share = more / expected.nbytes
    decided = comparison.drifts[0].own
    print(f"{criterion}: {seconds:.1f} s, {more / 2**20:.1f} MB beyond the arrays, {100 * share:.2f} % of one", end="")
    print(f" ({decided.because})" if decided is not None else "", flush=True)
    return 0 if share <= ALLOWED else 1


def main() -> int:
    size = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7
    actual, expected = outputs(size)
    print(f"{size:,} float32")
    failed = 0
    for criterion in CRITERIA:
        child = multiprocessing.get_context("fork").Process(
            target=lambda chosen: sys.exit(measure(chosen, actual, expected)), args=(criterion,)
        )
        child.start()
        child.join()
        failed |= child.exitcode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
