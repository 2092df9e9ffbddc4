"""Lookup tables of the user's own layers, whose entries neither .h5 nor .keras holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.diagnosis.declarations import saved_model_alone
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.model import sublayers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


def filled_tables(model: ModelUnderTest) -> tuple[str, ...]:
    """The layers of a live model with tables that are filled by `insert`, in words: `Coder "coder" (MutableHashTable)`.

    Args:
        model: the live model; what a plain `tf.Module` holds is saved with its graph.
    """
    return tuple(dict.fromkeys(_tables(model.model))) if model.keras is not None else ()


def _tables(layer: Any) -> Iterator[str]:
    for held in list(getattr(layer, "__dict__", {}).values()):
        if _is_filled_later(held):
            yield f'{type(layer).__name__} "{layer.name}" ({type(held).__name__})'
    for inner in sublayers(layer):
        yield from _tables(inner)


def _is_filled_later(held: Any) -> bool:
    """Whether it is a table of TensorFlow's with a method that adds entries: one made of an initializer has none."""
    return hasattr(held, "resource_handle") and callable(getattr(held, "export", None)) and hasattr(held, "insert")


def with_lost_entries(finding: Finding, tables: tuple[str, ...], syntax: OptionSyntax) -> Finding:
    """A finding of a reload, that of other predictions with the tables that came back empty.

    Args:
        finding: how the reloaded model differs from the one that was saved.
        tables: as `filled_tables` gives them.
        syntax: writes options where the case is written.
    """
    if not tables or finding.kind is not Kind.PREDICTIONS_DRIFTED:
        return finding
    return replace(
        finding,
        cause=f"{finding.cause}: the table of {listed(tables, 3, 'and')} comes back empty, as .h5 and .keras hold "
        "no entries that insert() put into one",
        fix=(
            saved_model_alone("a SavedModel holds them: ").line(syntax, {}),
            "or make the table in the layer's __init__, from entries that get_config() returns",
        ),
        blame=Blame.WRITER,
    )
