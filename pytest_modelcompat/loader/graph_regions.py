"""Parts of a graph that make up the call of a layer: what leaves them, what enters them, and what they read."""

from typing import Collection, Dict, List, NamedTuple

from . import flat_graphs, scopes

_NO_OUTPUT = ("Const", "Placeholder")
Tensors = List[flat_graphs.Tensor]


class Region(NamedTuple):
    """Nodes of a graph.

    Args:
        outputs: the tensors that leave them.
        given: those that enter them, in the order of their use.
        cast: the same, each as it is cast first; empty where none is.
        read: names of what they read that is captured, such as variables.
        last: the position of the last of them in the graph; -1 where there are none.
    """

    outputs: Tensors
    given: Tensors
    cast: Tensors
    read: List[str]
    last: int


class Regions:
    """Finds the nodes of name scopes.

    Args:
        flat: the graph.
        returned: the tensors that it gives.
        captured: the names of its nodes that stand for what is captured, such as variables.
    """

    def __init__(
        self, flat: flat_graphs.FlatGraph, returned: Collection[flat_graphs.Tensor], captured: Collection[str]
    ) -> None:
        self._captured = captured
        self._inside: Dict[scopes.Scope, List[flat_graphs.Node]] = {}
        self._position = {node.name: number for number, node in enumerate(flat.nodes)}
        self._found: Dict[scopes.Match, Region] = {}
        # By node, each tensor that is used, and the nodes that use it: what the graph gives is used by nobody in it.
        self._users: Dict[str, Dict[flat_graphs.Tensor, List[str]]] = {}
        for place in returned:
            self._users.setdefault(place[0], {}).setdefault(place, []).append("")
        for node in flat.nodes:
            for length in range(len(node.scope) + 1):
                self._inside.setdefault(node.scope[:length], []).append(node)
            for place in node.inputs:
                self._users.setdefault(place[0], {}).setdefault(place, []).append(node.name)

    def of(self, match: scopes.Match) -> Region:
        """The nodes of a call; none where those of several calls in one scope cannot be told apart."""
        if match not in self._found:
            self._found[match] = self._region(_of_call(self._inside.get(match.scope, []), match))
        return self._found[match]

    def _region(self, nodes: List[flat_graphs.Node]) -> Region:
        names = {node.name for node in nodes}
        outputs = [
            place
            for node in nodes
            if node.op not in _NO_OUTPUT
            for place, users in sorted(self._users.get(node.name, {}).items())
            if not names.issuperset(users)
        ]
        used = list(dict.fromkeys(place for node in nodes for place in node.inputs if place[0] not in names))
        given = [place for place in used if place[0] not in self._captured]
        casts = {node.inputs[0]: (node.name, 0) for node in nodes if node.op == "Cast"}
        # Keras 2 casts what a layer is given in the layer's own scope, before its call.
        cast = [casts.get(place, place) for place in given] if casts.keys() & set(given) else []
        read = [place[0] for place in used if place[0] in self._captured]
        return Region(outputs, given, cast, read, max((self._position[name] for name in names), default=-1))


def _of_call(nodes: List[flat_graphs.Node], match: scopes.Match) -> List[flat_graphs.Node]:
    """Of the nodes of a scope, those of one of its calls, which all have the same ops one after the other."""
    length, rest = divmod(len(nodes), match.calls)
    parts = [nodes[start : start + length] for start in range(0, length * match.calls, length or 1)]
    if rest or any([node.op for node in part] != [node.op for node in parts[0]] for part in parts):
        return []
    return parts[match.position] if parts else []
