"""Layer names: the users' own names for their layers, of which Keras 3 takes fewer than Keras 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext

_SLASH = "/"


def refused_names(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for the layers whose names have a slash, as those of DenseNet and MobileNetV3 in Keras 2."""
    if context.reader_major != 3:
        return
    layers = [use for use in context.uses if isinstance(use, LayerUse) and _SLASH in str(use.config.get("name", ""))]
    if layers:
        first, *others = fixes.other_keras(context)
        yield Finding(
            Kind.CONFIG_CHANGED,
            subject="name",
            where=locations(layers),
            cause=f"the name of the layer has a slash in it, which {context.reader_name} refuses: Argument `name` must "
            "be a string and cannot contain character `/`",
            fix=("give the layers names without a slash, and save the model again", f"or {first}", *others),
            stage=Stage.CONFIG,
            source="measured",
        )
