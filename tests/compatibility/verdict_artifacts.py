"""The artifacts of the golden of verdicts: for each rule one that it finds, by writers on both sides of its bounds."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import h5py

from tests.compatibility import models
from tests.compatibility.asked_rows import (
    LEGACY_ADAM,
    SCALED,
    adapted,
    both_ways,
    compiled_as,
    given_function,
    looking_up,
    saved_model_inside,
    unbuilt,
)
from tests.compatibility.graph_files import graph_def, meta_graph, node, saved_model, signature
from tests.compatibility.models import (
    ADAM_211,
    CLIPPED,
    K23,
    K24,
    K33,
    K36,
    K210,
    K213,
    K215,
    K311,
    K315,
    LAMBDA_ACTIVATION,
    MSE,
    TF_KERAS,
    activated,
    code,
    coded,
    compiled,
    h5,
    keras,
    small,
    stack,
)
from tests.compatibility.wrapped_rows import activated_by, attending_across, functional_over_time, looked_up
from tests.compatibility.writers import Part, Writer, tensor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compatibility.models import Build

K25, K26, K212 = Writer((2, 5)), Writer((2, 6)), Writer((2, 12))
K30, K34, K313, K314 = (Writer((3, minor)) for minor in (0, 4, 13, 14))


@dataclass(frozen=True)
class Judged:
    """An artifact that is judged in every runtime.

    Args:
        build: makes it in a folder.
        custom: what is declared.
        unsafe: whether it is judged for `safe_mode=False`.
    """

    build: Build
    custom: tuple[str, ...] = ()
    unsafe: bool = False


def hashing(writer: Writer, output_mode: str = "int") -> Part:
    layer = writer.layer("Hashing", "hashed", num_bins=3, output_mode=output_mode)
    return writer.sequential(writer.input(1, dtype="int64"), layer)


def binned(writer: Writer) -> Part:
    """Integers of a Discretization, which an Activation hands on."""
    bins = writer.layer("Discretization", "bins", bin_boundaries=[0.5], output_mode="int", sparse=False)
    return writer.sequential(
        writer.input(4), bins.without("trainable"), writer.layer("Activation", "act", activation="relu")
    )


def dropped_out(writer: Writer) -> Part:
    return stack(writer, writer.layer("Dropout", "drop", rate=0.5, seed=None, noise_shape=None))


def given_lambda(writer: Writer, python: str) -> dict[str, Any]:
    """A loss that is a lambda."""
    text = code(python, "arithmetic")
    if writer.is_3:
        return {"class_name": "__lambda__", "config": {"code": text, "defaults": None, "closure": None}}
    return {"class_name": "__lambda__", "config": {"value": [text, None, None]}}


def closed_over(writer: Writer) -> Part:
    """A Lambda whose function uses a variable of the function around it."""
    layer = writer.code("scale", code("3.7", "closure"))
    text = layer.node["config"]["function"][0]
    return stack(writer, layer.but(function=[text, None, [3]]))


def linked(folder: Path) -> Path:
    """A .keras file whose weights lead to another file."""
    path = K311.keras(folder / "model.keras", small(K311))
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    inner = folder / "inner.h5"
    inner.write_bytes(held["model.weights.h5"])
    with h5py.File(inner, "a") as file:
        file["layers/dense/vars/2"] = h5py.ExternalLink("other.h5", "/x")
    held["model.weights.h5"] = inner.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def unzipped(folder: Path) -> Path:
    """What is in a .keras file, in a folder."""
    path = K36.keras(folder / "zipped.keras", small(K36))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "model.keras")
    return folder / "model.keras"


def preset(folder: Path) -> Path:
    """A preset of KerasHub."""
    path = K36.keras(folder / "zipped.keras", models.with_own_layer(K36, "keras_hub.src.layers", "keras_hub>Scale"))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "preset")
    metadata = {"keras_version": "3.6.0", "keras_hub_version": "0.19.0"}
    (folder / "preset" / "metadata.json").write_text(json.dumps(metadata))
    return folder / "preset"


def calling(writer: Writer) -> Part:
    """A functional model with a function of the user's own among the arguments of a call."""
    function = {"class_name": "function", "config": "tripled", "module": "shop.models", "registered_name": "tripled"}
    layer = writer.layer("Add", "added")
    call = {"args": [[tensor("input_1")] * 2], "kwargs": {"fn": function}}
    return writer.functional((writer.input(4), []), (replace(layer, calls=(call,)), []))


def embedding(writer: Writer) -> Part:
    layer = writer.layer("Embedding", "embedded", [(9, 4)], input_dim=9, output_dim=4, mask_zero=True)
    return writer.sequential(writer.input(4), layer)


OBJECTS = """object_graph_def {
  nodes { user_object { identifier: "optimizer" } slot_variables { } slot_variables { } }
  nodes { captured_tensor { } }
}
asset_file_def { filename: "words.txt" }
"""
OPS = "".join(
    (
        node("DisableCopyOnRead"),
        node("FancyOfNobody"),
        node("TFText>Nope"),
        node("IO>AudioDecodeMP3"),
        node("PyFunc"),
        node("NcclAllReduce", T="type: DT_FLOAT", reduction='s: "sum"', num_devices="i: 1", shared_name='s: ""'),
        node("GatherNd", Tparams="type: DT_FLOAT", Tindices="type: DT_INT32", bad_indices_policy='s: "IGNORE"'),
        node("AssignVariableOp", dtype="type: DT_FLOAT", validate_shape="b: true"),
        node("Cast", SrcT="type: DT_FLOAT", DstT="type: DT_FLOAT8_E5M2"),
        node("Relu"),
    )
)
NEW = "versions { producer: 99999 min_consumer: 99999 }"


def layer_scale(writer: Writer) -> Part:
    """A layer that Keras has for its ConvNeXt alone."""
    part = writer.layer("LayerScale", "scaled", init_values=0.5, projection_dim=4)
    module = "keras.src.applications.convnext"
    return replace(part, node={**part.node, "module": module, "registered_name": "LayerScale"})


ARTIFACTS = {
    "activation of tf.nn, h5 of Keras 2.15": Judged(h5(K215, activated(K215, "leaky_relu"))),
    "activation of tf.nn as a function, keras of 3.3": Judged(keras(K33, given_function(K33, "hard_swish"))),
    "attention, SavedModel of 2.10": Judged(saved_model(keras=(K210, models.attention(K210)))),
    "attention without shapes, h5 of 2.4": Judged(h5(K24, models.attention(K24))),
    "attention without shapes, h5 of 2.5": Judged(h5(K25, models.attention(K25))),
    "attention scored by a text, h5 of 3.15": Judged(h5(K315, models.attending(K315))),
    "axis of BatchNormalization, keras of 2.13": Judged(keras(K213, models.normalized_batch(K213, [1]))),
    "axis of BatchNormalization, h5 of 3.3": Judged(h5(K33, models.normalized_batch(K33, 1, (4, 3)))),
    "axis of BatchNormalization that is the last, h5 of 3.3": Judged(h5(K33, models.normalized_batch(K33, 1))),
    "axis of Softmax, h5 of 3.3": Judged(h5(K33, models.softened(K33, 1))),
    "batch shape in the first layer, h5 of 2.3": Judged(h5(K23, models.first_with_batch(K23))),
    "Bidirectional around an own cell, h5 of 2.15": Judged(h5(K215, both_ways(K215)), custom=("Cell",)),
    "Bidirectional around an own cell, h5 of 3.0": Judged(h5(K30, both_ways(K30)), custom=("Cell",)),
    "Bidirectional with an own activation, h5 of 2.15": Judged(
        h5(K215, models.both_ways_activated(K215, "clipped")), custom=("clipped",)
    ),
    "Bidirectional with an own activation, h5 of 3.0": Judged(
        h5(K30, models.both_ways_activated(K30, "clipped")), custom=("clipped",)
    ),
    "bytecode, h5 of 2.4": Judged(h5(K24, coded(K24, "3.8", "def_for"))),
    "bytecode, h5 of 3.11": Judged(h5(K311, coded(K311, "3.13", "global"))),
    "bytecode in a wrapper, h5 of 3.3": Judged(h5(K33, models.lambdas_at_depth(K33)), unsafe=True),
    "bytecode, keras of 2.13": Judged(keras(K213, coded(K213, "3.11"))),
    "bytecode that is trusted, keras of 3.11": Judged(keras(K311, coded(K311, "3.11")), unsafe=True),
    "bytecode, SavedModel of 2.10": Judged(saved_model(keras=(K210, coded(K210, "3.8")))),
    "closure, h5 of 2.3": Judged(h5(K23, closed_over(K23))),
    "closure, h5 of 2.4": Judged(h5(K24, closed_over(K24))),
    "compiled with a lambda, keras of 3.11": Judged(compiled_as(K311, loss=given_lambda(K311, "3.13"), optimizer=None)),
    "compiled with a list of own losses, h5 of 3.11": Judged(h5(K311, small(K311), compiled(["own", "mse"]))),
    "compiled with a loss of reduction auto, h5 of 2.15": Judged(
        h5(K215, small(K215), compiled({**MSE, "config": {"reduction": "auto", "name": "mse"}}))
    ),
    "compiled with a loss of reduction auto, h5 of 3.0": Judged(
        h5(K30, small(K30), compiled({**MSE, "config": {"reduction": "auto", "name": "mse"}}))
    ),
    "compiled with a short name, h5 of 2.15": Judged(h5(K215, small(K215), compiled("mse"))),
    "compiled with a new optimizer, h5 of 2.13": Judged(
        h5(K213, small(K213), compiled(MSE, "Custom>Adam", **ADAM_211))
    ),
    "compiled with a scaled optimizer, h5 of 2.15": Judged(
        h5(K215, small(K215), compiled(MSE, "LossScaleOptimizerV3", name="LossScaleOptimizer", **SCALED))
    ),
    "compiled without an optimizer, keras of 3.15": Judged(models.compiled_without_optimizer),
    "Dense, h5 of 2.15": Judged(h5(K215, small(K215))),
    "Dense, h5 of 3.3": Judged(h5(K33, small(K33))),
    "Dense, keras of 2.13": Judged(keras(K213, small(K213))),
    "Dense, keras of 2.15": Judged(keras(K215, small(K215))),
    "Dense, keras of 3.15": Judged(keras(K315, small(K315))),
    "depthwise convolution, h5 of 2.15": Judged(h5(K215, models.convolution(K215, "DepthwiseConv2D", groups=1))),
    "Functional, keras of 2.15": Judged(keras(K215, models.connected(K215))),
    "Functional, keras of 3.11": Judged(keras(K311, models.connected(K311))),
    "Functional, keras of tf_keras 2.21": Judged(keras(TF_KERAS, models.connected(TF_KERAS))),
    "Functional that ends in a model, keras of 3.3": Judged(keras(K33, models.ending_in_a_model(K33))),
    "Functional that ends in a model, h5 of 2.15": Judged(h5(K215, models.ending_in_a_model(K215))),
    "Functional twice in another, h5 of 2.15": Judged(h5(K215, models.twice(K215))),
    "Functional in a Sequential, h5 of 3.3": Judged(h5(K33, models.nested(K33))),
    "Functional in a Sequential, keras of 3.3": Judged(keras(K33, models.nested(K33))),
    "graph alone": Judged(graph_def(f"{OPS}{node('VarHandleOp')} {NEW}")),
    "graph of a checkpoint": Judged(meta_graph(f"{OPS}{node('VarHandleOp')} versions {{ producer: 8 }}")),
    "hard_sigmoid, h5 of 2.15": Judged(h5(K215, models.hard(K215))),
    "hard_sigmoid, h5 of 3.0": Judged(h5(K30, models.hard_without_input(K30))),
    "Hashing of a policy, keras of 3.6": Judged(keras(K36, hashing(K36))),
    "numbers of bins, activated, h5 of 3.3": Judged(h5(K33, binned(K33))),
    "HDF5 called .keras": Judged(models.hdf5_called_keras),
    "lambda as activation, keras of 3.15": Judged(keras(K315, activated(K315, LAMBDA_ACTIVATION))),
    "list for a configuration, h5 of 2.1": Judged(models.list_config),
    "layer of an application, keras of 2.15": Judged(keras(K215, stack(K215, layer_scale(K215)))),
    "LSTM, h5 of 2.15": Judged(h5(K215, stack(K215, K215.lstm(), shape=(5, 3)))),
    "mask, SavedModel of 2.10": Judged(saved_model(keras=(K210, embedding(K210)))),
    "named function, h5 of 2.15": Judged(h5(K215, models.named_function(K215))),
    "Normalization, h5 of 2.4": Judged(h5(K24, models.normalization(K24))),
    "Normalization, h5 of 3.6": Judged(h5(K36, models.normalization(K36))),
    "Normalization of given values, h5 of 2.5": Judged(h5(K25, models.given_normalization(K25))),
    "Normalization of given values, h5 of 2.6": Judged(h5(K26, models.given_normalization(K26))),
    "Normalization of given values, h5 of 2.15": Judged(h5(K215, models.given_normalization(K215))),
    "Normalization of given values, h5 of 3.0": Judged(h5(K30, models.given_normalization(K30))),
    "function with defaults, h5 of 2.15": Judged(models.triple(K215, None, [2.0])),
    "function with defaults, h5 of 3.0": Judged(models.triple(K30, None, [2.0])),
    "name of an own function as a text, h5 of 3.11": Judged(
        h5(K311, models.vectorization(["a"], standardize="clean")), custom=("clean",)
    ),
    "operation, h5 of 3.15": Judged(h5(K315, models.doubled(K315))),
    "optimizer of before, keras of 2.12": Judged(compiled_as(K212, loss=None, optimizer=LEGACY_ADAM)),
    "optimizer of before, keras of 2.13": Judged(compiled_as(K213, loss=None, optimizer=LEGACY_ADAM)),
    "optimizer of before, keras of 2.15": Judged(compiled_as(K215, loss=None, optimizer=LEGACY_ADAM)),
    "optimizer of before, keras of 3.0": Judged(compiled_as(K30, loss=None, optimizer=LEGACY_ADAM)),
    "own activation, h5 of 2.12": Judged(h5(K212, activated(K212, "clipped")), custom=("clipped",)),
    "own activation, h5 of 2.13": Judged(h5(K213, activated(K213, CLIPPED)), custom=("clipped",)),
    "own activation, h5 of 2.15": Judged(h5(K215, activated(K215, CLIPPED)), custom=("clipped",)),
    "own activation, h5 of 3.0": Judged(h5(K30, activated(K30, CLIPPED)), custom=("clipped",)),
    "own function in a call, keras of 3.11": Judged(keras(K311, calling(K311))),
    "own layer, keras of 2.15": Judged(keras(K215, models.with_own_layer(K215))),
    "own layer that is declared, keras of 3.15": Judged(keras(K315, models.with_own_layer(K315)), custom=("Scale",)),
    "own loss in a model of its own, h5 of 3.11": Judged(models.built_by_its_call, custom=("Ranker",)),
    "one hot of a column, h5 of 2.15": Judged(models.encoded(K215)),
    "one hot of a column, h5 of 3.0": Judged(models.encoded(K30)),
    "one hot of a column, h5 of 3.3": Judged(models.encoded(K33)),
    "one hot of a column, h5 of 3.4": Judged(models.encoded(K34)),
    "bins, h5 of 3.13": Judged(models.encoded(K313, class_name="Discretization", behind=("GlobalMaxPooling1D",))),
    "bins, h5 of 3.14": Judged(models.encoded(K314, class_name="Discretization", behind=("GlobalMaxPooling1D",))),
    "hashes of rows, h5 of 3.3": Judged(models.encoded(K33, (3,), class_name="Hashing")),
    "hashes of rows, h5 of 3.4": Judged(models.encoded(K34, (3,), class_name="Hashing")),
    "axis, keras of 2.12": Judged(keras(K212, stack(K212, K212.layer("Softmax", "softmax", axis=1), shape=(4, 3)))),
    "package that Keras imports, keras of 3.15": Judged(
        keras(K315, models.with_own_layer(K315, "keras_hub.src.layers.scale", "keras_hub>Scale"))
    ),
    "preset of KerasHub": Judged(preset),
    "random numbers, keras of 2.15": Judged(keras(K215, dropped_out(K215))),
    "random numbers, keras of 3.0": Judged(keras(K30, dropped_out(K30))),
    "slash in a name, h5 of 2.15": Judged(h5(K215, stack(K215, K215.dense("block/dense")))),
    "SavedModel": Judged(saved_model(f"{OPS}{NEW}", f"{OBJECTS}{signature('inputs', 'inputs_1')}")),
    "SavedModel of half inputs": Judged(saved_model(more=signature("x", dtype="DT_HALF"), weights=["kernel"])),
    "SavedModel inside, keras of 3.6": Judged(keras(K36, saved_model_inside(K36))),
    "saved before it was built, h5 of 3.6": Judged(unbuilt(K36, K36.layer("Flatten", "flat"), K36.dense())),
    "Sequential with inputs over time, keras of 3.6": Judged(models.over_time(K36, models.keras, is_built=True)),
    "functional model over time, keras of 3.6": Judged(functional_over_time(K36)),
    "steps of None, keras of 2.15": Judged(compiled_as(K215, steps_per_execution=None)),
    "weights of terms, h5 of 3.6": Judged(looked_up(h5, K36)),
    "query and value of two sizes, keras of 3.6": Judged(attending_across(K36)),
    "a layer as activation, keras of 3.6": Judged(activated_by(K36, "LeakyReLU", negative_slope=0.3)),
    "shape of a Lambda, keras of 3.3": Judged(keras(K33, models.shaped_lambda(K33)), unsafe=True),
    "tf-idf, keras of 2.15": Judged(keras(K215, adapted(K215, "TextVectorization"))),
    "tf-idf, keras of 3.0": Judged(keras(K30, adapted(K30, "TextVectorization"))),
    "unzipped keras of 3.6": Judged(unzipped),
    "vocabulary that is lost, h5 of 3.11": Judged(h5(K311, models.vectorization(None))),
    "vocabulary in a file, keras of 3.6": Judged(keras(K36, looking_up(K36, "StringLookup", "/data/terms.txt"))),
    "weights alone": Judged(models.weights_alone),
    "weights missing, keras of 3.11": Judged(keras(K311, models.weightless(K311))),
    "weights in another file, keras of 3.11": Judged(linked),
    "without an input's shape, h5 of 3.11": Judged(h5(K311, models.without_shape(K311))),
    "wrapped layer without a module, h5 of 2.4": Judged(h5(K24, models.distributed(K24))),
    "zip called .h5": Judged(models.zip_called_h5),
}
