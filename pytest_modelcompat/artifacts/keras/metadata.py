"""What Keras 2 writes into a SavedModel so that its layers can be rebuilt.

TensorFlow 2.5 and newer have it in keras_metadata.pb, 2.0 to 2.4 in the object graph, object by object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.detection import KERAS_METADATA
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras.contents import KerasMetadata
from pytest_modelcompat.artifacts.limits import LARGEST_JSON, megabytes
from pytest_modelcompat.artifacts.saved_model.graph_file import read_message
from pytest_modelcompat.artifacts.saved_model.object_graph import read_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget


def read_keras_metadata(path: Path, object_graph: Any, budget: Budget) -> KerasMetadata:
    """Reads a SavedModel's Keras metadata; empty where it has none, as with plain modules and Keras 3.

    Args:
        path: the SavedModel's folder.
        object_graph: a `SavedObjectGraph` message.
        budget: what reading it may cost.

    Raises:
        BrokenArtifactError: the metadata are damaged, or larger than any model's.
    """
    file = path / KERAS_METADATA
    if file.is_file():
        message = read_message(file, "SavedMetadata", "Keras metadata", budget)
        kept = [(node.node_path, node.identifier, node.metadata) for node in message.nodes]
    else:
        kept = [(node.path, node.identifier, node.metadata) for node in read_metadata(object_graph, budget)]
    if sum(len(text) for _, _, text in kept) > LARGEST_JSON:
        raise BrokenArtifactError(f"{file} is larger than {megabytes(LARGEST_JSON)}, which is the limit")
    if not kept:
        return KerasMetadata()
    # Most SavedModels of today have none, and reading one need not import what would read them.
    from pytest_modelcompat.artifacts.keras.metadata_nodes import read_nodes

    return read_nodes(kept, f"{file}" if file.is_file() else f"{path} (its Keras metadata)", budget)
