"""How far the outputs of two models are apart, as data.

An element holds if `|actual - expected| <= atol + rtol * |expected|`; NaN equals NaN and an infinity the same
infinity, by position. Both are counted apart, so that they never turn a figure into NaN.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pytest_modelcompat.artifacts.text import shorten
from pytest_modelcompat.comparison import arrays
from pytest_modelcompat.comparison.differences import Drift, OutputComparison, StructureDifference, WorstElement
from pytest_modelcompat.comparison.figures import figures_of
from pytest_modelcompat.comparison.leaves import describe, expanded_leaf
from pytest_modelcompat.comparison.samples import sampled_drift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_modelcompat.comparison.differences import Value
    from pytest_modelcompat.comparison.leaves import ExpandedLeaf
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.loader.tensors import Leaf, Sampled

_TEXT_LIMIT = 100
# Figures of an output that holds go into the report alone: beyond some milliseconds they are not worth their time.
_MOST_WHERE_IT_HOLDS = 2**18


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
        ours = expanded_leaf(leaf)
        if output not in actual:
            structure.append(StructureDifference(output, "missing", ours.description, "none"))
            continue
        theirs = expanded_leaf(actual[output])
        found = _structure_differences(output, theirs, ours)
        if not found:
            tolerance = tolerances(output, ours.dtype)
            drift = _leaf_drift(output, (actual[output], theirs), (leaf, ours), tolerance)
            if tolerance.own is not None and drift.own is None:
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


def _structure_differences(output: str, actual: ExpandedLeaf, expected: ExpandedLeaf) -> list[StructureDifference]:
    """What differs but the values: the kind, or else dtype and shape, or else where the values stand."""
    if actual.kind != expected.kind:
        return [StructureDifference(output, "kind", expected.description, actual.description)]
    found = []
    if actual.dtype != expected.dtype:
        found.append(StructureDifference(output, "dtype", expected.dtype, actual.dtype))
    if actual.shape != expected.shape:
        found.append(StructureDifference(output, "shape", str(expected.shape), str(actual.shape)))
    return found or _row_lengths(output, actual, expected) or _sparsity(output, actual, expected)


def _row_lengths(output: str, actual: ExpandedLeaf, expected: ExpandedLeaf) -> list[StructureDifference]:
    import numpy as np

    for depth, (theirs, ours) in enumerate(zip(actual.row_splits, expected.row_splits, strict=True), 1):
        if not np.array_equal(theirs, ours):
            words = [f"{_shortened(np.diff(splits))} in dimension {depth}" for splits in (ours, theirs)]
            return [StructureDifference(output, "row lengths", *words)]
    return []


def _sparsity(output: str, actual: ExpandedLeaf, expected: ExpandedLeaf) -> list[StructureDifference]:
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


def _newly_degenerate(output: str, actual: ExpandedLeaf, expected: ExpandedLeaf) -> list[StructureDifference]:
    what = arrays.array_degeneracy(actual.values)
    if what is None or what == arrays.array_degeneracy(expected.values):
        return []
    value = "NaN" if what == "all NaN" else _value(actual.values, 0)
    return [StructureDifference(output, what, "elements that vary", f"every element is {value}")]


def _leaf_drift(
    output: str, actual: tuple[Leaf, ExpandedLeaf], expected: tuple[Leaf, ExpandedLeaf], tolerance: Tolerance
) -> Drift:
    """The difference of two leaves, each with its values laid out."""
    if expected[1].kind == "stochastic":
        return sampled_drift(output, cast("Sampled", actual[0]), cast("Sampled", expected[0]), tolerance)
    drift = _drift(output, actual[1], expected[1], tolerance)
    if drift.identical or (not drift.mismatched and drift.total > _MOST_WHERE_IT_HOLDS):
        return drift
    figures = figures_of(actual[1].values, expected[1].values, is_dense=expected[1].kind == "dense")
    return replace(drift, figures=figures)


def _drift(output: str, actual: ExpandedLeaf, expected: ExpandedLeaf, tolerance: Tolerance) -> Drift:
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
        tolerance=tolerance if tolerance.own is None else replace(tolerance, own=None),
        nan_mismatched=found.nan,
        inf_mismatched=found.infinite,
        identical=found.identical,
        worst=tuple(_worst(bad, actual, expected) for bad in found.worst),
        allowance_used=found.used,
        passing_atol=found.passing_atol,
        passing_rtol=found.passing_rtol,
    )


def _worst(bad: arrays.MismatchedElement, actual: ExpandedLeaf, expected: ExpandedLeaf) -> WorstElement:
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
