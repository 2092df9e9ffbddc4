"""Shapes: that of each layer's input, as far as a model's configuration tells it; often only its rank is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import nodes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory

    Path = tuple[str, ...]
    # None stands for a size that is not known.
    Shape = tuple[int | None, ...]

# What a layer's output has, whatever its input has.
_FIXED = {"Flatten": 2, "RepeatVector": 3}
# Dimensions of the input, by how the names of these classes end.
_ENDS = {"1D": 3, "2D": 4, "3D": 5}
_OF_SPACE = frozenset(
    {"Conv", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling", "GlobalMaxPooling"}
    | {"GlobalAveragePooling", "UpSampling", "ZeroPadding", "Cropping", "SpatialDropout"}
)
_GLOBAL, _TENSOR = "Global", "__keras_tensor__"
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"})
# What has the shape of its input, whatever it is.
_SAME = frozenset(
    {"Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU", "GaussianDropout"}
    | {"GaussianNoise", "GroupNormalization", "InputLayer", "LayerNormalization", "LeakyReLU", "Masking"}
    | {"Normalization", "PReLU", "ReLU", "Rescaling", "Softmax", "ThresholdedReLU", "UnitNormalization"}
)
# What has it where it gives one number for each that it is given.
_ENCODING = frozenset({"Discretization", "Hashing", "IntegerLookup", "StringLookup"})
# What has the rank of its input.
_KEEPING = frozenset({"CategoryEncoding", "Dense", "Permute", "Resizing"})


def models_of(inventory: Inventory) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Path and configuration of every model in an artifact, the outermost one first."""
    config = inventory.root.get("config")
    if isinstance(config, dict):
        yield (), config
    yield from ((layer.path, layer.config) for layer in inventory.layers if "layers" in layer.config)


def input_ranks(models: Iterable[tuple[Path, Mapping[str, Any]]]) -> dict[Path, int]:
    """The rank of each layer's input, by the layer's path; those that the file leaves open are not there.

    Args:
        models: path and configuration of each model.
    """
    return {path: len(shape) for path, shape in input_shapes(models).items()}


def input_shapes(models: Iterable[tuple[Path, Mapping[str, Any]]]) -> dict[Path, Shape]:
    """The shape of each layer's input, by the layer's path; those of which not even the rank is known are not there.

    Args:
        models: path and configuration of each model.
    """
    found: dict[Path, Shape] = {}
    for path, config in models:
        for name, shape in _of_model(nodes_of(config)):
            found[(*path, name)] = shape
    return found


def _of_model(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, Shape]]:
    shape: Shape | None = None
    outputs: dict[str, Shape | None] = {}
    for node in nodes:
        config = node.get("config")
        if not isinstance(config, dict) or not isinstance(config.get("name"), str):
            shape = None
            continue
        class_name = str(node.get("class_name"))
        # A functional model's layers stand in no order, and each says what it is called with.
        called = _shape_of_call(node.get("inbound_nodes"))
        given = config.get("batch_shape", config.get("batch_input_shape"))
        known = called or (given if isinstance(given, list) else None)
        before = outputs.get(_source(node["inbound_nodes"])) if "inbound_nodes" in node else shape
        shape = tuple(known) if known else _of_class(class_name, before)
        if shape is not None:
            yield config["name"], shape
            is_kept = class_name in _SAME or (class_name in _ENCODING and config.get("output_mode", "int") == "int")
            shape = shape if is_kept else _of_rank(_output(class_name, config, len(shape)))
        outputs[config["name"]] = shape


def _of_class(class_name: str, before: Shape | None) -> Shape | None:
    """What a layer is given, where a class takes inputs of one rank alone: that of the layer before, if it can be."""
    asked = _asked(class_name)
    return before if asked is None or (before is not None and len(before) == asked) else _of_rank(asked)


def _of_rank(rank: int | None) -> Shape | None:
    return (None,) * rank if rank else None


def _source(calls: Any) -> str:
    """The layer whose output a layer is first called with alone, as Keras 2 writes it: `[[["dense", 0, 0, {}]]]`."""
    call = calls[0] if isinstance(calls, list) and calls else None
    source = call[0] if isinstance(call, list) and len(call) == 1 else None
    return source[0] if isinstance(source, list) and source and isinstance(source[0], str) else ""


def _shape_of_call(calls: Any) -> list[Any] | None:
    """The shape of the first tensor that a layer is called with, as Keras 3 writes it."""
    if isinstance(calls, list):
        return _shape_of_call(calls[0]) if calls else None
    if not isinstance(calls, dict):
        return None
    config = calls.get("config")
    if calls.get("class_name") != _TENSOR or not isinstance(config, dict):
        return _shape_of_call(calls.get("args"))
    shape = config.get("shape")
    return shape if isinstance(shape, list) else None


def _asked(class_name: str) -> int | None:
    """The rank that a class takes alone."""
    name = class_name.removesuffix("Transpose")
    return _ENDS.get(name[-2:]) if name[:-2] in _OF_SPACE else None


def _output(class_name: str, config: Mapping[str, Any], rank: int) -> int | None:
    if class_name in _FIXED:
        return _FIXED[class_name]
    if class_name.startswith(_GLOBAL) and _asked(class_name):
        return rank if config.get("keepdims") else 2
    if class_name in _RECURRENT:
        inner = config.get("layer")
        held = inner.get("config", {}) if isinstance(inner, dict) else config
        return 3 if held.get("return_sequences") else 2
    if class_name == "Embedding":
        return rank + 1
    if class_name == "Reshape" and isinstance(config.get("target_shape"), list):
        return len(config["target_shape"]) + 1
    return rank if class_name in _KEEPING or _asked(class_name) else None
