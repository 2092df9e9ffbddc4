"""All edits, in the order in which they are tried: the container first, then from the outside to the inside."""

from __future__ import annotations

from pytest_modelcompat.migration.edits import arguments, connections, container, modules, names, shapes, weights

EDITS = (
    *container.EDITS,
    *weights.EDITS,
    *modules.EDITS,
    *names.EDITS,
    *shapes.EDITS,
    *arguments.EDITS,
    *connections.EDITS,
)
