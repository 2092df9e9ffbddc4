"""Edits of classes that Keras 3 does not have, where another one of it computes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.migration.configuration.translation import is_translated, name_module
from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

    Arguments = Callable[[Mapping[str, Any]], dict[str, Any] | None]

_VERSIONS = ("V1", "V2")
_OF_EVERY_LAYER = ("name", "trainable", "dtype", "batch_input_shape")


class Equal(NamedTuple):
    """A class of Keras 3 that computes the same.

    Args:
        name: of the class.
        arguments: what it is given for a configuration of the old one; None where it computes something else.
    """

    name: str
    arguments: Arguments


def _of_threshold(config: Mapping[str, Any]) -> dict[str, Any] | None:
    theta = config.get("theta", 1.0)
    if not isinstance(theta, int | float):
        return None
    return {"max_value": None, "negative_slope": 0.0, "threshold": theta}


def _synchronized(config: Mapping[str, Any]) -> dict[str, Any] | None:
    if config.get("renorm"):
        return None
    return {key: value for key, value in config.items() if key not in _OF_EVERY_LAYER} | {"synchronized": True}


_EQUAL = {
    "ThresholdedReLU": Equal("ReLU", _of_threshold),
    "SyncBatchNormalization": Equal("BatchNormalization", _synchronized),
}


def _equal_classes(draft: Draft, target: Target) -> Iterator[Change]:
    for node in draft.layers(*_EQUAL) if target.is_up else ():
        equal = _EQUAL[node.class_name]
        known = target.profile.find("layer", equal.name)
        arguments = equal.arguments(node.config)
        is_own = node.class_name in target.custom
        if is_own or target.known(node) is not None or known is None or arguments is None:
            continue
        if not set(arguments) <= (known.accepts or frozenset()) | frozenset(known.writes or ()):
            continue
        before, was_translated = node.class_name, is_translated(draft, node)
        kept = {key: node.config[key] for key in _OF_EVERY_LAYER if key in node.config}
        node.data.update({"class_name": equal.name, "config": kept | arguments})
        if not was_translated:
            name_module(node, known)
        yield change(node, before, equal.name)


def _versions_of_classes(draft: Draft, target: Target) -> Iterator[Change]:
    """Names that only TensorFlow 1.13 to 2.1 gave: `BatchNormalizationV1`, `GlorotUniformV2`."""
    for node in draft.nodes() if target.is_up else ():
        name = node.class_name
        if node.in_compile or name in target.custom or not name.endswith(_VERSIONS) or target.known(node) is not None:
            continue
        known = target.profile.find(node.role, name[:-2])
        if known is not None and known.is_class:
            node.data["class_name"] = name[:-2]
            if node.data.get("module"):
                name_module(node, known)
            yield change(node, name, name[:-2])


EDITS = (
    Edit(
        "class-of-same-values",
        what="a layer that {reader} does not have becomes one that computes the same",
        because="ThresholdedReLU(theta) is ReLU(threshold=theta): x where x is greater than theta, else 0; "
        "SyncBatchNormalization is BatchNormalization(synchronized=True)",
        source="keras/src/activations/activations.py of {reader}, "
        "keras/layers/activation/thresholded_relu.py of Keras 2",
        wrong_if="{reader} has the class, or its equal does not take the arguments, or the class is the user's own",
        apply=_equal_classes,
    ),
    Edit(
        "class-without-version",
        what="V1 or V2 at the end of the name of a class is dropped",
        because="TensorFlow 1.13 to 2.1 named classes so in files; their layers and weights are those of the class "
        "without it",
        source="tensorflow/python/keras/layers/__init__.py of TensorFlow 2.0",
        wrong_if="{reader} has a class of the whole name, or none without the end, or the class is the user's own",
        apply=_versions_of_classes,
    ),
)
