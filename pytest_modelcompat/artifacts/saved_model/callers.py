"""Who calls the functions of a graph: what no signature leads to is not executed where the model is served."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def is_served(graph: Any, functions: Iterable[str | None]) -> bool:
    """Whether the main graph, which is that of the signatures, has one of these functions executed.

    Args:
        graph: a `GraphDef` message.
        functions: names; None for the main graph itself.
    """
    wanted = set(functions)
    callers = _callers(graph) if None not in wanted else {}
    waiting = [name for name in wanted if name is not None]
    while waiting and None not in wanted:
        found = callers.get(waiting.pop(), set()) - wanted
        wanted |= found
        waiting += [name for name in found if name is not None]
    return None in wanted


def _callers(graph: Any) -> Mapping[str, set[str | None]]:
    """By function, the functions that call it; None for the main graph."""
    names = {function.signature.name for function in graph.library.function}
    callers: dict[str, set[str | None]] = defaultdict(set)
    bodies = [(None, graph.node), *((each.signature.name, each.node_def) for each in graph.library.function)]
    known: dict[bytes, frozenset[str]] = {}
    for caller, nodes in bodies:
        for node in nodes:
            if node.op in names:
                callers[node.op].add(caller)
            for entry in node.attr:
                if entry not in known:
                    known[entry] = frozenset(_functions_of(entry))
                for called in known[entry]:
                    callers[called].add(caller)
    return callers


def _functions_of(entry: bytes) -> Iterator[str]:
    """The functions that a packed attribute names: of a call, or of the branches of a choice."""
    value = parse("AttrEntry", entry).value
    if value.HasField("func"):
        yield value.func.name
    elif value.HasField("list"):
        yield from (each.name for each in value.list.func)
