"""Graphs: the layers of one functional model, and what is known of each tensor that they give."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.call import Call, call_of, first_calls, references
from pytest_modelcompat.migration.operations.expression import Op, as_operation
from pytest_modelcompat.migration.operations.layer_outputs import input_tensor, layer_output
from pytest_modelcompat.migration.operations.node_def import call_of_node, output_dtype
from pytest_modelcompat.migration.operations.table import RULES
from pytest_modelcompat.migration.operations.tensor import UNKNOWN, NoEqualError, Ref, Tensor
from pytest_modelcompat.migration.operations.values import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
# Of operations on ragged and sparse tensors alone.
OF_OTHER_TENSORS = frozenset({"ClassMethod", "InstanceMethod", "InstanceProperty"})
_MODELS = frozenset({"Functional", "Model", "Network", "Sequential"})


@dataclass
class Graph:
    """One functional model.

    Args:
        config: its configuration: `layers`, `input_layers`, `output_layers`.
        is_own: whether a class of this name is the user's own.
        given: what the model is called with, where it does not say it itself.
    """

    config: dict[str, Any]
    is_own: Callable[[str], bool]
    given: Sequence[Tensor] = ()
    _outputs: dict[tuple[str, int], tuple[Tensor, ...]] = field(default_factory=dict)
    _open: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        layers: list[Any] = self.config["layers"]
        self.layers: list[dict[str, Any]] = [
            each for each in layers if isinstance(each, dict) and isinstance(each.get("name"), str)
        ]
        self.by_name = {each["name"]: each for each in self.layers}
        self._offsets = first_calls(self.layers, self.config.get("output_layers"))

    def tensor(self, layer: str, node: int, index: int) -> Tensor:
        """What is known of a tensor.

        Args:
            layer: the name of the layer that gives it.
            node: which call of the layer, as the file counts them.
            index: which of its outputs.
        """
        outputs = self.outputs(layer, node - self._offsets.get(layer, 0))
        return outputs[index] if 0 <= index < len(outputs) else UNKNOWN

    def outputs(self, layer: str, node: int) -> tuple[Tensor, ...]:
        """What is known of all that a call of a layer gives.

        Args:
            layer: its name.
            node: which call, the first is 0.
        """
        key = (layer, node)
        if key not in self._outputs:
            if key in self._open or layer not in self.by_name:
                return (UNKNOWN,)
            self._open.add(key)
            self._outputs[key] = self._of_layer(self.by_name[layer], node)
            self._open.discard(key)
        return self._outputs[key]

    def call(self, layer: dict[str, Any], node: int) -> Call:
        """What an operation is called with.

        Args:
            layer: one of `OPERATIONS`.
            node: which call.

        Raises:
            NoEqualError: that is not in the file.
        """
        data = layer["inbound_nodes"][node]
        if layer["class_name"] == "TensorFlowOpLayer":
            found = list(references(data, self.by_name))
            call = call_of_node(layer["config"], [self._ref(place, layer) for place in found])
        else:
            call = call_of(str(layer["config"].get("function")), data, self.by_name, self.tensor)
        return call

    def expression(self, layer: dict[str, Any], node: int) -> Op:
        """What is computed in Keras 3 instead of one call of an operation.

        Raises:
            NoEqualError: nothing that is equal.
        """
        call = self.call(layer, node)
        rule = RULES.get(call.symbol)
        if rule is None:
            raise NoEqualError(f"no operation of Keras 3 is known here for {call.symbol}")
        return as_operation(rule.expression(call))

    def _ref(self, place: tuple[str, int, int], layer: dict[str, Any]) -> Ref:
        tensor = self.tensor(*place)
        if not tensor.is_dense:
            raise NoEqualError(f'the output of "{place[0]}" may be ragged or sparse')
        return Ref(*place, tensor if tensor.dtype else replace(tensor, dtype=output_dtype(layer["config"])))

    def _of_layer(self, layer: dict[str, Any], node: int) -> tuple[Tensor, ...]:
        class_name, config = str(layer.get("class_name")), _config(layer)
        if class_name in OPERATIONS and 0 <= node < len(layer.get("inbound_nodes") or ()):
            return self._of_operation(layer, node)
        nodes = layer.get("inbound_nodes") or []
        if class_name == "InputLayer":
            return (input_tensor(config),)
        if not 0 <= node < len(nodes) or class_name in OF_OTHER_TENSORS:
            return (replace(UNKNOWN, is_dense=class_name not in OF_OTHER_TENSORS),)
        inputs = [self.tensor(*place) for place in references(nodes[node], self.by_name)]
        if isinstance(config.get("layers"), list):
            return model_outputs(class_name, config, inputs, self.is_own)
        if self.is_own(class_name):
            return (UNKNOWN,)
        return (layer_output(class_name, config, inputs),)

    def _of_operation(self, layer: dict[str, Any], node: int) -> tuple[Tensor, ...]:
        try:
            call = self.call(layer, node)
            found = numbers(call)
            return found if found is not None else self.expression(layer, node).outputs
        except NoEqualError:
            return (UNKNOWN,)


def model_outputs(
    class_name: str, config: dict[str, Any], inputs: Sequence[Tensor], is_own: Callable[[str], bool]
) -> tuple[Tensor, ...]:
    """What a model gives that stands in another.

    Args:
        class_name: its class.
        config: its configuration.
        inputs: what it is called with.
        is_own: as in `Graph`.
    """
    if class_name not in _MODELS:
        return (UNKNOWN,)
    if "output_layers" in config:
        graph = Graph(config, is_own)
        return tuple(graph.tensor(*place) for place in references(config["output_layers"], graph.by_name)) or (UNKNOWN,)
    found = list(inputs)
    for each in config["layers"]:
        inner, name = _config(each), str(each.get("class_name"))
        if name == "InputLayer":
            found = [input_tensor(inner)]
        elif isinstance(inner.get("layers"), list):
            found = list(model_outputs(name, inner, found, is_own))
        else:
            found = [UNKNOWN if is_own(name) else layer_output(name, inner, found)]
    return tuple(found) or (UNKNOWN,)


def _config(layer: dict[str, Any]) -> dict[str, Any]:
    config = layer.get("config")
    return config if isinstance(config, dict) else {}
