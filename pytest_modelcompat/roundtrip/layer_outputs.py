"""What each layer of a live model gives, whole: the inputs and outputs of a smaller model that is cut out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# In bytes: more is not kept beside an artifact.
MOST = 100 << 20


def layer_outputs(model: Any, inputs: Any) -> Mapping[str, Any] | None:
    """What the outermost layers of a functional or sequential model give for inputs.

    Args:
        model: the Keras model.
        inputs: nested arrays that it takes.

    Returns:
        `layer/node/tensor` -> NumPy array, in which nodes are numbered as in the model's configuration; None for a
        model of another kind, for tensors that are not dense numbers, or for more than 100 MB.
    """
    try:
        tensors = dict(_tensors(model))
        values = _values(model, inputs, list(tensors.values()))
    except Exception:  # noqa: BLE001 - it runs the user's code; a failure is kept without
        return None
    arrays = {}
    for name, value in zip(tensors, values, strict=True):
        if not hasattr(value, "numpy") or hasattr(value, "nested_row_splits"):
            return None
        arrays[name] = value.numpy()
    is_plain = all(getattr(each, "dtype", None) is not None and each.dtype.kind in "biuf" for each in arrays.values())
    return arrays if arrays and is_plain and sum(each.nbytes for each in arrays.values()) <= MOST else None


def _tensors(model: Any) -> Iterator[tuple[str, Any]]:
    """The symbolic output tensors of each layer, at each of its nodes that are the model's, its inputs first."""
    for tensor in model.inputs:
        # Those of a sequential model are of a layer that is not among its own.
        yield f"{tensor._keras_history[0].name}/0/0", tensor  # noqa: SLF001 - not public
    for layer in model.layers:
        numbered = enumerate(layer._inbound_nodes)  # noqa: SLF001 - not public
        nodes = [node for number, node in numbered if _is_of(model, layer, number)]
        for number, node in enumerate(nodes):
            outputs = getattr(node, "output_tensors", None)
            if outputs is None:
                outputs = node.outputs
            for position, tensor in enumerate(_flat(outputs)):
                yield f"{layer.name}/{number}/{position}", tensor


def _is_of(model: Any, layer: Any, number: int) -> bool:
    """Whether a node is part of the model: a layer that others use as well has nodes of their own."""
    functional = getattr(model, "_functional", None) or model
    # Keras 3 knows nodes by the identities of their layers, Keras 2 by the names.
    if hasattr(functional, "_nodes"):
        return f"{id(layer)}_ib-{number}" in functional._nodes  # noqa: SLF001 - not public
    # A sequential model of Keras 2 is a graph itself.
    return f"{layer.name}_ib-{number}" in functional._network_nodes  # noqa: SLF001 - not public


def _values(model: Any, inputs: Any, tensors: list[Any]) -> list[Any]:
    from pytest_modelcompat.loader import calls
    from pytest_modelcompat.loader import tensors as leaves

    base = next(each for each in type(model).__mro__ if each.__name__ == "Model")
    whole = base(model.inputs, tensors)
    given = calls.flat_in_order(leaves.map_leaves(calls.to_tensor, leaves.as_leaves(inputs)))
    if isinstance(inputs, dict):
        given = [calls.to_tensor(leaves.as_leaf(inputs[name])) for name in _names(model)]
    calls.reset_states(model)
    return _flat(whole(given if len(given) > 1 else given[0], training=False))


def _names(model: Any) -> list[str]:
    return [str(tensor.name).split(":")[0] for tensor in model.inputs]


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
