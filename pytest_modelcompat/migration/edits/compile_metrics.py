"""Edits of metrics as objects: functions in wrappers, which Keras 3 would leave as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.compiled import changed, function_name, function_node, is_node, places
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.edits.compile_names import full_name
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_WRAPPERS = ("MeanMetricWrapper", "LossFunctionWrapper")
_MODULES = ("keras.metrics", "keras.losses")


def _wrapped_functions(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3:
        return
    for place in places(draft):
        node = place.value
        if not is_node(node) or node["class_name"] not in _WRAPPERS or not isinstance(node["config"], dict):
            continue
        name = function_name(node["config"].get("fn"))
        if not name or name in target.custom:
            continue
        found = public_function(target, name)
        if found and found != node["config"]["fn"]:
            node["config"]["fn"] = found
            yield changed(place.argument, f"fn={name}", f"fn={found['module']}.{found['config']}")


def public_function(target: Target, name: str) -> dict[str, Any] | None:
    """A function of Keras that serves as a loss or a metric, as Keras 3 reads it; None where it has none.

    Args:
        target: the runtime.
        name: as stored, which may be short or old.
    """
    for each in (name, full_name(target, "loss", name)):
        for module in _MODULES:
            known = target.profile.public(module, each) if each else None
            if known is not None and not known.is_class:
                return function_node(module, each)
    return None


EDITS = (
    Edit(
        "function-in-metric",
        what="the name of a function in a MeanMetricWrapper becomes the function itself",
        because="it is the same function, and {reader} calls it only so: a name loads, and evaluate() fails",
        source=MEASURED,
        wrong_if="the function is the user's own",
        apply=_wrapped_functions,
        is_unseen=True,
    ),
)
