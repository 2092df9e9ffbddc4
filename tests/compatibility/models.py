"""Models that failed to load somewhere, small, as each Keras writes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tests.compatibility.writers import Part, Writer, chain, tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Build = Callable[[Path], Path]

K23, K24, K210, K213, K215 = (Writer((2, minor)) for minor in (3, 4, 10, 13, 15))
K33, K36, K311, K315 = Writer((3, 3)), Writer((3, 6)), Writer((3, 11)), Writer((3, 15))
TF_KERAS = Writer((2, 21), "tf_keras")
CODE = Path(__file__).parents[1] / "artifacts" / "bytecode" / "data"
NODE = {"class_name": "function", "module": "builtins", "registered_name": "function"}
MSE = {"module": "keras.losses", "class_name": "MeanSquaredError", "config": {"name": "mse"}, "registered_name": None}
ADAM_211 = {"name": "Adam", "weight_decay": None, "use_ema": False, "is_legacy_optimizer": False, "learning_rate": 1e-3}


def h5(writer: Writer, model: Part, training: dict[str, Any] | None = None) -> Build:
    return lambda folder: writer.h5(folder / "model.h5", model, training)


def keras(writer: Writer, model: Part, name: str = "model.keras") -> Build:
    return lambda folder: writer.keras(folder / name, model)


def small(writer: Writer) -> Part:
    return writer.sequential(writer.input(4), writer.dense())


def stack(writer: Writer, *parts: Part, shape: tuple[int | None, ...] = (4,)) -> Part:
    return writer.sequential(writer.input(*shape), *parts)


def connected(writer: Writer) -> Part:
    return chain(writer, writer.input(4), writer.dense("score"))


def code(python: str, name: str) -> str:
    """Bytecode that this CPython really wrote, in base64."""
    text: str = json.loads((CODE / f"{python}.json").read_text())[name]
    return text


def coded(writer: Writer, python: str, name: str = "arithmetic", **config: Any) -> Part:
    return stack(writer, writer.code("double", code(python, name), **config), writer.dense())


def nested(writer: Writer) -> Part:
    """A functional model inside a Sequential, and a layer after it."""
    tower = chain(writer, writer.input(4), writer.dense("inner", 4), name="tower")
    return stack(writer, tower, writer.dense("last"))


def twice(writer: Writer) -> Part:
    """A functional model that applies another one twice, and joins the two."""
    tower = chain(writer, writer.input(4), writer.dense("inner", 4), name="tower")
    begin = writer.number(tower)
    joined = writer.layer("Concatenate", "joined", axis=-1)
    return writer.functional(
        (writer.input(4, name="question"), []),
        (tower, [[["question", 0]], [["question", 0]]]),
        (joined, [[["tower", begin], ["tower", begin + 1]]]),
        (writer.dense("last", takes=8), [[["joined", 0]]]),
    )


def attention(writer: Writer, **more: Any) -> Part:
    kernels = {"kernel_initializer": writer.glorot(), "bias_initializer": writer.object("initializers", "Zeros")}
    config: dict[str, Any] = dict.fromkeys(("key_dim", "value_dim"), 4)
    config |= {"num_heads": 2, "dropout": 0.0, "use_bias": True, "output_shape": None, "attention_axes": [1]}
    one = [(8, 2, 4), (2, 4)]
    layer = writer.layer("MultiHeadAttention", "attention", [*one * 3, (2, 4, 8), (8,)], **config, **kernels, **more)
    itself = [["input_1", 0, 0, {"value": ["input_1", 0, 0]}]]
    call = {"args": [tensor("input_1")] * 2, "kwargs": {}} if writer.is_3 else itself
    return writer.functional((writer.input(5, 8), []), (replace(layer, calls=(call,)), []))


def shapes_of_attention() -> dict[str, Any]:
    return {key: [None, 5, 8] for key in ("query_shape", "key_shape", "value_shape")}


def convolution(writer: Writer, class_name: str, **more: Any) -> Part:
    config: dict[str, Any] = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1]}
    config |= {"data_format": "channels_last", "activation": "linear", "use_bias": True, "depth_multiplier": 1}
    pointwise = [(1, 1, 3, 2), (2,)] if class_name == "SeparableConv2D" else [(3,)]
    layer = writer.layer(class_name, "convolution", [(3, 3, 3, 1), *pointwise], **config, **more)
    return stack(writer, layer, shape=(8, 8, 3))


def mixed(writer: Writer, policy: Any) -> Part:
    return stack(writer, writer.dense("half", 4).but(dtype=policy), writer.dense("score"))


def op_layer(class_name: str, function: str, **arguments: Any) -> Part:
    op = K215.layer(class_name, "op", function=function)
    # Its calls have one list less around them than those of other layers.
    op = replace(op, calls=(["input_1", 0, 0, arguments],))
    return chain(K215, K215.input(5, 4), op, K215.dense("score"))


def operation(writer: Writer, home: str, class_name: str, *arguments: Any, **config: Any) -> Part:
    node = {"module": f"keras.src.ops.{home}", "class_name": class_name, "config": {"name": "operation", **config}}
    call = {"args": [tensor("input_1"), *arguments], "kwargs": {}}
    return writer.functional((writer.input(4), []), (Part(node, calls=(call,)), []))


def compiled(loss: Any, optimizer: str = "Adam", **config: Any) -> dict[str, Any]:
    chosen = {"class_name": optimizer, "config": config or {"name": "Adam", "learning_rate": 1e-3}}
    return {"loss": loss, "metrics": None, "weighted_metrics": None, "loss_weights": None, "optimizer_config": chosen}


def vectorization(vocabulary: Any, **more: Any) -> Part:
    config: dict[str, Any] = dict.fromkeys(("pad_to_max_tokens", "sparse", "ragged"), False)
    config |= {"max_tokens": 20, "standardize": "lower_and_strip_punctuation", "split": "whitespace", "ngrams": None}
    config |= {"output_mode": "int", "output_sequence_length": 4, "vocabulary": vocabulary, "idf_weights": None, **more}
    words = K311.layer("TextVectorization", "words", encoding="utf-8", **config)
    return K311.sequential(K311.input(1, dtype="string"), words)


def normalization(writer: Writer) -> Part:
    config: dict[str, Any] = {"axis": [-1]}
    if writer.version >= (2, 13):
        config |= {"invert": False, "mean": None, "variance": None}
    layer = writer.layer("Normalization", "scaled", [(4,), (4,), ()], **config)
    return stack(writer, layer)


def closed_over(closure: Any) -> Part:
    layer = K23.code("scale", code("3.7", "closure"))
    text = layer.node["config"]["function"][0]
    return stack(K23, layer.but(function=[text, None, closure]))


def with_own_layer(writer: Writer, module: str = "shop.layers", registered_name: str = "Scale") -> Part:
    layer = writer.layer("Scale", "scale")
    return stack(writer, Part({**layer.node, "module": module, "registered_name": registered_name}))


def activated(writer: Writer, activation: Any) -> Part:
    return stack(writer, writer.dense().but(activation=activation))


def compiled_without_optimizer(folder: Path) -> Path:
    model = small(K315)
    node = {**model.node, "compile_config": {"loss": "mse", "metrics": None}}
    return K315.keras(folder / "model.keras", Part(node, inside=model.inside))


def compiled_with_optimizer(folder: Path) -> Path:
    model = small(K315)
    config = {"name": "adam", "learning_rate": 1e-3}
    adam = {"module": "keras.optimizers", "class_name": "Adam", "config": config, "registered_name": None}
    node = {**model.node, "compile_config": {"optimizer": adam, "loss": "mse", "metrics": None}}
    return K315.keras(folder / "model.keras", Part(node, inside=model.inside))


def zip_called_h5(folder: Path) -> Path:
    return K33.keras(folder / "model.keras", small(K33)).rename(folder / "model.h5")


def hdf5_called_keras(folder: Path) -> Path:
    return K33.h5(folder / "model.keras", small(K33))


def weights_alone(folder: Path) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["layer_names"] = np.array([b"dense"])
        group = file.create_group("dense")
        group.attrs["weight_names"] = np.array([b"dense/kernel:0"])
        group["dense/kernel:0"] = np.zeros((4, 2), np.float32)
    return folder / "model.h5"


def list_config(folder: Path) -> Path:
    dense = K23.dense().but(batch_input_shape=[None, 4])
    model = Part({"class_name": "Sequential", "config": [dense.node]}, inside=(dense,))
    return Writer((2, 1)).h5(folder / "model.h5", model)


def first_with_batch(writer: Writer) -> Part:
    """A Sequential without an input layer: its first layer says the shape instead."""
    config: dict[str, Any] = {"filters": 2, "kernel_size": [3], "strides": [1], "dilation_rate": [1]}
    config |= {"padding": "valid", "data_format": "channels_last", "activation": "linear", "use_bias": True}
    layer = writer.layer("Conv1D", "conv", [(3, 4, 2), (2,)], **config, batch_input_shape=[None, 6, 4])
    return writer.sequential(layer)


def doubled(writer: Writer) -> Part:
    """`x * 2` after an input."""
    return operation(writer, "numpy", "Multiply", 2.0)


def distributed(writer: Writer) -> Part:
    """A wrapper around a layer, whose module Keras 2.12 and older leave out."""
    inner = writer.dense("inner")
    plain = {"class_name": "Dense", "config": inner.node["config"]}
    wrapped = plain if writer.version < (2, 13) else inner.node
    return stack(writer, writer.layer("TimeDistributed", "each", inner.weights, layer=wrapped), shape=(5, 4))


def attending(writer: Writer) -> Part:
    """The older Attention, which a text tells how to score."""
    layer = writer.layer("Attention", "attended", use_scale=False, score_mode="dot", dropout=0.0)
    call = {"args": [[tensor("input_1")] * 2], "kwargs": {}}
    return writer.functional((writer.input(5, 4), []), (replace(layer, calls=(call,)), []))


def softened(writer: Writer, axis: Any) -> Part:
    return stack(writer, writer.layer("Softmax", "soft", axis=axis), shape=(5, 4))


def named_function(writer: Writer) -> Part:
    config: dict[str, Any] = {"function": "tripled", "function_type": "function", "module": "shop.models"}
    config |= {"output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}
    return stack(writer, writer.layer("Lambda", "triple", **config))


def normalized_batch(writer: Writer, axis: Any, shape: tuple[int, ...] = (4,)) -> Part:
    zeros, ones = writer.object("initializers", "Zeros"), writer.object("initializers", "Ones")
    config: dict[str, Any] = {"axis": axis, "momentum": 0.9, "epsilon": 1e-3, "center": True, "scale": True}
    config |= {"beta_initializer": zeros, "gamma_initializer": ones}
    config |= {"moving_mean_initializer": zeros, "moving_variance_initializer": ones}
    return stack(writer, writer.layer("BatchNormalization", "batch", [(4,)] * 4, **config), shape=shape)


def shaped_lambda(writer: Writer) -> Part:
    return chain(writer, writer.input(4), writer.code("double", code("3.11", "arithmetic"), output_shape=[4]))


def given_normalization(writer: Writer) -> Part:
    layer = writer.layer("Normalization", "scaled", axis=[-1], mean=[1.0] * 4, variance=[4.0] * 4)
    return stack(writer, layer, writer.dense())


def lambdas_at_depth(writer: Writer) -> Part:
    """One Lambda in a nested model, and one in a wrapper."""
    text = code("3.13", "arithmetic")
    tower = chain(writer, writer.input(4), writer.code("inside", text), name="tower")
    wrapped = writer.layer("TimeDistributed", "each", layer=writer.code("wrapped", text).node)
    return stack(writer, tower, writer.layer("RepeatVector", "repeated", n=2), wrapped)


def in_code_with(writer: Writer, python: str, name: str) -> Part:
    return chain(writer, writer.input(4), writer.code("double", code(python, name)), writer.dense())


def chained_in_sequential(writer: Writer) -> Part:
    """A functional model that applies another one once, and a layer after it."""
    tower = chain(writer, writer.input(4), writer.dense("inner", 4), name="tower")
    return chain(writer, writer.input(4, name="features"), tower, writer.dense("last"))


def ending_in_a_model(writer: Writer) -> Part:
    tower = chain(writer, writer.input(4), writer.dense("inner", 2), name="tower")
    return chain(writer, writer.input(4, name="features"), writer.dense("first", 4), tower)


def weightless(writer: Writer) -> Part:
    """A model whose last layer has no weights in the file."""
    lost = writer.dense("lost", 5, takes=3)
    return stack(writer, writer.dense(units=3), Part(lost.node))


def shared_by_two_models(writer: Writer, *, twice: bool = False) -> Part:
    """Two models around one layer, whose weights a .keras file holds once."""
    inputs, shared = writer.input(4), writer.dense("shared")
    first = chain(writer, inputs, shared, name="first")
    second = chain(writer, inputs, shared if twice else Part(shared.node), name="second")
    both = writer.layer("Add", "both")
    question = writer.input(4, name="question")
    calls = [["first", writer.number(first)], ["second", writer.number(second)]]
    return writer.functional(
        (question, []), (first, [[["question", 0]]]), (second, [[["question", 0]]]), (both, [calls])
    )


def without_shape(writer: Writer, **shape: Any) -> Part:
    return writer.sequential(writer.dense("first", 4), writer.dense("second"), **shape)


def hard(writer: Writer) -> Part:
    return activated(writer, "hard_sigmoid")


def hard_without_input(writer: Writer) -> Part:
    """One that names nothing but what Keras 2 knows too."""
    return writer.sequential(writer.dense().but(activation="hard_sigmoid"), build_input_shape=[None, 4])


def subclassed(writer: Writer) -> Part:
    node = {"module": "shop.models", "class_name": "Ranker", "config": {"units": 2}, "registered_name": "Ranker"}
    return Part(node, inside=small(writer).inside)


def built_by_its_call(folder: Path) -> Path:
    path = K311.h5(folder / "model.h5", Part({"class_name": "Ranker", "config": {"units": 2}}))
    with h5py.File(path, "a") as file:
        file["model_weights/dense/ranker/dense/kernel"] = np.zeros((4, 2), np.float32)
    return path


POLICY_213 = {"module": "keras.mixed_precision", "class_name": "Policy", "config": {"name": "mixed_float16"}}
POLICY_24 = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
LAMBDA_ACTIVATION = {"value": [code("3.13", "arithmetic"), None, None]}
CLIPPED = {**NODE, "config": "clipped"}
SLICE = {"start": None, "stop": None, "step": None}
K3_SLICE = {"class_name": "__slice__", "config": SLICE}


def both_ways_activated(writer: Writer, name: str) -> Part:
    """A Bidirectional around a layer with an activation of the user's own."""
    activation = {**CLIPPED, "config": name}
    lstm = {**writer.lstm("forward", return_sequences=True).but(activation=activation).node, "module": "keras.layers"}
    return chain(writer, writer.input(5, 3), writer.layer("Bidirectional", "both", layer=lstm, merge_mode="concat"))


def triple(writer: Writer, closure: Any, defaults: list[float] | None = None) -> Build:
    layer = writer.code("scale", code("3.7", "closure"))
    text = K215.code("scale", code("3.7", "closure")).node["config"]["function"][0]
    return h5(writer, stack(writer, layer.but(function=[text, defaults, closure])))


def encoded(
    writer: Writer,
    shape: tuple[int | None, ...] = (1,),
    output_mode: str = "one_hot",
    class_name: str = "CategoryEncoding",
    *,
    before: Sequence[str] = (),
    behind: Sequence[str] = (),
    model: Callable[..., Part] = Writer.sequential,
) -> Build:
    """A layer that encodes integers, or numbers by their bins, with layers around it."""
    is_binned = class_name == "Discretization"
    sizes: dict[str, dict[str, Any]] = {"Discretization": {"bin_boundaries": [0.5]}, "Hashing": {"num_bins": 5}}
    size = sizes.get(class_name, {"num_tokens": 5})
    layer = writer.layer(class_name, "encoded", **size, output_mode=output_mode, sparse=False)
    layer = layer.without("trainable") if is_binned and writer.is_3 else layer
    first, last = ([writer.layer(name, name.lower()) for name in names] for names in (before, behind))
    given = writer.input(*shape, dtype="float32" if is_binned else "int32")
    return h5(writer, model(writer, given, *first, layer, *last))


def over_time(
    writer: Writer,
    held: Callable[[Writer, Part], Build],
    *,
    is_built: bool,
    around: Callable[..., Part] = chain,
) -> Build:
    """A Sequential applied to each step, built with its inputs or by the first call."""
    inside = (writer.input(4),) if is_built else ()
    wrapper = writer.layer("TimeDistributed", "steps", layer=writer.sequential(*inside, writer.dense()).node)
    return held(writer, around(writer, writer.input(3, 4, name="input_2"), wrapper))
