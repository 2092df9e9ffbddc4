"""Groups of layers in the weights of a .keras file, as each version of Keras names them.

A list of layers is a folder; in it each layer has the name of its class, with a number from the second of that class
on (`keras/src/saving/saving_lib.py`, `_save_container_state`). Up to Keras 2.14 the folder is
`_layer_checkpoint_dependencies`; up to 2.13 that list names each layer that has weights twice, so that its second
number is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.comparison.artifacts.layer_weights import snake_case

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pytest_modelcompat.artifacts.versions import MinorVersion

_OLD_ROOT, _ROOT = "_layer_checkpoint_dependencies", "layers"
_FIRST_WITH_LAYERS, _FIRST_WITHOUT_GAPS, _KERAS_3 = (2, 15), (2, 14), (3, 0)
# Attributes of wrappers -> the key of their configuration that describes what is in them.
_WRAPPED = (("layer", ("layer",)), ("forward_layer", ("layer",)), ("backward_layer", ("backward_layer", "layer")))
# The attributes of layers that Keras 3 saves under a public name, and Keras 2 under the private one alone.
_PRIVATE_IN_KERAS_2 = {
    "MultiHeadAttention": frozenset({"query_dense", "key_dense", "value_dense", "output_dense"}),
}
# What Keras 3 keeps of a generator of random numbers is no weight to Keras 2.
_NO_WEIGHT = re.compile(r"(^|/)seed_generator(_\d+)?/")


class UnknownGroupError(Exception):
    """A group of weights is of no layer that the configuration describes."""


@dataclass(frozen=True)
class Layout:
    """How a version of Keras names the groups.

    Args:
        root: the folder of a list of layers.
        has_gaps: whether a number is left out after each layer with weights.
        is_private: whether attributes have the names that Keras 2 gives them.
    """

    root: str
    has_gaps: bool
    is_private: bool

    @classmethod
    def of(cls, keras: MinorVersion) -> Layout:
        """The layout of a version."""
        root = _ROOT if keras >= _FIRST_WITH_LAYERS else _OLD_ROOT
        return cls(root, keras < _FIRST_WITHOUT_GAPS, keras < _KERAS_3)

    def step(self, *, has_weights: bool) -> int:
        """How far the next layer of the same class is."""
        return 2 if self.has_gaps and has_weights else 1


def moved_groups(root: Mapping[str, Any], paths: Collection[str], old: Layout, new: Layout) -> dict[str, str]:
    """Where another version looks for what a version has written.

    Args:
        root: the outermost node of the configuration, of a functional or sequential model.
        paths: of datasets, or of assets below their folder.
        old: the layout of the version that wrote it.
        new: the layout of the version that is to read it.

    Returns:
        Each path that begins with a list of layers -> its path in the new layout.

    Raises:
        UnknownGroupError: one of them is of no layer of the configuration, so that none is known for sure.
    """
    begins = f"{old.root}/"
    return {path: _moved(root, path, old, new, paths, "") for path in sorted(paths) if path.startswith(begins)}


def _moved(model: Mapping[str, Any], path: str, old: Layout, new: Layout, paths: Collection[str], before: str) -> str:
    """The new path of a dataset.

    Args:
        model: the node of the model in whose folder it is.
        path: the rest of the dataset's path, from that folder on.
        old: the layout of `path`.
        new: the layout that is asked for.
        paths: of all datasets.
        before: what stands before `path`.
    """
    name, _, rest = path.removeprefix(f"{old.root}/").partition("/")
    for layer, was, now in _layers(model, f"{before}{old.root}/", old, new, paths):
        if was == name:
            inside = _inside(layer, rest, old, new, paths, f"{before}{old.root}/{name}/")
            return f"{new.root}/{now}/{inside}"
    raise UnknownGroupError(f"{before}{path}")


def _layers(
    model: Mapping[str, Any], folder: str, old: Layout, new: Layout, paths: Collection[str]
) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """Each layer of a model, its name in the old layout, and in the new one."""
    counts: dict[str, tuple[int, int]] = {}
    for layer in as_mapping(model.get("config")).get("layers") or ():
        if not isinstance(layer, dict) or "config" not in layer:
            raise UnknownGroupError(folder)
        name = snake_case(str(layer.get("class_name", "")).rpartition(">")[2])
        was, now = counts.get(name, (0, 0))
        yield layer, _numbered(name, was), _numbered(name, now)
        group = f"{folder}{_numbered(name, was)}/"
        has_weights = any(path.startswith(group) and not _NO_WEIGHT.search(path) for path in paths)
        counts[name] = was + old.step(has_weights=has_weights), now + new.step(has_weights=has_weights)


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _inside(layer: Mapping[str, Any], path: str, old: Layout, new: Layout, paths: Collection[str], before: str) -> str:
    """The new path of a dataset in a layer's group."""
    config = as_mapping(layer.get("config"))
    if path.startswith(f"{old.root}/"):
        return _moved(layer, path, old, new, paths, before)
    attribute, _, rest = path.partition("/")
    for name, keys in _WRAPPED:
        inner = next((config[key] for key in keys if isinstance(config.get(key), dict)), None)
        if attribute == name and inner is not None:
            return f"{name}/{_inside(inner, rest, old, new, paths, f'{before}{name}/')}"
    if f"/{old.root}/" in path and old.root != new.root:
        raise UnknownGroupError(f"{before}{path}")
    # Keras 3 looks under both names.
    if new.is_private and attribute in _PRIVATE_IN_KERAS_2.get(str(layer.get("class_name")), ()):
        return f"_{path}"
    return path
