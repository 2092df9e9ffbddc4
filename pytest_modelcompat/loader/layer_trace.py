"""What the layers of a model give, one after the other, for the same inputs: a trace that two processes can compare."""

import contextlib
import inspect
from typing import Any, Dict, List, Set, Tuple

from . import calls, layers, sketches, weights

# Of one layer, so many calls are kept, and so many tensors of each; a layer that is called in a loop says enough so.
MOST_CALLS, MOST_LEAVES = 8, 4
MOST_ENTRIES = 4000
_LONGEST_VALUE = 400
# What every layer has, or what says where it is rather than what it computes.
_OF_ANY_LAYER = frozenset(
    ("name", "trainable", "dtype", "built", "call", "build", "quantize", "input_spec", "supports_masking")
    + ("supports_jit", "autocast", "stateful", "batch_size", "batch_input_shape", "batch_shape", "build_config")
    + ("layers", "inputs", "outputs", "registered_name", "compiled", "stop_training", "call_signature_parameters")
    + ("steps_per_execution", "unrolled_steps_per_execution", "lora_enabled", "loss", "metrics", "module")
)


class LayerTrace:
    """Records what layers give; its `entries` are JSON-able, its `samples` plain arrays.

    An entry has `path`, `class`, `module`, `call` (from 1), `leaf` (from 0), `dtype`, `shape`, `digest`, `sketch`,
    `inputs`, a digest of what was given, `given`, of each tensor of that how many numbers it has and its sketch, and
    `sample`, the name of its array. An inner layer comes before the one that calls it.

    Args:
        model: of Keras; it has the path "".
    """

    def __init__(self, model: Any) -> None:
        self.entries = []  # type: List[Dict[str, Any]]
        self.samples = {}  # type: Dict[str, Any]
        self._model = model
        self._layers = [("", model)] + _steady(model)
        self._paths = {id(layer): path for path, layer in self._layers}
        self._calls = {}  # type: Dict[int, int]

    def run(self, inputs: Any) -> None:
        """Call the model once, at inference, and keep what its layers give."""
        with layers.watched([layer for _, layer in self._layers], self._record):
            calls.call_model(self._model, inputs)

    def state(self) -> Dict[str, Any]:
        """What each layer was made with, by path: `config` and `attributes`, where plain, digests of its `weights`."""
        return {path: _state(layer) for path, layer in self._layers if path}

    def _record(self, layer: Any, given: List[Any], outputs: Any) -> None:
        number = self._calls.get(id(layer), 0) + 1
        leaves = layers.arrays(outputs)[:MOST_LEAVES]
        if number > MOST_CALLS or len(self.entries) >= MOST_ENTRIES:
            return
        inputs = layers.arrays(given)
        of_inputs = {
            "inputs": sketches.digest_of(inputs),
            "given": given_of(inputs),
        }
        self._calls[id(layer)] = number
        for position, leaf in enumerate(leaves):
            sample = "sample_{}".format(len(self.entries))
            entry = {
                **of_inputs,
                "path": self._paths[id(layer)],
                "class": type(layer).__name__,
                "module": str(type(layer).__module__),
                "call": number,
                "leaf": position,
                **figures_of(leaf),
                "sample": sample,
            }
            self.samples[sample] = sketches.sample_of(leaf)
            self.entries.append(entry)


def _steady(model: Any) -> List[Tuple[str, Any]]:
    """The layers of a model but the cells of recurrent ones, which are called once for each step."""
    cells: Set[int] = set()
    found = []
    for path, layer in layers.layers(model):
        if id(layer) in cells:
            continue
        found.append((path, layer))
        if any(base.__name__ == "RNN" for base in type(layer).__mro__):
            cells.update(id(inner) for _, inner in layers.layers(layer))
    return found


def figures_of(leaf: Any) -> Dict[str, Any]:
    """What an entry says of the tensor itself."""
    dtype, shape = _spec(leaf)
    return {
        "dtype": dtype,
        "shape": shape,
        "digest": sketches.digest_of([leaf]),
        "sketch": sketches.sketch_of(leaf),
    }


def given_of(inputs: List[Any]) -> List[List[float]]:
    """What an entry says of each tensor that a call was given."""
    return [[int(sketches.size_of(each))] + sketches.sketch_of(each) for each in inputs[:MOST_LEAVES]]


def _spec(leaf: Any) -> Tuple[str, List[int]]:
    parts = calls.components(leaf)
    values = sketches.values_of(leaf)
    shape = leaf.dense_shape if hasattr(leaf, "dense_shape") else parts[0].shape
    return ("string" if values is None else values.dtype.name), [int(size) for size in shape]


def _state(layer: Any) -> Dict[str, Any]:
    config = {}  # type: Dict[str, Any]
    # The code of a class of the user's raises what it likes.
    with contextlib.suppress(Exception):
        config = _plain_values(layer.get_config())
    attributes = {}  # type: Dict[str, Any]
    with contextlib.suppress(Exception):
        attributes = _plain_values(vars(layer))
    held = []  # type: List[Dict[str, Any]]
    with contextlib.suppress(Exception):
        held = weights.of_variables(layer.weights)
    return {"config": config, "attributes": attributes, "weights": held}


def _plain_values(values: Any) -> Dict[str, Any]:
    found = {}
    for key, value in values.items():
        if not isinstance(key, str) or key.startswith("_") or key in _OF_ANY_LAYER:
            continue
        shown = _plain(value)
        if shown is not None and len(str(shown)) <= _LONGEST_VALUE:
            found[key] = shown
    return found


def _plain(value: Any) -> Any:
    """A value as JSON holds it, a function or class as its name; None for anything else."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if inspect.isfunction(value) or inspect.isclass(value):
        return value.__qualname__
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return None if None in items else items
    return None
