"""The layers of two artifacts as rows: which became which, and what changed in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.comparison.artifacts.configs import config_changes, flat_config
from pytest_modelcompat.comparison.artifacts.layers import layer_name, paired_layers
from pytest_modelcompat.report.graph_page.alignment import aligned_places, places_in_order_of_use
from pytest_modelcompat.report.graph_page.lanes import drawn_lanes
from pytest_modelcompat.report.graph_page.layer_tree import LayerTree
from pytest_modelcompat.report.graph_page.layer_weights import values_status
from pytest_modelcompat.report.graph_page.rows import Box, Line, Row, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import LayerUse
    from pytest_modelcompat.report.graph_page.lanes import Lanes
    from pytest_modelcompat.report.graph_page.layer_weights import LayerWeights
    from pytest_modelcompat.report.graph_page.links import Links

# Of a layer that only one model has, so many values of its configuration are shown.
_MOST_VALUES = 6
_MOST_SOURCES = 8
_NOT_TELLING = frozenset({"trainable", "dtype", "batch_input_shape"})
_EMPTY = frozenset({"null", "[]", "{}", "false"})


@dataclass(frozen=True)
class _Place:
    """A row to be: the two layers that share it, and whether the old one stands in another place of its model."""

    old: LayerUse | None
    new: LayerUse | None
    is_moved: bool = False


class LayerRows:
    """Makes the rows of two artifacts' layers.

    Args:
        one: the old artifact.
        other: the new one.
        weights: the weights of both.
        links: where the rows of changes are remembered.
    """

    def __init__(self, one: Inventory, other: Inventory, weights: LayerWeights, links: Links) -> None:
        self._is_compared = bool(one.layers and other.layers)
        self._weights, self._links = weights, links
        self._trees = LayerTree(one), LayerTree(other)
        pairs = paired_layers(one.layers, other.layers)[0] if self._is_compared else []
        self._new: dict[int, LayerUse] = {}
        self._old: dict[int, LayerUse] = {}
        for old, new in pairs:
            if id(old) not in self._new and id(new) not in self._old:
                self._new[id(old)], self._old[id(new)] = new, old
        self._renamed = {layer_name(old): layer_name(new) for old, new in pairs}

    def rows(self) -> tuple[Row, ...]:
        """The rows of the outermost model, each with those inside it."""
        return self._rows(None, None, is_outermost=True)

    def _rows(self, old: LayerUse | None, new: LayerUse | None, *, is_outermost: bool = False) -> tuple[Row, ...]:
        inside = [
            tree.inside(layer) if is_outermost or layer is not None else ()
            for tree, layer in zip(self._trees, (old, new), strict=True)
        ]
        places = list(self._places(inside, (old, new)))
        names = (
            [None if each.old is None or (each.is_moved and each.new) else layer_name(each.old) for each in places],
            [None if each.new is None else layer_name(each.new) for each in places],
        )
        lanes = [
            drawn_lanes(names[side], self._trees[side].feeds(layer) if inside[side] else {})
            for side, layer in enumerate((old, new))
        ]
        before: list[str | None] = [None, None]
        rows = []
        for number, place in enumerate(places):
            rows.append(self._row(place, tuple(before), (lanes[0][number], lanes[1][number])))
            before = [names[side][number] or before[side] for side in (0, 1)]
        return tuple(rows)

    def _places(
        self, inside: Sequence[Sequence[LayerUse]], models: tuple[LayerUse | None, LayerUse | None]
    ) -> Iterator[_Place]:
        """Layers side by side; a file may list those of a functional model in any order."""
        old, new = inside
        at = {id(layer): place for place, layer in enumerate(new)}
        partners = {
            place: at[id(self._new[id(layer)])]
            for place, layer in enumerate(old)
            if id(layer) in self._new and id(self._new[id(layer)]) in at
        }
        uses = [tree.uses(model) if held else [] for tree, model, held in zip(self._trees, models, inside, strict=True)]
        pairs = places_in_order_of_use(uses[0], uses[1], partners) if any(map(any, uses)) else None
        for left, right in pairs or aligned_places(len(old), len(new), partners):
            if left is not None and right is not None:
                yield _Place(old[left], new[right])
            elif left is not None:
                yield _Place(old[left], None, id(old[left]) in self._new)
            elif right is not None:
                partner = self._old.get(id(new[right]))
                yield _Place(partner, new[right], partner is not None)

    def _row(self, place: _Place, before: tuple[str | None, ...], lanes: tuple[Lanes, Lanes]) -> Row:
        old, new = place.old, place.new
        if old is not None and new is not None:
            return self._pair(old, new, before, lanes, is_moved=place.is_moved)
        layer, side = (old, 0) if old is not None else (new, 1)
        assert layer is not None  # noqa: S101 - for mypy: each place has a layer
        if place.is_moved:
            box = Box(layer_name(layer).rpartition("/")[2], layer.class_name)
            name = layer_name(self._new[id(layer)])
            note = "now in another place" + ("" if name == layer_name(layer) else f", as {name}")
            return Row(Status.MOVED, self._links.new_anchor(), box, None, (), note, lanes[0], lanes[1])
        lines, differing = self._weights.of(side, layer)
        alone = values_status(differing) if differing else Status.ALONE
        status = (Status.REMOVED, Status.ADDED)[side] if self._is_compared else alone
        box = Box(
            layer.path[-1] if layer.path else "", layer.class_name, (*self._own_lines(side, layer, before), *lines)
        )
        name = layer_name(layer)
        anchor = self._links.row(name, ("layer", name), *(("weight", each.name) for each in differing))
        boxes = (box, None) if side == 0 else (None, box)
        return Row(status, anchor, boxes[0], boxes[1], self._rows(old, new), "", lanes[0], lanes[1])

    def _own_lines(self, side: int, layer: LayerUse, before: tuple[str | None, ...]) -> Iterator[Line]:
        """What to say of a layer that has no other beside it."""
        yield from self._sources(side, layer, before[side])
        values = flat_config(layer.config).items()
        telling = [
            (key, text) for key, text in values if key not in _NOT_TELLING and text not in _EMPTY and "." not in key
        ]
        yield from (Line(key, text) for key, text in telling[:_MOST_VALUES])

    def _sources(self, side: int, layer: LayerUse, before: str | None) -> Iterator[Line]:
        """Which layers feed it, where that is not simply the one above it."""
        name = layer_name(layer)
        sources = self._trees[side].wired.get(name)
        if sources and sources != [before]:
            yield Line("from", _within(name, sources))

    def _pair(
        self,
        old: LayerUse,
        new: LayerUse,
        before: tuple[str | None, ...],
        lanes: tuple[Lanes, Lanes],
        *,
        is_moved: bool,
    ) -> Row:
        anchor = self._links.row(layer_name(new), ("layer", layer_name(old)))
        sources = self._wiring(old, new, anchor) or tuple(
            tuple(self._sources(side, layer, before[side])) for side, layer in enumerate((old, new))
        )
        changes = self._config_changes(old, new, anchor)
        weights = [self._weights.of(side, layer) for side, layer in enumerate((old, new))]
        differing = [*weights[0][1], *weights[1][1]]
        for each in differing:
            self._links.add(("weight", each.name), layer_name(new), anchor)
        values = [tuple(Line(each[0], each[1 + side] or "—", is_changed=True) for each in changes) for side in (0, 1)]
        lines = [(*sources[side], *values[side], *weights[side][0]) for side in (0, 1)]
        is_rewired = any(line.is_changed for side in sources for line in side)
        is_changed = (old.class_name, old.path) != (new.class_name, new.path) or bool(changes) or is_rewired
        return Row(
            Status.CHANGED if is_changed else values_status(differing),
            anchor,
            *_boxes(old, new, lines),
            self._rows(old, new),
            "stood in another place" if is_moved else "",
            lanes[0],
            lanes[1],
        )

    def _config_changes(self, old: LayerUse, new: LayerUse, anchor: str) -> list[tuple[str, str, str]]:
        if old.class_name != new.class_name:
            return []
        changes = list(config_changes(flat_config(old.config), flat_config(new.config)))
        for key, before, after in changes:
            self._links.add(("config", f"{old.class_name}.{key}", before, after), layer_name(new), anchor)
        return changes

    def _wiring(self, old: LayerUse, new: LayerUse, anchor: str) -> tuple[tuple[Line, ...], ...]:
        """Where two layers are fed by others: a line for each; else nothing."""
        name = layer_name(old)
        before, after = self._trees[0].wired.get(name), self._trees[1].wired.get(layer_name(new))
        if before is None or after is None or [self._renamed.get(each, each) for each in before] == after:
            return ()
        self._links.add(("wiring", name), layer_name(new), anchor)
        return tuple(
            (Line("from", _within(layer_name(layer), sources) or "nothing", is_changed=True),)
            for layer, sources in ((old, before), (new, after))
        )


def _boxes(old: LayerUse, new: LayerUse, lines: Sequence[tuple[Line, ...]]) -> tuple[Box, Box]:
    is_renamed, is_replaced = old.path[-1:] != new.path[-1:], old.class_name != new.class_name
    one, other = (
        Box(layer.path[-1] if layer.path else "", layer.class_name, lines[side], is_renamed, is_replaced)
        for side, layer in enumerate((old, new))
    )
    return one, other


def _within(name: str, sources: Sequence[str]) -> str:
    """Layers by the names that they have in their own model."""
    prefix = name.rpartition("/")[0]
    return listed((each.removeprefix(f"{prefix}/") if prefix else each for each in sources), _MOST_SOURCES)
