"""Rows of known changes: an artifact, who writes it, who reads it, and whether it is found; neighbours in pairs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Kind
from tests.compatibility.asked_rows import LEGACY_ADAM, NEW_ADAM, SCALED, adapted, both_ways, compiled_as, own
from tests.compatibility.change import Change
from tests.compatibility.encoding_rows import ENCODINGS
from tests.compatibility.graph_files import saved_model
from tests.compatibility.models import (
    CLIPPED,
    MSE,
    activated,
    attention,
    both_ways_activated,
    compiled,
    given_normalization,
    h5,
    hard,
    keras,
    normalization,
    normalized_batch,
    over_time,
    shaped_lambda,
    shapes_of_attention,
    small,
    stack,
    triple,
)
from tests.compatibility.verdict_artifacts import closed_over, dropped_out, embedding, hashing
from tests.compatibility.wrapped_rows import WRAPPED
from tests.compatibility.writers import Part, Writer, chain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compatibility.models import Build


def written_by_name(writer: Writer) -> Build:
    return h5(writer, activated(writer, "clipped"))


def written_as_object(writer: Writer) -> Build:
    return h5(writer, activated(writer, CLIPPED))


def reduced(writer: Writer, reduction: str) -> Build:
    loss = {**MSE, "config": {"reduction": reduction, "name": "mse"}}
    return h5(writer, small(writer), compiled(loss))


def given_as_legacy(optimizer: Any) -> Callable[[Writer], Build]:
    return lambda writer: compiled_as(writer, loss=None, optimizer=optimizer)


def terms(mode: str, **weights: Any) -> Callable[[Writer], Build]:
    """A lookup of this output mode."""

    def artifact(writer: Writer) -> Build:
        layer = writer.layer("StringLookup", "terms", vocabulary=None, output_mode=mode, **weights)
        return keras(writer, writer.sequential(writer.input(1, dtype="string"), layer))

    return artifact


def beside(writer: Writer) -> Build:
    """A cell of the user's own in an RNN after a Bidirectional around another."""
    lstm = {**writer.lstm("forward", return_sequences=True).node, "module": "keras.layers"}
    wrapper = writer.layer("Bidirectional", "both", layer=lstm, merge_mode="concat")
    rnn = writer.layer("RNN", "rnn", cell=own(writer, "Cell", "Cell"))
    return h5(writer, chain(writer, writer.input(5, 3), wrapper, rnn))


def masking(writer: Writer) -> Part:
    return stack(writer, writer.layer("Masking", "masked", mask_value=0.0), shape=(5, 4))


def unmasked(writer: Writer) -> Part:
    layer = writer.layer("Embedding", "embedded", [(9, 4)], input_dim=9, output_dim=4, mask_zero=False)
    return writer.sequential(writer.input(4), layer)


SCALED_LEGACY = {
    "module": "keras.src.mixed_precision.loss_scale_optimizer",
    "class_name": "LossScaleOptimizer",
    "config": {**SCALED, "inner_optimizer": LEGACY_ADAM},
}
UNTOLD_ADAM = {"class_name": "Adam", "config": {"name": "Adam"}}

CHANGES = {
    "attention without shapes": Change(
        lambda writer: h5(writer, attention(writer)),
        Kind.CONFIG_CHANGED,
        "MultiHeadAttention",
        ("2.4 tf2.5", "2.4 tf2.6", "2.4 tf2.15"),
        ("2.4 tf2.4", "2.5 tf2.5", "2.5 tf2.15"),
    ),
    "attention with shapes": Change(
        lambda writer: h5(writer, attention(writer, **shapes_of_attention())),
        Kind.CONFIG_CHANGED,
        "MultiHeadAttention",
        (),
        ("2.5 tf2.6",),
    ),
    "attention, keras": Change(
        lambda writer: keras(writer, attention(writer)),
        Kind.CONFIG_CHANGED,
        "MultiHeadAttention",
        (),
        ("2.4 tf2.12",),
    ),
    "own activation as an object": Change(
        written_as_object,
        Kind.CONFIG_CHANGED,
        "own function",
        ("2.13 tf2.4", "2.13 tf2.15", "2.15 tf2.15", "2.13 tf2.16+keras3.2", "2.21 tf2.21+tf_keras"),
        ("2.12 tf2.15", "2.13 tf2.16+keras3.3", "3.0 tf2.15"),
        custom=("clipped",),
    ),
    "own activation by its name": Change(
        written_by_name,
        Kind.CONFIG_CHANGED,
        "own function",
        ("2.3 tf2.16+keras3.0", "2.12 tf2.16+keras3.0", "2.12 tf2.16+keras3.10"),
        ("2.13 tf2.16+keras3.10", "2.12 tf2.15", "2.12 tf2.16+keras3.11"),
        custom=("clipped",),
    ),
    "activation of Keras": Change(
        lambda writer: h5(writer, activated(writer, "relu")),
        Kind.CONFIG_CHANGED,
        "activation",
        (),
        ("2.13 tf2.15", "2.12 tf2.16"),
        custom=("clipped",),
    ),
    **ENCODINGS,
    **{
        f"Sequential with{'' if is_built else 'out'} inputs in a TimeDistributed, {held.__name__}": Change(
            partial(over_time, held=held, is_built=is_built),
            Kind.CONFIG_CHANGED,
            "Sequential",
            ("3.8 tf2.16+keras3.0", "3.8 tf2.16+keras3.3") if is_built else (),
            ("3.8 tf2.16+keras3.4", "2.15 tf2.15") if is_built else ("3.8 tf2.16+keras3.3",),
        )
        for held in (h5, keras)
        for is_built in (True, False)
    },
    **WRAPPED,
    "axis of BatchNormalization as a list": Change(
        lambda writer: keras(writer, normalized_batch(writer, [1])),
        Kind.CONFIG_CHANGED,
        "BatchNormalization(axis=…)",
        ("2.13 tf2.16+keras3.0", "2.15 tf2.21"),
        ("2.13 tf2.15", "2.12 tf2.21"),
    ),
    "axis of BatchNormalization as a number": Change(
        lambda writer: keras(writer, normalized_batch(writer, 1)),
        Kind.CONFIG_CHANGED,
        "BatchNormalization(axis=…)",
        (),
        ("2.15 tf2.21",),
    ),
    "loss of reduction auto": Change(
        lambda writer: reduced(writer, "auto"),
        Kind.COMPILE_NOT_READ,
        "loss(reduction='auto')",
        ("2.3 tf2.16+keras3.0", "2.15 tf2.21"),
        ("2.15 tf2.15", "3.0 tf2.16"),
    ),
    "loss of reduction sum": Change(
        lambda writer: reduced(writer, "sum"),
        Kind.COMPILE_NOT_READ,
        "loss(reduction='auto')",
        (),
        ("2.15 tf2.21",),
    ),
    "Hashing of a policy": Change(
        lambda writer: keras(writer, hashing(writer)),
        Kind.CONFIG_CHANGED,
        "Hashing(dtype=…)",
        ("3.4 tf2.16+keras3.3", "3.5 tf2.16+keras3.0", "3.5 tf2.16+keras3.3"),
        ("3.3 tf2.16+keras3.3", "3.5 tf2.15", "3.5 tf2.16+keras3.4"),
    ),
    "Hashing that counts": Change(
        lambda writer: keras(writer, hashing(writer, "count")),
        Kind.CONFIG_CHANGED,
        "Hashing(dtype=…)",
        (),
        ("3.5 tf2.16+keras3.0", "3.5 tf2.16+keras3.3"),
    ),
    "shape of a Lambda": Change(
        lambda writer: keras(writer, shaped_lambda(writer)),
        Kind.CONFIG_CHANGED,
        "Lambda(output_shape=…)",
        ("3.3 tf2.16+keras3.2", "3.3 tf2.16+keras3.3"),
        ("3.3 tf2.16+keras3.1", "3.3 tf2.16+keras3.4"),
    ),
    "hard_sigmoid of Keras 2": Change(
        lambda writer: h5(writer, hard(writer)),
        Kind.SEMANTICS_CHANGED,
        "hard_sigmoid",
        ("2.3 tf2.16+keras3.0", "2.15 tf2.16+keras3.0", "2.15 tf2.21", "3.0 tf2.15", "3.15 tf2.4"),
        ("2.15 tf2.15", "3.0 tf2.16+keras3.0"),
    ),
    "Normalization": Change(
        lambda writer: h5(writer, normalization(writer)),
        Kind.STATE_LOST,
        "Normalization",
        ("2.4 tf2.6", "2.4 tf2.7", "2.15 tf2.16+keras3.0", "3.0 tf2.16+keras3.5"),
        ("2.4 tf2.5", "2.4 tf2.8", "2.15 tf2.15", "3.0 tf2.16+keras3.6"),
    ),
    "Normalization, keras": Change(
        lambda writer: keras(writer, normalization(writer)),
        Kind.STATE_LOST,
        "Normalization",
        (),
        ("3.0 tf2.16+keras3.5",),
    ),
    "Normalization of given values is applied": Change(
        lambda writer: h5(writer, given_normalization(writer)),
        Kind.STATE_LOST,
        "Normalization",
        (),
        ("2.6 tf2.6", "3.0 tf2.16+keras3.5"),
    ),
    "Normalization of given values": Change(
        lambda writer: h5(writer, given_normalization(writer)),
        Kind.WEIGHTS_MOVED,
        "Normalization",
        ("2.6 tf2.4", "2.6 tf2.5", "2.15 tf2.5"),
        ("2.5 tf2.5", "2.6 tf2.6", "3.0 tf2.5"),
    ),
    "closure": Change(
        lambda writer: h5(writer, closed_over(writer)),
        Kind.SEMANTICS_CHANGED,
        "Lambda",
        ("2.1 tf2.4", "2.3 tf2.21"),
        ("2.4 tf2.4",),
    ),
    "tf-idf": Change(
        lambda writer: keras(writer, adapted(writer, "TextVectorization")),
        Kind.VOCABULARY_LOST,
        "tf_idf",
        ("3.0 tf2.16+keras3.0", "3.15 tf2.16+keras3.13"),
        ("2.15 tf2.16+keras3.0", "3.0 tf2.15", "3.15 tf2.16+keras3.14"),
    ),
    "tf-idf in its older spelling": Change(
        terms("tf-idf"), Kind.VOCABULARY_LOST, "tf_idf", ("3.0 tf2.16",), ("3.0 tf2.21",)
    ),
    "tf-idf of given weights": Change(
        terms("tf_idf", idf_weights=[0.5]), Kind.VOCABULARY_LOST, "tf_idf", (), ("3.0 tf2.16",)
    ),
    "counts": Change(terms("count"), Kind.VOCABULARY_LOST, "tf_idf", (), ("3.0 tf2.16",)),
    "legacy optimizer": Change(
        given_as_legacy(LEGACY_ADAM),
        Kind.OPTIMIZER_NOT_READ,
        "legacy optimizer",
        ("2.12 tf2.12", "2.12 tf2.14", "2.13 tf2.13", "2.13 tf2.14", "2.15 tf2.14"),
        ("2.12 tf2.15", "2.13 tf2.15", "3.0 tf2.14"),
    ),
    "legacy optimizer in another": Change(
        given_as_legacy(SCALED_LEGACY), Kind.OPTIMIZER_NOT_READ, "legacy optimizer", ("2.13 tf2.14",), ("2.13 tf2.15",)
    ),
    "optimizer": Change(given_as_legacy(NEW_ADAM), Kind.OPTIMIZER_NOT_READ, "legacy optimizer", (), ("2.13 tf2.14",)),
    "optimizer without a module": Change(
        given_as_legacy(UNTOLD_ADAM), Kind.OPTIMIZER_NOT_READ, "legacy optimizer", (), ("2.13 tf2.14",)
    ),
    "own cell in a Bidirectional": Change(
        lambda writer: h5(writer, both_ways(writer)),
        Kind.CONFIG_CHANGED,
        "Bidirectional",
        ("3.0 tf2.16+keras3.9", "3.15 tf2.21"),
        ("2.15 tf2.16+keras3.9", "3.0 tf2.16+keras3.8"),
        custom=("Cell",),
    ),
    "own activation in a Bidirectional": Change(
        lambda writer: h5(writer, both_ways_activated(writer, "clipped")),
        Kind.CONFIG_CHANGED,
        "Bidirectional",
        ("3.0 tf2.16+keras3.0", "3.15 tf2.21"),
        ("2.15 tf2.16+keras3.9", "3.0 tf2.15"),
        custom=("clipped",),
    ),
    "registered activation in a Bidirectional": Change(
        lambda writer: h5(writer, both_ways_activated(writer, "shop>clipped")),
        Kind.CONFIG_CHANGED,
        "Bidirectional",
        (),
        ("3.0 tf2.21",),
        custom=("clipped",),
    ),
    "function with defaults": Change(
        lambda writer: triple(writer, None, [2.0]),
        Kind.CONFIG_CHANGED,
        "Lambda",
        ("2.4 tf2.16+keras3.0", "2.15 tf2.16+keras3.10"),
        ("2.15 tf2.15",),
    ),
    "function without defaults": Change(
        lambda writer: triple(writer, None), Kind.CONFIG_CHANGED, "Lambda", (), ("2.15 tf2.16+keras3.10",)
    ),
    "registered cell in a Bidirectional": Change(
        lambda writer: h5(writer, both_ways(writer, "shop>Cell")),
        Kind.CONFIG_CHANGED,
        "Bidirectional",
        (),
        ("3.0 tf2.21",),
        custom=("Cell",),
    ),
    "own cell after a Bidirectional": Change(
        beside, Kind.CONFIG_CHANGED, "Bidirectional", (), ("3.0 tf2.21",), custom=("Cell",)
    ),
    "random layer": Change(
        lambda writer: keras(writer, dropped_out(writer)),
        Kind.STATE_LOST,
        "seed generator",
        ("3.0 tf2.16+keras3.0", "3.15 tf2.21"),
        ("2.15 tf2.16+keras3.0", "3.0 tf2.15"),
    ),
    "layer that is not random": Change(
        lambda writer: keras(writer, small(writer)), Kind.STATE_LOST, "seed generator", (), ("3.0 tf2.16",)
    ),
    "attention, SavedModel": Change(
        lambda writer: saved_model(keras=(writer, attention(writer))),
        Kind.SEMANTICS_CHANGED,
        "MultiHeadAttention",
        ("2.4 tf2.4",),
        ("2.4 tf2.5",),
    ),
    "mask of an Embedding": Change(
        lambda writer: saved_model(keras=(writer, embedding(writer))),
        Kind.STATE_LOST,
        "mask",
        ("2.10 tf2.4", "2.10 tf2.21"),
        (),
    ),
    "mask of a Masking": Change(
        lambda writer: saved_model(keras=(writer, masking(writer))), Kind.STATE_LOST, "mask", ("2.10 tf2.10",), ()
    ),
    "Embedding without a mask": Change(
        lambda writer: saved_model(keras=(writer, unmasked(writer))), Kind.STATE_LOST, "mask", (), ("2.10 tf2.10",)
    ),
    "mask in a file": Change(
        lambda writer: h5(writer, embedding(writer)), Kind.STATE_LOST, "mask", (), ("2.10 tf2.10",)
    ),
    "triple without a closure": Change(
        lambda writer: triple(writer, None), Kind.SEMANTICS_CHANGED, "Lambda", (), ("2.3 tf2.4",)
    ),
    "triple of an empty closure": Change(
        lambda writer: triple(writer, []), Kind.SEMANTICS_CHANGED, "Lambda", (), ("2.3 tf2.4",)
    ),
}
