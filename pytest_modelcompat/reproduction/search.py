"""The smallest part of a sequence of layers that still fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Beyond that many, layers inside what the bisection left are not tried one by one.
_MOST_SINGLE = 40


def smallest(names: Sequence[str], fails: Callable[[Sequence[str]], bool], *, gaps: bool) -> list[str]:
    """The layers that it takes for a failure, found by bisection.

    Args:
        names: all layers in order; together they fail.
        fails: whether some of them fail.
        gaps: whether layers between others may be left out.
    """
    end = _least(1, len(names), lambda count: fails(names[:count]))
    start = end - _least_from_below(end, lambda count: fails(names[end - count : end]))
    left = list(names[start:end])
    if gaps and 1 < len(left) <= _MOST_SINGLE:
        for name in names[start:end]:
            rest = [each for each in left if each != name]
            if rest and fails(rest):
                left = rest
    return left


def _least(low: int, high: int, fails: Callable[[int], bool]) -> int:
    """The least number that fails, where `high` does, and more than a number that fails do too."""
    while low < high:
        middle = (low + high) // 2
        if fails(middle):
            high = middle
        else:
            low = middle + 1
    return high


def _least_from_below(high: int, fails: Callable[[int], bool]) -> int:
    """The same for a number that is expected to be small: numbers are doubled until one fails."""
    low, tried = 1, 1
    while tried < high and not fails(tried):
        low, tried = tried + 1, 2 * tried
    return _least(low, min(tried, high), fails)
