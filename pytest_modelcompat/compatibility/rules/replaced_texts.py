"""Replaced texts: what is declared takes the place of each text of an .h5 file that is its name, in Keras 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH, MODEL_CLASSES
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.profiles.handed_on import HANDED_ON
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# What is a text to Keras, whatever is declared.
_NAMES = frozenset({"name", "class_name", "registered_name", "module"})
# Rules of their own know what becomes of a Lambda's function.
_OTHERS = MODEL_CLASSES | {"Lambda"}


def replaced_texts(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each text of a layer or metric that Keras 3 replaces, and that was to stay what it is.

    What layers hand on, as an activation, they take as a function too: of that the facts tell.
    """
    if context.reader_major != 3 or context.inventory.format != "h5" or not context.custom:
        return
    groups: dict[tuple[str, str, str], list[Use]] = {}
    for use in _read_with_texts(context):
        for key, value in use.config.items():
            if isinstance(value, str) and value in context.custom and key not in _NAMES and not key.endswith(HANDED_ON):
                groups.setdefault((use.name, key, value), []).append(use)
    for (name, key, value), uses in groups.items():
        yield Finding(
            Kind.COMPILE_NOT_READ if uses[0].path == COMPILE_PATH else Kind.CONFIG_CHANGED,
            subject=f"{name}({key}={value!r})",
            where=locations(uses),
            cause=f"{value!r} is the name of something declared: {context.reader_name} puts that in the place of each "
            "such text of an .h5 file, and then finds no text there",
            fix=fixes.COMPILE_FIX if uses[0].path == COMPILE_PATH else (fixes.LEAVE_H5,),
            stage=Stage.CONFIG,
            source=MEASURED,
        )


def _read_with_texts(context: CompatibilityContext) -> Iterator[Use]:
    """Layers of Keras, and metrics that compile() was given."""
    for layer in context.inventory.layers:
        if layer.class_name not in _OTHERS and not context.is_declared(layer):
            yield layer
    yield from (each for each in context.inventory.objects if each.path == COMPILE_PATH and each.role == "metric")
