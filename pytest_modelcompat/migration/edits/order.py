"""All edits, in the order in which they are tried: the container first, then from the outside to the inside."""

from __future__ import annotations

from pytest_modelcompat.migration.edits import (
    arguments,
    compile_arguments,
    compile_losses,
    compile_metrics,
    compile_names,
    compile_optimizers,
    compile_remains,
    compile_state,
    connections,
    container,
    modules,
    names,
    operations,
    shapes,
    weights,
)

EDITS = (
    *container.EDITS,
    *weights.EDITS,
    *modules.EDITS,
    *names.EDITS,
    *shapes.EDITS,
    *arguments.EDITS,
    *operations.EDITS,
    *connections.EDITS,
    *compile_optimizers.EDITS,
    *compile_names.EDITS,
    *compile_losses.EDITS,
    *compile_metrics.EDITS,
    *compile_arguments.EDITS,
    # Nothing that is tried after these keeps more of what `compile()` was given.
    *compile_state.EDITS,
    *compile_remains.EDITS,
)
