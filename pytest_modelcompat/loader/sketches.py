"""A tensor in a few figures: a digest, which tells any two apart, and a sketch, which tells how far apart they are.

The sketch of n numbers x is their mean, their standard deviation, and `PROJECTIONS` sums of s*x with signs s that are
a fixed function of the position. For the difference d of two tensors, the mean of the squares of its projections
estimates the sum of d*d, whatever the signs are: N. Alon, Y. Matias, M. Szegedy, The space complexity of approximating
the frequency moments, https://doi.org/10.1006/jcss.1997.1545.
"""

import functools
import hashlib
from typing import Any, List

import numpy as np

from . import calls, tensors

PROJECTIONS = 5
# Of a short digest: two tensors share one with a probability of 1 to 4 * 10**9.
DIGEST_DIGITS = 8
# Numbers that are looked at together: measured on 10**7, larger ones take ten times as long, spent on getting memory.
_CHUNK = 1 << 12
# So many numbers are handed over of one tensor; of a larger one, a sample.
MOST_SAMPLED = 1 << 13


def digest_of(leaves: List[Any]) -> str:
    """A short digest of leaves, their dtypes and shapes included."""
    found = hashlib.sha256()
    for leaf in leaves:
        for part in calls.components(leaf):
            found.update("{} {};".format(part.dtype.name, list(part.shape)).encode("ascii"))
            found.update(repr(part.tolist()).encode("utf-8") if part.dtype.kind == "O" else part.tobytes())
    return found.hexdigest()[:DIGEST_DIGITS]


def values_of(leaf: Any) -> Any:
    """The numbers of a leaf in one row, of a ragged or sparse one those that it holds; None for strings."""
    values = leaf.values if isinstance(leaf, (tensors.Ragged, tensors.Sparse)) else leaf
    return None if values.dtype.kind == "O" else values.reshape(-1)


def size_of(leaf: Any) -> int:
    """How many numbers or strings a leaf holds."""
    return int(calls.components(leaf)[0].size)


def sample_of(leaf: Any) -> Any:
    """The numbers of a leaf as a plain row of at most `MOST_SAMPLED`, at places that its size alone decides."""
    values = values_of(leaf)
    if values is None:
        return np.zeros(0)
    if values.size > MOST_SAMPLED:
        # The numbers that RandomState gives are the same in every NumPy.
        places = np.random.RandomState(0).randint(0, values.size, MOST_SAMPLED)  # noqa: NPY002
        values = values[np.sort(places)]
    return values if values.dtype.kind == "c" else values.astype(np.float64)


def sketch_of(leaf: Any) -> List[float]:
    """Mean, standard deviation and projections of a leaf's numbers, those that are not finite counted as 0.

    Empty for strings, for a leaf without numbers, and for numbers whose squares are too large.
    """
    values = values_of(leaf)
    if values is None or not values.size:
        return []
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag], axis=1).reshape(-1)
    total, squares, projected, signs = 0.0, 0.0, np.zeros(PROJECTIONS), _signs()
    for number, start in enumerate(range(0, values.size, _CHUNK)):
        chunk = values[start : start + _CHUNK].astype(np.float64)
        chunk = np.where(np.isfinite(chunk), chunk, 0.0)
        total += float(chunk.sum())
        squares += float(chunk @ chunk)
        # The signs of a chunk are those of the first, all turned or not.
        projected += signs[:, number % _CHUNK] * (signs[:, : chunk.size] @ chunk)
    mean = total / values.size
    deviation = float(np.sqrt(max(0.0, squares / values.size - mean * mean)))
    found = [mean, deviation] + [float(each) for each in projected]
    return found if np.all(np.isfinite(found)) else []


@functools.lru_cache(maxsize=1)
def _signs() -> Any:
    """A row of signs for each projection: bits of a hash of the position, the same everywhere."""
    with np.errstate(over="ignore"):
        hashed = np.arange(1, 1 + _CHUNK, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(32)
        hashed *= np.uint64(0xD6E8FEB86659FD93)
        hashed ^= hashed >> np.uint64(32)
    bits = [(hashed >> np.uint64(place)) & np.uint64(1) for place in range(PROJECTIONS)]
    return np.stack(bits).astype(np.float64) * 2.0 - 1.0
