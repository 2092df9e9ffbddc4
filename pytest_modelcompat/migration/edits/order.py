"""All edits, in the order in which they are tried: the container first, then from the outside to the inside."""

from __future__ import annotations

from pytest_modelcompat.migration.edits import arguments, container, conversion, weights

EDITS = (*container.EDITS, *weights.EDITS, *arguments.EDITS, *conversion.EDITS)
