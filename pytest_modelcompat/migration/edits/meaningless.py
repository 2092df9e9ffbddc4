"""Arguments of Keras 2 that change nothing which a model predicts, and the values of which that is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_modelcompat.migration.configuration.nodes import Node

    Holds = Callable[[Any, Mapping[str, Any]], bool]

# What the value of an argument must be; the second is the whole configuration that it stands in.
_ANY: Holds = lambda _, __: True  # noqa: E731
_NONE: Holds = lambda value, _: value is None  # noqa: E731
_FALSE: Holds = lambda value, _: value is False  # noqa: E731
_ONE: Holds = lambda value, _: value == 1  # noqa: E731
_NO_RENORM: Holds = lambda _, config: not config.get("renorm")  # noqa: E731
_RAW: Holds = lambda _, config: config.get("output_shape_type", "raw") in ("raw", None)  # noqa: E731
_EMPTY: Holds = lambda value, _: not value  # noqa: E731

# Classes that take random numbers: which ones is only seen in training.
_AUGMENTING = tuple(f"Random{each}" for each in ("Crop", "Flip", "Translation", "Rotation", "Zoom", "Contrast"))
_AUGMENTING += ("RandomHeight", "RandomWidth", "RandomBrightness")
_CELLS = ("LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "RNN")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_NORMALIZING = ("BatchNormalization", "SyncBatchNormalization")

# Key -> classes, or none for all -> the values of which it is so.
_BY_KEY: dict[str, tuple[tuple[str, ...], Holds]] = {
    "time_major": ((), _FALSE),
    "implementation": (_CELLS, _ANY),
    "groups": ((*_SEPARABLE, *_DEPTHWISE), _ONE),
    "kernel_initializer": (_SEPARABLE, _ANY),
    "kernel_regularizer": (_SEPARABLE, _ANY),
    "kernel_constraint": (_SEPARABLE, _ANY),
    "dynamic": ((), _FALSE),
    "query_shape": (("MultiHeadAttention",), _ANY),
    "key_shape": (("MultiHeadAttention",), _ANY),
    "value_shape": (("MultiHeadAttention",), _ANY),
    "softmax_robust_masking": (("MultiHeadAttention", "Softmax"), _FALSE),
    "renorm": (_NORMALIZING, _FALSE),
    "renorm_clipping": (_NORMALIZING, _NO_RENORM),
    "renorm_momentum": (_NORMALIZING, _NO_RENORM),
    "fused": (_NORMALIZING, _ANY),
    "virtual_batch_size": (_NORMALIZING, _NONE),
    "adjustment": (_NORMALIZING, _NONE),
    "rng_type": (_AUGMENTING, _ANY),
    "force_generator": ((), _ANY),
    "noise_shape": (("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _NONE),
    "module": (("Lambda",), _RAW),
    "function_type": (("Lambda",), _RAW),
    "output_shape_type": (("Lambda",), _RAW),
    "output_shape_module": (("Lambda",), _RAW),
    "causal": (("Attention", "AdditiveAttention"), _FALSE),
    "has_input_vocabulary": (LOOKUPS, _ANY),
    "vocabulary_size": (LOOKUPS, _ANY),
    "batch_input_shape": ((), _ANY),
    "weights": ((), _EMPTY),
}
# What makes the weights of a layer before those of the file are read.
_BEGINS_WEIGHTS = frozenset({"initializer"})
# Arguments of its class; where Keras 3's takes none, it has no weights.
_WITHOUT_WEIGHTS = frozenset({"trainable"})


def is_meaningless(node: Node, key: str) -> bool:
    """Whether a model predicts the same without an argument, whose class does not take it any more.

    Args:
        node: a layer or object of Keras' own.
        key: of its configuration.
    """
    if node.role in _BEGINS_WEIGHTS:
        return key in ("dtype", "partition_info")
    if key in _WITHOUT_WEIGHTS:
        return node.is_layer
    classes, holds = _BY_KEY.get(key, ((), _never))
    return (not classes or node.class_name in classes) and holds(node.config[key], node.config)


def _never(value: Any, config: Mapping[str, Any]) -> bool:
    del value, config
    return False
