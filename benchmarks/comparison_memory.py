"""The memory and the time that comparing two outputs takes: `python benchmarks/comparison_memory.py 1e8`.

One process, one comparison: every element differs, and some are beyond tolerance, so that all figures are computed.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import tolerance_for

ALLOWED = 0.1


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


def main() -> int:
    size = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7
    small = outputs(1000)
    compare_outputs({"score": small[0]}, {"score": small[1]}, lambda _, dtype: tolerance_for([dtype]))
    actual, expected = outputs(size)
    before, started = peak(), time.perf_counter()
    comparison = compare_outputs({"score": actual}, {"score": expected}, lambda _, dtype: tolerance_for([dtype]))
    seconds, more = time.perf_counter() - started, peak() - before
    share = more / expected.nbytes
    print(f"{size:,} float32: {seconds:.1f} s, {more / 2**20:.1f} MB beyond the arrays, {100 * share:.1f} % of one")
    print(comparison.drifts[0].figures)
    return 0 if share <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
