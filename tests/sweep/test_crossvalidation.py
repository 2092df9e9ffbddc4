"""What is held out, and how predictions are counted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.constructs import constructs
from sweep.crossvalidation import Nearest, facts_of, figures, predictions
from sweep.folds import Fold, folds_by_class, folds_by_version
from sweep.misses import Miss, lines_of
from sweep.outcomes import Load
from sweep.summary import kind_of
from tests.compatibility.models import K33, stack

if TYPE_CHECKING:
    from collections.abc import Sequence


def load(
    writer: str, reader: str, name: str, outcome: str = "loads", stage: str = "", *, constructs: Sequence[str] = ()
) -> Load:
    row = {"name": name, "kind": "layer", "format": "h5", "constructs": frozenset(constructs)}
    return Load(writer, reader, row, (outcome, stage, "no" if outcome == "fails" else ""))


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

    def test_is_the_class_where_the_artifact_is_in_none_and_as_most_where_that_is_not_either(self) -> None:
        others = [load("2.15", "3.0", "Add"), load("2.15", "3.3", "Add")]
        nearest = Nearest([load("2.15", "3.0", "Dense", "fails"), *others])
        assert nearest.says(load("2.15", "3.0", "Dense.units=int")) == "fails"
        assert nearest.says(load("2.15", "3.0", "Softmax")) == "loads"


def test_figures_are_agreement_what_was_foreseen_and_what_was_real() -> None:
    pairs = [("loads", "loads"), ("fails", "fails"), ("changed", "fails"), ("loads", "changed"), ("fails", "loads")]
    assert figures(pairs).split() == ["40.0", "%", "66.7", "%", "66.7", "%"]
    assert figures([("loads", "loads")]).split() == ["100.0", "%", "-", "-"]


def test_a_prediction_is_made_without_what_is_held_out_and_a_miss_says_what_that_was(tmp_path: Path) -> None:
    """`units` of 3.3 fails in 3.4, as only its own load says."""
    rows = [_row(tmp_path, name, units) for name, units in (("Dense", 1), ("Dense.units=int", 2))]
    rows[0]["constructs"] = rows[1]["constructs"] - {"layer Dense.units=int"}
    outcomes = ({"outcome": "loads"}, {"outcome": "fails", "stage": "load", "text": "TypeError: units"})
    loads = [Load("3.3", "3.4", row, kind_of(result)) for row, result in zip(rows, outcomes, strict=True)]
    fold = Fold("units", lambda load: load is loads[1], lambda load: load is loads[0])
    (missed,) = predictions(fold, 1, facts_of(loads), loads)
    assert missed.says[:2] == ("loads", "loads")
    assert missed.miss
    assert missed.miss.reasons == ("layer Dense.units=int",)
    everything = Fold("nothing", lambda load: load is loads[1], lambda _: True)
    (foreseen,) = predictions(everything, 1, facts_of(loads), loads)
    assert (foreseen.says[:2], foreseen.miss) == (("fails", "loads"), None)
    assert not predictions(everything, 1 << 90, facts_of(loads), loads)


def _row(folder: Path, name: str, units: int) -> dict[str, Any]:
    path = K33.h5(folder / f"{units}.h5", stack(K33, K33.layer("Dense", "d", units=units)))
    found = frozenset(each.text for each in constructs(read_inventory(path), lambda _: False))
    row = {"path": str(path), "format": "h5", "name": name, "kind": "layer", "declared": [], "is_code": False}
    return {**row, "id": f"{units:020x}", "constructs": found}


def test_misses_with_the_same_text_and_reason_stand_together_the_most_frequent_first() -> None:
    misses = [
        Miss("h5", "loads", "fails", "no `a` | b", (), "one"),
        Miss("h5", "fails", "loads", "", ("CONFIG_CHANGED Dense",), "two"),
        Miss("h5", "fails", "loads", "", ("CONFIG_CHANGED Dense",), "three"),
        Miss("h5", "loads", "changed", "", ("layer Dense.units=int",), "four"),
    ]
    lines = list(lines_of(misses))[2:]
    assert lines[0] == "| 2 | two | fails | loads | found, and not so: CONFIG_CHANGED Dense |  |\n"
    assert lines[1:] == [
        "| 1 | four | loads | changed | held out: layer Dense.units=int |  |\n",
        f"| 1 | one | loads | fails | {misses[0].reason} | no 'a' \\| b |\n",
    ]
