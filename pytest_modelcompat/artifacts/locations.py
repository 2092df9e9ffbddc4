"""Where the things of an inventory stand, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import LayerUse, ObjectUse
from pytest_modelcompat.artifacts.text import first_few

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_modelcompat.artifacts.inventory import OpUse

Use = LayerUse | ObjectUse

WITHOUT_PACKAGE = "an .h5 file names the model's own class without a package, so that no registration of it is found"
_COMPILE = ("compile",)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def locations(uses: Iterable[Use]) -> tuple[str, ...]:
    """Where layers and objects stand: `"scale_1", third of 5 layers`, `"scale_2" inside "tower"`."""
    return first_few(_location_of_use(use) for use in uses)


def layer_location(path: Sequence[str]) -> str:
    """Where a layer of this path stands: `"scale_2" inside "tower"`."""
    if not path:
        return "the model"
    if path == _COMPILE:
        return "compile()"
    return f'"{path[-1]}"' + (f' inside "{"/".join(path[:-1])}"' if len(path) > 1 else "")


def op_locations(op: OpUse) -> tuple[str, ...]:
    """Where an op stands: `node "x" of function f`."""
    places = (
        f'node "{place.node}"' + (f" of function {place.function}" if place.function else "") for place in op.places
    )
    return first_few(places, total=op.count)


def _location_of_use(use: Use) -> str:
    name = layer_location(use.path)
    if use.path == _COMPILE:
        return name
    if isinstance(use, ObjectUse):
        return f"{use.role} of {name}"
    if len(use.path) != 1 or not use.position or use.siblings == 1:
        return name
    ordinal = _ORDINALS[use.position - 1] if use.position <= len(_ORDINALS) else f"number {use.position}"
    return f"{name}, {ordinal} of {use.siblings} layers"
