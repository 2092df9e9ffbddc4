"""TF2's object graph of a SavedModel: classes of what the model tracked, and Keras' metadata up to TensorFlow 2.4."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts.budget import Budget

ROOT = "root"
# A tensor of a function that is kept as an object of its own; TensorFlow gives it no class.
CAPTURED_TENSOR = "captured tensor"
_KERAS = "_tf_keras_"
_LONGEST_PATH = 4096


class Metadata(NamedTuple):
    """Keras' metadata of one object: its path from the root, its kind such as `_tf_keras_layer`, and JSON."""

    path: str
    identifier: str
    metadata: str


def read_object_classes(object_graph: Any) -> dict[str, int]:
    """Identifiers and registered names of the tracked objects with how many there are of each, sorted by name.

    Args:
        object_graph: a `SavedObjectGraph` message.
    """
    classes: Counter[str] = Counter()
    for node in object_graph.nodes:
        if node.HasField("user_object"):
            classes[node.user_object.identifier] += 1
        elif node.HasField("captured_tensor"):
            classes[CAPTURED_TENSOR] += 1
        if node.registered_name:
            classes[node.registered_name] += 1
    return {name: classes[name] for name in sorted(classes)}


def read_metadata(object_graph: Any, budget: Budget) -> list[Metadata]:
    """Keras' metadata of the objects that have some, each under the shortest path that leads to it.

    Those that nothing leads to go by their numbers.

    Args:
        object_graph: a `SavedObjectGraph` message.
        budget: what reading it may cost.
    """
    nodes = object_graph.nodes
    found: list[Metadata] = []
    if not any(node.user_object.metadata for node in nodes):
        return found
    seen = {0}
    waiting = deque([(0, ROOT)])
    while waiting:
        number, path = waiting.popleft()
        budget.look()
        node = nodes[number]
        if node.user_object.metadata and node.user_object.identifier.startswith(_KERAS):
            found.append(Metadata(path, node.user_object.identifier, node.user_object.metadata))
        for child in node.children:
            if child.node_id in seen or not 0 <= child.node_id < len(nodes) or len(path) > _LONGEST_PATH:
                continue
            seen.add(child.node_id)
            waiting.append((child.node_id, f"{path}.{child.local_name}"))
    found += [
        Metadata(f"object {number}", node.user_object.identifier, node.user_object.metadata)
        for number, node in enumerate(nodes)
        if number not in seen and node.user_object.metadata and node.user_object.identifier.startswith(_KERAS)
    ]
    return found


def count_slot_variables(object_graph: Any) -> int:
    """How many variables optimizers keep beside the model's own, such as momenta.

    Args:
        object_graph: a `SavedObjectGraph` message.
    """
    return sum(len(node.slot_variables) for node in object_graph.nodes)
