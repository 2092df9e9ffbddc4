"""Who calls the functions of a graph: nodes whose attributes name a function, or whose op is its name."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.saved_model.attributes import functions_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_modelcompat.artifacts.saved_model.tallies import Tally

    Call = tuple[str | None, Any]


class Callers:
    """The calls in one graph, looked for once somebody asks.

    Args:
        graph: a `GraphDef` message.
        tallies: its nodes by op, those of its functions too.
    """

    def __init__(self, graph: Any, tallies: Mapping[str, Tally]) -> None:
        self._names = frozenset(each.signature.name for each in graph.library.function)
        # A called function's own name is an op here, which others take out of theirs.
        self._tallies = dict(tallies)

    def of(self, function: str) -> Sequence[Call]:
        """Where a function is called: the function that holds the node, None for the main graph, and the node."""
        return self._calls.get(function, ())

    def lead_from_main(self, functions: Iterable[str | None]) -> bool:
        """Whether the main graph, which is that of the signatures, has one of these functions executed.

        Args:
            functions: names; None for the main graph itself.
        """
        seen = set(functions)
        waiting = list(seen)
        while waiting and None not in seen:
            found = {caller for caller, _ in self.of(str(waiting.pop()))} - seen
            seen |= found
            waiting += found
        return None in seen

    @cached_property
    def _calls(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = defaultdict(list)
        for op, tally in self._tallies.items():
            named = {entry: functions_in(entry) for entry in tally.entries}
            if any(named.values()):
                for node, function in tally:
                    for name in chain.from_iterable(named.get(entry, ()) for entry in node.attr):
                        found[name].append((function, node))
            if op in self._names:
                found[op] += [(function, node) for node, function in tally]
        return found
