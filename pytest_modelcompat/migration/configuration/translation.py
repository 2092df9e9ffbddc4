"""Translation: which layers Keras 3 reads as Keras 2 wrote them, and how one is named so that it is read as it stands.

Where no module stands beside a layer of a model, Keras 3 translates its configuration: `batch_input_shape`, one axis in
a list, the arguments of a Lambda. Where one does, as in wrappers and in most .keras files, it takes it as it is.
Source: `functional_from_config` in `keras/src/models/functional.py`, `model_from_config` in
`keras/src/legacy/saving/saving_utils.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.nodes import MODEL_CLASSES, as_mapping

if TYPE_CHECKING:
    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.profiles.profile import ObjectKnowledge


def is_model(node: Node) -> bool:
    """Whether a layer is a model, which is rebuilt from its layers."""
    return node.is_layer and (node.class_name in MODEL_CLASSES or "layers" in as_mapping(node.data.get("config")))


def is_translated(draft: Draft, node: Node) -> bool:
    """Whether Keras 3 translates a layer's configuration before its class sees it.

    Args:
        draft: what is to be written.
        node: a layer or model of it.
    """
    if not node.is_layer or node.data.get("module"):
        return False
    return draft.format == "h5" if node.holder is None else is_model(node.holder)


def name_module(node: Node, known: ObjectKnowledge) -> None:
    """Write where the reader has a class, so that it is found by that and its configuration is taken as it stands.

    Args:
        node: a layer or object.
        known: what the reader knows of its class.
    """
    module = module_of(known, node.class_name)
    node.data["module"] = module
    is_public = f"{module}.{node.class_name}" in known.paths
    node.data["registered_name"] = None if is_public else known.name


def module_of(known: ObjectKnowledge, name: str) -> str:
    """The module in which a reader finds a class by a name: a public one, else the one that defines it."""
    public = [path.rpartition(".")[0] for path in known.paths if path.rpartition(".")[2] == name]
    return min(public, key=len, default=known.home)
