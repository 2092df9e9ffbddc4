"""What is held out, and how predictions are counted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.crossvalidation import Load, Nearest, facts_of, figures, folds_by_class, folds_by_version

if TYPE_CHECKING:
    from collections.abc import Sequence


def load(
    writer: str, reader: str, name: str, outcome: str = "loads", stage: str = "", *, constructs: Sequence[str] = ()
) -> Load:
    row = {"name": name, "kind": "layer", "format": "h5", "constructs": constructs}
    return Load(writer, reader, row, {"outcome": outcome, "stage": stage, "text": "no" if outcome == "fails" else ""})


LOADS = [
    load("2.15", "3.0", "Dense", "fails"),
    load("2.15", "3.15", "Dense.units=int"),
    load("3.3", "3.15", "Dropout", "changed"),
    load("3.3", "3.3", "Softmax", "changed", "training"),
    load("3.3", "3.3", "Add", "crashes"),
]


class TestLoad:
    def test_what_ends_the_process_fails_and_training_is_not_predicted(self) -> None:
        assert [each.seen for each in LOADS] == ["fails", "loads", "changed", "loads", "fails"]

    def test_an_argument_is_of_its_class(self) -> None:
        assert LOADS[1].of_class == "Dense"


class TestFolds:
    def test_by_class_hold_out_each_load_once_and_no_class_apart(self) -> None:
        held = [[each for each in LOADS if fold.is_held_out(each)] for fold in folds_by_class(LOADS)]
        assert sorted(each.row["name"] for fold in held for each in fold) == sorted(each.row["name"] for each in LOADS)
        assert LOADS[:2] in held

    def test_by_version_hold_out_what_it_wrote_and_what_it_read(self) -> None:
        folds = list(folds_by_version(LOADS))
        assert [fold.name for fold in folds] == ["2.15", "3.0", "3.3", "3.15"]
        assert [folds[-1].is_held_out(each) for each in LOADS] == [False, True, True, False, False]
        assert [folds[-1].is_known(each) for each in LOADS] == [True, False, False, True, True]

    def test_by_class_know_nothing_that_has_a_class_of_them_beside_others(self) -> None:
        both = load("3.3", "3.3", "a model", constructs=["model Functional", "layer Dense", "layer Other"])
        (fold,) = (fold for fold in folds_by_class([*LOADS, both]) if fold.is_held_out(LOADS[0]))
        assert not fold.is_known(both)
        assert not fold.is_held_out(both)


def test_facts_are_those_of_the_loads_that_are_known_and_of_the_versions_between_them() -> None:
    units = ["layer Dense", "layer Dense.units=int"]
    known = [
        load("2.15", "2.15", "Dense", constructs=["layer Dense"]),
        load("2.15", "3.0", "Dense", constructs=["layer Dense"]),
        load("2.15", "3.0", "Dense.units=int", "fails", "load", constructs=units),
        load("2.15", "3.3", "Dense.units=int", "fails", "load", constructs=units),
    ]
    facts = facts_of(known)["h5"]
    (seen,) = facts.about(units, "2.15", "3.0")
    (between,) = facts.about(units, "2.15", "3.2")
    assert (seen.construct, seen.is_seen, between.is_seen) == ("layer Dense.units=int", True, False)
    assert not list(facts.about(units, "2.15", "3.4"))


class TestNearest:
    def test_is_the_same_artifact_in_the_nearest_versions(self) -> None:
        nearest = Nearest([load("2.15", "3.0", "Dense", "fails"), load("2.15", "3.15", "Dense")])
        assert nearest.says(load("2.14", "3.1", "Dense")) == "fails"
        assert nearest.says(load("2.15", "3.14", "Dense")) == "loads"

    def test_is_the_class_where_the_artifact_is_in_none_and_loads_where_that_is_not_either(self) -> None:
        nearest = Nearest([load("2.15", "3.0", "Dense", "fails")])
        assert nearest.says(load("2.15", "3.0", "Dense.units=int")) == "fails"
        assert nearest.says(load("2.15", "3.0", "Softmax")) == "loads"


def test_figures_are_agreement_what_was_foreseen_and_what_was_real() -> None:
    pairs = [("loads", "loads"), ("fails", "fails"), ("changed", "fails"), ("loads", "changed"), ("fails", "loads")]
    assert figures(pairs).split() == ["40.0", "%", "66.7", "%", "66.7", "%"]
    assert figures([("loads", "loads")]).split() == ["100.0", "%", "-", "-"]
