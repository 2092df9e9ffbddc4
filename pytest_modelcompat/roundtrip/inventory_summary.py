"""What is in an artifact, in a few words and numbers for a report."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory

_MOST_CLASSES = 8


def inventory_summary(inventory: Inventory) -> dict[str, object]:
    """The class of the model, its most frequent layer classes, and how much there is of everything else.

    Args:
        inventory: of the artifact.
    """
    classes = Counter(layer.class_name for layer in inventory.layers)
    return {
        "model_class": inventory.model_class,
        "layers": len(inventory.layers),
        "layer_classes": dict(classes.most_common(_MOST_CLASSES)),
        "ops": len(inventory.ops),
        "signatures": [signature.name for signature in inventory.signatures[:_MOST_CLASSES]],
        "weights": len(inventory.weights),
        "parameters": sum(math.prod(weight.shape) for weight in inventory.weights),
        "weight_bytes": sum(weight.nbytes for weight in inventory.weights),
        "compute_dtypes": list(inventory.compute_dtypes),
        "compiled": inventory.compiled,
    }
