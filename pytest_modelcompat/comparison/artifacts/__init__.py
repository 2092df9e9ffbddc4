"""How two artifacts differ: in structure, configuration and weights. Neither is loaded."""

from __future__ import annotations

import filecmp
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.artifacts.difference import Difference
from pytest_modelcompat.comparison.artifacts.graphs import graph_differences
from pytest_modelcompat.comparison.artifacts.layers import layer_differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts import Inventory

__all__ = ["ArtifactComparison", "Difference", "compare_artifacts"]


@dataclass(frozen=True)
class ArtifactComparison:
    """How two artifacts differ.

    Args:
        differences: in the order to show them.
        notes: what could not be compared, a sentence each.
        equal_weights: how many arrays of weights have the same values in both.
        unread_weights: how many could not be compared, so that nobody can tell.
        weight_pairs: the paths of the arrays of weights that were compared with each other.
    """

    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    equal_weights: int = 0
    unread_weights: int = 0
    weight_pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False, compare=False)

    @property
    def is_same(self) -> bool:
        """Whether nothing differs, as far as that is known."""
        return not self.differences

    @property
    def is_conclusive(self) -> bool:
        """Whether all weights could be compared, so that two artifacts without a difference are the same."""
        return not self.unread_weights


def compare_artifacts(one: Inventory, other: Inventory) -> ArtifactComparison:
    """Compares what two artifacts hold; of two formats, what both can hold.

    Args:
        one: the first, of which the old values are.
        other: the second, of which the new values are.

    Raises:
        BrokenArtifactError: the weights of one cannot be read.
    """
    from pytest_modelcompat.comparison.artifacts.weights import compare_weights

    weights = compare_weights(one, other)
    found = (*_model(one, other), *layer_differences(one, other), *graph_differences(one, other), *weights.differences)
    constants = tuple(_constants(one, other))
    notes = (*_not_compared(one, other), *constants, *weights.notes)
    return ArtifactComparison(found, notes, weights.equal, weights.unread + len(constants), weights.pairs)


def _constants(one: Inventory, other: Inventory) -> Iterator[str]:
    """A note where the weights of a frozen graph, which are constants in it, are not compared."""
    frozen = [each for each in (one, other) if each.format == "graph_def"]
    if frozen and not (len(frozen) == 2 and filecmp.cmp(one.path, other.path, shallow=False)):
        yield f"constants are not compared, and a frozen graph has its weights in them: {frozen[0].path}"


def _model(one: Inventory, other: Inventory) -> Iterator[Difference]:
    if _differ(one.model_class, other.model_class):
        yield Difference("model", "class", str(one.model_class), str(other.model_class))
    if not (one.weights_only or other.weights_only) and _differ(one.compute_dtypes, other.compute_dtypes):
        yield Difference("model", "computes in", ", ".join(one.compute_dtypes), ", ".join(other.compute_dtypes))


def _differ(old: object, new: object) -> bool:
    """Whether both artifacts say something, and not the same."""
    return bool(old and new) and old != new


def _not_compared(one: Inventory, other: Inventory) -> Iterator[str]:
    for name, held in (("layers", "layers"), ("ops and signatures", "ops")):
        lacking = [each for each in (one, other) if not getattr(each, held)]
        if len(lacking) == 1:
            yield f"{name} are not compared: {lacking[0].path} does not record them"
