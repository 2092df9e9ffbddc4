"""Between readers that differ the one in the middle is asked, and between those that agree none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.bisection import followed
from sweep.blame import OF_PYTHON
from sweep.plan import lines
from sweep.tables import Table, filled, tables_of

if TYPE_CHECKING:
    from sweep.blame import Kind

KERAS_2, KERAS_3 = lines()
LOADS: Kind = ("loads", "", "")
FAILS: Kind = ("fails", "load", "one text")
OTHERWISE: Kind = ("fails", "load", "another text")


def results_of(**outcomes: str) -> dict[str, dict[str, dict[str, str]]]:
    """Results of one artifact: `k3_0="loads"`."""
    results: dict[str, dict[str, dict[str, str]]] = {reader: {} for reader in (*KERAS_2, *KERAS_3)}
    for name, outcome in outcomes.items():
        results[name[1:].replace("_", ".")]["a"] = {"outcome": outcome}
    return results


class TestFollowed:
    def test_asks_nothing_where_the_readers_agree(self) -> None:
        assert followed("a", ["3.0", "3.15"], results_of(k3_0="fails", k3_15="fails")) == (set(), set())

    def test_asks_the_one_in_the_middle_where_they_do_not(self) -> None:
        assert followed("a", ["3.0", "3.15"], results_of(k3_0="fails", k3_15="loads")) == (set(), {"3.7"})

    def test_goes_on_until_two_are_beside_each_other(self) -> None:
        """It fails up to 3.4, and loads from 3.5 on."""
        asked, results = set[str](), results_of(k3_0="fails", k3_15="loads")
        for _ in range(len(KERAS_3)):
            have, more = followed("a", ["3.0", "3.15"], results)
            assert have == asked
            if not more:
                break
            for reader in more:
                results[reader]["a"] = {
                    "outcome": "fails" if KERAS_3.index(reader) <= KERAS_3.index("3.4") else "loads"
                }
            asked |= more
        assert asked == {"3.7", "3.3", "3.5", "3.4"}

    def test_asks_where_the_same_outcome_has_another_text(self) -> None:
        results = results_of(k3_0="fails", k3_2="fails")
        results["3.0"]["a"]["text"], results["3.2"]["a"]["text"] = "no 5", "no 7"
        assert followed("a", ["3.0", "3.2"], results) == (set(), set())
        results["3.2"]["a"]["text"] = "never"
        assert followed("a", ["3.0", "3.2"], results) == (set(), {"3.1"})

    def test_looks_along_each_line_alone(self) -> None:
        """Keras 2 that reads it and Keras 3 that does not are no boundary: there is nothing between them to try."""
        assert followed("a", ["2.15", "3.0"], results_of(k2_15="loads", k3_0="fails")) == (set(), set())

    def test_takes_no_reader_that_another_artifact_was_tried_in(self) -> None:
        results = results_of(k3_0="fails", k3_15="loads", k3_9="loads")
        assert followed("a", ["3.0", "3.15"], results) == (set(), {"3.7"})


def table(**columns: Kind) -> Table:
    return Table([frozenset({"layer Dense"})], {name[1:].replace("_", "."): [kind] for name, kind in columns.items()})


class TestFilled:
    def test_has_what_both_sides_make_of_it(self) -> None:
        found = filled(table(k3_0=FAILS, k3_3=FAILS, k3_5=OTHERWISE, k3_7=LOADS))
        assert {reader: column[0] for reader, column in found.items()} == {
            "3.0": FAILS, "3.1": FAILS, "3.2": FAILS, "3.3": FAILS, "3.5": OTHERWISE, "3.7": LOADS,
        }  # fmt: skip

    def test_has_nothing_before_the_first_and_after_the_last(self) -> None:
        assert list(filled(table(k3_3=LOADS, k3_5=LOADS))) == ["3.3", "3.4", "3.5"]

    @pytest.mark.parametrize("reader", ["2.15", "3.0"])
    def test_does_not_go_from_one_line_to_the_other(self, reader: str) -> None:
        other = {"2.15": "3.1", "3.0": "2.13"}[reader]
        found = filled(Table([frozenset({"layer Dense"})], {reader: [LOADS], other: [LOADS]}))
        assert set(found) == {reader, other}


def test_bytecode_that_does_not_run_says_nothing_about_keras() -> None:
    data = {
        "constructs": ["layer Lambda.function_type=lambda"],
        "artifacts": [["Lambda", "layer", "h5", [0], []]],
        "kinds": [["fails", "load", "ValueError: bad marshal data"], ["loads", "", ""]],
        "readers": {"3.0": [0, 1], "3.1": [1, 1]},
    }
    assert tables_of(data)["h5"].readers == {"3.0": [OF_PYTHON], "3.1": [LOADS]}


def test_only_what_loaded_everything_was_measured() -> None:
    data = {
        "constructs": ["layer Dense"],
        "artifacts": [
            ["Dense", "layer", "h5", [0], []],
            ["two", "pair", "h5", [], []],
            ["Dense", "layer", "keras", [], []],
        ],
        "kinds": [["loads", "", ""]],
        "readers": {"3.0": [0, 3], "3.1": [0, 1, -1, 2], "3.2": [-1, 3]},
    }
    found = tables_of(data)
    assert {form: of.measured() for form, of in found.items()} == {"h5": ["3.0", "3.1"], "keras": ["3.0"]}
    assert len(found["h5"].artifacts) == 1
