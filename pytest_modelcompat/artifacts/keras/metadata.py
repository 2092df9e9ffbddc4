"""What Keras 2 writes into a SavedModel so that its layers can be rebuilt.

TensorFlow 2.5 and newer have it in keras_metadata.pb, 2.0 to 2.4 in the object graph, object by object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.detection import KERAS_METADATA
from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras.config import read_compile, read_layer, read_model, read_values
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.artifacts.keras.walk import ConfigContents
from pytest_modelcompat.artifacts.limits import LARGEST_JSON, megabytes
from pytest_modelcompat.artifacts.saved_model.graph_file import read_message
from pytest_modelcompat.artifacts.saved_model.object_graph import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_modelcompat.artifacts.budget import Budget

_ROOT = "root"
_NO_LAYERS = frozenset({"_tf_keras_metric"})
# What the text of a node has that holds bytecode or names a module; names can be written in JSON's escapes.
_SUSPICIOUS = ("lambda", '"module"', "\\u")


@dataclass
class KerasMetadata:
    """What Keras recorded beside the graph."""

    contents: ConfigContents = field(default_factory=ConfigContents)
    saved_by: dict[str, str] = field(default_factory=dict)
    root: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


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
    where = f"{file}" if file.is_file() else f"{path} (its Keras metadata)"
    # What nothing leads to is no layer of the model, whatever code it holds.
    reached = ((node, text) for node, kind, text in kept if kind not in _NO_LAYERS and node.partition(".")[0] == _ROOT)
    metadata = _metadata(dict(reached), where, budget)
    _add_values(((node, text) for node, _, text in kept), metadata.contents, where, budget)
    return metadata


def _add_values(nodes: Iterable[tuple[str, str]], contents: ConfigContents, where: str, budget: Budget) -> None:
    """Adds the code that is in no configuration of a layer, and what is named there."""
    known = {code for use in contents.lambdas for code in use.codes}
    for node, text in nodes:
        if any(word in text for word in _SUSPICIOUS):
            values = parse_json(text, where, budget)
            if node == _ROOT:
                # The same model once more, which Keras 2 writes beside its configuration.
                values = {"again": values.get("model_config")}
            read_values(node, values, contents, known, where, budget)


def _metadata(nodes: dict[str, str], where: str, budget: Budget) -> KerasMetadata:
    root = parse_json(nodes.pop(_ROOT, "{}") or "{}", where, budget)
    # A tf.Module that holds Keras layers has no root node; a subclassed model's has no configuration.
    contents = read_model({"config": {}, **root}, where, budget) if root else ConfigContents()
    if not contents.layers:
        _add_tracked_layers(contents, nodes, where, budget)
    training = as_mapping(root.get("training_config"))
    read_compile(training, contents, where, budget)
    return KerasMetadata(contents, _saved_by(root), root, training)


def _saved_by(root: Mapping[str, Any]) -> dict[str, str]:
    keys = {"keras": "keras_version", "backend": "backend"}
    return {key: root[name] for key, name in keys.items() if isinstance(root.get(name), str)}


def _add_tracked_layers(contents: ConfigContents, nodes: Mapping[str, str], where: str, budget: Budget) -> None:
    """Adds the layers that no configuration names: those a subclassed model or layer holds as attributes.

    What a layer with a configuration holds besides is made by its own code, never looked up by name.
    """
    paths: dict[str, tuple[str, ...] | None] = {_ROOT: ()}
    for node_path in sorted(nodes, key=lambda node_path: node_path.count(".")):
        budget.look()
        parents = _nearest(node_path, paths)
        if parents is not None:
            node = parse_json(nodes[node_path] or "{}", where, budget)
            parents = _add(contents, node, parents, where, budget)
        paths[node_path] = parents


def _add(
    contents: ConfigContents, node: Mapping[str, Any], parents: tuple[str, ...], where: str, budget: Budget
) -> tuple[str, ...] | None:
    """Adds one layer; returns its path if it may hold more layers that only their own nodes tell of."""
    if not isinstance(node.get("class_name"), str):
        return parents
    read_layer({"config": {}, **node}, contents, parents, where, budget)
    return None if node.get("config") else (*parents, str(node.get("name") or node["class_name"]))


def _nearest(node_path: str, paths: Mapping[str, tuple[str, ...] | None]) -> tuple[str, ...] | None:
    while node_path not in paths:
        node_path = node_path.rpartition(".")[0] or _ROOT
    return paths[node_path]
