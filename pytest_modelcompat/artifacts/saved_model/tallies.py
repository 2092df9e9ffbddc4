"""The nodes of a graph and its functions, put together by their op."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """The nodes of one op, and beside each the function that holds it, None for the main graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.functions: list[str | None] = []

    def __iter__(self) -> Iterator[tuple[Any, str | None]]:
        return zip(self.nodes, self.functions, strict=True)

    @cached_property
    def entries(self) -> Counter[bytes]:
        """Packed attribute -> how many nodes have it; most nodes have the same few."""
        # A slice is a list made at once; the field itself would be asked for each of its elements.
        return Counter(chain.from_iterable([node.attr[:] for node in self.nodes]))


def tallies_of(graph: Any) -> dict[str, Tally]:
    """The nodes by op; a node may also call a function by naming it as its op.

    Args:
        graph: a `GraphDef` message.
    """
    tallies: dict[str, Tally] = defaultdict(Tally)
    for function, nodes in _bodies(graph):
        for node in nodes:
            tally = tallies[node.op]
            tally.nodes.append(node)
            tally.functions.append(function)
    return tallies


def _bodies(graph: Any) -> Iterator[tuple[str | None, Any]]:
    yield None, graph.node
    for function in graph.library.function:
        yield function.signature.name, function.node_def
