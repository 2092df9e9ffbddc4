"""What the layers of a SavedModel give, which has a graph and no layers: of each, what leaves its name scope.

The entries are those of `layer_trace`. Where a source says which layers there are, they are under its paths and
classes, and what cannot be matched with a layer for certain is left out. Else name scopes are in place of layers.
"""

import itertools
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from . import (
    calls,
    flat_graphs,
    graph_regions,
    imported_graphs,
    layer_trace,
    saved_models,
    scope_outline,
    scopes,
    sketches,
    tensors,
    weights,
)

# So many calls are looked at in one run: what they give is in memory together.
_AT_ONCE = 64
# The order in which a layer uses its inputs may be another than that in which it is given them.
_MOST_PERMUTED = 4
_CLASS_OF_SCOPE = "name scope"
Entry = Dict[str, Any]
Tensor = flat_graphs.Tensor


class _Computed(NamedTuple):
    """What is known of a call: by leaf, tensors that may be its output, and those that it was given."""

    outputs: Dict[int, List[Tensor]]
    given: List[Tensor]
    cast: List[Tensor]

    def places(self) -> Set[Tensor]:
        return {*self.given, *self.cast, *itertools.chain.from_iterable(self.outputs.values())}


class GraphTrace:
    """Records what the layers of a SavedModel give; `entries`, `samples` and `state` are those of `LayerTrace`.

    Args:
        function: the signature to call, of what `tf.saved_model.load` gives.
        source: `outputs`, entries of the layers that it was saved from, of which `path`, `class`, `module`, `call`,
            `leaf`, `dtype`, `shape`, `digest`, `inputs` and `given` are read; `weights`, for each path the shapes of
            its weights; `names`, what the model calls its outputs, by leaf. Or `classes` alone, those that are known
            of layers, by path.
    """

    def __init__(self, function: Any, source: Dict[str, Any]) -> None:
        self.entries: List[Entry] = []
        self.samples: Dict[str, Any] = {}
        flat = flat_graphs.FlatGraph(function)
        self._source = source
        self._imported = imported_graphs.ImportedGraph(function, flat)
        self._variables = self._imported.variables()
        self._regions = graph_regions.Regions(flat, set(self._imported.outputs.values()), self._imported.captured)
        self._expected: Dict[scopes.Call, List[Entry]] = {}
        self._matched: Dict[scopes.Call, scopes.Match] = {}
        tree = scopes.ScopeTree((node.scope for node in flat.nodes), flat.call_scopes)
        if "outputs" in source:
            self._match(tree)
        else:
            self._outline(tree)

    def _match(self, tree: scopes.ScopeTree) -> None:
        for entry in self._source["outputs"]:
            self._expected.setdefault((entry["path"], entry["call"]), []).append(entry)
        inner = [call for call in self._expected if call[0]]
        self._matched = scopes.Search(tree, inner, self._fits, layer_trace.MOST_CALLS).matches()

    def _outline(self, tree: scopes.ScopeTree) -> None:
        classes = self._source["classes"]
        for path, scope in scope_outline.outline(tree, lambda scope: self._regions.of(scopes.Match(scope))):
            match = self._matched[path, 1] = scopes.Match(scope)
            leaves = range(min(len(self._regions.of(match).outputs), layer_trace.MOST_LEAVES))
            named = {"path": path, "class": classes.get(path, _CLASS_OF_SCOPE), "module": "", "call": 1}
            self._expected[path, 1] = [{**named, "leaf": leaf} for leaf in leaves]

    def run(self, arguments: Dict[str, Any], reset: Callable[[], None]) -> None:
        """Call the signature, and keep what its layers give.

        Args:
            arguments: a tensor for each of its inputs, by name.
            reset: sets the states of its RNNs back; it is called before each run.
        """
        found = [(call, self._computed(call)) for call in self._expected]
        for start in range(0, len(found), _AT_ONCE):
            part = found[start : start + _AT_ONCE]
            reset()
            values = self._imported.values({place for _, each in part for place in each.places()}, arguments)
            for call, computed in part:
                self._record(call, computed, values)

    def state(self) -> Dict[str, Any]:
        """For each layer that is found, digests of the variables that it reads, in the form of `LayerTrace`."""
        read: Dict[str, Dict[int, Any]] = {}
        for (path, _), match in self._matched.items():
            mine = self._read(self._regions.of(scopes.Match(match.scope)))
            read.setdefault(path, {}).update((id(variable), variable) for variable in mine)
        return {
            path: {"config": {}, "attributes": {}, "weights": weights.of_variables(found.values())}
            for path, found in read.items()
        }

    def _read(self, region: graph_regions.Region) -> List[Any]:
        return [self._variables[name] for name in region.read if name in self._variables]

    def _fits(self, path: str, scope: scopes.Scope) -> bool:
        region = self._regions.of(scopes.Match(scope))
        expected = [entry for entry in self._source["outputs"] if entry["path"] == path]
        if not any(self._candidates(entry, region.outputs) for entry in expected):
            return False
        shapes = self._source["weights"].get(path)
        return shapes is None or self._may_have(shapes, region)

    def _may_have(self, shapes: List[List[int]], region: graph_regions.Region) -> bool:
        """Whether the variables that are read somewhere may be a layer's weights of these shapes."""
        left = [list(shape) for shape in shapes]
        for variable in self._read(region):
            shape = variable.shape.as_list()
            if shape in left:
                left.remove(shape)
            elif weights.of_variables([variable]):
                return False
        return len(left) < len(shapes) or not shapes

    def _computed(self, call: scopes.Call) -> _Computed:
        expected = self._expected[call]
        if not call[0]:
            # The model itself.
            places = _by_leaf(self._imported.outputs, self._source["names"])
            outputs = {entry["leaf"]: [places[entry["leaf"]]] for entry in expected if entry["leaf"] < len(places)}
            return _Computed(outputs, self._imported.arguments, [])
        match = self._matched.get(call)
        if match is None:
            return _Computed({}, [], [])
        region = self._regions.of(match)
        if "outputs" not in self._source:
            return _Computed({entry["leaf"]: [region.outputs[entry["leaf"]]] for entry in expected}, region.given, [])
        found = {entry["leaf"]: self._candidates(entry, region.outputs) for entry in expected}
        return _Computed(found, region.given, region.cast)

    def _candidates(self, entry: Entry, places: Iterable[Tensor]) -> List[Tensor]:
        return [place for place in places if _has_spec(self._imported.tensor(place), entry)]

    def _record(self, call: scopes.Call, computed: _Computed, values: Dict[Tensor, Any]) -> None:
        for entry in self._expected[call]:
            value = _chosen([values[place] for place in computed.outputs.get(entry["leaf"], ())], entry)
            if value is None:
                continue
            sample = "sample_{}".format(len(self.entries))
            self.samples[sample] = sketches.sample_of(value)
            kept = {name: entry[name] for name in ("path", "class", "module", "call", "leaf")}
            given, cast = ([values[place] for place in places] for places in (computed.given, computed.cast))
            found = {**_inputs(given, cast, entry), **layer_trace.figures_of(value)}
            self.entries.append({**kept, **found, "sample": sample})


def _by_leaf(outputs: Dict[str, Tensor], names: Sequence[str]) -> List[Tensor]:
    """A signature's outputs in the order in which the model gives them; empty where the names do not say that."""
    if len(outputs) == len(names) == 1:
        return list(outputs.values())
    return [outputs[name] for name in names] if set(outputs) == set(names) else []


def _has_spec(tensor: Any, entry: Entry) -> bool:
    """Whether a tensor may be of the dtype and shape that an entry has."""
    return bool(tensor.dtype.name == entry["dtype"] and tensor.shape.is_compatible_with(entry["shape"]))


def _chosen(values: List[Any], entry: Entry) -> Optional[Any]:
    """The value that is a call's output; None where more than one may be, unless one is what was expected."""
    if "shape" not in entry:
        return values[0] if values else None
    fitting = [value for value in values if list(value.shape) == list(entry["shape"])]
    if len(fitting) == 1:
        return fitting[0]
    return next((value for value in fitting if sketches.digest_of([value]) == entry["digest"]), None)


def _inputs(given: List[Any], cast: List[Any], entry: Entry) -> Entry:
    """What is known of what a call was given: nothing, where it was given others than those that it computes with."""
    if "inputs" in entry:
        for values in (given, cast):
            for permuted in itertools.permutations(values) if len(values) <= _MOST_PERMUTED else ():
                if sketches.digest_of(list(permuted)) == entry["inputs"]:
                    return {"inputs": entry["inputs"], "given": layer_trace.given_of(list(permuted))}
        if cast or not len(given) == len(entry["given"]) == 1:
            return {"inputs": "", "given": []}
    return {"inputs": sketches.digest_of(given), "given": layer_trace.given_of(given)}


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
    trace = GraphTrace(function, job["source"])
    arguments = calls.arguments_of(function, name, tensors.as_leaves(given), input_names)
    trace.run(arguments, states.reset if states is not None else lambda: None)
    return {"entries": trace.entries, "state": trace.state()}, trace.samples
