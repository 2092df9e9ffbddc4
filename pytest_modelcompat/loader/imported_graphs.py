"""A flat graph in a function of its own, whose every tensor can be asked for."""

import contextlib
from typing import Any, Dict, Iterator, List, Set

from . import flat_graphs, tensors


class ImportedGraph:
    """A function's flat graph, imported; it computes with the variables that the function has.

    Args:
        function: a signature of what `tf.saved_model.load` gives.
        flat: its graph.
    """

    def __init__(self, function: Any, flat: flat_graphs.FlatGraph) -> None:
        import tensorflow as tf

        self._function, self._flat = function, flat
        inner = list(function.inputs)
        count = len(inner) - len(function.captured_inputs)
        self._captures = dict(zip(map(flat.name_of, inner[count:]), function.captured_inputs))
        self._names = sorted(function.structured_input_signature[1])
        own = {each.op.name: each for each in inner[:count]}
        # A placeholder bears the name of its argument, where that may be the name of a node.
        found = [own[name] for name in self._names] if set(own) == set(self._names) else inner[:count]
        places = [flat.place_of(each) for each in function.outputs]
        self.captured = set(self._captures)
        self.arguments = [(flat.name_of(each), 0) for each in found]
        self.outputs: Dict[str, flat_graphs.Tensor] = dict(zip(sorted(function.structured_outputs), places))
        specs = [tf.TensorSpec(each.shape, each.dtype) for each in found]
        self._wrapped = tf.compat.v1.wrap_function(self._built, specs)

    def _built(self, *given: Any) -> List[Any]:
        import tensorflow as tf

        graph = tf.compat.v1.get_default_graph()
        mapped = {name: graph.capture(tensor) for name, tensor in self._captures.items()}
        mapped.update((name, tensor) for (name, _), tensor in zip(self.arguments, given))
        tf.graph_util.import_graph_def(self._flat.graph_def, input_map=mapped, name="")
        self._graph, self._given = graph, dict(zip(self.arguments, given))
        return [self.tensor(place) for place in self.outputs.values()]

    def tensor(self, place: flat_graphs.Tensor) -> Any:
        """A tensor of the graph, without a value."""
        given = self._given.get(place)
        return self._graph.get_tensor_by_name("{}:{}".format(*place)) if given is None else given

    def variables(self) -> Dict[str, Any]:
        """The variables that the function captures, by the names of the nodes that stand for them."""
        by_handle = {id(variable.handle): variable for variable in self._function.graph.variables}
        return {name: by_handle[id(each)] for name, each in self._captures.items() if id(each) in by_handle}

    def values(self, places: Set[flat_graphs.Tensor], arguments: Dict[str, Any]) -> Dict[flat_graphs.Tensor, Any]:
        """What tensors are for these arguments, as leaves."""
        ordered = sorted(places)
        inputs = [self._given[place] for place in self.arguments]
        run = self._wrapped.prune(inputs, [self.tensor(place) for place in ordered])
        with _without_optimizer():
            found = run(*[arguments[name] for name in self._names])
        return {place: tensors.as_leaf(value) for place, value in zip(ordered, found)}


@contextlib.contextmanager
def _without_optimizer() -> Iterator[None]:
    """Have TensorFlow compute a graph op by op, as it does what a live model calls: what it fuses rounds otherwise."""
    import tensorflow as tf

    name = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(name, False)
    tf.config.optimizer.set_experimental_options({name: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({name: before})
