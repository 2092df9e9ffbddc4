"""Axes: the `axis` of a layer that Keras 3 translates, which it reads only in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import LayerUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Keras 3.9 was the first to keep an axis that is a number; no Keras 3 keeps a list of several. Read in its sources.
_KEEPS_NUMBERS = (3, 9)
_USUAL = -1
# Layers whose weights have the shape of the axis: with another axis the stored ones do not fit.
_WITH_WEIGHTS = frozenset({"BatchNormalization", "LayerNormalization", "GroupNormalization", "Normalization"})


def lost_axes(context: CompatibilityContext) -> Iterator[Finding]:
    """Findings where Keras 3 drops a layer's axis and goes on with the usual one, the last."""
    if context.reader_major != 3:
        return
    read = [layer for layer in context.inventory.layers if "axis" in layer.config and context.is_translated(layer)]
    losing = [layer for layer in read if _is_lost(context, layer)]
    misfit = [layer for layer in losing if layer.class_name in _WITH_WEIGHTS]
    other = [layer for layer in losing if layer not in misfit]
    what = "an .h5 file" if context.inventory.format == "h5" else "a .keras file that names no modules"
    cause = f"{context.reader_name} drops its axis when it reads {what}, and takes the last one instead"
    if misfit:
        yield _finding(context, misfit, f"{cause}, for which the stored weights are not", Severity.ERROR)
    if other:
        yield _finding(context, other, cause, Severity.CHANGE)


def _finding(context: CompatibilityContext, layers: list[LayerUse], cause: str, severity: Severity) -> Finding:
    return Finding(
        Kind.CONFIG_CHANGED,
        subject=f"{layers[0].class_name}(axis=…)",
        where=locations(layers),
        cause=cause,
        fix=fixes.other_keras(context),
        severity=severity,
        stage=Stage.WEIGHTS if severity is Severity.ERROR else None,
        source="measured",
    )


def _is_lost(context: CompatibilityContext, layer: LayerUse) -> bool:
    """Whether a layer goes on with another axis than its own; the last one may be written as a number too."""
    axis = layer.config.get("axis")
    if isinstance(axis, list):
        return len(axis) > 1
    shape = context.input_shapes.get(layer.path, ())
    last = (_USUAL, len(shape) - 1) if shape else (_USUAL,)
    return isinstance(axis, int) and axis not in last and context.reader < _KEEPS_NUMBERS
