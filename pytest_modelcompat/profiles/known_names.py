"""What all recorded versions know together: whose name a name is, and which version has it first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pytest_modelcompat.profiles.store import KERAS_PART, TENSORFLOW, read_history

Version = tuple[int, int]


def is_keras_name(role: str, name: str) -> bool:
    """Whether any recorded Keras knows a name.

    Args:
        role: as in `ObjectUse.role`, or `layer`; `object` looks at every role.
        name: class, function or alias, as stored.
    """
    names = _keras_names()
    roles = names if role == "object" else ("layer",) if role == "model" else (role,)
    return any(name in names.get(each, ()) for each in roles)


def first_tensorflow_with(op: str) -> Version | None:
    """The oldest recorded TensorFlow that has an op; None if none has."""
    versions, history = read_history(TENSORFLOW)
    node = _inside(history["ops"]).get(op)
    if node is None:
        return None
    masks = node[::2] if isinstance(node, list) and len(node) > 1 else [1]
    oldest = min((abs(mask) & -abs(mask)).bit_length() - 1 for mask in masks)
    major, minor = versions[oldest].split(".")
    return int(major), int(minor)


@cache
def _keras_names() -> Mapping[str, frozenset[str]]:
    _, history = read_history(KERAS_PART)
    names: dict[str, set[str]] = {role: set(_inside(node)) for role, node in _inside(history["names"]).items()}
    for key in _inside(history["objects"]):
        role, _, name = key.partition(":")
        names.setdefault(role, set()).add(name)
    return {role: frozenset(known) for role, known in names.items()}


def _inside(node: Any) -> Mapping[str, Any]:
    """The children of a history's node, whichever versions it holds for."""
    if isinstance(node, Mapping):
        return node
    merged: dict[str, Any] = {}
    for part in node:
        if isinstance(part, Mapping):
            merged.update(part)
    return merged
