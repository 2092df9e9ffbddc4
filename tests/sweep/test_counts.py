"""What is counted of a run, and that the README says it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep import observed
from sweep.counts import README, counts, lines_of, named_in, put_into, without_construct
from sweep.plan import FILES, SAVED_MODELS, Plan, every_keras, plan_of
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


def test_what_every_version_reads_is_counted_apart(tmp_path: Path) -> None:
    results = {"2.4": RESULTS["b"], "2.5": RESULTS["a"], "3.15": RESULTS["a"]}
    observed.write("3.15", observations([{**ROWS[0], "kind": "model"}, *ROWS[1:]], results), tmp_path)
    plan = Plan("some", ["3.15"], lambda _: ["2.4", "3.15"], frozenset({"model"}))
    first, second, *_ = lines_of(plan, tmp_path)
    assert (first, second) == (
        "1 of 1 writers, 1 of 2 pairs.",
        f"Of models, states and wrappers: 3 of {len(every_keras())} pairs.",
    )


def test_of_a_plan_that_nothing_is_observed_of_there_is_no_table(tmp_path: Path) -> None:
    (line,) = lines_of(plan_of(SAVED_MODELS), tmp_path)
    assert line.startswith("0 of 19 writers, 0 of ")


def test_a_construct_names_its_class_what_it_is_around_and_its_value() -> None:
    constructs = ["layer RNN > LSTMCell", "layer Dense.dtype=<Policy>", "compiled loss Huber.delta=float"]
    constructs += ["compiled optimizer legacy SGD", "initializer Zeros", "operation Add"]
    found = named_in(constructs)
    alone = {("layer", "RNN"), ("layer", "LSTMCell"), ("layer", "Dense"), ("loss", "Huber"), ("optimizer", "SGD")}
    assert found >= {*alone, ("initializer", "Zeros"), ("dtype policy", "Policy")}
    others = {("metric", "Huber"), ("layer", "Zeros"), ("layer", "dtype"), ("layer", "Add")}
    assert not others & found


def test_classes_that_no_construct_names_are_listed_with_their_versions(tmp_path: Path) -> None:
    for keras in ("2.15", "3.15"):
        observed.write(keras, observations(ROWS, RESULTS), tmp_path)
    found = without_construct(Plan(FILES, ["2.15", "3.0", "3.15"], lambda _: ["a", "b"]), tmp_path)
    assert found["layer"]["Conv2D"] == ["2.15", "3.15"]
    assert not {"Dense", "Add", "Dot"} & found["layer"].keys()


def test_lines_take_the_place_of_those_between_their_comments() -> None:
    text = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n"
    assert put_into(text, ["new", "lines"], "x") == "a\n<!-- x: begin -->\nnew\nlines\n<!-- x: end -->\nb\n"
    for broken in (text.replace("x: end", "y: end"), text.replace("x: begin", "y: begin")):
        with pytest.raises(SystemExit, match="x: begin -->"):
            put_into(broken, ["new"], "x")


def test_the_readme_says_what_is_observed() -> None:
    """`python -m sweep.counts --write` puts it there."""
    text = README.read_text(encoding="utf-8")
    for what in (FILES, SAVED_MODELS):
        assert put_into(text, lines_of(plan_of(what), observed.folder_of(what)), what) == text
