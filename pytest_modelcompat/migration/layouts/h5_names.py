"""The weights of an .h5 file: which dataset is which variable, and how a list of them is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.migration.layouts.keras_groups import UnknownGroupError
from pytest_modelcompat.migration.layouts.variables import Variable, part_of, parts_of_model, variables_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pytest_modelcompat.migration.layouts.keras_groups import Layout

H5_WEIGHTS = "model_weights"
# What belongs to an optimizer, to metrics and to generators of random numbers, and to no layer.
_OF_TRAINING = ("optimizer/", "optimizer_weights/", "metrics/")
_GENERATOR = "seed_generator"
# What Keras 3 calls a variable that Keras 2 has another name for.
_OTHER_NAMES = {"depthwise_kernel": "kernel"}


def groups_of_h5(root: Mapping[str, Any], paths: Collection[str], layout: Layout) -> dict[str, str | None]:
    """Where a .keras file has what is in an .h5 file.

    Args:
        root: the outermost node of the configuration.
        paths: of the datasets in the .h5 file.
        layout: of the .keras file.

    Returns:
        Path of each dataset of weights -> its path in the .keras file; None for what belongs to no layer.

    Raises:
        UnknownGroupError: of one of them, the place is not known for sure.
    """
    found: dict[str, str | None] = {path: None for path in paths if path.startswith(_OF_TRAINING)}
    layers = dict(_layers(root, layout))
    owned: dict[str, list[str]] = {}
    for path in (path for path in paths if path.startswith(f"{H5_WEIGHTS}/")):
        inside = path.removeprefix(f"{H5_WEIGHTS}/")
        # A layer's name may have slashes.
        owner = max((name for name in layers if inside.startswith(f"{name}/")), key=len, default="")
        if not owner:
            raise UnknownGroupError(path)
        owned.setdefault(owner, []).append(path)
    for name, datasets in owned.items():
        variables = layers[name]
        if variables is None:
            raise UnknownGroupError(f"{H5_WEIGHTS}/{name}")
        found |= _matched(variables, datasets)
    if any(variables and name not in owned for name, variables in layers.items()):
        raise UnknownGroupError(H5_WEIGHTS)
    return found


def names_of_groups(
    root: Mapping[str, Any], paths: Collection[str], layout: Layout
) -> tuple[dict[str, str | None], dict[str, tuple[str, ...]]]:
    """Where an .h5 file has what is in a .keras file.

    Args:
        root: the outermost node of the configuration.
        paths: of the datasets in the .keras file.
        layout: of that file.

    Returns:
        Path of each dataset -> its path in the .h5 file, None for what belongs to no layer; and each layer -> the
        names of its weights, in the order in which Keras reads them.

    Raises:
        UnknownGroupError: of one of them, the place is not known for sure.
    """
    moved: dict[str, str | None] = {}
    names: dict[str, tuple[str, ...]] = {}
    for name, variables in _layers(root, layout):
        listed: list[str] = []
        for variable in variables or ():
            if variable.group not in paths or variable.group in moved:
                raise UnknownGroupError(variable.group)
            words = [word.replace("*", "layer") for word in variable.words]
            listed.append("/".join((name, *words, f"{variable.name}:0")))
            moved[variable.group] = f"{H5_WEIGHTS}/{name}/{listed[-1]}"
        names[name] = tuple(listed)
    for path in set(paths) - moved.keys():
        if not path.startswith(_OF_TRAINING) and not path.rpartition("/vars/")[0].rpartition("/")[2].startswith(
            _GENERATOR
        ):
            raise UnknownGroupError(path)
        moved[path] = None
    if len(set(moved.values()) - {None}) != sum(map(len, names.values())):
        raise UnknownGroupError(H5_WEIGHTS)
    return moved, names


def _layers(root: Mapping[str, Any], layout: Layout) -> Iterator[tuple[str, tuple[Variable, ...] | None]]:
    """Each layer of the outermost model and its variables; None where nothing is known of its class."""
    layers = as_mapping(root.get("config")).get("layers")
    if not isinstance(layers, list) or part_of({**root, "config": {"layers": []}}, layout) is None:
        raise UnknownGroupError(str(root.get("class_name")))
    for layer, part in zip(layers, parts_of_model(layers, layout), strict=True):
        name = str(as_mapping(layer.get("config")).get("name") or layer.get("name") or "")
        yield name, None if part is None else variables_of(part)


def _matched(variables: Sequence[Variable], datasets: Sequence[str]) -> dict[str, str | None]:
    """Each dataset of a layer -> the group of its variable."""
    found: dict[str, str | None] = {}
    for variable in variables:
        names = (variable.name, _OTHER_NAMES.get(variable.name))
        named = [path for path in datasets if _name(path) in names]
        inside = [path for path in named if not variable.words or _has(path, variable.words[-1])]
        if len(inside) > 1:
            inside = [path for path in inside if all(_has(path, word) for word in variable.words)]
        if len(inside) != 1 or inside[0] in found:
            raise UnknownGroupError(variable.group)
        found[inside[0]] = variable.group
    if len(found) != len(datasets):
        raise UnknownGroupError(min(set(datasets) - found.keys()))
    return found


def _name(path: str) -> str:
    return path.rpartition("/")[2].partition(":")[0]


def _has(path: str, word: str) -> bool:
    if word.endswith("*"):
        return f"/{word[:-1]}" in path
    return f"/{word}/" in path
