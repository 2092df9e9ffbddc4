"""Which layer an array of weights belongs to, where the format's way of naming says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import minor_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts import Inventory

LayerPath = tuple[str, ...]

_H5_ROOT = "model_weights/"
_DEEPEST = 200
_FIRST_WITHOUT_GAPS = (2, 14)
_OLD_ROOT = "_layer_checkpoint_dependencies"


def weight_owners(inventory: Inventory) -> dict[str, LayerPath]:
    """Path of an array -> path of the layer that holds it; arrays of which that is not known are left out.

    An .h5 file names the group of each outermost layer as the layer, and those inside it with their names. A .keras
    file numbers the layers of one class in the order of their model (`keras/src/saving/saving_lib.py`,
    `_save_container_state`); Keras before 2.14 leaves gaps between the numbers.

    Args:
        inventory: what the artifact holds.
    """
    if not inventory.layers:
        return {}
    if inventory.format == "h5":
        return _of_h5(inventory)
    if inventory.format == "keras" and minor_version(inventory.saved_by.get("keras", "")) >= _FIRST_WITHOUT_GAPS:
        return _of_keras(inventory)
    return {}


def _of_h5(inventory: Inventory) -> dict[str, LayerPath]:
    layers = [layer.path for layer in inventory.layers]
    inside: dict[str, list[LayerPath]] = {}
    for path in layers:
        inside.setdefault(path[0], []).append(path)
    owners = {}
    for weight in inventory.weights:
        parts = weight.path.removeprefix(_H5_ROOT).split("/")
        # A layer's own name may have slashes.
        tops = ("/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
        top = next((each for each in tops if each in inside), None)
        if weight.path.startswith(_H5_ROOT) and top is not None:
            owners[weight.path] = _innermost(inside[top], parts[top.count("/") + 1 :])
    return owners


def _innermost(layers: list[LayerPath], parts: list[str]) -> LayerPath:
    """The layer among those of one outermost layer whose name stands last before the array's own."""
    held = [path for path in layers if path[-1] in parts[:-1]]
    return max(held, key=lambda path: (len(path), parts[:-1].index(path[-1])), default=layers[0])


def _of_keras(inventory: Inventory) -> dict[str, LayerPath]:
    folders = dict(_folders(inventory.root, "", (), 0))
    owners = {}
    for weight in inventory.weights:
        folder = weight.path.rpartition("/")[0].replace(_OLD_ROOT, "layers")
        while folder and folder not in folders:
            folder = folder.rpartition("/")[0]
        if folder:
            owners[weight.path] = folders[folder]
    return owners


def _folders(node: Mapping[str, Any], folder: str, path: LayerPath, depth: int) -> Iterator[tuple[str, LayerPath]]:
    config = node.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(layers, list) or depth > _DEEPEST:
        return
    met: dict[str, int] = {}
    for layer in layers:
        own = layer.get("config") if isinstance(layer, dict) else None
        if not isinstance(own, dict):
            continue
        snake = snake_case(str(layer.get("class_name", "")).rpartition(">")[2])
        met[snake] = met.get(snake, -1) + 1
        inside = f"{folder}layers/{snake}" + (f"_{met[snake]}" if met[snake] else "")
        name = (*path, str(layer.get("name") or own.get("name") or ""))
        yield inside, name
        yield from _folders(layer, f"{inside}/", name, depth + 1)


def snake_case(name: str) -> str:
    """A class's name with its words apart, as Keras does it: `Conv2DTranspose` is `conv2d_transpose`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
