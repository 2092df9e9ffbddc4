"""Shapes: those of the weights that some layers of Keras are sure to have, by their configuration alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_modelcompat.artifacts.inventory import LayerUse

# None stands for a size that the layer's input decides.
Shape = tuple[int | None, ...]

# Each of them adds weights, or gives those of the layer other shapes.
_OTHER_WEIGHTS = ("quantization_config", "lora_rank", "renorm", "stateful")
_PLAIN_POLICIES = ("float", "mixed", "bfloat")


def expected_shapes(layer: LayerUse) -> tuple[Shape, ...] | None:
    """The shapes of a layer's weights; None where its class or its configuration leaves any doubt.

    Args:
        layer: of Keras' own class of that name.
    """
    shapes_of = _SHAPES_OF.get(layer.class_name)
    if shapes_of is None or any(layer.config.get(key) for key in _OTHER_WEIGHTS) or not _is_plain(layer.config):
        return None
    try:
        return shapes_of(layer.config)
    except (KeyError, TypeError):
        return None


def shape_matches(shape: tuple[int, ...], asked: Shape) -> bool:
    """Whether a weight of this shape can be the one asked for."""
    return len(shape) == len(asked) and all(
        size in (want, None) or want is None for size, want in zip(shape, asked, strict=True)
    )


def shape_text(shape: Shape) -> str:
    """A shape in words: `(?, 5)`."""
    sizes = ["?" if size is None else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _is_plain(config: Mapping[str, Any]) -> bool:
    """Whether its dtype is none of the quantized ones, whose weights have other shapes."""
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        inner = dtype.get("config")
        dtype = inner.get("name", "") if isinstance(inner, dict) else ""
    return dtype is None or (isinstance(dtype, str) and dtype.startswith(_PLAIN_POLICIES))


def _size(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _with_bias(config: Mapping[str, Any], bias: int, *kernels: Shape) -> tuple[Shape, ...]:
    return (*kernels, (bias,)) if config["use_bias"] else kernels


def _dense(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    units = _size(config["units"])
    return _with_bias(config, units, (None, units))


def _convolution(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    filters = _size(config["filters"])
    return _with_bias(config, filters, (*map(_size, config["kernel_size"]), None, filters))


def _embedding(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    return ((_size(config["input_dim"]), _size(config["output_dim"])),)


def _batch_normalization(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    axis = config["axis"]
    if isinstance(axis, list) and len(axis) != 1:
        raise TypeError
    return ((None,),) * (2 + bool(config["center"]) + bool(config["scale"]))


def _layer_normalization(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    axis = config["axis"]
    if isinstance(axis, list) and len(axis) != 1:
        raise TypeError
    is_shifted = config["center"] and not config.get("rms_scaling")
    return ((None,),) * (bool(is_shifted) + bool(config["scale"] or config.get("rms_scaling")))


def _lstm(config: Mapping[str, Any]) -> tuple[Shape, ...]:
    units = _size(config["units"])
    return _with_bias(config, 4 * units, (None, 4 * units), (units, 4 * units))


_SHAPES_OF: Mapping[str, Callable[[Mapping[str, Any]], tuple[Shape, ...]]] = {
    "Dense": _dense,
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "Embedding": _embedding,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "LSTM": _lstm,
}
