"""Flow: which layers get the outputs of another one, as far as the configurations of models tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.calls import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import LayerUse

    Path = tuple[str, ...]

# What gives integers where it is given integers, in every Keras. Measured with 2.12, 3.0 and 3.9.
_KEEP_DTYPE = frozenset(
    {"Add", "Concatenate", "Cropping1D", "Cropping2D", "Cropping3D", "Dot", "Flatten", "Identity", "Maximum"}
    | {"MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Minimum", "Multiply", "Permute", "ReLU", "RepeatVector"}
    | {"Reshape", "Subtract", "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D"}
    | {"GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "ZeroPadding3D"}
)
_ACTIVATIONS = frozenset({"linear", "relu"})
_OF_ANY_SHAPE = frozenset(
    {"Activation", "ActivityRegularization", "Add", "Average", "Concatenate", "Dropout", "ELU", "Flatten", "Identity"}
    | {"LeakyReLU", "Masking", "Maximum", "Minimum", "Multiply", "ReLU", "Rescaling", "Softmax", "Subtract"}
    | {"UnitNormalization"}
)


def followers(models: Iterable[tuple[Path, Mapping[str, Any]]]) -> dict[Path, tuple[Path, ...]]:
    """The layers that get each layer's outputs within its model, by its path; none for those at an end.

    Args:
        models: path and configuration of each model.
    """
    found: dict[Path, dict[Path, None]] = {}
    for path, config in models:
        for source, name in _pairs(config.get("layers")):
            found.setdefault((*path, source), {})[(*path, name)] = None
    return {path: tuple(each) for path, each in found.items()}


def keeps_dtype(layer: LayerUse) -> bool:
    """Whether it gives integers where it is given integers."""
    activation = layer.config.get("activation")
    is_kept = layer.class_name == "Activation" and isinstance(activation, str) and activation in _ACTIVATIONS
    return is_kept or layer.class_name in _KEEP_DTYPE


def takes_any_shape(layer: LayerUse) -> bool:
    """Whether it is of a class of Keras that has no weights and takes inputs of any shape."""
    return layer.class_name in _OF_ANY_SHAPE


def _pairs(nodes: Any) -> Iterator[tuple[str, str]]:
    """Each layer's name with that of one which gets its outputs."""
    before = ""
    for node in nodes if isinstance(nodes, list) else ():
        config = node.get("config") if isinstance(node, dict) else None
        name = config.get("name") if isinstance(config, dict) else None
        if not isinstance(name, str):
            before = ""
            continue
        if "inbound_nodes" in node:
            yield from ((source, name) for source in sources_of(node["inbound_nodes"]))
        elif before:
            yield before, name
        before = name
