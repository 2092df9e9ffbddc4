"""What is not a layer as rows: weights whose layer is not known, signatures, ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import natural_order, tensor_text
from pytest_modelcompat.comparison.artifacts.weights import is_of_training, weight_name
from pytest_modelcompat.report.graph_page.alignment import aligned_places
from pytest_modelcompat.report.graph_page.layer_weights import OF_THE_FORMAT, values_status
from pytest_modelcompat.report.graph_page.rows import Box, Row, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import WeightUse
    from pytest_modelcompat.comparison.artifacts import Difference
    from pytest_modelcompat.report.graph_page.layer_weights import LayerWeights, WeightLines
    from pytest_modelcompat.report.graph_page.links import Links

Name = tuple[str, ...]

_DEEPEST = 20


def weight_rows(
    one: Inventory, other: Inventory, weights: LayerWeights, lines: WeightLines, links: Links
) -> tuple[Row, ...]:
    """The arrays whose layer is not known, as a tree of the names in their paths; flat between two formats.

    Args:
        one: the old artifact.
        other: the new one.
        weights: the weights of both.
        lines: what to say of them.
        links: where the rows of changes are remembered.
    """
    is_alike = one.format == other.format
    groups = []
    for kept in weights.others:
        held: dict[Name, list[WeightUse]] = {}
        for weight in kept:
            if is_alike or not is_of_training(weight):
                held.setdefault(_group(weight, is_flat=not is_alike), []).append(weight)
        groups.append(held)
    return _WeightRows(groups[0], groups[1], lines, links).rows(())


def _group(weight: WeightUse, *, is_flat: bool) -> Name:
    """The names in an array's path that lead to it, without its own."""
    parts = weight_name(weight).split("/")
    names = [part for part in parts[:-1] if part not in OF_THE_FORMAT][:_DEEPEST]
    return ("/".join(names),) if is_flat else tuple(names) or ("",)


class _WeightRows:
    """Makes the rows: groups of arrays of the same name stand side by side, or those with arrays that were compared."""

    def __init__(
        self,
        old: Mapping[Name, Sequence[WeightUse]],
        new: Mapping[Name, Sequence[WeightUse]],
        lines: WeightLines,
        links: Links,
    ) -> None:
        self._groups = old, new
        self._lines, self._links = lines, links
        self._names = [
            sorted({name[:end] for name in each for end in range(1, len(name) + 1)}, key=_order) for each in (old, new)
        ]
        self._inside: list[dict[Name, list[Name]]] = [{}, {}]
        for side, names in enumerate(self._names):
            for name in names:
                self._inside[side].setdefault(name[:-1], []).append(name)
        self._partners = self._same_names() | self._compared()

    def _same_names(self) -> dict[Name, Name]:
        return {name: name for name in self._names[0] if name in set(self._names[1])}

    def _compared(self) -> dict[Name, Name]:
        """Groups of other names, by the first of their arrays that were compared."""
        of_path = {weight.path: name for name, weights in self._groups[1].items() for weight in weights}
        taken = set(self._same_names())
        partners: dict[Name, Name] = {}
        for name, weights in self._groups[0].items():
            found = (of_path.get(self._lines.partners.get(weight.path, "")) for weight in weights)
            partner = next((each for each in found if each is not None and each not in taken), None)
            if name not in taken and partner is not None and name[:-1] == partner[:-1]:
                partners[name] = partner
                taken.add(partner)
        return partners

    def rows(self, old: Name | None, new: Name | None = ()) -> tuple[Row, ...]:
        inside = [[] if name is None else self._inside[side].get(name, []) for side, name in enumerate((old, new))]
        at = {name: place for place, name in enumerate(inside[1])}
        partners = {
            place: at[self._partners[name]] for place, name in enumerate(inside[0]) if self._partners.get(name) in at
        }
        return tuple(
            self._row(None if left is None else inside[0][left], None if right is None else inside[1][right])
            for left, right in aligned_places(len(inside[0]), len(inside[1]), partners)
        )

    def _row(self, old: Name | None, new: Name | None) -> Row:
        weights = [self._groups[side].get(name, ()) if name else () for side, name in enumerate((old, new))]
        found = [
            difference
            for side in (0, 1)
            for weight in weights[side]
            if (difference := self._lines.difference(side, weight)) is not None
        ]
        shown = "/".join(new or old or ())
        anchor = self._links.row(shown, *(("weight", each.name) for each in found))
        boxes = [
            None if name is None else Box(name[-1] or "weights", "", tuple(self._lines.lines(side, weights[side])))
            for side, name in enumerate((old, new))
        ]
        inside = self.rows(old, new)
        is_compared = any(self._lines.is_compared(side, weight) for side in (0, 1) for weight in weights[side])
        return Row(_status(boxes, found, inside, is_compared=is_compared), anchor, boxes[0], boxes[1], inside)


def _status(
    boxes: Sequence[Box | None], found: Sequence[Difference], inside: Iterable[Row], *, is_compared: bool
) -> Status:
    if None not in boxes or is_compared:
        return values_status(found)
    if found or any(row.status.is_difference for row in inside):
        return Status.ADDED if boxes[0] is None else Status.REMOVED
    # The other format keeps such arrays in another place, or once where this one keeps them twice.
    return Status.ALONE


def _order(name: Name) -> list[list[tuple[int, str]]]:
    return [natural_order(part) for part in name]


def signature_rows(one: Inventory, other: Inventory, links: Links) -> tuple[Row, ...]:
    """What goes into each signature and comes out.

    Args:
        one: the old artifact.
        other: the new one.
        links: where the rows of changes are remembered.
    """
    return _named_rows("signature", _tensors(one), _tensors(other), links)


def _tensors(inventory: Inventory) -> dict[str, str]:
    return {
        f"{signature.name} {side} {spec.name}": tensor_text(spec)
        for signature in inventory.signatures
        for side, specs in (("input", signature.inputs), ("output", signature.outputs))
        for spec in specs
    }


def op_rows(one: Inventory, other: Inventory, links: Links) -> tuple[Row, ...]:
    """How often each op is used.

    Args:
        one: the old artifact.
        other: the new one.
        links: where the rows of changes are remembered.
    """
    old, new = ({op.op: f"{op.count:,}" for op in each.ops} for each in (one, other))
    return _named_rows("op", old, new, links)


def _named_rows(what: str, old: Mapping[str, str], new: Mapping[str, str], links: Links) -> tuple[Row, ...]:
    """A row for each name, with what it is in each."""
    rows = []
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if not old or not new:
            status = Status.ALONE
        elif before is None or after is None:
            status = Status.ADDED if before is None else Status.REMOVED
        else:
            status = Status.SAME if before == after else Status.CHANGED
        boxes = [None if text is None else Box(name, text, (), False, before != after) for text in (before, after)]
        rows.append(Row(status, links.row(name, (what, name)), boxes[0], boxes[1]))
    return tuple(rows)
