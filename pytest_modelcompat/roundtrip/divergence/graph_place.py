"""Where a SavedModel parts from its source: of its layers only those are known that are found in its graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.roundtrip.divergence.place import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from pytest_modelcompat.comparison.layers import LayerDrift, LayerOutput, LayerTrace
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.roundtrip.divergence.place import Place


def graph_place(
    expected: LayerTrace,
    actual: LayerTrace,
    tolerance: Callable[[str, str], Tolerance],
    *,
    same_runtime: bool,
    other_weights: Mapping[str, Sequence[str]] | None = None,
    weights: Collection[str] = (),
) -> Place | None:
    """Where a SavedModel parts from its source; None where its layers do not show that.

    Args:
        expected: what the layers of the source give.
        actual: what those give that are found in the graph.
        tolerance: called with a layer's path and a dtype.
        same_runtime: whether both ran with the same versions.
        other_weights: see `place_of`.
        weights: SHA-256 of all weights in the SavedModel.
    """
    place = place_of(expected, actual, tolerance, same_runtime=same_runtime, other_weights=other_weights)
    if place.first is not None and not place.first.is_beyond_rounding and not place.weights:
        # A graph may round in another way than the calls of layers do, even here.
        place = place_of(expected, actual, tolerance, same_runtime=False, other_weights=other_weights)
    first, missing = place.first, [*_missing(expected, actual)]
    if all(each.is_equal for each in place.drifts) or (first is None and missing):
        return None
    if first is not None and not first.other and not first.difference:
        return None
    gone = [each["path"] for each in _weights_of(first, expected) if each["sha256"] not in weights] if weights else []
    return replace(
        place,
        weights=tuple(gone) if place.weights is None and gone else place.weights,
        is_whole=place.is_whole and not missing,
        missing=tuple(_before(first, missing, place, expected)),
    )


def _weights_of(first: LayerDrift | None, expected: LayerTrace) -> Sequence[Mapping[str, str]]:
    state = expected.state.get(first.expected.path) if first is not None else None
    return state["weights"] if state else []


def _missing(expected: LayerTrace, actual: LayerTrace) -> Iterator[LayerOutput]:
    """What is not found in the graph; a layer that gives what it is given, as dropout at inference, leaves no trace."""
    there = {each.key for each in actual.outputs}
    for each in expected.outputs:
        if each.path and each.is_steady and each.key not in there and each.inputs != each.digest:
            yield each


def _before(
    first: LayerDrift | None, missing: Sequence[LayerOutput], place: Place, expected: LayerTrace
) -> Iterator[str]:
    """Of the layers that are not found, those after the last layer that is the same, and before the first that is not.

    Any of them may be where the two part.
    """
    if first is None or first.has_like_inputs:
        return
    order = {each.key: position for position, each in enumerate(expected.outputs)}
    end = order[first.expected.key]
    start = max((order[each.expected.key] for each in place.before if each.is_equal), default=-1)
    for each in missing:
        if start < order[each.key] < end:
            yield f'"{each.path}" ({each.class_name})'
