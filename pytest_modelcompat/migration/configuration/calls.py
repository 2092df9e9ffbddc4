"""Calls: how a functional model's configuration says what each of its layers is called with.

Keras 2 writes one call as `[["dense", 0, 0, {"training": true}], …]`: layer, number of its call, number of the output,
further arguments; or a dictionary of these. Keras 3 writes `{"args": […], "kwargs": {…}}` with tensors as objects.
Source: `Node.serialize` in `keras/engine/node.py` of Keras 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONSTANT = "_CONSTANT_VALUE"
_LEAST, _MOST = 3, 4
_TENSOR = "__keras_tensor__"


def is_reference(value: Any) -> bool:
    """Whether it is the output of a call: `["dense", 0, 0]`, with further arguments or without."""
    return (
        isinstance(value, list)
        and _LEAST <= len(value) <= _MOST
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and isinstance(value[2], int)
    )


def references(value: Any) -> Iterator[list[Any]]:
    """Every output of a call, in the lists of Keras 2 and in the tensors of Keras 3, which may be changed in place.

    Args:
        value: `inbound_nodes`, `input_layers`, `output_layers`, or a part of these.
    """
    if is_reference(value):
        yield value
        yield from references(value[3]) if len(value) == _MOST else ()
    elif isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict) and value.get("class_name") == _TENSOR:
        yield from references(value.get("config", {}).get("keras_history"))
    elif isinstance(value, dict) and "class_name" not in value:
        for each in value.values():
            yield from references(each)


def arguments_of(call: Any) -> dict[str, Any]:
    """The further arguments of a call of Keras 2; each of its tensors has the same."""
    for each in references(call):
        if len(each) == _MOST and isinstance(each[3], dict):
            return each[3]
    return {}


def structure_of(call: Any) -> Any:
    """What a layer is called with, as one tensor, a list or a dictionary of `["dense", 0, 0]`."""
    bare = mapped(call, lambda each: each[:_LEAST])
    return bare[0] if isinstance(bare, list) and len(bare) == 1 and is_reference(bare[0]) else bare


def mapped(value: Any, change: Callable[[list[Any]], Any]) -> Any:
    """A structure with each output of a call replaced."""
    if is_reference(value):
        return change(value)
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: mapped(each, change) for key, each in value.items()}
    return value


def call_of(first: Any, further: dict[str, Any]) -> dict[str, Any]:
    """A call as Keras 3 writes it.

    Args:
        first: what the layer is called with, of `structure_of`.
        further: further arguments, of `arguments_of`.
    """
    return {"args": [mapped(first, tensor)], "kwargs": mapped(further, tensor)}


def tensor(reference: list[Any]) -> dict[str, Any]:
    """The output of a call as Keras 3 writes it; shape and dtype are those of the output that is found there.

    Args:
        reference: `["dense", 0, 0]`.
    """
    history = reference[:_LEAST]
    config = {"shape": [None], "dtype": "float32", "keras_history": history}
    return {"class_name": _TENSOR, "config": config}
