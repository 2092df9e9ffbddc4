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
# They are about how a format keeps a model, and stand between the names that the model's author gave.
OF_THE_FORMAT = frozenset({"layers", "vars", "_layer_checkpoint_dependencies", "model_weights", ".ATTRIBUTES"})


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
        """Arrays of the old artifact -> those of the new that they were compared with, by their paths."""
        self._compared = set(self.partners), set(self.partners.values())

    def is_compared(self, side: int, weight: WeightUse) -> bool:
        """Whether an array was compared with one of the other artifact.

        Args:
            side: 0 for one of the old artifact, 1 for one of the new.
            weight: it.
        """
        return weight.path in self._compared[side]

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
        found = [(name, weight, self.difference(side, weight)) for name, weight in _named(weights)]
        equal = [(name, weight) for name, weight, difference in found if difference is None]
        if equal:
            shapes = listed((_shape(weight) for _, weight in equal), _MOST_SHAPES)
            yield Line("weights" if len(equal) > 1 else equal[0][0], shapes)
        for name, weight, difference in found:
            if difference is not None:
                yield Line(name, _words(side, weight, difference), is_changed=True)


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


def _named(weights: Sequence[WeightUse]) -> Iterator[tuple[str, WeightUse]]:
    """Arrays of one layer, each with what of its name the others do not have."""
    parts = [[part for part in weight_name(each).split("/") if part not in OF_THE_FORMAT] for each in weights]
    shared = 0
    while parts and all(len(each) > shared + 1 and each[shared] == parts[0][shared] for each in parts):
        shared += 1
    for names, weight in zip(parts, weights, strict=True):
        name = "/".join(names[shared:])
        yield (f"weight {name}" if name.isdecimal() else name), weight


def _shape(weight: WeightUse) -> str:
    return tensor_text(TensorSpec("", weight.dtype, weight.shape))


def _words(side: int, weight: WeightUse, found: Difference) -> str:
    if found.greatest is None:
        return (found.old, found.new)[side] or _shape(weight)
    return _shape(weight) if side == 0 else f"{_shape(weight)}, differs by up to {found.greatest:.3g}"
