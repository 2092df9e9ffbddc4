"""Rows of what each Keras was asked for: names in no table of it, and what it refuses in safe mode."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Kind, Severity, Stage
from tests.compatibility.models import (
    ADAM_211,
    K24,
    K33,
    K36,
    K213,
    K215,
    K315,
    MSE,
    NODE,
    activated,
    compiled,
    h5,
    keras,
    small,
    stack,
    with_own_layer,
)
from tests.compatibility.rows import Row
from tests.compatibility.writers import Part, chain

if TYPE_CHECKING:
    from tests.compatibility.models import Build
    from tests.compatibility.writers import Config, Writer

LEGACY_ADAM = {"module": "keras.optimizers.legacy", "class_name": "Adam", "config": {"name": "Adam", "decay": 0.0}}
NEW_ADAM = {"module": "keras.optimizers", "class_name": "Adam", "config": dict(ADAM_211), "registered_name": None}
SCALED = {"inner_optimizer": NEW_ADAM, "dynamic": True, "initial_scale": 32768.0, "dynamic_growth_steps": 2000}


def given_function(writer: Writer, name: str) -> Part:
    """An activation that was given as a function, as `activation=tf.nn.silu`."""
    return activated(writer, {**NODE, "config": name})


def compiled_as(writer: Writer, **compile_config: Any) -> Build:
    model = small(writer)
    return keras(writer, replace(model, node={**model.node, "compile_config": compile_config}))


def looking_up(writer: Writer, class_name: str, vocabulary: Any) -> Part:
    layer = writer.layer(class_name, "terms", vocabulary=vocabulary, output_mode="int")
    return writer.sequential(writer.input(1, dtype="string"), layer)


def adapted(writer: Writer, class_name: str, idf_weights: Any = None) -> Part:
    """A layer of `output_mode="tf_idf"`, whose vocabulary is beside the configuration unless weights are given."""
    terms = None if idf_weights is None else ["red", "green"]
    layer = writer.layer(class_name, "terms", vocabulary=terms, output_mode="tf_idf", idf_weights=idf_weights)
    return writer.sequential(writer.input(1, dtype="string"), layer)


def saved_model_inside(writer: Writer) -> Part:
    layer = writer.layer("TFSMLayer", "inner", filepath="/models/inner", call_endpoint="serve")
    return stack(writer, layer)


def own(writer: Writer, class_name: str, registered_name: str) -> Config:
    node = writer.layer(class_name, class_name.lower(), units=2).node
    return {**node, "module": "shop.layers", "registered_name": registered_name}


def both_ways(writer: Writer, registered_name: str = "Cell") -> Part:
    """A Bidirectional around an RNN with a cell of the user's own."""
    cell = own(writer, "Cell", registered_name)
    rnn = writer.layer("RNN", "forward_rnn", cell=cell, return_sequences=False).node
    layer = writer.layer("Bidirectional", "both", layer={**rnn, "module": "keras.layers"}, merge_mode="concat")
    return chain(writer, writer.input(5, 3), layer)


def unbuilt(writer: Writer, *parts: Part) -> Build:
    """A Sequential that was saved before it was called."""
    return h5(writer, writer.sequential(*(replace(part, weights=()) for part in parts)))


ASKED = (
    *(
        Row(
            f"r-activation-of-tf.nn-{name}",
            h5(K215, activated(K215, name)),
            "tf2.4",
            Kind.UNKNOWN_OBJECT,
            name,
            "Keras 2.4 has no activation of this name",
            stage=Stage.CONFIG,
            loads_in=("tf2.6", "tf2.10", "tf2.15", "tf2.21+tf_keras"),
            control=h5(K24, small(K24)),
        )
        for name in ("leaky_relu", "relu6", "log_softmax", "silu")
    ),
    *(
        Row(
            f"r-function-called-as-an-alias-{name}",
            keras(K33, given_function(K33, name)),
            runtime,
            Kind.UNKNOWN_OBJECT,
            name,
            f"{name} is a function from outside Keras in this file, as tf.nn.silu is",
            fix=f'custom_objects={{"{name}": keras.activations.{name.replace("swish", "silu")}}}',
            stage=Stage.CONFIG,
            control=keras(K33, given_function(K33, "gelu")),
        )
        for name, runtime in (("swish", "tf2.16"), ("swish", "tf2.21"), ("hard_swish", "tf2.21"))
    ),
    Row(
        "r-function-called-as-an-alias-of-a-loss",
        compiled_as(K33, loss={**NODE, "config": "mse"}, optimizer=None),
        "tf2.16",
        Kind.COMPILE_NOT_READ,
        "mse",
        "Keras 3.3 has no loss of this name, and it is not declared",
        stage=Stage.CONFIG,
        control=compiled_as(K33, loss={**NODE, "config": "mean_squared_error"}, optimizer=None),
    ),
    Row(
        "r-scaled-optimizer-in-keras-3",
        h5(K215, small(K215), compiled(MSE, "LossScaleOptimizerV3", name="LossScaleOptimizer", **SCALED)),
        "tf2.21",
        Kind.OPTIMIZER_NOT_READ,
        "LossScaleOptimizerV3",
        "makes a new LossScaleOptimizer of it without any settings, and it needs inner_optimizer",
        stage=Stage.CONFIG,
        loads_in=("tf2.13", "tf2.15", "tf2.21+tf_keras"),
    ),
    Row(
        "r-optimizer-with-a-name-of-its-own",
        h5(K213, small(K213), compiled(MSE, "Custom>Adam", **{**ADAM_211, "name": "mine"})),
        "tf2.21",
        Kind.OPTIMIZER_NOT_READ,
        "Custom>Adam",
        "looks for one by the name that it was given, 'mine', and finds none",
        stage=Stage.CONFIG,
        loads_in=("tf2.13", "tf2.15"),
        control=h5(K213, small(K213), compiled(MSE, "Custom>Adam", **ADAM_211)),
    ),
    *(
        Row(
            f"r-vocabulary-file-{class_name}-{make.__name__}",
            make(K36, looking_up(K36, class_name, "/data/terms.txt")),
            "tf2.21",
            Kind.SAFE_MODE_REFUSED,
            class_name,
            "its vocabulary is the file /data/terms.txt, which Keras 3.15 does not load unless",
            fix="--unsafe",
            stage=Stage.CONFIG,
            loads_in=("tf2.18", "tf2.20"),
            control=make(K36, looking_up(K36, class_name, ["red", "green"])),
        )
        for class_name in ("StringLookup", "TextVectorization")
        for make in (h5, keras)
    ),
    Row(
        "r-saved-model-inside",
        keras(K36, saved_model_inside(K36)),
        "tf2.21",
        Kind.SAFE_MODE_REFUSED,
        "TFSMLayer",
        "it is a SavedModel beside the file",
        fix="--unsafe",
        stage=Stage.CONFIG,
        loads_in=("tf2.18",),
    ),
    *(
        Row(
            f"r-tf-idf-{class_name}",
            keras(K36, adapted(K36, class_name)),
            "tf2.18",
            Kind.VOCABULARY_LOST,
            "tf_idf",
            "cannot read back the vocabulary and weights that adapt() learnt for output_mode='tf_idf'",
            fix="upgrade Keras there to 3.14 or newer",
            stage=Stage.WEIGHTS,
            loads_in=("tf2.21", "tf2.21+keras3.14"),
            control=keras(K36, adapted(K36, class_name, [0.3, 0.4])),
        )
        for class_name in ("StringLookup", "TextVectorization")
    ),
    *(
        Row(
            f"r-legacy-optimizer-{name}",
            compiled_as(K213, loss=None, optimizer=optimizer),
            "tf2.13",
            Kind.OPTIMIZER_NOT_READ,
            "legacy optimizer",
            "it has no attribute 'build'",
            fix="compile=False",
            stage=Stage.CONFIG,
            control=compiled_as(K213, loss=None, optimizer=NEW_ADAM),
        )
        for name, optimizer in (
            ("alone", LEGACY_ADAM),
            (
                "scaled",
                {
                    "module": "keras.src.mixed_precision.loss_scale_optimizer",
                    "class_name": "LossScaleOptimizer",
                    "config": {**SCALED, "inner_optimizer": LEGACY_ADAM},
                },
            ),
        )
    ),
    Row(
        "r-own-cell-both-ways",
        h5(K36, both_ways(K36)),
        "tf2.21",
        Kind.CONFIG_CHANGED,
        "Bidirectional",
        "Keras 3.15 forgets custom_objects inside a Bidirectional of an .h5 file",
        fix="custom_object_scope",
        stage=Stage.CONFIG,
        loads_in=("tf2.16", "tf2.18"),
        control=h5(K36, both_ways(K36, "shop>Cell")),
        custom=("Cell",),
    ),
    Row(
        "r-saved-before-it-was-built",
        unbuilt(K36, K36.layer("Flatten", "flat"), K36.dense()),
        "tf2.18",
        Kind.WEIGHTS_DO_NOT_FIT,
        "Sequential",
        "the file holds no weights: it predicts with new random ones after each load",
        where='"dense", second of 2 layers',
        fix="model.build(input_shape)",
        severity=Severity.CHANGE,
        control=unbuilt(K36, K36.layer("Flatten", "flat"), K36.layer("Dropout", "drop", rate=0.5)),
    ),
    Row(
        "r-package-that-keras-imports",
        keras(K315, with_own_layer(K315, "keras_hub.src.layers.scale", "keras_hub>Scale")),
        "tf2.21",
        Kind.PACKAGE_NEEDED,
        "keras_hub",
        "Keras 3.15 imports Scale from keras_hub by itself, so the file loads where that is installed",
        fix="pip install keras-hub",
        severity=Severity.NOTE,
        control=keras(K315, small(K315)),
    ),
    Row(
        "r-package-that-keras-2-does-not-import",
        keras(K215, with_own_layer(K215, "keras_cv.layers.scale", "keras_cv>Scale")),
        "tf2.15",
        Kind.UNKNOWN_LAYER,
        "keras_cv>Scale",
        "it is defined in keras_cv.layers.scale, outside Keras, and is not declared",
        where='"scale", second of 2 layers',
        stage=Stage.CONFIG,
        control=keras(K215, small(K215)),
    ),
    Row(
        "r-own-class-is-not-in-the-file",
        keras(K315, with_own_layer(K315)),
        "tf2.21",
        Kind.CLASS_NOT_SEEN,
        "Scale",
        "the model loads if Scale takes its configuration: name, trainable and dtype",
        severity=Severity.NOTE,
        custom=("Scale",),
        control=keras(K315, small(K315)),
    ),
)
