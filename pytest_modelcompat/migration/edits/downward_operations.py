"""Edits of operations on tensors, such as `x * 2`: as TensorFlow's functions in layers of Keras 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change, where_of
from pytest_modelcompat.migration.operations.tensor_functions import ANY, FLOATS, FUNCTIONS, Tensor, TensorFunction
from pytest_modelcompat.migration.target import KERAS_3
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target

_TENSOR = "__keras_tensor__"
_OF_FUNCTION, _OF_SLICE = "TFOpLambda", "SlicingOpLambda"
_GETITEM = "__operators__.getitem"
_ELLIPSIS, _SLICE = "__ellipsis__", ("start", "stop", "step")


def _operations(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down or target.profile.find("layer", _OF_FUNCTION) is None:
        return
    for node in draft.layers():
        if not is_operation(node, target):
            continue
        written = _sliced(node.data) if node.class_name == "GetItem" else _called(node.data)
        if written is not None:
            class_name, symbol, calls = written
            before = f"keras.ops: {node.class_name}"
            _replace(node, class_name, symbol, calls, target)
            yield change(node, before=before, after=f"tf.{symbol}")


def is_operation(node: Node, target: Target) -> bool:
    """Whether a node is an operation of Keras 3 rather than a layer, of which some have the same names.

    Args:
        node: what stands among the layers of a functional model.
        target: with the profile of the version that wrote it.
    """
    writer, module = target.writer_profile, node.data.get("module")
    if writer is None or "inbound_nodes" not in node.data or "trainable" in node.config:
        return False
    if isinstance(module, str):
        known = writer.public(module, node.class_name)
        return known is not None and known.role == "operation"
    return writer.find("operation", node.class_name) is not None and node.class_name not in target.custom


def _replace(node: Node, class_name: str, symbol: str, calls: list[dict[str, Any]], target: Target) -> None:
    name = node.data.get("name") or node.config.get("name")
    config = {"name": name, "trainable": True, "dtype": "float32", "function": symbol}
    written: dict[str, Any] = {"class_name": class_name, "config": config, "name": name, "inbound_nodes": calls}
    known = target.profile.find("layer", class_name)
    if "module" in node.data and known is not None:
        written |= {"module": known.home, "registered_name": class_name}
    node.data.clear()
    node.data.update(written)


def _called(data: Mapping[str, Any]) -> tuple[str, str, list[dict[str, Any]]] | None:
    """Class, function and calls of an operation; None where no function is known to be equal."""
    function = FUNCTIONS.get(data["class_name"])
    if function is None:
        return None
    calls = [_call(call, function, data["config"]) for call in data["inbound_nodes"]]
    return (_OF_FUNCTION, function.symbol, [each for each in calls if each]) if all(calls) else None


def _call(call: Any, function: TensorFunction, config: Mapping[str, Any]) -> dict[str, Any] | None:
    if not isinstance(call, dict) or any(value is not None for value in call.get("kwargs", {}).values()):
        return None
    args = call.get("args", [])
    given = args[0] if function.takes_list and args else args
    tensors = [_tensor(each) for each in given if _is_tensor(each)]
    if len(args) != 1 + len(function.names) or not tensors or not _are_alike(given, tensors, function):
        return None
    if function.takes_list and len(tensors) != len(given):
        return None
    further = function.arguments(tensors, config)
    if further is None:
        return None
    return {"args": args[:1], "kwargs": {**dict(zip(function.names, args[1:], strict=True)), **further}}


def _are_alike(given: list[Any], tensors: list[Tensor], function: TensorFunction) -> bool:
    """Whether nothing is promoted to another dtype, which Keras 3 does by rules of its own."""
    dtypes = {each.dtype for each in tensors}
    if len(dtypes) != 1 or not dtypes <= function.dtypes:
        return False
    numbers = [each for each in given if not _is_tensor(each)]
    allowed = (int, float) if dtypes <= FLOATS else (int,)
    return all(isinstance(each, allowed) and not isinstance(each, bool) for each in numbers)


def _sliced(data: Mapping[str, Any]) -> tuple[str, str, list[dict[str, Any]]] | None:
    calls = []
    for call in data["inbound_nodes"]:
        args = call.get("args", []) if isinstance(call, dict) and not call.get("kwargs") else []
        if len(args) != 2 or not _is_tensor(args[0]):
            return None
        tensor = _tensor(args[0])
        spec = _slice_spec(args[1], len(tensor.shape)) if tensor.dtype in ANY else None
        if spec is None:
            return None
        calls.append({"args": args[:1], "kwargs": {"slice_spec": spec}})
    return _OF_SLICE, _GETITEM, calls


def _slice_spec(key: Any, rank: int) -> list[Any] | None:
    """Each part of a key as Keras 2 writes it, an ellipsis as the slices that it stands for."""
    parts = key if isinstance(key, list) else [key]
    taken = sum(part is not None and not _is_a(part, _ELLIPSIS) for part in parts)
    written: list[Any] = []
    for part in parts:
        if part is None or (isinstance(part, int) and not isinstance(part, bool)):
            written.append(part)
        elif _is_a(part, _ELLIPSIS):
            written += [dict.fromkeys(_SLICE) for _ in range(rank - taken)]
        elif _is_a(part, "__slice__") and all(
            each is None or isinstance(each, int) for each in part["config"].values()
        ):
            written.append({name: part["config"].get(name) for name in _SLICE})
        else:
            return None
    return written


def _is_a(value: Any, class_name: str) -> bool:
    return isinstance(value, dict) and value.get("class_name") == class_name


def _is_tensor(value: Any) -> bool:
    return _is_a(value, _TENSOR)


def _tensor(value: Mapping[str, Any]) -> Tensor:
    config = value["config"]
    return Tensor(tuple(config.get("shape") or ()), str(config.get("dtype")), value)


def _operation_modules(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader < KERAS_3 or draft.format != "h5":
        return
    for node in draft.layers():
        if "module" in node.data or not is_operation(node, target):
            continue
        known = target.profile.find("operation", node.class_name)
        if known is not None and known.name == node.class_name:
            node.data.update(module=known.home, registered_name=node.class_name)
            _without_ellipses(node.data["inbound_nodes"])
            yield change(node, before=node.class_name, after=f"{known.home}.{node.class_name}")


def _without_ellipses(calls: list[Any]) -> None:
    """Write slices instead of each ellipsis, which no Keras 3 reads in an .h5 file: it is no JSON there any more."""
    for call in calls:
        args = call.get("args", []) if isinstance(call, dict) else []
        if len(args) == 2 and isinstance(args[1], list) and _is_tensor(args[0]):
            missing = len(_tensor(args[0]).shape) - sum(each is not None for each in args[1]) + 1
            args[1] = [one for each in args[1] for one in (_whole(missing) if _is_a(each, _ELLIPSIS) else [each])]


def _whole(count: int) -> list[dict[str, Any]]:
    return [{"class_name": "__slice__", "config": dict.fromkeys(_SLICE)} for _ in range(count)]


def _operation_names(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers():
        module = node.data.get("module")
        if not isinstance(module, str) or not is_operation(node, target) or "name" not in node.config:
            continue
        known = target.profile.public(module, node.class_name)
        accepts = known.accepts if known is not None and known.role == "operation" else None
        if accepts is not None and "name" not in accepts:
            yield Change(where_of(node), before=f"name={node.config.pop('name')}")


EDITS = (
    Edit(
        "operation-as-tensorflow-function",
        what="an operation of Keras 3 becomes the function of TensorFlow that it calls",
        because="it is the function that {writer} itself calls with these dtypes and arguments",
        source="keras/src/backend/tensorflow/numpy.py and nn.py of Keras 3, "
        "keras/src/layers/core/tf_op_layer.py of Keras 2",
        wrong_if="its tensors have different dtypes, or a number has another kind, so that Keras 3 converts them first",
        apply=_operations,
        is_unseen=True,
    ),
    Edit(
        "module-of-operation",
        what="an operation of Keras 3 gets the module of its class",
        because="with a module {reader} takes it for the operation that it is, not for a layer of its name",
        source="keras/src/models/functional.py of Keras 3",
        wrong_if="{reader} does not have the operation",
        apply=_operation_modules,
    ),
    Edit(
        "drop-name-of-operation",
        what="the name of an operation is left out of its configuration",
        because="calls name it by the entry around its configuration, which stays",
        source="keras/src/models/functional.py",
        wrong_if="{reader} takes the name",
        apply=_operation_names,
    ),
)
