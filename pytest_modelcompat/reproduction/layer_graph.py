"""The layers of a functional or sequential model as its configuration has them, and a smaller model cut out of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_INPUT = "InputLayer"
_TENSOR = "__keras_tensor__"


class CannotCutError(Exception):
    """A model cannot be cut; the message says why."""


@dataclass(frozen=True)
class Cut:
    """A smaller model.

    Args:
        config: its configuration, as Keras reads it.
        layers: the names of all its layers, in order.
        inputs: what it is given: the tensors of the whole model, `layer/node/tensor`.
        outputs: what it gives, likewise.
    """

    config: dict[str, Any]
    layers: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class LayerGraph:
    """The layers of a model, of which any may be left out.

    Args:
        config: the model's configuration: `class_name` and `config`.
        shapes: shapes and dtypes of tensors, where they are known otherwise.

    Raises:
        CannotCutError: it is neither functional nor sequential.
    """

    def __init__(self, config: Mapping[str, Any], shapes: Mapping[str, tuple[Sequence[int | None], str]]) -> None:
        self._config = config
        self._shapes = dict(shapes)
        name = str(config.get("class_name"))
        inner = config.get("config")
        if name not in ("Functional", "Sequential", "Model") or not isinstance(inner, dict) or "layers" not in inner:
            raise CannotCutError(f"it is a {name}: only functional and sequential models have layers to leave out")
        self.is_sequential = name == "Sequential"
        self._layers: list[dict[str, Any]] = inner["layers"]
        for tensor, shape, dtype in self._stated():
            self._shapes.setdefault(tensor, (shape, dtype))

    @property
    def names(self) -> list[str]:
        """The layers in their order, without those that only stand for an input."""
        return [_name(each) for each in self._layers if each["class_name"] != _INPUT]

    @property
    def inputs(self) -> list[str]:
        """The layers that stand for the model's inputs, in the order in which it takes them."""
        places = self._config["config"].get("input_layers")
        if places is None:
            return [_name(each) for each in self._layers[:1] if each["class_name"] == _INPUT]
        return [place.rsplit("/", 2)[0] for place in _flat_places(places)]

    def classes(self) -> list[tuple[str, str]]:
        """Name and class of every layer, in order."""
        return [(_name(each), str(each["class_name"])) for each in self._layers]

    def cut(self, kept: Collection[str], known: Collection[str] | None = None) -> Cut:
        """The model with some of its layers; inputs stand where another layer was.

        Args:
            kept: their names; of a sequential model, neighbours.
            known: the tensors that such an input may stand for; a call of a layer that takes another is left out. None
                for any.

        Raises:
            CannotCutError: the shape of what such an input stands for is not known.
        """
        return self._cut_sequence(kept) if self.is_sequential else self._cut_graph(kept, known)

    def _stated(self) -> Iterator[tuple[str, Sequence[int | None], str]]:
        """Tensors whose shapes the configuration states."""
        for layer in self._layers:
            if layer["class_name"] == _INPUT:
                own = layer["config"]
                shape = own.get("batch_shape") or own.get("batch_input_shape")
                if shape is not None:
                    yield f"{_name(layer)}/0/0", shape, str(own.get("dtype") or "float32")
            for tensor in _references(layer.get("inbound_nodes", [])):
                yield _key(tensor["keras_history"]), tensor["shape"], str(tensor["dtype"])
        if self.is_sequential:
            yield from self._stated_in_sequence()

    def _stated_in_sequence(self) -> Iterator[tuple[str, Sequence[int | None], str]]:
        before = ""
        for layer in self._layers:
            shape = (layer.get("build_config") or {}).get("input_shape")
            if before and shape and not isinstance(shape[0], list):
                yield f"{before}/0/0", shape, "float32"
            before = _name(layer)

    def _cut_sequence(self, kept: Collection[str]) -> Cut:
        places = [number for number, each in enumerate(self._layers) if _name(each) in kept]
        chosen = copy.deepcopy(self._layers[places[0] : places[-1] + 1])
        before = _name(self._layers[places[0] - 1]) if places[0] else ""
        given = f"{before}/0/0" if before else f"{_name(self._layers[0])}/0/0"
        if not before and given not in self._shapes:
            first = chosen[0].get("build_config") or {}
            if "input_shape" not in first:
                raise CannotCutError("the shape of its input is not known")
            self._shapes[given] = (first["input_shape"], "float32")
        stands_in = self._input(given, before or "first", original=self._layers[0] if places[0] == 1 else None)
        config = copy.deepcopy(dict(self._config))
        shape = list(self._shape(given)[0])
        config["config"]["layers"] = [stands_in, *chosen]
        if "build_input_shape" in config["config"]:
            config["config"]["build_input_shape"] = shape
        if "build_config" in config:
            config["build_config"] = {"input_shape": shape}
        names = (_name(stands_in), *map(_name, chosen))
        return Cut(_uncompiled(config), names, (given,), (f"{names[-1]}/0/0",))

    def _cut_graph(self, kept: Collection[str], known: Collection[str] | None) -> Cut:
        layers = [copy.deepcopy(each) for each in self._layers if _name(each) in kept]
        numbers = _without_unknown(layers, kept, known)
        inputs: dict[str, dict[str, Any]] = {}
        used: set[str] = set()
        by_name = {_name(each): each for each in self._layers}
        for layer in layers:
            for tensor in _references(layer["inbound_nodes"]):
                key, source = _key(tensor["keras_history"]), str(tensor["keras_history"][0])
                if source in kept:
                    used.add(key)
                    tensor["keras_history"] = _renumbered(key, numbers)
                    continue
                is_input = by_name[source]["class_name"] == _INPUT
                inputs.setdefault(key, self._input(key, source, original=by_name[source] if is_input else None))
                tensor["keras_history"] = [_name(inputs[key]), 0, 0]
        outputs = [key for key in self._outputs(kept, used) if key.rpartition("/")[0] in numbers]
        config = copy.deepcopy(dict(self._config))
        config["config"]["layers"] = [*inputs.values(), *layers]
        config["config"]["input_layers"] = _places([_name(each) + "/0/0" for each in inputs.values()])
        renumbered = ["/".join(map(str, _renumbered(key, numbers))) for key in outputs]
        config["config"]["output_layers"] = _places(renumbered)
        if "build_config" in config:
            config["build_config"] = {"input_shape": None}
        names = (*map(_name, inputs.values()), *map(_name, layers))
        return Cut(_uncompiled(config), names, tuple(inputs), tuple(outputs))

    def _outputs(self, kept: Collection[str], used: Collection[str]) -> list[str]:
        """The tensors of the layers that are kept, and that none of them takes in the smaller model."""
        taken = [_key(each["keras_history"]) for layer in self._layers for each in _references(layer["inbound_nodes"])]
        ends = list(_flat_places(self._config["config"]["output_layers"]))
        found = [key for key in dict.fromkeys((*ends, *taken)) if key.rsplit("/", 2)[0] in kept]
        # Where a layer that is kept and one that is not take a tensor, the first is enough to have it computed.
        return [key for key in found if key not in used] or [key for key in found if key in ends]

    def _shape(self, tensor: str) -> tuple[Sequence[int | None], str]:
        if tensor not in self._shapes:
            raise CannotCutError(f"the shape of what {tensor.partition('/')[0]!r} gives is not known")
        return self._shapes[tensor]

    def _input(self, tensor: str, source: str, original: Mapping[str, Any] | None) -> dict[str, Any]:
        """An input layer: the model's own, or one that stands for another layer's output."""
        if original is not None and original["class_name"] == _INPUT:
            return copy.deepcopy(dict(original))
        shape, dtype = self._shape(tensor)
        number = "" if tensor.endswith("/0/0") else "_" + "_".join(tensor.split("/")[-2:])
        name = f"{source}{number}_given".replace("/", "_")
        template = next((each for each in self._layers if each["class_name"] == _INPUT), None)
        layer = copy.deepcopy(template) if template is not None else {"class_name": _INPUT, "config": {}}
        size = "batch_input_shape" if "batch_input_shape" in layer["config"] else "batch_shape"
        layer["config"] = {size: [None, *shape[1:]], "dtype": dtype, "name": name}
        if "name" in layer or not self.is_sequential:
            layer["name"] = name
        if not self.is_sequential:
            layer["inbound_nodes"] = []
        return layer


def _without_unknown(
    layers: Sequence[dict[str, Any]], kept: Collection[str], known: Collection[str] | None
) -> dict[str, int]:
    """Take out the calls of layers whose inputs are not known; gives `layer/node` -> its number now, of those left.

    Raises:
        CannotCutError: nothing is left of a layer.
    """
    left = {f"{_name(each)}/{number}": node for each in layers for number, node in enumerate(each["inbound_nodes"])}

    def is_given(key: str) -> bool:
        return key.rpartition("/")[0] in left if key.rsplit("/", 2)[0] in kept else known is None or key in known

    while True:
        lost = [
            name
            for name, node in left.items()
            if not all(is_given(_key(each["keras_history"])) for each in _references(node))
        ]
        if not lost:
            break
        for name in lost:
            del left[name]
    numbers = {}
    for layer in layers:
        calls = [name for name in left if name.rpartition("/")[0] == _name(layer)]
        if not calls:
            raise CannotCutError(f"what layer {_name(layer)!r} takes is not known")
        numbers.update({name: number for number, name in enumerate(calls)})
        layer["inbound_nodes"] = [left[name] for name in calls]
    return numbers


def _renumbered(key: str, numbers: Mapping[str, int]) -> list[Any]:
    layer, _, position = key.rsplit("/", 2)
    return [layer, numbers[key.rpartition("/")[0]], int(position)]


def _name(layer: Mapping[str, Any]) -> str:
    return str(layer.get("name") or layer["config"]["name"])


def _key(history: Sequence[Any]) -> str:
    return "/".join(map(str, history[:3]))


def _references(nodes: Any) -> Iterator[dict[str, Any]]:
    """The tensors that nodes take, as Keras 3 writes them."""
    if isinstance(nodes, dict):
        if nodes.get("class_name") == _TENSOR:
            yield nodes["config"]
            return
        nodes = list(nodes.values())
    elif isinstance(nodes, list) and len(nodes) in (3, 4) and isinstance(nodes[0], str):
        raise CannotCutError("Keras 2 wrote its configuration, which does not state the shapes between the layers")
    if isinstance(nodes, list):
        for each in nodes:
            yield from _references(each)


def _places(tensors: Sequence[str]) -> list[Any]:
    """Tensors as a model's configuration names its inputs and outputs."""
    found: list[Any] = []
    for tensor in tensors:
        layer, node, position = tensor.rsplit("/", 2)
        found.append([layer, int(node), int(position)])
    return found[0] if len(found) == 1 else found


def _flat_places(places: Any) -> Iterator[str]:
    if isinstance(places, dict):
        places = list(places.values())
    if isinstance(places, list) and len(places) == 3 and isinstance(places[0], str):
        yield _key(places)
    elif isinstance(places, list):
        for each in places:
            yield from _flat_places(each)


def _uncompiled(config: dict[str, Any]) -> dict[str, Any]:
    config.pop("compile_config", None)
    return config
