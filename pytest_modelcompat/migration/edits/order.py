"""All edits, in the order in which they are tried: the container first, then from the outside to the inside."""

from __future__ import annotations

from pytest_modelcompat.migration.edits import (
    arguments,
    downward_arguments,
    downward_calls,
    downward_connections,
    downward_ends,
    downward_layers,
    downward_operations,
    downward_places,
    downward_policies,
    downward_weights,
)

EDITS = (
    *downward_policies.EDITS,
    *downward_places.EDITS,
    *downward_ends.EDITS,
    *downward_arguments.EDITS,
    *downward_layers.EDITS,
    *downward_operations.EDITS,
    *downward_connections.EDITS,
    *downward_calls.EDITS,
    *downward_weights.EDITS,
    *arguments.EDITS,
)
