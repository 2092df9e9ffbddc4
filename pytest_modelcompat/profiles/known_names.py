"""What all recorded versions know together: whose name a name is, what it stands for, and when it came."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pytest_modelcompat.artifacts.versions import MinorVersion, minor_version
from pytest_modelcompat.profiles.history import extract
from pytest_modelcompat.profiles.store import KERAS_PART, TENSORFLOW, read_history

# `compile()` resolves these by the shape of the outputs, they name no function.
METRICS_BY_OUTPUT = frozenset({"accuracy", "acc", "crossentropy", "ce"})
# Of everything that a name can be, what is no class with a configuration.
_NO_CLASSES = frozenset({"function", "operation", "registered"})


def is_keras_name(role: str, name: str) -> bool:
    """Whether any recorded Keras knows a name.

    Args:
        role: as in `ObjectUse.role`, or `layer` or `model`; `class` looks at every role that classes have, `object`
            at every role.
        name: class, function or alias, as stored.
    """
    names = _keras_names()
    if role == "metric" and name in METRICS_BY_OUTPUT:
        return True
    if role in ("object", "class"):
        return any(name in known for each, known in names.items() if role == "object" or each not in _NO_CLASSES)
    return name in names.get("layer" if role == "model" else role, ())


def loss_and_metric_class(name: str) -> str:
    """The class that is the loss and the metric of a name: `MeanSquaredError` of `mse`; empty where none is both.

    Args:
        name: what `compile()` was given, a function's name or its alias.
    """
    _, history = read_history(KERAS_PART)
    losses, metrics = (_inside(_inside(history["names"])[role]) for role in ("loss", "metric"))
    functions = [_name_of(key) for key in _values(losses.get(name))]
    for each in (name, *functions):
        for key in _values(metrics.get(each)):
            if key.startswith("metric:") and _name_of(key) in losses:
                return _name_of(key)
    return ""


def first_tensorflow_with(op: str) -> MinorVersion | None:
    """The oldest recorded TensorFlow that has an op; None if none has."""
    versions, history = read_history(TENSORFLOW)
    node = _inside(history["ops"]).get(op)
    if node is None:
        return None
    masks = node[::2] if isinstance(node, list) and len(node) > 1 else [1]
    oldest = min((abs(mask) & -abs(mask)).bit_length() - 1 for mask in masks)
    return minor_version(versions[oldest])


def tensorflows_with_cpu_kernel(op: str) -> tuple[MinorVersion, ...]:
    """Every recorded TensorFlow that can execute an op on a CPU, oldest first."""
    versions, history = read_history(TENSORFLOW)
    node = _inside(history["ops"]).get(op)
    if node is None:
        return ()
    of_versions = (extract({"ops": {op: node}}, position)["ops"].get(op) for position in range(len(versions)))
    return tuple(
        minor_version(version)
        for version, data in zip(versions, of_versions, strict=True)
        if data is not None and data.get("kernels", "cpu") == "cpu"
    )


@cache
def _keras_names() -> Mapping[str, frozenset[str]]:
    _, history = read_history(KERAS_PART)
    names: dict[str, set[str]] = {role: set(_inside(node)) for role, node in _inside(history["names"]).items()}
    for key in _inside(history["objects"]):
        role, _, name = key.partition(":")
        names.setdefault(role, set()).add(name)
    return {role: frozenset(known) for role, known in names.items()}


def _values(node: Any) -> list[str]:
    """The different values of a history's leaf, the newest versions' first; none where there is no such leaf."""
    if not isinstance(node, list):
        return []
    return [str(value) for value in (node if len(node) == 1 else reversed(node[1::2]))]


def _name_of(key: str) -> str:
    """The name in the key of an object: `mean_squared_error` of `function:mean_squared_error@keras.losses`."""
    return key.partition(":")[2].partition("@")[0]


def _inside(node: Any) -> Mapping[str, Any]:
    """The children of a history's node, whichever versions it holds for."""
    if isinstance(node, Mapping):
        return node
    merged: dict[str, Any] = {}
    for part in node:
        if isinstance(part, Mapping):
            merged.update(part)
    return merged
