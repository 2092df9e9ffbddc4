"""Edits of metrics as objects: functions in wrappers, which Keras 3 would leave as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.compiled import (
    changed,
    function_name,
    function_node,
    is_node,
    output_names,
    places,
)
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.edits.compile_names import full_name
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_WRAPPERS = ("MeanMetricWrapper", "LossFunctionWrapper")
# What Keras 3 does not choose for metrics, as Keras 2 does.
_BY_SHAPE = ("crossentropy", "ce")
_CROSSENTROPIES = {
    each.lower(): each for each in ("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy")
}
_MODULES = ("keras.metrics", "keras.losses")
# Of metrics the similarity itself, of losses its negative; Keras 3 has the function of losses alone.
_OTHER_SIGN = frozenset({"cosine_similarity", "cosine_proximity"})


def _wrapped_functions(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader[0] < 3:
        return
    for place in places(draft):
        node = place.value
        if not is_node(node) or node["class_name"] not in _WRAPPERS or not isinstance(node["config"], dict):
            continue
        name = function_name(node["config"].get("fn"))
        new = _unwrapped(target, place.role, name, node["config"]) if name and name not in target.custom else None
        if new is not None and new != node:
            yield changed(place.argument, f"fn={name}", f"{new['class_name']}({name})")
            place.put(new)


def _unwrapped(target: Target, role: str, name: str, config: dict[str, Any]) -> dict[str, Any] | None:
    """A wrapped function as the reader has it: the class that it makes of such a metric's name, or the function."""
    known = target.profile.find(role, full_name(target, role, name) or name) if role == "metric" else None
    given = {key: value for key, value in config.items() if key != "fn"}
    if known is not None and known.is_class and all(known.takes(key) for key in given):
        return {"module": "keras.metrics", "class_name": known.name, "config": given, "registered_name": None}
    if name in _OTHER_SIGN:
        return None
    found = public_function(target, name)
    wrapper = "MeanMetricWrapper" if role == "metric" else "LossFunctionWrapper"
    return {"class_name": wrapper, "config": {**given, "fn": found}} if found is not None else None


def _without_output(draft: Draft, target: Target) -> Iterator[Change]:
    """Keras 2 stores a metric by the name of its output and its own, and Keras 3 puts the output's before it again."""
    outputs = output_names(draft)
    if target.reader[0] < 3 or not target.is_up or len(outputs) < 2:
        return
    for place in places(draft):
        _, *inside = place.name.split(".")
        is_listed = len(inside) == 2 and inside[0].isdigit() and int(inside[0]) < len(outputs)
        if place.role != "metric" or not is_listed or not is_node(place.value):
            continue
        config, prefix = place.value["config"], f"{outputs[int(inside[0])]}_"
        name = config.get("name") if isinstance(config, dict) else None
        if isinstance(name, str) and name.startswith(prefix) and len(name) > len(prefix):
            config["name"] = name.removeprefix(prefix)
            yield changed(place.argument, name, config["name"])


def _by_loss(draft: Draft, target: Target) -> Iterator[Change]:
    """`compile()` of Keras 2 chooses among three by the shape of the targets, which the loss tells, too."""
    loss = draft.training.get("loss")
    name = function_name(loss) or (str(loss["class_name"]) if isinstance(loss, dict) and is_node(loss) else "")
    class_name = _CROSSENTROPIES.get(name.replace("_", "").lower())
    if target.reader[0] < 3 or class_name is None:
        return
    for place in places(draft):
        if place.role == "metric" and place.value in _BY_SHAPE and place.value not in target.custom:
            config = {"name": place.value, "dtype": "float32"}
            node = {"module": "keras.metrics", "class_name": class_name, "config": config, "registered_name": None}
            yield place.put(node)


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
        what="the name of a function in a MeanMetricWrapper becomes the class or the function that {reader} has for it",
        because="it computes the same, and {reader} calls it only so: a name loads, and evaluate() fails",
        source=MEASURED,
        wrong_if="the function is the user's own, or has another sign as a metric than as a loss",
        apply=_wrapped_functions,
        is_unseen=True,
    ),
    Edit(
        "metric-name-without-output",
        what="the name of an output that stands before the name of a metric is dropped",
        because="{reader} puts it there itself: results keep the names that they had",
        source=MEASURED,
        wrong_if="the model has one output, or Keras 3 saved it",
        apply=_without_output,
        is_unseen=True,
    ),
    Edit(
        "crossentropy-of-loss",
        what="the metric 'crossentropy' becomes the one of the loss: categorical, sparse or binary",
        because="Keras 2 chooses it by the shapes of outputs and targets, as the loss needs them; {reader} knows no "
        "metric of this name, and evaluate() fails",
        source=MEASURED,
        wrong_if="the loss is another one, or there are several",
        apply=_by_loss,
        is_unseen=True,
    ),
)
