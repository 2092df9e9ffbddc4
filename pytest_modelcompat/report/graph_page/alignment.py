"""Which places of two sequences stand side by side."""

from __future__ import annotations

from bisect import bisect_left
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Places = tuple["int | None", "int | None"]


def aligned_places(old: int, new: int, partners: Mapping[int, int]) -> Iterator[Places]:
    """Yields pairs of places in an order that both sequences have; a place without its partner beside it stands alone.

    As many partners as possible stand side by side. Of partners that changed their order, the others stand alone each.

    Args:
        old: how many places the old sequence has.
        new: how many the new one has.
        partners: place in the old -> place in the new, each at most once.
    """
    at = [0, 0]
    for pair in (*_longest_rising(sorted(partners.items())), (old, new)):
        yield from ((place, None) for place in range(at[0], pair[0]))
        yield from ((None, place) for place in range(at[1], pair[1]))
        if pair[0] < old:
            yield pair
        at = [pair[0] + 1, pair[1] + 1]


def places_in_order_of_use(
    old: Sequence[Sequence[int]], new: Sequence[Sequence[int]], partners: Mapping[int, int]
) -> list[Places] | None:
    """Every place once, all partners side by side, each below those that it uses in either sequence.

    Args:
        old: for each place of the old sequence those that it uses.
        new: the same for the new one.
        partners: place in the old -> place in the new, each at most once.

    Returns:
        The pairs of places; None where no order has them all so.
    """
    nodes: list[Places] = [(place, partners.get(place)) for place in range(len(old))]
    number_of_new = {place: partner for partner, place in partners.items()}
    wish: list[tuple[float, int]] = [(place, 0) for place in range(len(old))]
    # One that only the new sequence has wants to stand before the next one there that both have.
    behind = float(len(old))
    for place in reversed(range(len(new))):
        if place in number_of_new:
            behind = wish[number_of_new[place]][0]
        else:
            number_of_new[place] = len(nodes)
            nodes.append((None, place))
            wish.append((behind - 0.5, place))
    uses = [
        {*(() if a is None else old[a]), *(() if b is None else (number_of_new[each] for each in new[b]))}
        for a, b in nodes
    ]
    return _sorted(nodes, uses, wish)


def _sorted(
    nodes: Sequence[Places], uses: Sequence[set[int]], wish: Sequence[tuple[float, int]]
) -> list[Places] | None:
    """The nodes, each behind those that it uses, else as they wish; None where they use each other in a circle."""
    users: list[list[int]] = [[] for _ in nodes]
    missing = [len(each) for each in uses]
    for node, used in enumerate(uses):
        for each in used:
            users[each].append(node)
    ready = [(wish[node], node) for node, count in enumerate(missing) if not count]
    heapify(ready)
    ordered = []
    while ready:
        _, node = heappop(ready)
        ordered.append(nodes[node])
        for user in users[node]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, (wish[user], user))
    return ordered if len(ordered) == len(nodes) else None


def _longest_rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of these pairs, sorted by their first, whose second rises too."""
    ends: list[int] = []
    holders: list[int] = []
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(holders[length - 1] if length else None)
        if length == len(ends):
            ends.append(place)
            holders.append(number)
        else:
            ends[length], holders[length] = place, number
    chosen: list[tuple[int, int]] = []
    at = holders[-1] if holders else None
    while at is not None:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]
