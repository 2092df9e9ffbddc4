"""What is counted of a run, and that the README says it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep import observed
from sweep.counts import README, counts, lines_of, named_in, put_into, without_construct
from sweep.plan import FILES, SAVED_MODELS, Plan, plan_of
from sweep.summary import observations


def row(name: str, *constructs: str) -> dict[str, object]:
    return {"name": name, "kind": "layer", "format": "h5", "id": name, "constructs": list(constructs)}


ROWS = [row("Dense", "layer Dense"), row("Add", "layer Add"), row("Dot", "layer Dot")]
RESULTS = {
    "a": {
        "Dense": {"outcome": "changed", "stage": "training", "text": "it does not train"},
        "Add": {"outcome": "fails", "stage": "load", "text": "no"},
    },
    "b": {each: {"outcome": "loads"} for each in ("Dense", "Add", "Dot")},
}


def test_what_was_not_loaded_is_not_counted_and_training_apart() -> None:
    found = Counter(column for _, column in counts(observations(ROWS, RESULTS)))
    assert found == {"artifacts": 3, "loads": 5, "fails": 1, "trains otherwise": 1}


def test_a_pair_is_finished_when_all_of_it_is_loaded(tmp_path: Path) -> None:
    observed.write("3.15", observations(ROWS, RESULTS), tmp_path)
    plan = Plan("some", ["3.15", "3.16"], lambda _: ["a", "b"])
    assert next(lines_of(plan, tmp_path)) == "1 of 2 writers, 1 of 4 pairs."


def test_a_construct_names_its_class_what_it_is_around_and_its_value() -> None:
    found = named_in(["layer RNN > LSTMCell", "layer Dense.activation=<function relu>", "metric Mean.dtype=Policy"])
    assert {"RNN", "LSTMCell", "Dense", "relu", "Mean", "Policy"} <= found
    assert not {"activation", "dtype"} & found


def test_classes_that_no_construct_names_are_listed_with_their_versions(tmp_path: Path) -> None:
    for keras in ("2.15", "3.15"):
        observed.write(keras, observations(ROWS, RESULTS), tmp_path)
    found = without_construct(Plan(FILES, ["2.15", "3.0", "3.15"], lambda _: ["a", "b"]), tmp_path)
    assert found["layer"]["Conv2D"] == ["2.15", "3.15"]
    assert not {"Dense", "Add", "Dot"} & found["layer"].keys()


def test_lines_take_the_place_of_those_between_their_comments() -> None:
    text = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n"
    assert put_into(text, ["new", "lines"], "x") == "a\n<!-- x: begin -->\nnew\nlines\n<!-- x: end -->\nb\n"


def test_the_readme_says_what_is_observed() -> None:
    """`python -m sweep.counts --write` puts it there."""
    text = README.read_text(encoding="utf-8")
    for what in (FILES, SAVED_MODELS):
        assert put_into(text, lines_of(plan_of(what), observed.folder_of(what)), what) == text
