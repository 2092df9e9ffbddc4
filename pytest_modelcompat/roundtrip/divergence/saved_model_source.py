"""What the layers of a SavedModel are matched with: those of the model that it was saved from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts import Inventory
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


def classes_of(inventory: Inventory) -> dict[str, Any]:
    """A job's `source` for a SavedModel that is there alone: the classes of its layers, which only Keras 2 writes.

    Args:
        inventory: of the SavedModel.
    """
    return {"classes": {"/".join(layer.path): layer.class_name for layer in inventory.layers}}
