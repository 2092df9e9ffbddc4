"""What the layers of a SavedModel are matched with: those of the model that it was saved from, or of its golden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.comparison.layers import LayerTrace


def source_of(trace: LayerTrace, names: Sequence[str]) -> dict[str, Any]:
    """A job's `source`.

    Args:
        trace: what the layers of the source give.
        names: what the model calls its outputs, in the order in which it gives them.
    """
    outputs = [
        {
            "path": each.path,
            "class": each.class_name,
            "module": each.module,
            "call": each.call,
            "leaf": each.leaf,
            "dtype": each.dtype,
            "shape": list(each.shape),
            "digest": each.digest,
            "inputs": each.inputs,
            "given": [list(figures) for figures in each.given],
        }
        for each in trace.outputs
    ]
    weights = {path: [each["shape"] for each in state["weights"]] for path, state in trace.state.items()}
    return {"outputs": outputs, "weights": weights, "names": list(names)}
