"""What is held out of a run: each version, a fifth of the classes after the other, or the models of two layers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sweep.plan import every_keras
from sweep.tables import PAIR_KIND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.outcomes import Load

FOLDS = 5
# Kinds of artifacts that are about one class.
_ALONE = frozenset({"layer", "loss", "metric", "optimizer", "schedule", "initializer", "regularizer", "constraint"})


class Fold(NamedTuple):
    """What is held out, and what is known then.

    Args:
        name: what it is, in words.
        is_held_out: whether a load is predicted.
        is_known: whether facts are made of a load; some are neither.
    """

    name: str
    is_held_out: Callable[[Load], bool]
    is_known: Callable[[Load], bool]


def folds_by_version(loads: list[Load]) -> Iterator[Fold]:
    """Each version that read or wrote something, as what is held out."""
    for version in sorted({load.reader for load in loads} | {load.writer for load in loads}, key=every_keras().index):
        yield Fold(version, partial(_is_of_version, version), partial(_is_of_other_versions, version))


def _is_of_version(version: str, load: Load) -> bool:
    return version in (load.writer, load.reader)


def _is_of_other_versions(version: str, load: Load) -> bool:
    return version not in (load.writer, load.reader)


def folds_by_class(loads: list[Load]) -> Iterator[Fold]:
    """Each fifth of the classes, as what is held out; what has one of them beside others is not known either."""
    classes = sorted({load.of_class for load in loads})
    alone = {load.of_class for load in loads if load.row["kind"] in _ALONE}
    for number in range(FOLDS):
        held_out = frozenset(classes[number::FOLDS])
        names = frozenset(each.rpartition(" ")[2] for each in held_out & alone)
        known = partial(_has_none_of, held_out, names)
        yield Fold(f"fifth {number + 1} of the classes", partial(_is_of_classes, held_out), known)


def _is_of_classes(classes: frozenset[str], load: Load) -> bool:
    return load.of_class in classes


def _has_none_of(classes: frozenset[str], names: frozenset[str], load: Load) -> bool:
    return load.of_class not in classes and names.isdisjoint(load.classes)


def folds_of_pairs(_loads: list[Load]) -> Iterator[Fold]:
    """The models of two layers, as what is held out."""
    yield Fold("models of two layers", _is_pair, _is_no_pair)


def _is_pair(load: Load) -> bool:
    return bool(load.row["kind"] == PAIR_KIND)


def _is_no_pair(load: Load) -> bool:
    return not _is_pair(load)


FOLDS_BY = {"version": folds_by_version, "class": folds_by_class, "pair": folds_of_pairs}
