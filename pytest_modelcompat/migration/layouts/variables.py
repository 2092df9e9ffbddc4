"""The variables of Keras' own layers, by their configuration alone: names, order, and the part that has them.

Of a class that is not listed here, nothing is known of its variables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.comparison.artifacts.layer_weights import snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_modelcompat.migration.layouts.keras_groups import Layout

    Config = Mapping[str, Any]
    Names = tuple[str, ...]

_MODELS = frozenset({"Functional", "Sequential", "Model"})
_QUANTIZED = ("quantization_config", "lora_rank")


@dataclass(frozen=True)
class Part:
    """A layer, or a part of one, with variables.

    Args:
        group: where a .keras file has it, below what holds it; empty for that itself.
        words: what is in the path of its variables in an .h5 file; empty for nothing in particular.
        trained: the names of its trainable variables, in order.
        fixed: the names of the others, in order.
        is_trainable: whether it is to be trained.
        parts: those in it, in order.
    """

    group: str
    words: str = ""
    trained: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    is_trainable: bool = True
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Variable:
    """A variable of a layer of the outermost model.

    Args:
        group: where a .keras file has it: `layers/dense/vars/0`.
        words: of the parts that hold it, from the outside to the inside.
        name: its own: `kernel`.
    """

    group: str
    words: tuple[str, ...]
    name: str


def part_of(layer: Mapping[str, Any], layout: Layout, group: str = "", words: str = "") -> Part | None:
    """A layer with its parts.

    Args:
        layer: its node.
        layout: the names of parts.
        group: of the part.
        words: of the part.

    Returns:
        None for a class of which nothing is known.
    """
    name, config = str(layer.get("class_name", "")), as_mapping(layer.get("config"))
    if any(config.get(key) for key in _QUANTIZED):
        return None
    is_trainable = config.get("trainable") is not False
    if name in _MODELS and isinstance(config.get("layers"), list):
        parts = tuple(parts_of_model(config["layers"], layout))
    elif name in _PARTS:
        parts = tuple(_PARTS[name](config, layout))
    elif name in _VARIABLES:
        trained, fixed = _VARIABLES[name](config)
        return Part(group, words, trained, fixed, is_trainable)
    else:
        return None
    known = tuple(each for each in parts if each is not None)
    return Part(group, words, is_trainable=is_trainable, parts=known) if len(known) == len(parts) else None


def variables_of(part: Part, before: str = "") -> tuple[Variable, ...]:
    """The variables of a layer in the order in which an .h5 file lists them: those that are trained, then the others.

    As `_legacy_weights` of `keras/src/legacy/saving/legacy_h5_format.py` has them.

    Args:
        part: the layer.
        before: the group that holds its own.
    """
    return (*_trained(part, before, ()), *_fixed(part, before, ()))


def parts_of_model(layers: list[Any], layout: Layout) -> Iterator[Part | None]:
    """The layers of a model, each in its group; None for one of a class of which nothing is known.

    Args:
        layers: their nodes.
        layout: the names of groups.
    """
    counts: dict[str, int] = {}
    for layer in layers:
        if not isinstance(layer, dict):
            yield None
            continue
        name = snake_case(str(layer.get("class_name", "")).rpartition(">")[2])
        number = counts.get(name, 0)
        group = f"{layout.root}/{name}_{number}" if number else f"{layout.root}/{name}"
        part = part_of(layer, layout, group, str(as_mapping(layer.get("config")).get("name", "")))
        has_variables = part is not None and next(iter(variables_of(part)), None) is not None
        counts[name] = number + layout.step(has_weights=has_variables)
        yield part


def _trained(part: Part, before: str, words: Names) -> Iterator[Variable]:
    if part.is_trainable:
        inside, known = _place(part, before, words)
        yield from (Variable(f"{inside}vars/{number}", known, name) for number, name in enumerate(part.trained))
        for each in part.parts:
            yield from _trained(each, inside, known)


def _fixed(part: Part, before: str, words: Names) -> Iterator[Variable]:
    inside, known = _place(part, before, words)
    names = (*part.trained, *part.fixed)
    first = len(part.trained) if part.is_trainable else 0
    yield from (Variable(f"{inside}vars/{first + n}", known, name) for n, name in enumerate(names[first:]))
    for each in part.parts:
        if not part.is_trainable:
            yield from _trained(each, inside, known)
        yield from _fixed(each, inside, known)


def _place(part: Part, before: str, words: Names) -> tuple[str, Names]:
    return f"{before}{part.group}/" if part.group else before, (*words, part.words) if part.words else words


def _without(config: Config) -> tuple[Names, Names]:
    del config
    return (), ()


def _kernels(*kernels: str) -> Callable[[Config], tuple[Names, Names]]:
    def names(config: Config) -> tuple[Names, Names]:
        return (*kernels, "bias") if config.get("use_bias", True) else kernels, ()

    return names


def _einsum(config: Config) -> tuple[Names, Names]:
    return ("kernel", "bias") if config.get("bias_axes") else ("kernel",), ()


def _scaled(config: Config) -> tuple[Names, Names]:
    gamma = ("gamma",) if config.get("scale", True) else ()
    return (*gamma, "beta") if config.get("center", True) else gamma, ()


def _batch(config: Config) -> tuple[Names, Names]:
    return _scaled(config)[0], ("moving_mean", "moving_variance")


def _normalization(config: Config) -> tuple[Names, Names]:
    return (), () if config.get("mean") is not None else ("mean", "variance", "count")


def _dot_attention(config: Config) -> tuple[Names, Names]:
    scale = ("scale",) if config.get("use_scale") else ()
    return (*scale, "concat_score_weight") if config.get("score_mode") == "concat" else scale, ()


def _one(name: str, key: str = "", *, default: bool = True) -> Callable[[Config], tuple[Names, Names]]:
    def names(config: Config) -> tuple[Names, Names]:
        return ((name,) if not key or config.get(key, default) else ()), ()

    return names


_CELL = _kernels("kernel", "recurrent_kernel")
_VARIABLES: dict[str, Callable[[Config], tuple[Names, Names]]] = {
    "Dense": _kernels("kernel"),
    "EinsumDense": _einsum,
    **dict.fromkeys((f"Conv{n}D{end}" for n in (1, 2, 3) for end in ("", "Transpose")), _kernels("kernel")),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _kernels("depthwise_kernel")),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _kernels("depthwise_kernel", "pointwise_kernel")),
    "Embedding": _one("embeddings"),
    "BatchNormalization": _batch,
    "LayerNormalization": _scaled,
    "GroupNormalization": _scaled,
    "Normalization": _normalization,
    "PReLU": _one("alpha"),
    "Attention": _dot_attention,
    "AdditiveAttention": _one("scale", "use_scale"),
    **dict.fromkeys(("SimpleRNNCell", "GRUCell", "LSTMCell"), _CELL),
    **dict.fromkeys(
        (
            *("InputLayer", "Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU", "Masking"),
            *("Flatten", "Reshape", "Permute", "RepeatVector", "Rescaling", "Resizing", "CenterCrop"),
            *(
                "Dropout",
                "SpatialDropout1D",
                "SpatialDropout2D",
                "SpatialDropout3D",
                "GaussianNoise",
                "GaussianDropout",
            ),
            *("AlphaDropout", "ActivityRegularization", "UnitNormalization", "Identity"),
            *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
            *(f"{kind}Pooling{n}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for n in (1, 2, 3)),
            *(f"{kind}{n}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for n in (1, 2, 3)),
            *("TFOpLambda", "SlicingOpLambda", "Lambda", "CategoryEncoding", "RandomFlip", "RandomRotation"),
            *("RandomZoom", "RandomCrop", "RandomTranslation", "RandomContrast", "RandomBrightness"),
        ),
        _without,
    ),
}


def _cell_of(config: Config, layout: Layout) -> Iterator[Part | None]:
    del layout
    yield Part("cell", trained=_CELL(config)[0], is_trainable=config.get("trainable") is not False)


def _given_cell(config: Config, layout: Layout) -> Iterator[Part | None]:
    yield part_of(as_mapping(config.get("cell")), layout, "cell")


def _stacked(config: Config, layout: Layout) -> Iterator[Part | None]:
    counts: dict[str, int] = {}
    for cell in config.get("cells") or ():
        name = snake_case(str(as_mapping(cell).get("class_name", "")))
        number = counts.get(name, 0)
        counts[name] = number + 1
        inner = as_mapping(as_mapping(cell).get("config")).get("name", "")
        yield part_of(as_mapping(cell), layout, f"cells/{name}_{number}" if number else f"cells/{name}", str(inner))


def _both_ways(config: Config, layout: Layout) -> Iterator[Part | None]:
    layer = as_mapping(config.get("layer"))
    yield part_of(layer, layout, "forward_layer", "forward_*")
    yield part_of(as_mapping(config.get("backward_layer")) or layer, layout, "backward_layer", "backward_*")


def _wrapped(config: Config, layout: Layout) -> Iterator[Part | None]:
    yield part_of(as_mapping(config.get("layer")), layout, "layer")


def _attention(config: Config, layout: Layout) -> Iterator[Part | None]:
    private = "_" if layout.is_private else ""
    names = ("kernel", "bias") if config.get("use_bias", True) else ("kernel",)
    for group, words in (("query", "query"), ("key", "key"), ("value", "value"), ("output", "attention_output")):
        yield Part(f"{private}{group}_dense", words, names)


_PARTS: dict[str, Callable[[Config, Layout], Iterator[Part | None]]] = {
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM", *(f"ConvLSTM{n}D" for n in (1, 2, 3))), _cell_of),
    "RNN": _given_cell,
    "StackedRNNCells": _stacked,
    "Bidirectional": _both_ways,
    "TimeDistributed": _wrapped,
    "MultiHeadAttention": _attention,
}
