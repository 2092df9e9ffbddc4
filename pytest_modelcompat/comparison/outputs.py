"""How far the outputs of two models are apart, as data.

An element holds if `|actual - expected| <= atol + rtol * |expected|`; NaN equals NaN and an infinity the same
infinity, by position. Both are counted apart, so that they never turn a figure into NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.comparison import arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pytest_modelcompat.loader.tensors import Leaf

_TEXT_LIMIT = 100

# (rtol, atol) by dtype, the least precise first; from torch.testing.assert_close but float16's atol:
# https://docs.pytorch.org/docs/stable/testing.html. PyTorch's 1e-5 is meant for one kernel; a whole model
# that computes in float16 was measured to move by up to 1e-3 from one TensorFlow to another.
_TOLERANCES: dict[str, tuple[float, float]] = {
    "bfloat16": (1.6e-2, 1e-5),
    "float16": (1e-3, 1e-3),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
_PARTS_OF_COMPLEX = {"complex64": "float32", "complex128": "float64"}

Value = bool | int | float | str
Compare = Callable[[str, Any, Any, "Tolerance"], "OwnComparison | None"]


@dataclass(frozen=True)
class OwnComparison:
    """What a project's own comparison of an output says.

    Args:
        holds: whether the output is as expected.
        because: the reason, in one sentence; shown where it does not hold.
    """

    holds: bool
    because: str = ""


@dataclass(frozen=True)
class Tolerance:
    """How far an element may be off, and who said so.

    Args:
        rtol: the share of the expected element's magnitude.
        atol: the absolute part.
        source: where it came from: `marker`, `ini`, `command line`, `dtype float32`.
        own: the project's own comparison, called with the output's name, both values and the tolerance; None to
            compare by the tolerance.

    Raises:
        ValueError: one of them is negative, infinite or NaN: nothing, or everything, would hold.
    """

    rtol: float
    atol: float
    source: str
    own: Compare | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; it must be a finite number and not negative")


def tolerance_for(dtypes: Iterable[str]) -> Tolerance:
    """The tolerance of the least precise floating dtype; exact if there is none.

    Args:
        dtypes: TensorFlow's short names (`float32`, `bfloat16`, `int64`, `string`); a complex dtype counts as
            that of its parts.
    """
    names = sorted(set(dtypes))
    floating = [name for name in names if _part(name) in _TOLERANCES]
    if not floating:
        return Tolerance(0.0, 0.0, f"dtype {', '.join(names)}" if names else "exact")
    ranks = list(_TOLERANCES)
    least = min(floating, key=lambda name: ranks.index(_part(name)))
    rtol, atol = _TOLERANCES[_part(least)]
    return Tolerance(rtol, atol, f"dtype {least}")


def _part(dtype: str) -> str:
    return _PARTS_OF_COMPLEX.get(dtype, dtype)


def output_tolerance(output_dtype: str, compute_dtypes: Iterable[str]) -> Tolerance:
    """The tolerance of one output of a model that computes in `compute_dtypes`.

    A float32 output of a `mixed_float16` model carries float16's error. An integer or string output is exact
    whatever the model computes in: a class index that moves is a different answer.
    """
    if _part(output_dtype) not in _TOLERANCES:
        return tolerance_for([output_dtype])
    return tolerance_for([output_dtype, *compute_dtypes])


@dataclass(frozen=True)
class WorstElement:
    """One element that does not hold.

    Args:
        index: its place in the output; a ragged output's row first, a sparse one's as in the dense tensor.
        actual: its value; NaN, infinities, complex numbers and strings as text.
        expected: as `actual`.
        difference: `|actual - expected|`; None where one of them is no finite number.
    """

    index: tuple[int, ...]
    actual: Value
    expected: Value
    difference: float | None


@dataclass(frozen=True)
class Drift:
    """The numerical difference between an output and what was expected of it; builtins only.

    Args:
        output: the output's name.
        dtype: TensorFlow's short name.
        shape: the dense shape; None for a ragged dimension.
        total: the number of elements compared.
        mismatched: how many do not hold, NaN and infinities included.
        max_abs: the greatest absolute difference of finite elements, held or not.
        max_abs_at: its index; None if all are equal.
        max_rel: the greatest difference relative to the expected element, where that is not zero.
        max_rel_at: its index; None if all are equal or every expected element that differs is zero.
        tolerance: what was allowed.
        nan_mismatched: elements that are NaN on one side only.
        inf_mismatched: infinities that do not face the same infinity.
        identical: whether all elements are the same bit for bit.
        worst: up to five elements that do not hold: NaN and infinities first, then those furthest beyond what
            is allowed.
        allowance_used: the greatest share of its allowance an element uses up; above 1 it does not hold.
        passing_atol: the smallest atol that would hold with the given rtol, rounded up to three digits so
            that it can be copied from a message; None if none would.
        passing_rtol: the smallest rtol that would hold with the given atol, likewise.
        own: the project's own comparison, where that decided.
    """

    output: str
    dtype: str
    shape: tuple[int | None, ...]
    total: int
    mismatched: int
    max_abs: float
    max_abs_at: tuple[int, ...] | None
    max_rel: float
    max_rel_at: tuple[int, ...] | None
    tolerance: Tolerance
    nan_mismatched: int
    inf_mismatched: int
    identical: bool
    worst: tuple[WorstElement, ...]
    allowance_used: float
    passing_atol: float | None
    passing_rtol: float | None
    own: OwnComparison | None = None

    @property
    def holds(self) -> bool:
        """Whether every element is within the tolerance, or the project's own comparison says that it holds."""
        return self.mismatched == 0 if self.own is None else self.own.holds


@dataclass(frozen=True)
class StructureDifference:
    """Something about an output that no tolerance can excuse.

    Args:
        output: the output's name; `outputs` if it is about all of them.
        what: `missing`, `unexpected`, `kind` (dense, ragged, sparse), `dtype`, `shape`, `row lengths`,
            `sparsity`, or, beside a drift, `constant` or `all NaN`.
        expected: in words.
        actual: in words.
    """

    output: str
    what: str
    expected: str
    actual: str

    @property
    def is_degenerate(self) -> bool:
        """Whether the output has become constant or all NaN, which is reported with its drift."""
        return self.what in ("constant", "all NaN")


@dataclass(frozen=True)
class OutputComparison:
    """Everything in which two sets of outputs differ.

    Args:
        structure: what no tolerance can excuse.
        drifts: one for each output of the same structure, in the expected outputs' order.
    """

    structure: tuple[StructureDifference, ...]
    drifts: tuple[Drift, ...]

    @property
    def holds(self) -> bool:
        """Whether there was something to compare, and all of it is within the tolerances."""
        return bool(self.drifts) and not self.structure and all(drift.holds for drift in self.drifts)

    @property
    def identical(self) -> bool:
        """Whether it holds bit for bit."""
        return self.holds and all(drift.identical for drift in self.drifts)

    @property
    def failing(self) -> tuple[Drift, ...]:
        """The drifts beyond their tolerance."""
        return tuple(drift for drift in self.drifts if not drift.holds)

    @property
    def degenerate(self) -> tuple[StructureDifference, ...]:
        """The outputs that have become constant or all NaN."""
        return tuple(each for each in self.structure if each.is_degenerate)

    @property
    def has_other_structure(self) -> bool:
        """Whether the outputs differ in more than their values."""
        return len(self.degenerate) < len(self.structure)


def compare_outputs(
    actual: Mapping[str, Leaf], expected: Mapping[str, Leaf], tolerances: Callable[[str, str], Tolerance]
) -> OutputComparison:
    """Compare outputs by name.

    Memory beyond the two sets stays at a few MB whatever their size, but for sparse values (sorted copies).

    Args:
        actual: leaves by output name: arrays of any shape (numbers, bool, `ml_dtypes`, or object arrays of
            bytes), `Ragged` or `Sparse`.
        expected: likewise.
        tolerances: called with an output's name and dtype.
    """
    structure: list[StructureDifference] = []
    drifts: list[Drift] = []
    for output, leaf in expected.items():
        ours = _expanded_leaf(leaf)
        if output not in actual:
            structure.append(StructureDifference(output, "missing", ours.description, "none"))
            continue
        theirs = _expanded_leaf(actual[output])
        found = _structure_differences(output, theirs, ours)
        if not found:
            tolerance = tolerances(output, ours.dtype)
            drift = _drift(output, theirs, ours, tolerance)
            if tolerance.own is not None:
                drift = replace(drift, own=tolerance.own(output, actual[output], leaf, tolerance))
            drifts.append(drift)
            found = [] if drift.holds else _newly_degenerate(output, theirs, ours)
        structure.extend(found)
    structure.extend(
        StructureDifference(output, "unexpected", "none", describe(leaf))
        for output, leaf in actual.items()
        if output not in expected
    )
    return OutputComparison((*structure, *_vacuous(structure, drifts)), tuple(drifts))


def _vacuous(structure: Sequence[StructureDifference], drifts: Sequence[Drift]) -> list[StructureDifference]:
    if structure or any(drift.total for drift in drifts):
        return []
    if not drifts:
        return [StructureDifference("outputs", "missing", "at least one output", "none")]
    return [StructureDifference("outputs", "missing", "at least one element", "none in any output")]


def leaf_dtype_name(leaf: Leaf) -> str:
    """TensorFlow's short name of a leaf's dtype; an object array's is `string`."""
    return _expanded_leaf(leaf).dtype


def describe(leaf: Leaf) -> str:
    """A leaf in words: `float32 (32, 1)`, `ragged int64 (3, None)`, `sparse float32 (2, 5)`."""
    return _expanded_leaf(leaf).description


def leaf_statistics(leaf: Leaf) -> dict[str, int | float | None]:
    """An output (of a ragged or sparse one, its values) in a few figures, see `figures.statistics`."""
    return arrays.array_statistics(_expanded_leaf(leaf).values)


@dataclass(frozen=True)
class _ExpandedLeaf:
    """A leaf with its values laid out to be compared element by element.

    Args:
        kind: `dense`, `ragged` or `sparse`.
        values: dense of `shape`; ragged (n, ...); sparse (n,), sorted by their indices.
        shape: the dense shape; None for a ragged dimension.
        row_splits: of a ragged one, outermost first, int64 (rows + 1,).
        indices: of a sparse one, int64 (n, rank), sorted.
    """

    kind: str
    values: NDArray[Any]
    shape: tuple[int | None, ...]
    row_splits: tuple[NDArray[np.int64], ...] = ()
    indices: NDArray[np.int64] | None = None

    @property
    def dtype(self) -> str:
        return "string" if self.values.dtype.kind == "O" else str(self.values.dtype.name)

    @property
    def description(self) -> str:
        return f"{'' if self.kind == 'dense' else self.kind + ' '}{self.dtype} {self.shape}"

    def index(self, position: int) -> tuple[int, ...]:
        """The index, as its user counts, of the element at a flat position of the values."""
        import numpy as np

        if self.indices is not None:
            return tuple(self.indices[position].tolist())
        index = tuple(int(place) for place in np.unravel_index(position, self.values.shape))
        for splits in reversed(self.row_splits):
            row = int(np.searchsorted(splits, index[0], side="right")) - 1
            index = (row, index[0] - int(splits[row]), *index[1:])
        return index


def _expanded_leaf(leaf: Leaf) -> _ExpandedLeaf:
    import numpy as np

    from pytest_modelcompat.loader.tensors import Ragged, Sparse

    if isinstance(leaf, Ragged):
        values = np.asarray(leaf.values)
        open_dimensions = [None] * len(leaf.row_splits)
        shape = (len(leaf.row_splits[0]) - 1, *open_dimensions, *values.shape[1:])
        return _ExpandedLeaf("ragged", values, shape, row_splits=leaf.row_splits)
    if isinstance(leaf, Sparse):
        indices = np.asarray(leaf.indices)
        order = np.lexsort(indices.T[::-1])
        return _ExpandedLeaf("sparse", np.asarray(leaf.values)[order], leaf.dense_shape, indices=indices[order])
    values = np.asarray(leaf)
    return _ExpandedLeaf("dense", values, values.shape)


def _structure_differences(output: str, actual: _ExpandedLeaf, expected: _ExpandedLeaf) -> list[StructureDifference]:
    """What differs but the values: the kind, or else dtype and shape, or else where the values stand."""
    if actual.kind != expected.kind:
        return [StructureDifference(output, "kind", expected.description, actual.description)]
    found = []
    if actual.dtype != expected.dtype:
        found.append(StructureDifference(output, "dtype", expected.dtype, actual.dtype))
    if actual.shape != expected.shape:
        found.append(StructureDifference(output, "shape", str(expected.shape), str(actual.shape)))
    return found or _row_lengths(output, actual, expected) or _sparsity(output, actual, expected)


def _row_lengths(output: str, actual: _ExpandedLeaf, expected: _ExpandedLeaf) -> list[StructureDifference]:
    import numpy as np

    for depth, (theirs, ours) in enumerate(zip(actual.row_splits, expected.row_splits, strict=True), 1):
        if not np.array_equal(theirs, ours):
            words = [f"{_shortened(np.diff(splits))} in dimension {depth}" for splits in (ours, theirs)]
            return [StructureDifference(output, "row lengths", *words)]
    return []


def _sparsity(output: str, actual: _ExpandedLeaf, expected: _ExpandedLeaf) -> list[StructureDifference]:
    import numpy as np

    if actual.indices is None or expected.indices is None or np.array_equal(actual.indices, expected.indices):
        return []
    if len(actual.indices) != len(expected.indices):
        words = [f"{len(each.values)} values" for each in (expected, actual)]
    else:
        first = int(np.flatnonzero((actual.indices != expected.indices).any(axis=1))[0])
        words = [f"a value at {list(each.index(first))}" for each in (expected, actual)]
    return [StructureDifference(output, "sparsity", *words)]


def _shortened(numbers: NDArray[Any]) -> str:
    shown = ", ".join(str(number) for number in numbers[:8].tolist())
    return f"{shown}, … ({len(numbers)} rows)" if len(numbers) > 8 else shown


def _newly_degenerate(output: str, actual: _ExpandedLeaf, expected: _ExpandedLeaf) -> list[StructureDifference]:
    what = arrays.array_degeneracy(actual.values)
    if what is None or what == arrays.array_degeneracy(expected.values):
        return []
    value = "NaN" if what == "all NaN" else _value(actual.values, 0)
    return [StructureDifference(output, what, "elements that vary", f"every element is {value}")]


def _drift(output: str, actual: _ExpandedLeaf, expected: _ExpandedLeaf, tolerance: Tolerance) -> Drift:
    found = arrays.ArrayDifference.of(actual.values, expected.values, tolerance.rtol, tolerance.atol)
    absolute, relative = found.absolute, found.relative
    return Drift(
        output=output,
        dtype=expected.dtype,
        shape=expected.shape,
        total=expected.values.size,
        mismatched=found.mismatched,
        max_abs=absolute.greatest,
        max_abs_at=None if absolute.position is None else expected.index(absolute.position),
        max_rel=relative.greatest,
        max_rel_at=None if relative.position is None else expected.index(relative.position),
        tolerance=tolerance,
        nan_mismatched=found.nan,
        inf_mismatched=found.infinite,
        identical=found.identical,
        worst=tuple(_worst(bad, actual, expected) for bad in found.worst),
        allowance_used=found.used,
        passing_atol=found.passing_atol,
        passing_rtol=found.passing_rtol,
    )


def _worst(bad: arrays.MismatchedElement, actual: _ExpandedLeaf, expected: _ExpandedLeaf) -> WorstElement:
    return WorstElement(
        expected.index(bad.position),
        _value(actual.values, bad.position),
        _value(expected.values, bad.position),
        bad.difference,
    )


def _value(values: NDArray[Any], position: int) -> Value:
    element = arrays.flat(values)[position]
    kind = values.dtype.kind
    if kind == "O":
        text: str = element.decode("utf-8", "backslashreplace")
        return shorten(text, _TEXT_LIMIT)
    if kind == "b":
        return bool(element)
    if arrays.is_integer(values.dtype):
        return int(element)
    # By way of its text, so that float32's 0.1 reads 0.1 and not 0.10000000149011612.
    return str(element) if kind == "c" or not math.isfinite(element) else float(str(element))
