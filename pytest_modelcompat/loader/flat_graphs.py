"""The graph of a loaded function in one piece, with the bodies of the functions that it calls in place of the calls.

A call's body gives tensors that nobody outside can fetch; in one flat graph, every tensor can be. Bodies of loops and
branches stay functions, as they are run more than once or not at all.
"""

import importlib
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
Scope = Tuple[str, ...]
# A node of the flat graph and the number of its output.
Tensor = Tuple[str, int]


class Node(NamedTuple):
    """A node of the flat graph: its name there, its op, the name scopes that it is in, and its data inputs."""

    name: str
    op: str
    scope: Scope
    inputs: Tuple[Tensor, ...]


class FlatGraph:
    """A function's graph in one piece: `graph_def` to import, and its `nodes`, in the order in which they were made.

    Its `call_scopes` are those that stand for a call of a function, rather than for a name scope of the model's code.

    Args:
        function: a concrete function, such as a signature of what `tf.saved_model.load` gives.
    """

    def __init__(self, function: Any) -> None:
        graph_def = function.graph.as_graph_def()
        self._bodies = {each.signature.name: each for each in graph_def.library.function}
        self._same: Dict[Tensor, Tensor] = {}
        self._count = 0
        self._scopes: List[Scope] = []
        self.call_scopes: Set[Scope] = set()
        self.graph_def = type(graph_def)()
        self.graph_def.versions.CopyFrom(graph_def.versions)
        self.graph_def.library.CopyFrom(graph_def.library)
        self._add(graph_def.node, "0", (), [])
        self._connect()
        self.nodes = list(self._nodes())

    @staticmethod
    def name_of(tensor: Any) -> str:
        """What the flat graph calls the node of a tensor of the function's own graph."""
        return "0/" + str(tensor.op.name)

    def place_of(self, tensor: Any) -> Tensor:
        """The tensor of the flat graph that a tensor of the function's own graph is."""
        return self._resolved((self.name_of(tensor), int(tensor.value_index)))

    def _add(self, nodes: Any, prefix: str, scope: Scope, controls: List[str]) -> None:
        for node in nodes:
            here = scope + tuple(node.name.split("/")[:-1])
            name = "{}/{}".format(prefix, node.name)
            inputs = [_joined(prefix, each) for each in node.input]
            body = self._bodies.get(node.attr["f"].func.name) if node.op in _CALLS else None
            if body is not None:
                self._add_body(node, name, scope, inputs + controls, body)
                continue
            copy = self.graph_def.node.add()
            copy.CopyFrom(node)
            copy.name = name
            # Colocation names nodes of another graph.
            copy.attr.pop("_class", None)
            del copy.input[:]
            copy.input.extend(inputs + controls)
            self._scopes.append(here)

    def _add_body(self, node: Any, name: str, scope: Scope, inputs: List[str], body: Any) -> None:
        converter = importlib.import_module("tensorflow.python.framework.function_def_to_graph")
        graph_def, flat_names = converter.function_def_to_graph_def(body)[:2]
        self._count += 1
        prefix = str(self._count)
        inner = scope + tuple(node.name.split("/"))
        self.call_scopes.add(inner)
        arguments = [each.name for each in body.signature.input_arg]
        given = [_tensor(each) for each in inputs if not each.startswith("^")]
        self._same.update((("{}/{}".format(prefix, argument), 0), each) for argument, each in zip(arguments, given))
        controls = [each for each in inputs if each.startswith("^")]
        self._add([each for each in graph_def.node if each.name not in arguments], prefix, inner, controls)
        for number, each in enumerate(body.signature.output_arg):
            self._same[name, number] = _tensor(_joined(prefix, flat_names[body.ret[each.name]]))
        # It stands for the call where another node waits for that.
        done = self.graph_def.node.add()
        done.name, done.op = name, "NoOp"
        done.input.extend("^{}/{}".format(prefix, each) for each in body.control_ret.values())
        self._scopes.append(inner)

    def _resolved(self, tensor: Tensor) -> Tensor:
        while tensor in self._same:
            tensor = self._same[tensor]
        return tensor

    def _connect(self) -> None:
        for node in self.graph_def.node:
            data = ["{}:{}".format(*self._resolved(_tensor(each))) for each in node.input if not each.startswith("^")]
            controls = [each for each in node.input if each.startswith("^")]
            del node.input[:]
            node.input.extend(data + controls)

    def _nodes(self) -> Iterator[Node]:
        for node, scope in zip(self.graph_def.node, self._scopes):
            inputs = tuple(_tensor(each) for each in node.input if not each.startswith("^"))
            yield Node(node.name, node.op, scope, inputs)


def _joined(prefix: str, name: str) -> str:
    return "^{}/{}".format(prefix, name[1:]) if name.startswith("^") else "{}/{}".format(prefix, name)


def _tensor(name: str) -> Tensor:
    node, _, number = name.partition(":")
    return node, int(number or 0)
