"""Rows of known changes of models inside wrappers, and of functions that a layer holds as a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_modelcompat.results.finding import Kind
from tests.compatibility.change import Change
from tests.compatibility.models import coded, connected, h5, keras, over_time, small, stack
from tests.compatibility.writers import Part, Writer, chain
from tests.handmade import write_keras

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compatibility.models import Build


def each_step(writer: Writer, model: Part) -> Part:
    return writer.layer("TimeDistributed", "steps", layer=model.node)


def with_weights_behind(writer: Writer) -> Build:
    steps = each_step(writer, small(writer))
    return h5(writer, stack(writer, steps, writer.dense("behind", takes=2), shape=(3, 4)))


def in_a_chain_of_a_functional(writer: Writer) -> Build:
    tower = stack(writer, each_step(writer, small(writer)), shape=(3, 4)).but(build_input_shape=None, name="tower")
    return keras(writer, chain(writer, writer.input(3, 4, name="begin"), tower))


def functional_over_time(writer: Writer) -> Build:
    return keras(writer, chain(writer, writer.input(3, 4, name="begin"), each_step(writer, connected(writer))))


def attending_across(writer: Writer, value: int = 6) -> Build:
    """A MultiHeadAttention with a query of 4 numbers, and a value of as many or others."""
    shapes = [(4, 2, 3), (value, 2, 3), (value, 2, 3), (2, 3, 4)]
    attention = writer.layer("MultiHeadAttention", "attention", num_heads=2, key_dim=3, value_dim=3)
    query, given = writer.input(5, 4, name="query"), writer.input(5, value, name="given")
    tensors = [("query", 0), ("given", 0)]
    model = writer.functional((query, []), (given, []), (attention, [tensors]))
    names = ("query", "key", "value", "output")
    paths = {
        f"layers/multi_head_attention/{name}_dense/vars/0": shape for name, shape in zip(names, shapes, strict=True)
    }
    return lambda folder: write_keras(
        folder / "model.keras",
        model.node,
        {path: np.zeros(shape, "float32") for path, shape in paths.items()},
        keras=writer.full,
    )


def activated_by(writer: Writer, class_name: str, **config: Any) -> Build:
    """A Dense layer that has a layer as its activation."""
    return keras(writer, stack(writer, writer.dense(activation=writer.layer(class_name, "inner", **config).node)))


def looked_up(held: Callable[[Writer, Part], Build], writer: Writer) -> Build:
    """Terms with the weights that they are given."""
    given: dict[str, Any] = {"vocabulary": [1, 2, 3], "idf_weights": [0.5, 0.9, 1.2], "output_mode": "tf_idf"}
    return held(writer, stack(writer, writer.layer("IntegerLookup", "terms", **given)))


WRAPPED: dict[str, Change] = {
    "Sequential with inputs in a TimeDistributed of a Sequential": Change(
        partial(over_time, held=h5, is_built=True, around=Writer.sequential),
        Kind.CONFIG_CHANGED,
        "Sequential",
        ("3.8 tf2.16+keras3.3",),
        ("3.8 tf2.16+keras3.4", "2.15 tf2.16+keras3.3"),
    ),
    "Sequential with inputs in a TimeDistributed, with weights behind it": Change(
        with_weights_behind,
        Kind.CONFIG_CHANGED,
        "Sequential",
        ("2.15 tf2.16+keras3.3",),
        ("2.15 tf2.16+keras3.4",),
    ),
    "Sequential with inputs in a TimeDistributed of a Sequential in a functional model": Change(
        in_a_chain_of_a_functional,
        Kind.CONFIG_CHANGED,
        "Sequential",
        ("2.15 tf2.16+keras3.3",),
        ("2.15 tf2.16+keras3.4",),
    ),
    "functional model in a TimeDistributed": Change(
        functional_over_time,
        Kind.CONFIG_CHANGED,
        "Functional",
        ("3.8 tf2.16+keras3.0", "3.8 tf2.16+keras3.3"),
        ("3.8 tf2.16+keras3.4", "2.15 tf2.15"),
    ),
    "query and value of different sizes": Change(
        attending_across,
        Kind.CONFIG_CHANGED,
        "MultiHeadAttention",
        ("3.8 tf2.16+keras3.0", "3.8 tf2.16+keras3.6"),
        ("3.8 tf2.16+keras3.7",),
    ),
    "weights of terms": Change(
        partial(looked_up, h5), Kind.WEIGHTS_MOVED, "idf_weights", ("3.8 tf2.15",), ("3.8 tf2.16", "2.15 tf2.15")
    ),
    "weights of terms in a .keras file": Change(
        partial(looked_up, keras), Kind.WEIGHTS_MOVED, "idf_weights", (), ("3.8 tf2.15",)
    ),
    "query and value of one size": Change(
        partial(attending_across, value=4), Kind.CONFIG_CHANGED, "MultiHeadAttention", (), ("3.8 tf2.16+keras3.6",)
    ),
    "a layer as activation": Change(
        partial(activated_by, class_name="LeakyReLU", negative_slope=0.3),
        Kind.CONFIG_CHANGED,
        "activation",
        ("3.15 tf2.16+keras3.0", "3.15 tf2.16+keras3.9"),
        ("3.15 tf2.16+keras3.10",),
    ),
    "bytecode as a list, with a module beside it": Change(
        lambda writer: keras(writer, coded(writer, "3.11")),
        Kind.CONFIG_CHANGED,
        "Lambda(function=…)",
        ("2.13 tf2.16", "2.15 tf2.21"),
        ("2.15 tf2.15", "3.8 tf2.21"),
    ),
    "bytecode as a list, which is translated": Change(
        lambda writer: h5(writer, coded(writer, "3.11")),
        Kind.CONFIG_CHANGED,
        "Lambda(function=…)",
        (),
        ("2.13 tf2.16", "2.15 tf2.21"),
    ),
}
