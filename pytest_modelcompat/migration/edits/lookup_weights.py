"""Edits of the weights of terms, which Keras 2 keeps twice in an .h5 file, and Keras 3 in the configuration alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS
from pytest_modelcompat.artifacts.weight_values import read_values, value_locations
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.results.finding import MEASURED
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_modelcompat.artifacts.inventory import WeightUse
    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target

_ROOT = "model_weights"


def _without_weights(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up or draft.format != "h5" or draft.source.format != "h5":
        return
    for node in draft.layers(*LOOKUPS):
        given, terms = node.config.get("idf_weights"), node.config.get("vocabulary")
        # Beside others in an inner model, which weights are this layer's is not known for sure.
        if target.known(node) is None or len(node.path) != 1 or not _is_filled(given) or not _is_filled(terms):
            continue
        held = [each for each in draft.source.weights if each.path.startswith(f"{_ROOT}/{node.path[0]}/")]
        if len(held) == 1 and draft.moved.get(held[0].path, "") is not None and _says_the_same(draft, held[0], given):
            draft.moved[held[0].path] = None
            yield Change(f'"{node.path[-1]}"', held[0].path, "")


def _is_filled(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and bool(value)


def _says_the_same(draft: Draft, weight: WeightUse, given: Sequence[float]) -> bool:
    """Whether the array is what a reader makes of the configuration: their average, them, and zeros."""
    try:
        place = value_locations(draft.source).get(weight.path)
        values = read_values(weight, place) if place is not None and len(weight.shape) == 1 else None
    except BrokenArtifactError:
        return False
    return values is not None and _is_made_of(values, given)


def _is_made_of(values: NDArray[Any], given: Sequence[float]) -> bool:
    import numpy as np

    try:
        terms = np.asarray(given, values.dtype)
    except (TypeError, ValueError):
        return False
    for first in range(len(values) - len(terms) + 1):
        before, own, behind = np.split(values, [first, first + len(terms)])
        if np.array_equal(own, terms) and np.allclose(before, terms.mean()) and not behind.any():
            return True
    return False


EDITS = (
    Edit(
        "drop-weights-of-terms",
        what="the weights of the terms that a lookup with tf-idf has among its weights are left out",
        because="the configuration has the same numbers, from which {reader} makes them",
        source=MEASURED,
        wrong_if="the configuration has no vocabulary and weights, or the array holds other numbers than those",
        apply=_without_weights,
    ),
)
