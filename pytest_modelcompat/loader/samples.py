"""An output that draws random numbers, over many calls: what is kept of each call is a few figures.

The figures of a call say nothing of another call, so that those of two models can be compared by their ranks alone,
whatever the distribution of the output is.
"""

from typing import Any, Callable, Collection, Dict, List, Tuple  # noqa: F401 - List is that of a comment

import numpy as np

from . import tensors

Routes = Dict[str, Dict[str, Any]]

# Of an output with few elements each call says less, so that more of them are needed to see a noise that doubles.
CALLS = 128
FEW_ELEMENTS = 4
CALLS_OF_FEW = 512
# The figures of a call: the mean of the elements, of three sums in which half of the elements have the other sign, of
# the magnitudes, and how many elements are not finite.
FIGURES = ("mean", "first signed mean", "second signed mean", "third signed mean", "magnitude", "not finite")
_MULTIPLIERS = (2654435761, 2246822519, 3266489917)
_BLOCK = 2**16


class ShapeVariesError(Exception):
    """An output that draws random numbers does not have the same shape and dtype in each call; the message names it."""


def is_sampled(leaf: Any) -> bool:
    """Whether a leaf is one of which samples can be taken: dense numbers with at least one element."""
    return not isinstance(leaf, tuple) and leaf.dtype.kind != "O" and leaf.size > 0


def over_calls(routes: Routes, call: Callable[[], Routes], names: Collection[str]) -> Routes:
    """Outputs with what further calls give for those that draw random numbers.

    Args:
        routes: what a first call gave: leaves by signature, then by name.
        call: calls again.
        names: the outputs that draw, by their names or by `signature/name`.

    Raises:
        ShapeVariesError: one of them has another shape in another call.
    """
    drawn = [
        (route, name)
        for route, outputs in routes.items()
        for name, leaf in outputs.items()
        if (name in names or route + "/" + name in names) and is_sampled(leaf)
    ]
    taken = {place: _Samples(place[1], routes[place[0]][place[1]]) for place in drawn}
    for _ in range(max((samples.calls for samples in taken.values()), default=1) - 1):
        again = call()
        for (route, name), samples in taken.items():
            samples.add(again[route][name])
    for (route, name), samples in taken.items():
        routes[route] = dict(routes[route], **{name: samples.as_leaf()})
    return routes


class _Samples:
    """The figures of each call's output, and of the difference of every other call to the one before it."""

    def __init__(self, name: str, first: Any) -> None:
        self._name, self._first, self._last = name, first, first
        self.calls = CALLS if first.size >= FEW_ELEMENTS else CALLS_OF_FEW
        self._of_calls = [_figures(first)]  # type: List[Tuple[float, ...]]
        self._of_pairs = []  # type: List[float]

    def add(self, output: Any) -> None:
        if output.shape != self._first.shape or output.dtype != self._first.dtype:
            raise ShapeVariesError(
                "output {!r} is {} {} in one call and {} {} in another".format(
                    self._name, self._first.dtype, self._first.shape, output.dtype, output.shape
                )
            )
        if len(self._of_calls) < self.calls:
            self._of_calls.append(_figures(output))
            if len(self._of_calls) % 2 == 0:
                self._of_pairs.append(_mean_difference(self._last, output))
            self._last = output

    def as_leaf(self) -> tensors.Sampled:
        return tensors.Sampled(self._first, np.array(self._of_calls), np.array(self._of_pairs))


def _figures(output: Any) -> Tuple[float, ...]:
    sums, not_finite = np.zeros(len(_MULTIPLIERS) + 2), 0
    for start, block in _blocks(output):
        finite = np.isfinite(block)
        not_finite += int(block.size - finite.sum())
        known = np.where(finite, block, 0.0)
        place = np.arange(start, start + known.size, dtype=np.uint64)
        with np.errstate(all="ignore"):
            signed = [(known * _signs(place, multiplier)).sum() for multiplier in _MULTIPLIERS]
            sums += np.array([known.sum()] + signed + [np.abs(known).sum()])
    with np.errstate(all="ignore"):
        means = np.nan_to_num(sums / output.size)
    return tuple(float(each) for each in means) + (float(not_finite),)


def _signs(place: Any, multiplier: int) -> Any:
    """1 or -1 for each place of an output, the same for each call and for each NumPy."""
    mixed = (place * np.uint64(multiplier)) & np.uint64(0xFFFFFFFF)
    return 1.0 - 2.0 * ((mixed >> np.uint64(17)) & np.uint64(1)).astype(np.float64)


def _mean_difference(one: Any, other: Any) -> float:
    total = 0.0
    for (_, first), (_, second) in zip(_blocks(one), _blocks(other)):
        with np.errstate(all="ignore"):
            difference = np.abs(first - second)
        total += float(np.where(np.isfinite(difference), difference, 0.0).sum())
    return float(total / one.size)


def _blocks(output: Any) -> Any:
    """The elements as float64, of complex numbers both parts, a part after the other."""
    flat = np.ascontiguousarray(output).reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK]
        if block.dtype.kind == "c":
            block = np.concatenate([block.real, block.imag])
        yield start, block.astype(np.float64)
