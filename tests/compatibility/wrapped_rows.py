"""Rows of known changes of models inside wrappers, and of functions that a layer holds as a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Kind
from tests.compatibility.change import Change
from tests.compatibility.models import coded, connected, h5, keras, over_time, small, stack
from tests.compatibility.writers import Part, Writer, chain

if TYPE_CHECKING:
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
