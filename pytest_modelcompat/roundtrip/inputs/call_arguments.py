"""How a layer is called: the signature of its `call()`, and the arguments that a functional model gives it."""

from __future__ import annotations

import inspect
from typing import Any


def training_default(layer: Any) -> Any:
    """What `training` is where a layer is called without; None where its `call()` says nothing of it."""
    parameter = _parameters(layer).get("training")
    return None if parameter is None or parameter.default is parameter.empty else parameter.default or None


def takes_training(layer: Any) -> bool:
    """Whether a layer's `call()` has the argument."""
    return "training" in _parameters(layer)


def is_called_to_train(layer: Any) -> bool:
    """Whether a functional model calls a layer with `training=True`."""
    arguments = (getattr(node, "arguments", None) for node in getattr(layer, "_inbound_nodes", ()))
    return any(getattr(each, "kwargs", {}).get("training") is True for each in arguments)


def call_line(layer: Any) -> str:
    """The first line of a layer's `call()`, with `training=False` among its arguments."""
    parameters = [each for each in _parameters(layer).values() if each.name != "training"][1:]
    plain = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    rest = [each for each in parameters if each.kind is not each.POSITIONAL_OR_KEYWORD]
    names = [each.name if each.default is each.empty else f"{each.name}={each.default!r}" for each in plain]
    others = [str(each.replace(annotation=each.empty)) for each in rest]
    return f"def call({', '.join(['self', *names, 'training=False', *others])}):"


def _parameters(layer: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(type(layer).call).parameters)
    except (AttributeError, TypeError, ValueError):
        return {}
