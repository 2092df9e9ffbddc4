"""What the nodes of Keras 2's metadata in a SavedModel say: the model's configuration, or its layers one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.config import read_compile, read_layer, read_model, read_values
from pytest_modelcompat.artifacts.keras.contents import ConfigContents, KerasMetadata
from pytest_modelcompat.artifacts.keras.json_text import parse_json
from pytest_modelcompat.artifacts.keras.nodes import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_modelcompat.artifacts.budget import Budget

_ROOT = "root"
_NO_LAYERS = frozenset({"_tf_keras_metric"})
# What the text of a node has that holds bytecode or names a module; names can be written in JSON's escapes.
_SUSPICIOUS = ("lambda", '"module"', "\\u")


def read_nodes(kept: Sequence[tuple[str, str, str]], where: str, budget: Budget) -> KerasMetadata:
    """Reads the nodes.

    Args:
        kept: path, kind and JSON of each.
        where: how to call them in a sentence.
        budget: what reading them may cost.

    Raises:
        BrokenArtifactError: they are damaged, or more than any model's.
    """
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
