"""Reading keras_metadata.pb, which Keras 2 writes into a SavedModel so that its layers can be rebuilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras_config import (
    Contents,
    as_mapping,
    parse_json,
    read_compile,
    read_layer,
    read_model,
)
from pytest_modelcompat.artifacts.recognition import explain_text
from pytest_modelcompat.artifacts.schema import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ROOT = "root"
_NO_LAYERS = frozenset({"_tf_keras_metric"})


@dataclass
class KerasMetadata:
    """What Keras recorded beside the graph."""

    contents: Contents = field(default_factory=Contents)
    saved_by: dict[str, str] = field(default_factory=dict)
    root: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


def read_keras_metadata(path: Path) -> KerasMetadata:
    """Reads a SavedModel's Keras metadata; empty where it has none, as with plain modules and Keras 3.

    Args:
        path: the SavedModel's folder.

    Raises:
        BrokenArtifactError: keras_metadata.pb is there and does not parse.
    """
    file = path / "keras_metadata.pb"
    if not file.is_file():
        return KerasMetadata()
    nodes = {node.node_path: node.metadata for node in _nodes(file) if node.identifier not in _NO_LAYERS}
    root = parse_json(nodes.pop(_ROOT, "{}") or "{}", f"{file}")
    # A tf.Module that holds Keras layers has no root node; a subclassed model's has no configuration.
    contents = read_model({"config": {}, **root}, f"{file}") if root else Contents()
    if not contents.layers:
        _add_tracked_layers(contents, nodes, f"{file}")
    training = as_mapping(root.get("training_config"))
    read_compile(training, contents, f"{file}")
    return KerasMetadata(contents, _saved_by(root), root, training)


def _saved_by(root: Mapping[str, Any]) -> dict[str, str]:
    keys = {"keras": "keras_version", "backend": "backend"}
    return {key: root[name] for key, name in keys.items() if isinstance(root.get(name), str)}


def _nodes(file: Path) -> Iterable[Any]:
    data = file.read_bytes()
    never_delivered = explain_text(file, data[:512])
    if never_delivered:
        raise BrokenArtifactError(never_delivered)
    try:
        nodes: Iterable[Any] = parse("SavedMetadata", data).nodes
    except ValueError as error:
        raise BrokenArtifactError(f"{file} is truncated or corrupt: it does not parse as Keras metadata") from error
    return nodes


def _add_tracked_layers(contents: Contents, nodes: Mapping[str, str], where: str) -> None:
    """Adds the layers that no configuration names: those a subclassed model or layer holds as attributes.

    What a layer with a configuration holds besides is made by its own code, never looked up by name.
    """
    paths: dict[str, tuple[str, ...] | None] = {_ROOT: ()}
    for node_path in sorted(nodes, key=lambda node_path: node_path.count(".")):
        parents = _nearest(node_path, paths)
        paths[node_path] = None if parents is None else _add(contents, nodes[node_path], parents, where)


def _add(contents: Contents, metadata: str, parents: tuple[str, ...], where: str) -> tuple[str, ...] | None:
    """Adds one layer; returns its path if it may hold more layers that only their own nodes tell of."""
    node = parse_json(metadata or "{}", where)
    if not isinstance(node.get("class_name"), str):
        return parents
    read_layer({"config": {}, **node}, contents, parents)
    return None if node.get("config") else (*parents, str(node.get("name") or node["class_name"]))


def _nearest(node_path: str, paths: Mapping[str, tuple[str, ...] | None]) -> tuple[str, ...] | None:
    while node_path not in paths:
        node_path = node_path.rpartition(".")[0] or _ROOT
    return paths[node_path]
