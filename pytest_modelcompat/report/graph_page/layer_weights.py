"""The weights of each layer, and how they differ, as lines of its two boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import TensorSpec
from pytest_modelcompat.artifacts.text import listed, natural_order, tensor_text
from pytest_modelcompat.comparison.artifacts.layer_weights import weight_owners
from pytest_modelcompat.comparison.artifacts.weights import weight_name
from pytest_modelcompat.report.graph_page.rows import Line, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import LayerUse, WeightUse
    from pytest_modelcompat.comparison.artifacts import ArtifactComparison, Difference

Lines = tuple[Line, ...]
_MOST_SHAPES = 6


class WeightLines:
    """What to say of weights: their shapes where nothing differs, and each one that differs.

    Args:
        one: the old artifact.
        other: the new one.
        comparison: how they differ.
    """

    def __init__(self, one: Inventory, other: Inventory, comparison: ArtifactComparison) -> None:
        differing = {each.name: each for each in comparison.differences if each.what == "weight"}
        weights = [{each.path: each for each in kept.weights} for kept in (one, other)]
        self._differences: tuple[dict[str, Difference], dict[str, Difference]] = ({}, {})
        for old, new in comparison.weight_pairs:
            name = weight_name(weights[0][old]) + ("" if old == new else f" = {weight_name(weights[1][new])}")
            if name in differing:
                self._differences[0][old] = self._differences[1][new] = differing.pop(name)
        for side, of_side in enumerate(weights):
            for path, weight in of_side.items():
                found = differing.get(weight_name(weight))
                if found is not None and path not in self._differences[side] and (found.new, found.old)[side] == "":
                    self._differences[side][path] = found
        self.partners = dict(comparison.weight_pairs)

    def difference(self, side: int, weight: WeightUse) -> Difference | None:
        """How an array differs from the one it was compared with, or that there is none; None where it does not.

        Args:
            side: 0 for one of the old artifact, 1 for one of the new.
            weight: it.
        """
        return self._differences[side].get(weight.path)

    def lines(self, side: int, weights: Sequence[WeightUse]) -> Iterator[Line]:
        """What to say of some arrays, in their box.

        Args:
            side: 0 for the old box, 1 for the new.
            weights: they.
        """
        equal = [weight for weight in weights if self.difference(side, weight) is None]
        if equal:
            shapes = listed((_shape(weight) for weight in equal), _MOST_SHAPES)
            yield Line("weights" if len(equal) > 1 else _short(equal[0]), shapes)
        for weight in weights:
            found = self.difference(side, weight)
            if found is not None:
                yield Line(_short(weight), _words(side, weight, found), is_changed=True)


def values_status(differences: Collection[Difference]) -> Status:
    """What became of something of which nothing but its weights can have changed.

    Args:
        differences: of its weights.
    """
    if not differences:
        return Status.SAME
    return Status.VALUES if all(each.greatest is not None for each in differences) else Status.CHANGED


class LayerWeights:
    """The weights of each layer, where the artifact's way of naming says whose they are.

    Args:
        one: the old artifact.
        other: the new one.
        lines: what to say of them.
    """

    def __init__(self, one: Inventory, other: Inventory, lines: WeightLines) -> None:
        self._lines = lines
        self._owned: tuple[dict[tuple[str, ...], list[WeightUse]], ...] = ({}, {})
        self.others: tuple[list[WeightUse], list[WeightUse]] = ([], [])
        """Those of each artifact that no layer is known to hold."""
        for side, kept in enumerate((one, other)):
            owners = weight_owners(kept)
            for weight in sorted(kept.weights, key=lambda each: natural_order(each.path)):
                owner = owners.get(weight.path)
                (self.others[side] if owner is None else self._owned[side].setdefault(owner, [])).append(weight)

    def of(self, side: int, layer: LayerUse) -> tuple[Lines, list[Difference]]:
        """What to say of the weights of a layer, and how they differ.

        Args:
            side: 0 for a layer of the old artifact, 1 for one of the new.
            layer: it.
        """
        weights = self._owned[side].get(layer.path, [])
        found = [self._lines.difference(side, weight) for weight in weights]
        return tuple(self._lines.lines(side, weights)), [each for each in found if each is not None]


def _short(weight: WeightUse) -> str:
    last = weight_name(weight).rpartition("/")[2]
    return f"weight {last}" if last.isdecimal() else last


def _shape(weight: WeightUse) -> str:
    return tensor_text(TensorSpec("", weight.dtype, weight.shape))


def _words(side: int, weight: WeightUse, found: Difference) -> str:
    if found.greatest is None:
        return (found.old, found.new)[side] or _shape(weight)
    return _shape(weight) if side == 0 else f"{_shape(weight)}, differs by up to {found.greatest:.3g}"
