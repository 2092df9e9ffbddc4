"""Calls: an operation of Keras 2 with what it is called with, as its node has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.tensor import NoEqualError, Ref, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    Look = Callable[[str, int, int], Tensor]

_CONSTANT = "_CONSTANT_VALUE"
_TENSOR = "__keras_tensor__"
_PLACE = 3


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Args:
        symbol: its public name in TensorFlow without `tf.`: `math.add`.
        first: what it is called with first: a `Ref`, a number, or lists of these.
        others: all else, by name.
    """

    symbol: str
    first: Any
    others: Mapping[str, Any]


def references(node: Any, names: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Every tensor that a node names: layer, call and output.

    Args:
        node: one of `inbound_nodes`, as Keras 2 or Keras 3 writes it.
        names: of the layers.
    """
    if _is_place(node, names):
        yield node[0], node[1], node[2]
        node = node[_PLACE:]
    if isinstance(node, dict):
        history = node["config"].get("keras_history") if node.get("class_name") == _TENSOR else None
        if history:
            yield history[0], history[1], history[2]
            return
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each, names)


def first_calls(layers: Sequence[Mapping[str, Any]], ends: Any) -> dict[str, int]:
    """The number of each layer's first call, as the model counts: Keras 2 counts the making of a model as call 0.

    Args:
        layers: of a functional model.
        ends: its `output_layers`.
    """
    by_name = {each["name"]: each for each in layers}
    last: dict[str, int] = {}
    for node in (*(each.get("inbound_nodes") for each in layers), ends):
        for name, number, _ in references(node, by_name):
            last[name] = max(number, last.get(name, 0))
    return {name: _first_call(each, last.get(name, 0)) for name, each in by_name.items()}


def _first_call(layer: Mapping[str, Any], last: int) -> int:
    config, calls = layer.get("config"), layer.get("inbound_nodes")
    is_model = isinstance(config, dict) and "layers" in config
    return max(0, last - len(calls) + 1) if is_model and calls else 0


def call_of(symbol: str, node: Any, names: Collection[str], look: Look) -> Call:
    """What an operation is called with.

    Args:
        symbol: the operation.
        node: one of `inbound_nodes` of its layer, as Keras 2 writes it.
        names: of the layers.
        look: what is known of a tensor.

    Raises:
        NoEqualError: the node is none of Keras 2, or what it says of a tensor is lost.
    """
    if not isinstance(node, list):
        raise NoEqualError("its node is written as by no Keras 2")
    found: list[Mapping[str, Any]] = []
    first = _first(node, names, look, found)
    if not found:
        raise NoEqualError("its node is written as by no Keras 2")
    return Call(symbol, first, {key: _other(value, names, look) for key, value in found[0].items()})


def _first(node: Any, names: Collection[str], look: Look, found: list[Mapping[str, Any]]) -> Any:
    if isinstance(node, list) and node and (node[0] == _CONSTANT or _is_place(node, names)):
        if len(node) > _PLACE and isinstance(node[_PLACE], dict):
            found.append(node[_PLACE])
        return node[2] if node[0] == _CONSTANT else _ref(node, look)
    if isinstance(node, list):
        return [_first(each, names, look, found) for each in node]
    raise NoEqualError("its node is written as by no Keras 2")


def _other(value: Any, names: Collection[str], look: Look) -> Any:
    if _is_place(value, names):
        return _ref(value, look)
    if isinstance(value, list):
        return [_other(each, names, look) for each in value]
    if isinstance(value, dict):
        return {key: _other(each, names, look) for key, each in value.items()}
    return value


def _ref(place: list[Any], look: Look) -> Ref:
    tensor = look(place[0], place[1], place[2])
    if not tensor.is_dense:
        raise NoEqualError(f'the output of "{place[0]}" may be ragged or sparse')
    return Ref(place[0], place[1], place[2], tensor)


def _is_place(value: Any, names: Collection[str]) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= _PLACE
        and isinstance(value[0], str)
        and value[0] in names
        and type(value[1]) is int
        and type(value[2]) is int
    )
