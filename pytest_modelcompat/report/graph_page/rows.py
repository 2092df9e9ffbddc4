"""What the page shows of two artifacts: rows of two boxes, the old one and the new one, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.report.graph_page.lanes import Lanes


class Status(str, Enum):
    """What became of a layer, or of anything else that has a row."""

    SAME = "same"
    CHANGED = "changed"
    VALUES = "values"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    ALONE = "alone"
    """The other artifact does not record such things, so nothing is known of it."""

    @property
    def is_difference(self) -> bool:
        """Whether something differs there."""
        return self not in (Status.SAME, Status.ALONE)


@dataclass(frozen=True)
class Line:
    """One fact in a box: `units`, `16`; and whether it is another in the other box."""

    key: str
    value: str
    is_changed: bool = False


@dataclass(frozen=True)
class Box:
    """One layer of one artifact.

    Args:
        name: what its model calls it.
        kind: its class.
        lines: what else there is to say.
        is_renamed: whether the other box has another name.
        is_replaced: whether the other box has another class.
    """

    name: str
    kind: str
    lines: tuple[Line, ...] = ()
    is_renamed: bool = False
    is_replaced: bool = False


@dataclass(frozen=True)
class Row:
    """A layer of the old artifact beside the one of the new that became of it.

    Args:
        status: what became of it.
        anchor: the row's name in the page's links.
        old: the old box; None where there is none.
        new: the new one.
        items: what is inside it: rows, and folds of them.
        note: what else there is to say, a few words.
        old_lanes: how the row is connected in the old model; None where that is not drawn.
        new_lanes: how it is in the new one.
    """

    status: Status
    anchor: str
    old: Box | None
    new: Box | None
    items: Items = ()
    note: str = ""
    old_lanes: Lanes | None = None
    new_lanes: Lanes | None = None

    @property
    def has_differences(self) -> bool:
        """Whether something inside it differs."""
        return any(row.status.is_difference for row in all_rows(self.items))


@dataclass(frozen=True)
class Fold:
    """Neighbouring rows without a change, which are folded away.

    Args:
        rows: they.
        count: how many there are, with those inside them.
        is_left_out: whether there are so many on the page that these are only counted.
    """

    rows: tuple[Row, ...]
    count: int
    is_left_out: bool = False


Items = tuple[Row | Fold, ...]

# So many rows beside a change are shown, and a fold hides at least so many.
_AROUND, _FEWEST = 2, 4


def all_rows(items: Iterable[Row | Fold]) -> Iterator[Row]:
    """Yields every row, at any depth, in the order of the page."""
    for item in items:
        for row in item.rows if isinstance(item, Fold) else (item,):
            yield row
            yield from all_rows(row.items)


def folded(rows: Sequence[Row], shown: frozenset[Status], *, is_left_out: bool) -> Items:
    """Folds neighbouring rows that nobody looks for, at any depth, but for a few beside those that are looked for.

    Args:
        rows: those of one model.
        shown: what is looked for.
        is_left_out: whether what is folded is counted only.
    """
    inside = [replace(row, items=folded(_rows(row.items), shown, is_left_out=is_left_out)) for row in rows]
    wanted = [
        place for place, row in enumerate(rows) if any(each.status in shown for each in (row, *all_rows(row.items)))
    ]
    near = {place + step for place in wanted for step in range(-_AROUND, _AROUND + 1)}
    items: list[Row | Fold] = []
    for is_near, group in groupby(range(len(inside)), near.__contains__):
        neighbours = tuple(inside[place] for place in group)
        if is_near or len(neighbours) < _FEWEST:
            items.extend(neighbours)
        else:
            count = len(neighbours) + sum(1 for row in neighbours for _ in all_rows(row.items))
            items.append(Fold(() if is_left_out else neighbours, count, is_left_out))
    return tuple(items)


def _rows(items: Items) -> tuple[Row, ...]:
    return tuple(item for item in items if isinstance(item, Row))
