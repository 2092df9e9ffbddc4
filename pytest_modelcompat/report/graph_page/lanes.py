"""Lanes: how the layers of a model are connected, drawn beside their rows as lines from each row to the next.

A layer that others use has a lane, from its row down to the last one that uses it. A line goes from a lane to each
layer that takes its output. What more than a few lanes would show is only said in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_LANES = 6


@dataclass(frozen=True)
class Lanes:
    """What is drawn beside one row, in a box of `count` by 2.

    Args:
        path: the lines, as an SVG path.
        node: in which lane the row's layer stands; None where it has none.
        count: how many lanes all rows of the model need.
    """

    path: str
    node: int | None
    count: int


def drawn_lanes(names: Sequence[str | None], feeds: Mapping[str, Sequence[str]]) -> list[Lanes]:
    """How the rows of one model are connected, a drawing for each.

    Args:
        names: the layer in each row; None where the row has none of this model.
        feeds: layer -> those whose outputs it takes; what stands below it, or not in these rows, is not drawn.
    """
    last = _last_uses(names, feeds)
    holders: list[str | None] = []
    drawn: list[tuple[str, int | None]] = []
    for row, name in enumerate(names):
        before = list(holders)
        sources = set(feeds.get(name, ())) if name is not None else set()
        for place, holder in enumerate(holders):
            if holder is not None and last[holder] <= row:
                holders[place] = None
        node = None if name is None else _free_place(before, holders, sources)
        if node is not None and name is not None and last.get(name, row) > row:
            holders.extend([None] * (node + 1 - len(holders)))
            holders[node] = name
        drawn.append((_path(before, holders, node, sources, name), node))
    count = min(max((node for _, node in drawn if node is not None), default=-1) + 1, MOST_LANES)
    return [Lanes(path, node if node is not None and node < MOST_LANES else None, count) for path, node in drawn]


def _last_uses(names: Sequence[str | None], feeds: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The last row below a layer's own that takes its output."""
    rows = {name: row for row, name in reversed(list(enumerate(names))) if name is not None}
    last: dict[str, int] = {}
    for row, name in enumerate(names):
        for source in feeds.get(name, ()) if name is not None else ():
            if source in rows and rows[source] < row:
                last[source] = row
    return last


def _free_place(before: Sequence[str | None], holders: Sequence[str | None], sources: set[str]) -> int:
    """The lane for a layer: that of a source which nothing uses any more, else the first free one."""
    for place, holder in enumerate(before):
        if holder in sources and holders[place] is None:
            return place
    return next((place for place, holder in enumerate(holders) if holder is None), len(holders))


def _path(
    before: Sequence[str | None], after: Sequence[str | None], node: int | None, sources: set[str], name: str | None
) -> str:
    parts = []
    for place, holder in enumerate(before[:MOST_LANES]):
        if holder is None:
            continue
        if place < len(after) and after[place] == holder and holder != name:
            parts.append(f"M{place}.5 0V2")
        if holder in sources and node is not None and node < MOST_LANES:
            parts.append(f"M{place}.5 0" + ("V1" if place == node else f"C{place}.5 .7 {node}.5 .3 {node}.5 1"))
    if node is not None and node < MOST_LANES and node < len(after) and after[node] == name:
        parts.append(f"M{node}.5 1V2")
    return "".join(parts)
