"""Reading a Keras configuration: of a whole model, of what `compile()` was given, of one layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import BrokenArtifactError
from pytest_modelcompat.artifacts.keras.contents import ConfigContents
from pytest_modelcompat.artifacts.keras.nodes import (
    COMPILE_PATH,
    ConfigLocation,
    as_mapping,
    name_of,
)
from pytest_modelcompat.artifacts.keras.values import held_in
from pytest_modelcompat.artifacts.keras.walk import Walk, bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import Code, Inventory


def read_model(node: Mapping[str, Any], where: str, budget: Budget | None = None) -> ConfigContents:
    """Reads the outermost node of a model's configuration, and what `compile()` was given if it is in there.

    Args:
        node: `{"class_name": ..., "config": ...}`.
        where: the file and the part of it, as a message names them.
        budget: what it may cost.

    Raises:
        BrokenArtifactError: the node describes no Keras model.
    """
    if not isinstance(node.get("class_name"), str) or not isinstance(node.get("config"), dict | list):
        raise BrokenArtifactError(f"{where} describes no Keras model: it has no class_name with a config")
    contents = ConfigContents(model_class=node["class_name"])
    config = as_mapping(node["config"])
    with bounded(where):
        walk = Walk(contents, budget)
        walk.add_root(node, config)
        walk.inside(node, config, path=(), owner=(name_of(node, config),))
    return contents


def without_compile_config(inventory: Inventory) -> Inventory:
    """What is left of an .h5 or .keras file for who loads it with `compile=False`.

    That concerns the outermost model alone: Keras 3 compiles the models inside it all the same.
    """
    if not inventory.compiled or inventory.format == "saved_model":
        return inventory
    node = {key: value for key, value in inventory.root.items() if key != "compile_config"}
    contents = read_model(node, str(inventory.path))
    return replace(
        inventory,
        objects=tuple(contents.objects),
        lambdas=tuple(contents.lambdas),
        references=tuple(contents.references),
        compiled=False,
        training={},
    )


def read_compile(config: Mapping[str, Any], contents: ConfigContents, where: str, budget: Budget | None = None) -> None:
    """Adds what `compile()` was given: Keras 3's `compile_config` or the `training_config` of an .h5.

    Raises:
        BrokenArtifactError: the configuration is nested without end, or names more than any model.
    """
    with bounded(where):
        Walk(contents, budget).children(config, ConfigLocation(COMPILE_PATH, COMPILE_PATH))


def read_layer(
    node: Mapping[str, Any],
    contents: ConfigContents,
    parents: tuple[str, ...],
    where: str,
    budget: Budget | None = None,
) -> None:
    """Adds one layer that stands alone, with what its own configuration holds.

    Raises:
        BrokenArtifactError: the configuration is nested without end, or names more than any model.
    """
    with bounded(where):
        Walk(contents, budget).layer(node, ConfigLocation(parents, parents, key="layer"))


def read_values(
    name: str,
    node: Mapping[str, Any],
    contents: ConfigContents,
    known: Collection[Code],
    where: str,
    budget: Budget | None = None,
) -> None:
    """Adds what an object names and holds of code, and none of its layers.

    Args:
        name: what the object goes by where it has no name.
        node: of any object.
        contents: what it is added to.
        known: the code that is there already.
        where: the file, as a message names it.
        budget: what it may cost.

    Raises:
        BrokenArtifactError: the node is nested without end, or names more than any model.
    """
    path = (name_of({"class_name": name, **node}, as_mapping(node.get("config"))),)
    with bounded(where):
        found = [each for each in held_in({**node, "class_name": None}, path) if each not in known]
        Walk(contents, budget).add_held(found, path)
