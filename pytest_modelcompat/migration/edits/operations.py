"""Edits of operations on tensors: `x * 2`, `tf.reduce_mean(x)`, which Keras 2 writes as layers of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.migration.operations.call import references
from pytest_modelcompat.migration.operations.conversion import convert
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_ADDED = frozenset({"AddLoss", "AddMetric"})


def graphs(draft: Draft) -> Iterator[Node]:
    """The functional models of a draft, the outermost first."""
    for node in draft.layers():
        layers = node.config.get("layers")
        if isinstance(layers, list) and any(isinstance(each, dict) and "inbound_nodes" in each for each in layers):
            yield node


def own_classes(target: Target) -> Callable[[str], bool]:
    """Whether a class is the user's own, by its name: declared, registered, or not known to the Keras that wrote it."""

    def is_own(name: str) -> bool:
        if name in target.custom or ">" in name:
            return True
        writer = target.writer_profile
        return writer is not None and writer.find("layer", name) is None

    return is_own


def _operations(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    is_own = own_classes(target)
    declared = {each.rpartition(">")[2]: each for each in sorted(target.custom) if ">" in each}
    for node in graphs(draft):
        before = {each.get("name"): each for each in node.config["layers"]}
        found = convert(node.config, target.profile, is_own, declared)
        for name, entries in found.entries.items():
            yield change(node, _shown(before[name]), " of ".join(each["class_name"] for each in reversed(entries)))
        for name in found.unused:
            yield change(node, _shown(before[name]))


def _shown(layer: dict[str, Any]) -> str:
    config = layer.get("config") or {}
    definition = config.get("node_def")
    symbol = config.get("function") or (definition.get("op") if isinstance(definition, dict) else "")
    return f'{layer["class_name"]} {symbol} "{layer.get("name")}"'


def _added(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    for node in graphs(draft):
        layers = node.config["layers"]
        names = {each.get("name"): each for each in layers}
        used = {place[0] for each in layers for place in references(each.get("inbound_nodes"), names)}
        used |= {place[0] for place in references(node.config.get("output_layers"), names)}
        for layer in [each for each in layers if each.get("class_name") in _ADDED and each.get("name") not in used]:
            layers.remove(layer)
            yield change(node, f'{layer["class_name"]} "{layer.get("name")}"')


EDITS = (
    Edit(
        "drop-added-loss",
        what="the layers that add_loss() and add_metric() put into a model are dropped, which {reader} does not have",
        because="nothing that the model predicts is computed of them",
        source=MEASURED,
        wrong_if="the output of such a layer is used",
        apply=_added,
        loses="a loss or a metric that add_loss() or add_metric() added is not computed any more in training",
        loses_loss=True,
    ),
    Edit(
        "operation-of-keras-3",
        what="operations on tensors, which {writer} wrote as layers, are written as the operations of {reader}",
        because="each is computed by operations that do the same with the dtypes that the file shows; one size of a "
        "shape that only a call tells is written as -1, and operations that nothing uses any more are dropped",
        source="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/models/functional.py",
        wrong_if="a dtype on which the result depends is not in the file, as that of integers that are divided, or an "
        "argument has no equal",
        apply=_operations,
    ),
)
