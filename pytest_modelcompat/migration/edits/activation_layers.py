"""Edits of layers that stand where an activation does, which Keras 3 took as functions alone for some time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.target import KERAS_3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# The first whose `activations.get` reads a layer. Measured.
_TAKES_LAYERS = (3, 10)
_KEY = "activation"
# Layer -> the arguments with which it is the function -> that function's name, the same in all versions.
_FUNCTIONS: dict[str, tuple[Mapping[str, Any], str]] = {
    "ReLU": ({"max_value": None, "negative_slope": 0, "threshold": 0}, "relu"),
    "Softmax": ({"axis": -1}, "softmax"),
    "ELU": ({"alpha": 1}, "elu"),
}


def _names_of_layers(draft: Draft, target: Target) -> Iterator[Change]:
    if not KERAS_3 <= target.reader < _TAKES_LAYERS:
        return
    for node in draft.layers():
        for key, held in node.config.items() if target.known(node) is not None else ():
            name = _function(node, held, target) if key.endswith(_KEY) and isinstance(held, dict) else ""
            if name:
                node.config[key] = name
                yield change(node, before=held.get("class_name"), after=name, key=key)


def _function(node: Node, held: dict[str, Any], target: Target) -> str:
    """The name of the function that a layer is; empty where it is none."""
    class_name, config = held.get("class_name"), held.get("config")
    if not isinstance(class_name, str) or not isinstance(config, dict) or class_name in target.custom:
        return ""
    arguments, name = _FUNCTIONS.get(class_name, ({}, ""))
    # A layer with a policy of its own casts what it is given.
    is_same = _dtype(config) == _dtype(node.config) and config.keys() <= {"name", "trainable", "dtype", *arguments}
    is_default = all(key in config and config[key] == value for key, value in arguments.items())
    return name if is_same and is_default and target.profile.find(_KEY, name) is not None else ""


def _dtype(config: Mapping[str, Any]) -> Any:
    """A dtype as its name, where it is a policy that holds nothing else."""
    dtype = config.get("dtype")
    held = dtype.get("config") if isinstance(dtype, dict) else None
    return held["name"] if isinstance(held, dict) and set(held) == {"name"} else dtype


EDITS = (
    Edit(
        "activation-as-name",
        what="a ReLU, Softmax or ELU that a layer has as its activation is written as the function of that name",
        because="with these arguments the layer gives what the function gives, and has no weights",
        source="keras/src/layers/activations/relu.py, softmax.py and elu.py of Keras 3",
        wrong_if="one of its arguments is not that of the function, or it has another dtype than the layer",
        apply=_names_of_layers,
    ),
)
