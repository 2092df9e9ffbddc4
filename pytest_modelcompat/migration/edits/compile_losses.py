"""Edits of losses as objects, whose arguments Keras 3 writes otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.migration.configuration.compiled import changed, function_name, is_node, places
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_WRAPPER = "LossFunctionWrapper"


def _automatic_reduction(draft: Draft, target: Target) -> Iterator[Change]:
    """`auto` of Keras 2 is the sum over the batch's size, but in a loop of the user's own under a strategy."""
    if target.reader[0] < 3:
        return
    for place in places(draft):
        node = place.value
        config = node["config"] if place.role == "loss" and is_node(node) else None
        if isinstance(config, dict) and config.get("reduction") == "auto":
            config["reduction"] = "sum_over_batch_size"
            yield changed(place.argument, "reduction=auto", "reduction=sum_over_batch_size")


def _own_function(draft: Draft, target: Target) -> Iterator[Change]:
    """`fn` of a class that is made of one function: Keras 2.11 and newer write it, and no class takes it."""
    for place in places(draft):
        node = place.value
        if place.role != "loss" or not is_node(node) or not isinstance(node["config"], dict):
            continue
        name = node["class_name"]
        known = target.profile.find("loss", name)
        is_own = known is not None and known.is_class and name not in target.custom and name != _WRAPPER
        if is_own and "fn" in node["config"] and not (known and known.accepts and "fn" in known.accepts):
            yield changed(place.argument, f"fn={function_name(node['config'].pop('fn'))}")


EDITS = (
    Edit(
        "sum-over-batch-size",
        what="a loss with reduction='auto' gets reduction='sum_over_batch_size'",
        because="compile(), fit() and evaluate() of Keras 2 reduce 'auto' in that way",
        source="keras/utils/losses_utils.py of Keras 2",
        wrong_if="the loss is used in a loop of the user's own under a distribution strategy",
        apply=_automatic_reduction,
    ),
    Edit(
        "drop-own-function",
        what="the function of a loss of Keras' own, which its class knows, is dropped",
        because="the class calls the same function without it",
        source=MEASURED,
        wrong_if="the class is a wrapper of any function, or the user's own",
        apply=_own_function,
    ),
)
