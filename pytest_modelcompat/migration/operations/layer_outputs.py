"""Outputs of layers: shape and dtype of what Keras' own layers give, as far as their configuration tells it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.tensor import FLOATS, NoEqualError, Tensor, axis_of, broadcast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_modelcompat.migration.operations.tensor import Shape

    Config = Mapping[str, Any]
    Rule = Callable[[Config, Shape], Shape | None]

# Their outputs are no numbers of the dtype that they compute in, or not always.
_OF_ANY_DTYPE = frozenset(
    {"Lambda", "StringLookup", "IntegerLookup", "Hashing", "Discretization", "TextVectorization", "CategoryEncoding"}
    | {"CategoryCrossing", "HashedCrossing", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "AddLoss"}
    | {"AddMetric", "ClassMethod", "InstanceMethod", "InstanceProperty", "TFSMLayer"}
)
# What computes with weights of its dtype, whatever it is given.
_OF_OWN_DTYPE = frozenset({"Dense", "Embedding", "Rescaling", "Normalization"})
_POLICIES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_SAME = frozenset(
    {"Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dropout", "ELU", "GaussianDropout"}
    | {"GaussianNoise", "GroupNormalization", "LayerNormalization", "LeakyReLU", "Masking", "Normalization", "PReLU"}
    | {"ReLU", "Rescaling", "Softmax", "ThresholdedReLU", "UnitNormalization", "SpatialDropout1D", "SpatialDropout2D"}
    | {"SpatialDropout3D", "MultiHeadAttention", "BatchNormalizationV1", "SyncBatchNormalization"}
)
_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "LSTMV1", "GRUV1", "CuDNNLSTM", "CuDNNGRU"})
_FIRST = "channels_first"


def layer_output(class_name: str, config: Config, inputs: Sequence[Tensor]) -> Tensor:
    """What a layer gives.

    Args:
        class_name: a class of Keras 2.
        config: its configuration.
        inputs: what is known of the tensors that it is called with.
    """
    if any(not each.is_dense for each in inputs) or config.get("ragged") is True or config.get("sparse") is True:
        return Tensor(is_dense=False)
    return Tensor(_shape(class_name, config, [each.shape for each in inputs]), _dtype(class_name, config, inputs))


def input_tensor(config: Config) -> Tensor:
    """What an `InputLayer` gives, or what the first layer of a `Sequential` is given; unknown where it does not say."""
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    dtype = config.get("dtype")
    return Tensor(
        tuple(shape) if isinstance(shape, list) and all(each is None or type(each) is int for each in shape) else None,
        dtype if isinstance(dtype, str) else None,
        is_dense=not (config.get("ragged") or config.get("sparse")),
    )


def _dtype(class_name: str, config: Config, inputs: Sequence[Tensor]) -> str | None:
    if class_name in _OF_ANY_DTYPE:
        return None
    inner = config.get("layer")
    if isinstance(inner, dict):
        return _dtype(str(inner.get("class_name")), inner.get("config") or {}, inputs)
    if class_name in _OF_OWN_DTYPE or (inputs and all(each.is_float for each in inputs)):
        return _compute_dtype(config.get("dtype"))
    given = {each.dtype for each in inputs}
    keeps = class_name in _SHAPES and class_name not in _RECURRENT and not class_name.startswith(("Conv", "Global"))
    return given.pop() if len(given) == 1 and keeps else None


def _compute_dtype(policy: Any) -> str | None:
    if isinstance(policy, dict):
        policy = (policy.get("config") or {}).get("name")
    name = _POLICIES.get(policy, policy) if isinstance(policy, str) else None
    return name if name in FLOATS else None


def _shape(class_name: str, config: Config, shapes: Sequence[Shape | None]) -> Shape | None:
    try:
        if class_name in _MERGES:
            return _merged(shapes)
        if class_name == "Concatenate":
            return _concatenated(config, shapes)
        rule = _SHAPES.get(class_name)
        first = shapes[0] if shapes else None
        return rule(config, first) if rule is not None and first is not None else None
    except (NoEqualError, TypeError, KeyError, ValueError, IndexError, AttributeError):
        return None


def _merged(shapes: Sequence[Shape | None]) -> Shape | None:
    found = shapes[0]
    for each in shapes[1:]:
        found = broadcast(found, each) if found is not None and each is not None and len(found) == len(each) else None
    return found


def _concatenated(config: Config, shapes: Sequence[Shape | None]) -> Shape | None:
    known = [each for each in shapes if each is not None]
    if len(known) < len(shapes) or not known:
        return None
    return joined(known, config.get("axis", -1))


def joined(shapes: Sequence[Shape], axis: int) -> Shape:
    """The shape of tensors that are put behind each other.

    Args:
        shapes: theirs.
        axis: along which.

    Raises:
        NoEqualError: there is no such axis.
    """
    place = axis_of(axis, len(shapes[0]))
    sizes = [each[place] for each in shapes]
    total = None if None in sizes else sum(each for each in sizes if each is not None)
    merged = [next((each[i] for each in shapes if each[i] is not None), None) for i in range(len(shapes[0]))]
    return (*merged[:place], total, *merged[place + 1 :])


def _wrapped(config: Config, shape: Shape) -> Shape | None:
    inner = config["layer"]
    given = _shape(inner["class_name"], inner["config"], [(shape[0], *shape[2:])])
    return None if given is None else (given[0], shape[1], *given[1:])


def _both_ways(config: Config, shape: Shape) -> Shape | None:
    inner = config["layer"]
    given = _shape(inner["class_name"], inner["config"], [shape])
    if given is None or config.get("merge_mode", "concat") is None:
        return None
    last = given[-1]
    return (*given[:-1], last * 2 if config.get("merge_mode", "concat") == "concat" and last is not None else last)


def _recurrent(config: Config, shape: Shape) -> Shape | None:
    if config.get("return_state") or config.get("time_major"):
        return None
    return (shape[0], *shape[1:2], config["units"]) if config.get("return_sequences") else (shape[0], config["units"])


def _flat(_: Config, shape: Shape) -> Shape:
    return (shape[0], _product(shape[1:]))


def _reshaped(config: Config, shape: Shape) -> Shape:
    return (shape[0], *filled(config["target_shape"], shape[1:]))


def filled(sizes: Sequence[int], before: Shape) -> Shape:
    """A shape whose -1 is replaced by its size, None where that is not known.

    Args:
        sizes: that are asked for.
        before: the shape of what is reshaped.
    """
    total = _product(before)
    others = math.prod(each for each in sizes if each != -1)
    return tuple((None if total is None or not others else total // others) if each == -1 else each for each in sizes)


def _product(shape: Shape) -> int | None:
    return None if None in shape else math.prod(each for each in shape if each is not None)


def _convolved(config: Config, shape: Shape) -> Shape:
    filters = config.get("filters")
    return _windows(config, shape, config["kernel_size"], config.get("strides") or 1, filters)


def _depthwise(config: Config, shape: Shape) -> Shape:
    place = 1 if config.get("data_format") == _FIRST else -1
    channels = shape[place]
    filters = None if channels is None else channels * config.get("depth_multiplier", 1)
    return _windows(config, shape, config["kernel_size"], config.get("strides") or 1, filters)


def _pooled(config: Config, shape: Shape) -> Shape:
    place = 1 if config.get("data_format") == _FIRST else -1
    size = config["pool_size"]
    return _windows(config, shape, size, config.get("strides") or size, shape[place])


def _windows(config: Config, shape: Shape, window: Any, strides: Any, channels: int | None) -> Shape:
    rank = len(shape) - 2
    steps, sizes, dilations = (_each(value, rank) for value in (strides, window, config.get("dilation_rate") or 1))
    place = slice(2, None) if config.get("data_format") == _FIRST else slice(1, -1)
    spatial = tuple(
        None if size is None else _count(size, dilation * (width - 1) + 1, step, str(config.get("padding", "valid")))
        for size, width, step, dilation in zip(shape[place], sizes, steps, dilations, strict=True)
    )
    return (shape[0], channels, *spatial) if config.get("data_format") == _FIRST else (shape[0], *spatial, channels)


def _count(size: int, width: int, step: int, padding: str) -> int:
    return (size - width) // step + 1 if padding.lower() == "valid" else -(-size // step)


def _each(value: Any, rank: int) -> list[int]:
    return list(value) if isinstance(value, list) else [value] * rank


def _global(config: Config, shape: Shape) -> Shape:
    is_first = config.get("data_format") == _FIRST
    channels = shape[1 if is_first else -1]
    if not config.get("keepdims"):
        return (shape[0], channels)
    ones: Shape = (1,) * (len(shape) - 2)
    return (shape[0], channels, *ones) if is_first else (shape[0], *ones, channels)


def _larger(config: Config, shape: Shape) -> Shape | None:
    if config.get("data_format") == _FIRST:
        return None
    factors = _each(config["size"], len(shape) - 2)
    sizes = (None if size is None else size * by for size, by in zip(shape[1:-1], factors, strict=True))
    return (shape[0], *sizes, shape[-1])


def _padded(config: Config, shape: Shape) -> Shape | None:
    return _edges(config, shape, config["padding"], 1)


def _cropped(config: Config, shape: Shape) -> Shape | None:
    return _edges(config, shape, config["cropping"], -1)


def _edges(config: Config, shape: Shape, edges: Any, sign: int) -> Shape | None:
    if config.get("data_format") == _FIRST:
        return None
    pairs = [edges] if len(shape) == 3 else edges
    sizes = (
        None if size is None else size + sign * (sum(pair) if isinstance(pair, list) else 2 * pair)
        for size, pair in zip(shape[1:-1], pairs, strict=True)
    )
    return (shape[0], *sizes, shape[-1])


def _permuted(config: Config, shape: Shape) -> Shape:
    return (shape[0], *(shape[axis] for axis in config["dims"]))


_SHAPES: dict[str, Rule] = {
    **{name: lambda _, shape: shape for name in _SAME},
    **dict.fromkeys(_RECURRENT, _recurrent),
    "Dense": lambda config, shape: (*shape[:-1], config["units"]),
    "Embedding": lambda config, shape: (*shape, config["output_dim"]),
    "Flatten": _flat,
    "Reshape": _reshaped,
    "Permute": _permuted,
    "RepeatVector": lambda config, shape: (shape[0], config["n"], *shape[1:]),
    "TimeDistributed": _wrapped,
    "Bidirectional": _both_ways,
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D"), _convolved),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _depthwise),
    **{f"{kind}Pooling{rank}D": _pooled for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _global for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _larger for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": _padded for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropped for rank in (1, 2, 3)},
}
