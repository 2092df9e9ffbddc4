"""Known changes of layers that encode numbers and texts: the shapes they give, and those they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.model_flow import takes_any_shape
from pytest_modelcompat.compatibility.rule import ANY, NEVER, Rule
from pytest_modelcompat.results.finding import MEASURED, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import LayerUse
    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext

_KERAS_3 = (3, 0)
# The first Keras 3 whose one-hot encodings of a column have no dimension of one number.
_SQUEEZES = (3, 4)
# The first whose Discretization tells the shape of what it encodes: before it, no model with layers behind it is built.
_TELLS_SHAPES = (3, 14)
_WITHOUT_DIMENSION = (
    "put a Reshape before the layer that leaves the last dimension out, such as Reshape(()) where a row is one number, "
    "and save the model again: every version gives (…, categories)"
)
_ENCODE = ("Discretization", "Hashing", "IntegerLookup", "StringLookup")
# What gives the same shape, with a dimension of one number more or without it.
_OF_ONE_SHAPE = frozenset({"Flatten", "Reshape"})
# What computes the same of the last dimension, whatever stands before it.
_ON_LAST_AXIS = frozenset({"Dense"})
# Dimensions of what is a batch of rows.
_ROWS = 2


def _one_hot(context: CompatibilityContext, *class_names: str) -> Iterator[LayerUse]:
    return (each for each in context.layers(*class_names) if each.config.get("output_mode") == "one_hot")


def _one_hot_of_a_column(context: CompatibilityContext) -> tuple[Use, ...]:
    # Keras 3 does not read a Discretization of Keras 2 at all.
    classes = ("CategoryEncoding", "Discretization") if context.writer_major == 3 else ("CategoryEncoding",)
    of_columns = (each for each in _one_hot(context, *classes) if context.is_column(each.path))
    return tuple(each for each in of_columns if not _is_flattened(context, each))


def _is_flattened(context: CompatibilityContext, layer: LayerUse) -> bool:
    """Whether nobody sees a dimension of one number more in what a layer gives: other layers take it away."""
    before_it_is_gone = context.behind(layer.path, lambda each: each.class_name not in _OF_ONE_SHAPE)
    return not context.is_end(layer.path) and all(
        (takes_any_shape(each) or each.class_name in _ON_LAST_AXIS) and not context.is_end(each.path)
        for each in before_it_is_gone
    )


def _encoding_discretizations(context: CompatibilityContext) -> tuple[Use, ...]:
    """Each Discretization that gives more than numbers of bins, with layers behind it that are built for its shape.

    The first Keras 3 build all layers of a functional model for it, others those that do not take any.
    """
    layers = (each for each in context.layers("Discretization") if _encodes(each))
    not_ends = (each for each in layers if not context.is_end(each.path))
    return tuple(
        each
        for each in not_ends
        if (context.reader < _SQUEEZES and context.is_in_functional(each.path))
        or not all(map(takes_any_shape, context.behind(each.path)))
    )


def _encodes(layer: LayerUse) -> bool:
    """Whether it gives something else than one number for each that it is given."""
    return bool(layer.config.get("output_mode", "int") != "int")


def _of_more_than_rows(context: CompatibilityContext) -> tuple[Use, ...]:
    """Each layer that gives outputs of more dimensions than two, encoded."""
    return tuple(each for each in context.layers(*_ENCODE) if _encodes(each) and _output_rank(context, each) > _ROWS)


def _output_rank(context: CompatibilityContext, layer: LayerUse) -> int:
    """Of how many dimensions a layer's outputs are, or 0 where that is not known, or not refused."""
    rank, mode = len(context.input_shapes.get(layer.path, ())), layer.config.get("output_mode")
    if layer.class_name == "Discretization":
        return rank if mode == "count" else 0
    is_one_column = rank == _ROWS and context.is_column(layer.path)
    return rank + 1 if mode == "one_hot" and not is_one_column else rank


ENCODINGS = (
    *(
        Rule(
            Kind.SEMANTICS_CHANGED,
            subject="output_mode='one_hot'",
            cause="{reader} keeps the dimension of one number that its inputs have, and gives (…, 1, categories) where "
            "{writer} gives (…, categories)",
            source=MEASURED,
            where=_one_hot_of_a_column,
            written=written,
            read=(_KERAS_3, _SQUEEZES),
            severity=Severity.CHANGE,
            fix=(fixes.upgrade_keras(_SQUEEZES),),
        )
        for written in ((ANY, _KERAS_3), (_SQUEEZES, NEVER))
    ),
    Rule(
        Kind.SEMANTICS_CHANGED,
        subject="output_mode='one_hot'",
        cause="{reader} drops the dimension of one number that its inputs have, and gives (…, categories) where "
        "{writer} gives (…, 1, categories)",
        source=MEASURED,
        where=_one_hot_of_a_column,
        written=(_KERAS_3, _SQUEEZES),
        read=(_SQUEEZES, NEVER),
        severity=Severity.CHANGE,
        fix=(_WITHOUT_DIMENSION,),
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="Discretization(output_mode=…)",
        cause="{reader} takes its outputs to have the shape of its inputs, and builds the layers behind it for that",
        source=MEASURED,
        where=_encoding_discretizations,
        written=(_TELLS_SHAPES, NEVER),
        read=(_KERAS_3, _TELLS_SHAPES),
        stage=Stage.BUILD,
        fix=(fixes.upgrade_keras(_TELLS_SHAPES),),
    ),
    Rule(
        Kind.CONFIG_CHANGED,
        subject="output_mode=…",
        cause="its encoded outputs have more than two dimensions, which {reader} refuses when it is called",
        source=MEASURED,
        where=_of_more_than_rows,
        written=(_SQUEEZES, NEVER),
        read=(_KERAS_3, _SQUEEZES),
        stage=Stage.FIRST_CALL,
        fix=(fixes.upgrade_keras(_SQUEEZES),),
    ),
)
