"""What the layers of a SavedModel give, which has a graph and no layers: of each, what leaves its name scope.

The entries are those of `layer_trace`, under the paths and classes of the layers that the source says; what cannot be
matched with a layer for certain is left out.
"""

import contextlib
import itertools
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from . import calls, flat_graphs, layer_trace, saved_models, scopes, sketches, tensors, weights

# So many calls are looked at in one run: what they give is in memory together.
_AT_ONCE = 16
# A layer with more inputs is known by those that it was given in the order in which it uses them.
_MOST_PERMUTED = 4
_NO_OUTPUT = ("Const", "Placeholder")
Entry = Dict[str, Any]
Tensor = flat_graphs.Tensor


class _Computed(NamedTuple):
    """What is known of a call: tensors that may be its outputs, by leaf, those that it was given, and these cast."""

    outputs: Dict[int, List[Tensor]]
    given: List[Tensor]
    cast: List[Tensor]


class GraphTrace:
    """Records what the layers of a SavedModel give; `entries`, `samples` and `state` are those of `LayerTrace`.

    Args:
        function: the signature to call, of what `tf.saved_model.load` gives.
        source: `outputs`, entries of the layers that it was saved from, of which `path`, `class`, `module`, `call`,
            `leaf`, `dtype`, `shape`, `inputs` and `given` are read; `weights`, for each path the shapes of its
            weights; `names`, what the model calls its outputs, by leaf.
    """

    def __init__(self, function: Any, source: Dict[str, Any]) -> None:
        self.entries = []  # type: List[Entry]
        self.samples = {}  # type: Dict[str, Any]
        self._function, self._source = function, source
        self._flat = flat_graphs.FlatGraph(function)
        self._imported = _Imported(function, self._flat)
        self._variables = self._imported.variables()
        expected = {}  # type: Dict[scopes.Call, List[Entry]]
        for entry in source["outputs"]:
            expected.setdefault((entry["path"], entry["call"]), []).append(entry)
        self._expected = expected
        self._regions = {}  # type: Dict[scopes.Match, Optional[_Region]]
        tree = scopes.ScopeTree((node.scope for node in self._flat.nodes), self._flat.call_scopes)
        inner = [call for call in expected if call[0]]
        self._matched = scopes.Search(tree, inner, self._fits, layer_trace.MOST_CALLS).matches()

    def run(self, arguments: Dict[str, Any], reset: Callable[[], None]) -> None:
        """Call the signature, and keep what its layers give.

        Args:
            arguments: a tensor for each of its inputs, by name.
            reset: sets the states of its RNNs back; it is called before each run.
        """
        found = {call: each for call in self._expected for each in [self._computed(call)] if each is not None}
        listed = list(found)
        for start in range(0, len(listed), _AT_ONCE):
            part = {call: found[call] for call in listed[start : start + _AT_ONCE]}
            places = {place for each in part.values() for place in _places(each)}
            reset()
            values = self._imported.values(places, arguments)
            for call, computed in part.items():
                self._record(call, computed, values)

    def state(self) -> Dict[str, Any]:
        """For each layer that is matched, digests of the variables that it reads, in the form of `LayerTrace`."""
        read = {}  # type: Dict[str, Dict[int, Any]]
        for (path, _), match in self._matched.items():
            region = self._region(scopes.Match(match.scope))
            mine = [self._variables[name] for name in region.read if name in self._variables] if region else []
            read.setdefault(path, {}).update((id(variable), variable) for variable in mine)
        return {
            path: {"config": {}, "attributes": {}, "weights": weights.of_variables(found.values())}
            for path, found in read.items()
        }

    def _region(self, match: scopes.Match) -> Optional["_Region"]:
        """The nodes of a call; None where those of several calls in one scope cannot be told apart."""
        if match not in self._regions:
            inside = _nodes_of_call([node for node in self._flat.nodes if _is_in(node.scope, match.scope)], match)
            self._regions[match] = _Region(self._flat, inside, self._imported) if inside else None
        return self._regions[match]

    def _fits(self, path: str, scope: scopes.Scope) -> bool:
        region = self._region(scopes.Match(scope))
        expected = [entry for entry in self._source["outputs"] if entry["path"] == path]
        if region is None or not any(self._candidates(entry, region.outputs) for entry in expected):
            return False
        shapes = self._source["weights"].get(path)
        return shapes is None or self._may_have(shapes, region)

    def _may_have(self, shapes: List[List[int]], region: "_Region") -> bool:
        """Whether the variables that are read somewhere may be a layer's weights of these shapes."""
        left = [list(shape) for shape in shapes]
        for variable in [self._variables[name] for name in region.read if name in self._variables]:
            shape = variable.shape.as_list()
            if shape in left:
                left.remove(shape)
            elif weights.of_variables([variable]):
                return False
        return len(left) < len(shapes) or not shapes

    def _computed(self, call: scopes.Call) -> Optional[_Computed]:
        expected = self._expected[call]
        if not call[0]:
            return self._computed_by_model(expected)
        match = self._matched.get(call)
        region = self._region(match) if match is not None else None
        if region is None:
            return None
        outputs = {entry["leaf"]: self._candidates(entry, region.outputs) for entry in expected}
        return _Computed(outputs, region.given, region.cast)

    def _computed_by_model(self, expected: List[Entry]) -> _Computed:
        places = _by_leaf(self._imported.outputs, self._source["names"])
        outputs = {entry["leaf"]: [places[entry["leaf"]]] for entry in expected if entry["leaf"] < len(places)}
        return _Computed(outputs, self._imported.arguments, [])

    def _candidates(self, entry: Entry, places: Iterable[Tensor]) -> List[Tensor]:
        return [place for place in places if _has_spec(self._imported.tensor(place), entry)]

    def _record(self, call: scopes.Call, computed: _Computed, values: Dict[Tensor, Any]) -> None:
        expected = {entry["leaf"]: entry for entry in self._expected[call]}
        for leaf, places in computed.outputs.items():
            entry = expected[leaf]
            value = _chosen([values[place] for place in places], entry)
            if value is None:
                continue
            sample = "sample_{}".format(len(self.entries))
            self.samples[sample] = sketches.sample_of(value)
            kept = {name: entry[name] for name in ("path", "class", "module", "call", "leaf")}
            given, cast = ([values[place] for place in places] for places in (computed.given, computed.cast))
            inputs = _inputs(given, cast, entry)
            self.entries.append({**kept, **inputs, **layer_trace.figures_of(value), "sample": sample})


class _Region:
    """Nodes that make up a call: what leaves them, what enters them, and the captured tensors that they read."""

    def __init__(self, flat: flat_graphs.FlatGraph, nodes: List[flat_graphs.Node], imported: "_Imported") -> None:
        order = {node.name: number for number, node in enumerate(nodes)}
        leaving = {place for node in flat.nodes if node.name not in order for place in node.inputs}
        self.outputs = [
            place
            for place in sorted(leaving | imported.returned, key=lambda place: (order.get(place[0], 0), place[1]))
            if place[0] in order and nodes[order[place[0]]].op not in _NO_OUTPUT
        ]
        used = list(dict.fromkeys(place for node in nodes for place in node.inputs if place[0] not in order))
        self.read = [place[0] for place in used if place[0] in imported.captured]
        self.given = [place for place in used if place[0] not in imported.captured]
        casts = {node.inputs[0]: (node.name, 0) for node in nodes if node.op == "Cast"}
        # Keras 2 casts what a layer is given in the layer's own scope, before its call.
        self.cast = [casts.get(place, place) for place in self.given] if casts.keys() & set(self.given) else []


def _is_in(scope: scopes.Scope, other: scopes.Scope) -> bool:
    return scope[: len(other)] == other


def _nodes_of_call(nodes: List[flat_graphs.Node], match: scopes.Match) -> List[flat_graphs.Node]:
    """Of the nodes of a scope, those of one of its calls, which all have the same ops one after the other."""
    length, rest = divmod(len(nodes), match.calls)
    parts = [nodes[start : start + length] for start in range(0, length * match.calls, length or 1)]
    if rest or any([node.op for node in part] != [node.op for node in parts[0]] for part in parts):
        return []
    return parts[match.position] if parts else []


class _Imported:
    """The flat graph in a function of its own, whose every tensor can be asked for."""

    def __init__(self, function: Any, flat: flat_graphs.FlatGraph) -> None:
        import tensorflow as tf

        self._function, self._flat = function, flat
        inner = list(function.inputs)
        count = len(inner) - len(function.captured_inputs)
        self._captures = dict(zip(map(flat.name_of, inner[count:]), function.captured_inputs))
        self.captured = set(self._captures)
        names = sorted(function.structured_input_signature[1])
        own = {each.op.name: each for each in inner[:count]}
        found = [own[name] for name in names] if set(own) == set(names) else inner[:count]
        self._names = names
        self.arguments = [(flat.name_of(each), 0) for each in found]
        places = list(map(flat.place_of, function.outputs))
        self.outputs = dict(zip(sorted(function.structured_outputs), places))
        self.returned = set(places)
        specs = [tf.TensorSpec(each.shape, each.dtype) for each in found]
        self._wrapped = tf.compat.v1.wrap_function(self._built, specs)

    def _built(self, *given: Any) -> List[Any]:
        import tensorflow as tf

        graph = given[0].graph if given else tf.compat.v1.get_default_graph()
        mapped = {name: graph.capture(tensor) for name, tensor in self._captures.items()}
        mapped.update((name, tensor) for (name, _), tensor in zip(self.arguments, given))
        tf.graph_util.import_graph_def(self._flat.graph_def, input_map=mapped, name="")
        self._given = dict(zip(self.arguments, given))
        return [self.tensor(place, graph) for place in self.outputs.values()]

    def tensor(self, place: Tensor, graph: Any = None) -> Any:
        """A tensor of the imported graph."""
        given = self._given.get(place)
        if given is not None:
            return given
        return (graph or self._wrapped.graph).get_tensor_by_name("{}:{}".format(*place))

    def variables(self) -> Dict[str, Any]:
        """The variables that the function captures, by the name of their placeholders."""
        by_handle = {id(variable.handle): variable for variable in self._function.graph.variables}
        return {name: by_handle[id(tensor)] for name, tensor in self._captures.items() if id(tensor) in by_handle}

    def values(self, places: Set[Tensor], arguments: Dict[str, Any]) -> Dict[Tensor, Any]:
        """What tensors are for these arguments, as leaves."""
        ordered = sorted(places)
        inputs = [self._given[place] for place in self.arguments]
        run = self._wrapped.prune(inputs, [self.tensor(place) for place in ordered])
        with _without_optimizer():
            found = run(*[arguments[name] for name in self._names])
        return {place: tensors.as_leaf(value) for place, value in zip(ordered, found)}


@contextlib.contextmanager
def _without_optimizer() -> Iterator[None]:
    """Have TensorFlow compute a graph op by op, as a live model is: what it fuses rounds in another way."""
    import tensorflow as tf

    name = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(name, False)
    tf.config.optimizer.set_experimental_options({name: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({name: before})


def _places(computed: _Computed) -> Iterator[Tensor]:
    yield from computed.given
    yield from computed.cast
    for each in computed.outputs.values():
        yield from each


def _by_leaf(outputs: Dict[str, Tensor], names: Sequence[str]) -> List[Tensor]:
    """A signature's outputs in the order in which the model gives them; empty where the names do not say that."""
    if len(outputs) == len(names) == 1:
        return list(outputs.values())
    return [outputs[name] for name in names] if set(outputs) == set(names) else []


def _has_spec(tensor: Any, entry: Entry) -> bool:
    """Whether a tensor may be of the dtype and shape that an entry has."""
    if tensor.dtype.name != entry["dtype"]:
        return False
    return bool(tensor.shape.is_compatible_with(entry["shape"]))


def _chosen(values: List[Any], entry: Entry) -> Any:
    """The value that is a call's output; None where more than one may be, unless one is what was expected."""
    fitting = [value for value in values if list(value.shape) == list(entry["shape"])]
    if len(fitting) == 1:
        return fitting[0]
    return next((value for value in fitting if sketches.digest_of([value]) == entry["digest"]), None)


def _inputs(given: List[Any], cast: List[Any], entry: Entry) -> Entry:
    """What is known of what a call was given: nothing, where it was given others than those that it computes with."""
    for values in (given, cast):
        for permuted in itertools.permutations(values) if len(values) <= _MOST_PERMUTED else ():
            if sketches.digest_of(list(permuted)) == entry["inputs"]:
                return {"inputs": entry["inputs"], "given": layer_trace.given_of(list(permuted))}
    if len(given) == len(entry["given"]) == 1 and not cast:
        return {"inputs": sketches.digest_of(given), "given": layer_trace.given_of(given)}
    return {"inputs": "", "given": []}


def trace_of(loaded: Any, inputs: Any, job: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """What the layers of a SavedModel give: `entries` and `state`, and the arrays of the samples.

    Args:
        loaded: what `tf.saved_model.load` gives.
        inputs: nested inputs, by signature where the job says so.
        job: as `job.run` reads it; its `source` is that of `GraphTrace`.
    """
    states = saved_models.States(loaded) if job.get("stateful") else None
    names = [name for name in sorted(loaded.signatures) if not job["per_signature"] or name in inputs]
    name = saved_models.DEFAULT_SIGNATURE if saved_models.DEFAULT_SIGNATURE in names else names[0]
    function = loaded.signatures[name]
    given, input_names = (inputs[name], []) if job["per_signature"] else (inputs, job["input_names"])
    arguments = calls.arguments_of(function, name, given, input_names)
    trace = GraphTrace(function, job["source"])
    trace.run(arguments, states.reset if states is not None else lambda: None)
    return {"entries": trace.entries, "state": trace.state()}, trace.samples
