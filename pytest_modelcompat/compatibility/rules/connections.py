"""Connections: how a functional model's configuration says its inputs and outputs, which Keras 3 changed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import MODEL_CLASSES
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import LayerUse
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Keras 3.4 was the first to read `["dense", 0, 0]` where `[["dense", 0, 0]]` stood before. Read in its sources.
_READS_BARE_TENSORS = (3, 4)
_ENDS = ("input_layers", "output_layers")
# What hands a list on as it is, what takes a list of one tensor for a tensor of one dimension more, and what of these
# has no weights, whose shapes would depend on it. Measured.
_HANDING_ON = frozenset({"Dropout"})
_WITHOUT_WEIGHTS = frozenset({"Activation", "ReLU", "Softmax", "LeakyReLU", "Rescaling"}) | _HANDING_ON
_STACKS = frozenset({"Dense"}) | _WITHOUT_WEIGHTS
_HARMLESS, _STACKED, _REFUSED, _REFUSED_LATER = "harmless", "stacked", "refused", "refused later"


def list_of_layers(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where the configuration of a Sequential is the plain list that it was up to Keras 2.2."""
    if context.reader_major == 3 and isinstance(context.inventory.root.get("config"), list):
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="Sequential",
            cause=f"its configuration is a plain list of layers, as up to Keras 2.2, and {context.reader_name} expects "
            "an object with a name",
            fix=fixes.other_keras(context),
            stage=Stage.CONFIG,
            source="measured",
        )


def batch_for_input(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a Sequential's first layer says its batch shape itself, which Keras 3 takes for the input's."""
    if context.reader_major != 3 or context.inventory.format != "h5":
        return
    sequentials = {path for path, config in context.models if "output_layers" not in config}
    first = [
        layer
        for layer in context.inventory.layers
        if layer.position == 1 and layer.path[:-1] in sequentials and layer.class_name != "InputLayer"
    ]
    wrong = [layer for layer in first if "batch_input_shape" in layer.config]
    if wrong:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="batch_input_shape",
            where=locations(wrong),
            cause=f"{context.reader_name} reads its batch shape as the shape of one input, so that "
            "every input gets one dimension too many",
            fix=fixes.other_keras(context),
            stage=Stage.BUILD,
            source="measured",
        )


def changed_inputs_outputs(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings where a model's inputs or outputs are written in a way the runtime's Keras does not read."""
    if context.reader_major != 3:
        return
    if context.reader < _READS_BARE_TENSORS:
        bare = [path for path, config in context.models if any(_is_tensor(config.get(key)) for key in _ENDS)]
        yield from _finding(
            context,
            bare,
            f"its only input or output is not inside a list; Keras 3.4 and newer accept that, {context.reader_name} "
            "splits its name into letters",
        )
    if _keeps_lists(context.reader):
        yield from _taken_for_lists(context)


def _taken_for_lists(context: CompatibilityContext) -> Iterator[Finding]:
    said = f"its one output is written as a list, which {context.reader_name} takes for a list of outputs"
    stacks = f"{said}: the next layer of the Sequential around it stacks the list into one tensor, which has one"
    by_effect: dict[str, list[tuple[str, ...]]] = {}
    for path, taker, is_plain_after in _lists_inside_sequential(context):
        by_effect.setdefault(_effect(context, taker, is_plain_after=is_plain_after), []).append(path)
    yield from _finding(
        context,
        by_effect.get(_REFUSED, []),
        f"{said}: the next layer of the Sequential around it gets a list and refuses it",
    )
    yield from _finding(
        context,
        by_effect.get(_REFUSED_LATER, []),
        f"{stacks} dimension too many for a layer after it",
    )
    yield from _finding(context, by_effect.get(_STACKED, []), f"{stacks} dimension too many", Severity.CHANGE)


def _effect(context: CompatibilityContext, taker: str, *, is_plain_after: bool) -> str:
    """What becomes of a list of one output in the layers after it; all that is here was tried in Keras 3.2 and 3.12."""
    if not taker or taker in MODEL_CLASSES:
        return _HARMLESS
    if context.inventory.format == "h5":
        return _STACKED if is_plain_after and taker in _WITHOUT_WEIGHTS else _REFUSED
    if taker not in _STACKS:
        return _REFUSED
    return _REFUSED_LATER if taker == "Dense" and not is_plain_after else _STACKED


def _finding(
    context: CompatibilityContext, paths: list[tuple[str, ...]], cause: str, severity: Severity = Severity.ERROR
) -> Iterator[Finding]:
    if paths:
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="Functional",
            where=first_few(layer_location(path) for path in paths),
            cause=cause,
            fix=fixes.other_keras(context),
            severity=severity,
            stage=Stage.BUILD if severity is Severity.ERROR else None,
            source="tensorflow/tensorflow#63853",
        )


def _keeps_lists(reader: MinorVersion) -> bool:
    """Whether this Keras 3 leaves a list of one output a list; 3.3 and 3.5 to 3.10 take it out. Measured."""
    return reader < (3, 3) or reader == (3, 4) or reader >= (3, 11)


def _lists_inside_sequential(context: CompatibilityContext) -> list[tuple[tuple[str, ...], str, bool]]:
    """Functional models with a list of one output that stand in a Sequential.

    Each with the class of the layer that takes the list, empty if none does, and whether those after that have no
    weights.
    """
    inside: dict[tuple[str, ...], list[LayerUse]] = {
        path: [] for path, config in context.models if "output_layers" not in config
    }
    for layer in context.inventory.layers:
        if layer.path[:-1] in inside:
            inside[layer.path[:-1]].append(layer)
    return [each for layers in inside.values() for each in _lists_among(layers)]


def _lists_among(layers: list[LayerUse]) -> list[tuple[tuple[str, ...], str, bool]]:
    found: list[tuple[tuple[str, ...], str, bool]] = []
    taker, is_plain_after, is_plain_from = "", True, True
    for layer in sorted(layers, key=lambda layer: layer.position, reverse=True):
        if _is_list_of_one(layer.config):
            found.append((layer.path, taker, is_plain_after))
        if layer.class_name not in _HANDING_ON:
            taker, is_plain_after = layer.class_name, is_plain_from
        is_plain_from = is_plain_from and layer.class_name in _WITHOUT_WEIGHTS
    return found[::-1]


def _is_list_of_one(config: Any) -> bool:
    outputs = config.get("output_layers")
    return isinstance(outputs, list) and len(outputs) == 1 and _is_tensor(outputs[0])


def _is_tensor(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
