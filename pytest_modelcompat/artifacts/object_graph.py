"""TF2's object graph of a SavedModel: the classes of what the model tracked."""

from __future__ import annotations

from collections import Counter
from typing import Any


def read_object_classes(object_graph: Any) -> dict[str, int]:
    """Identifiers and registered names of the tracked objects with how many there are of each, sorted by name.

    Args:
        object_graph: a `SavedObjectGraph` message.
    """
    classes: Counter[str] = Counter()
    for node in object_graph.nodes:
        if node.HasField("user_object"):
            classes[node.user_object.identifier] += 1
        if node.registered_name:
            classes[node.registered_name] += 1
    return {name: classes[name] for name in sorted(classes)}


def count_slot_variables(object_graph: Any) -> int:
    """How many variables optimizers keep beside the model's own, such as momenta.

    Args:
        object_graph: a `SavedObjectGraph` message.
    """
    return sum(len(node.slot_variables) for node in object_graph.nodes)
