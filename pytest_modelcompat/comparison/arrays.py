"""The arithmetic of comparing two arrays, chunk by chunk, so that memory does not grow with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    # A flat part of an array's elements in C order, behind its first one's position.
    Chunk = tuple[int, NDArray[Any]]

# Small enough for the C library to keep the temporaries' memory between chunks. Measured on 5e7 float32 elements:
# 1.3 s; with 2**13 3.1 s and with 2**16 6.8 s, the difference spent on giving memory back and asking for it again.
_CHUNK = 2**12
_WORST = 5
_GREATEST = 1.7976931348623157e308


def flat(values: NDArray[Any]) -> Any:
    """The elements in C order, to be indexed and sliced, without a copy of the whole."""
    return values.reshape(-1) if values.flags.c_contiguous else values.flat


def chunks(values: NDArray[Any]) -> Iterator[Chunk]:
    """The elements in C order, one flat chunk after the other."""
    elements = flat(values)
    for start in range(0, values.size, _CHUNK):
        yield start, elements[start : start + _CHUNK]


def rechunked(pieces: Iterable[NDArray[Any]]) -> Iterator[Chunk]:
    """The chunks of an array whose elements come in flat pieces of any size."""
    import numpy as np

    start, rest = 0, None
    for piece in pieces:
        elements = piece if rest is None else np.concatenate([rest, piece])
        whole = elements.size - elements.size % _CHUNK
        yield from ((start + at, elements[at : at + _CHUNK]) for at in range(0, whole, _CHUNK))
        start, rest = start + whole, elements[whole:] if whole < elements.size else None
    if rest is not None:
        yield start, rest


def is_integer(dtype: np.dtype[Any]) -> bool:
    """Whether elements are whole numbers or bool. The kind of `ml_dtypes`' int4 is V, as bfloat16's is."""
    return dtype.kind in "biu" or dtype.name.startswith(("int", "uint"))


def as_wide_dtype(chunk: NDArray[Any]) -> NDArray[Any]:
    """A copy as float64 or complex128, in which differences of every narrower float are exact enough."""
    import numpy as np

    return chunk.astype(np.complex128 if chunk.dtype.kind == "c" else np.float64)


@dataclass
class Peak:
    """The greatest figure so far and its flat position; of equals, the first."""

    greatest: float = 0.0
    position: int | None = None

    def add(self, start: int, figures: NDArray[np.float64]) -> None:
        """Take in a chunk whose first element stands at `start`."""
        at = int(figures.argmax())
        if figures[at] > self.greatest:
            self.greatest, self.position = float(figures[at]), start + at


@dataclass(frozen=True)
class MismatchedElement:
    """An element that does not hold: how far beyond what is allowed, its flat position, its difference."""

    excess: float
    position: int
    difference: float | None


@dataclass
class ArrayDifference:
    """Everything to say about the differences of two arrays, summed up while they are read.

    Args:
        rtol: share of the expected element's magnitude that is allowed.
        atol: absolute part that is allowed.
        mismatched: elements that do not hold, NaN and infinities included.
        nan: elements that are NaN on one side only.
        infinite: infinities that do not face the same infinity.
        identical: whether all is the same bit for bit so far.
        used: the greatest share of its allowance an element uses up.
        absolute: the greatest absolute difference of finite elements.
        relative: the greatest relative difference of finite elements where the expected one is not zero.
        worst: up to five elements that do not hold, the worst first.
    """

    rtol: float
    atol: float
    mismatched: int = 0
    nan: int = 0
    infinite: int = 0
    identical: bool = True
    used: float = 0.0
    absolute: Peak = field(default_factory=Peak)
    relative: Peak = field(default_factory=Peak)
    worst: list[MismatchedElement] = field(default_factory=list)
    _atol_needed: float = 0.0
    _rtol_needed: float = 0.0

    @classmethod
    def of(cls, actual: NDArray[Any], expected: NDArray[Any], rtol: float, atol: float) -> ArrayDifference:
        """Compare two arrays of the same shape and dtype: numbers, bool, `ml_dtypes`, or objects (bytes)."""
        return cls.of_chunks(chunks(actual), chunks(expected), rtol, atol)

    @classmethod
    def of_chunks(cls, actual: Iterator[Chunk], expected: Iterator[Chunk], rtol: float, atol: float) -> ArrayDifference:
        """Compare two arrays of which no more than a chunk need be there at once."""
        figures = cls(rtol, atol)
        for (start, chunk), (_, wanted) in zip(actual, expected, strict=True):
            if not _same_bits(chunk, wanted):
                figures.add(start, _element_differences(chunk, wanted))
        return figures

    def add(self, start: int, gaps: ElementDifferences) -> None:
        """Take in a chunk that is not the same bit for bit and whose first element stands at `start`."""
        import numpy as np

        self.identical = False
        with np.errstate(all="ignore"):
            allowed = self.atol + self.rtol * gaps.size
            excess = gaps.difference - allowed
            self._add_sizes(start, gaps)
            self._add_needs(gaps, allowed)
        bad = gaps.difference > allowed
        for mask in (gaps.nan, gaps.infinite):
            if mask is not None:
                bad |= mask
                excess[mask] = np.inf
        self.nan += 0 if gaps.nan is None else int(gaps.nan.sum())
        self.infinite += 0 if gaps.infinite is None else int(gaps.infinite.sum())
        self._add_worst(start, gaps, excess, np.flatnonzero(bad))

    @property
    def passing_atol(self) -> float | None:
        """The smallest atol that holds beside the given rtol, rounded up to 3 digits; None if none does."""
        return None if self.nan or self.infinite else _rounded_up(self._atol_needed)

    @property
    def passing_rtol(self) -> float | None:
        """The smallest rtol that holds beside the given atol, rounded up to 3 digits; None if none does."""
        return None if self.nan or self.infinite else _rounded_up(self._rtol_needed)

    def _add_sizes(self, start: int, gaps: ElementDifferences) -> None:
        import numpy as np

        if gaps.graded:
            self.absolute.add(start, gaps.difference)
            relative = np.divide(gaps.difference, gaps.size, out=np.zeros_like(gaps.size), where=gaps.size > 0)
            self.relative.add(start, np.minimum(relative, _GREATEST))

    def _add_needs(self, gaps: ElementDifferences, allowed: NDArray[np.float64]) -> None:
        import numpy as np

        differs = gaps.difference > 0
        if not differs.any():
            return
        difference, size = gaps.difference[differs], gaps.size[differs]
        self.used = max(self.used, min(float((difference / allowed[differs]).max()), _GREATEST))
        # A little more than the difference, since atol + rtol * size is rounded in its turn.
        slack = difference * (1 + 4 * np.finfo(np.float64).eps)
        covered = self.rtol * size
        needed = np.where(covered > 0, slack - covered, difference)
        self._atol_needed = max(self._atol_needed, float(needed.max()))
        beyond = slack - self.atol
        self._rtol_needed = max(self._rtol_needed, float((beyond / size)[beyond > 0].max(initial=0.0)))

    def _add_worst(
        self, start: int, gaps: ElementDifferences, excess: NDArray[np.float64], bad: NDArray[np.intp]
    ) -> None:
        import numpy as np

        self.mismatched += len(bad)
        if len(bad) > _WORST:
            beyond = excess[bad]
            fifth = np.partition(beyond, -_WORST)[-_WORST]
            bad = np.concatenate([bad[beyond > fifth], bad[beyond == fifth][:_WORST]])
        for place in bad.tolist():
            difference = float(gaps.difference[place]) if math.isfinite(excess[place]) else None
            self.worst.append(MismatchedElement(float(excess[place]), start + place, difference))
        self.worst = sorted(self.worst, key=lambda each: (-each.excess, each.position))[:_WORST]


@dataclass(frozen=True)
class ElementDifferences:
    """What lies between the elements of two chunks.

    Args:
        difference: float64, 0 where an element is not finite; infinite between strings that differ.
        size: float64, the expected element's magnitude, 0 where an element is not finite.
        nan: mask of elements that are NaN on one side only; None if all elements are finite.
        infinite: mask of infinities without the same infinity facing them; None likewise.
        graded: whether a difference says how much, as it does not between strings.
    """

    difference: NDArray[np.float64]
    size: NDArray[np.float64]
    nan: NDArray[np.bool_] | None = None
    infinite: NDArray[np.bool_] | None = None
    graded: bool = True


def _same_bits(actual: NDArray[Any], expected: NDArray[Any]) -> bool:
    if expected.dtype.kind == "O":
        return bool((actual == expected).all())
    if actual.dtype != expected.dtype:
        return False
    bits = f"u{min(expected.dtype.itemsize, 8)}"
    return bool((actual.view(bits) == expected.view(bits)).all())


def _element_differences(actual: NDArray[Any], expected: NDArray[Any]) -> ElementDifferences:
    import numpy as np

    if expected.dtype.kind == "O":
        difference = np.where(actual != expected, np.inf, 0.0)
        return ElementDifferences(difference, np.zeros_like(difference), graded=False)
    if is_integer(expected.dtype):
        return _integer_differences(actual, expected)
    theirs, ours = as_wide_dtype(actual), as_wide_dtype(expected)
    with np.errstate(all="ignore"):
        difference, size = np.abs(theirs - ours), np.abs(ours)
    if np.isfinite(difference).all() and np.isfinite(size).all():
        return ElementDifferences(difference, size)
    nan = np.isnan(theirs) != np.isnan(ours)
    finite = np.isfinite(theirs) & np.isfinite(ours)
    infinite = ~finite & ~np.isnan(theirs) & ~np.isnan(ours) & (theirs != ours)
    # Two finite float64 may still lie further apart than float64 reaches.
    difference = np.where(finite, np.minimum(difference, _GREATEST), 0.0)
    return ElementDifferences(difference, np.where(finite, np.minimum(size, _GREATEST), 0.0), nan, infinite)


def _integer_differences(actual: NDArray[Any], expected: NDArray[Any]) -> ElementDifferences:
    import numpy as np

    if expected.dtype.kind not in "iu":
        actual, expected = actual.astype(np.int64), expected.astype(np.int64)
    # Unsigned arithmetic wraps around, so that greater minus lesser is right even between the ends of int64.
    theirs, ours = actual.astype(np.uint64), expected.astype(np.uint64)
    difference = np.where(actual > expected, theirs - ours, ours - theirs)
    return ElementDifferences(difference.astype(np.float64), np.abs(expected.astype(np.float64)))


def _rounded_up(figure: float) -> float | None:
    from decimal import ROUND_CEILING, Context, Decimal

    if not math.isfinite(figure):
        return None
    return float(Context(prec=3, rounding=ROUND_CEILING).plus(Decimal(figure)))


def array_degeneracy(values: NDArray[Any]) -> str | None:
    """What makes an array say nothing: `all NaN`, `constant` (of more than one element), or None."""
    import numpy as np

    if not values.size:
        return None
    if values.dtype.kind != "O" and all(np.isnan(as_wide_dtype(chunk)).all() for _, chunk in chunks(values)):
        return "all NaN"
    first = flat(values)[0]
    constant = values.size > 1 and all((chunk == first).all() for _, chunk in chunks(values))
    return "constant" if constant else None


def array_statistics(values: NDArray[Any]) -> dict[str, int | float | None]:
    """An array in a few figures that a person can follow from one golden to the next.

    Rounded to nine digits, the mean and the deviation relative to the greatest magnitude, so that the order
    of summation of another NumPy or processor does not change a golden.

    Args:
        values: any shape and dtype; of complex numbers, the magnitudes are taken.

    Returns:
        `min`, `max`, `mean`, `std` of the finite elements (None if there is none, or beyond float64's reach)
        and the counts `nan` and `inf`; for strings the number of `distinct` values.
    """
    if values.dtype.kind == "O":
        return {"distinct": len({item for _, chunk in chunks(values) for item in chunk})}
    count, nan, low, high, total = 0, 0, math.inf, -math.inf, 0.0
    for finite, chunk_nan in _finite_chunks(values):
        nan += chunk_nan
        if finite.size:
            count += finite.size
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            total += float(finite.sum())
    figures: dict[str, int | float | None] = dict.fromkeys(("min", "max", "mean", "std"))
    if count:
        mean, scale = total / count, max(abs(low), abs(high))
        figures = {"min": _rounded(low, abs(low)), "max": _rounded(high, abs(high))}
        figures |= {"mean": _rounded(mean, scale), "std": _rounded(_deviation(values, mean, count), scale)}
    return figures | {"nan": nan, "inf": values.size - count - nan}


def _deviation(values: NDArray[Any], mean: float, count: int) -> float:
    import numpy as np

    with np.errstate(all="ignore"):
        squares = sum(float(((finite - mean) ** 2).sum()) for finite, _ in _finite_chunks(values))
    return math.sqrt(squares / count)


def _finite_chunks(values: NDArray[Any]) -> Iterator[tuple[NDArray[np.float64], int]]:
    """The finite elements of each chunk as float64, and the number of its NaN."""
    import numpy as np

    for _, chunk in chunks(values):
        wide = as_wide_dtype(chunk)
        with np.errstate(all="ignore"):
            real = np.abs(wide) if wide.dtype.kind == "c" else wide
            finite = real[np.isfinite(real)]
        yield finite, int(np.isnan(real).sum())


def _rounded(value: float, scale: float) -> float | None:
    if not math.isfinite(value):
        return None
    if scale == 0:
        return 0.0
    # Adding zero turns -0.0 into 0.0: the sign of nothing is not worth a changed golden.
    return round(value, 8 - math.floor(math.log10(scale))) + 0.0
