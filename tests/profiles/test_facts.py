"""Facts about constructs: which pair of versions they are taken from, and what they say there."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.profiles.facts import Fact, Facts, data_of, load_facts, path_of, write

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ["2.4", "2.13", "2.15", "tf_keras 2.21", "3.0", "3.3", "3.15", "3.16"]
KINDS = [["fails", "load", "TypeError: no"], ["changed", "", "the outputs differ"], ["loads", "", ""]]
# A Dense with an activation of its own: fails in 3.0 and 3.3 from files of 2.15, in 3.3 from its own.
DENSE = "layer Dense.activation=<LeakyReLU>"
DATA = data_of(
    VERSIONS,
    KINDS,
    [(2, 2), (2, 4), (2, 6), (5, 5), (5, 6), (3, 3)],
    [DENSE, "layer Dense", "layer Softmax", "layer RNN", "layer *", "layer Conv1D.activation=<LeakyReLU>"],
    {
        DENSE: [[0, [2], [4]], [0, [5], [5]], [2, [2], [2]]],
        "layer Dropout": [[0, [2], [4, 5, 6]]],
        "layer GRU": [[0, [2], [4]], [1, [2], [6]]],
        "layer Softmax": [[1, [5], [5, 6]]],
        "layer Dense.kernel_regularizer=<function *>": [[0, [2], [4]], [2, [2], [6]]],
        "layer Dense.kernel_regularizer=<L1>": [[0, [2], [4]]],
        "layer Dense.activity_regularizer=<function *>": [[1, [2], [4]]],
        "layer * & layer RNN": [[0, [2], [6]]],
        "layer LSTM": [[0, [2], [6]], [0, [3], [3]], [2, [2], [4, 5]]],
    },
    between=[(2, 5)],
)


@pytest.fixture
def facts() -> Facts:
    return Facts(DATA)


def about(facts: Facts, writer: str, reader: str, *constructs: str) -> list[str]:
    return [fact.construct for fact in facts.about(constructs, writer, reader)]


class TestAbout:
    def test_says_what_was_seen_and_where(self, facts: Facts) -> None:
        assert list(facts.about(["layer Dense", DENSE], "2.15", "3.0")) == [
            Fact(DENSE, "fails", "load", "TypeError: no", "2.15", "3.0")
        ]

    def test_says_nothing_of_a_pair_in_which_it_loads(self, facts: Facts) -> None:
        assert about(facts, "2.15", "2.15", DENSE) == []
        assert about(facts, "2.15", "3.15", DENSE) == []

    def test_says_what_is_known_of_a_reader_between_others_and_that_it_was_not_seen(self, facts: Facts) -> None:
        assert about(facts, "2.15", "3.3", DENSE) == []
        (fact,) = facts.about(["layer Dropout"], "2.15", "3.3")
        assert (fact.writer, fact.reader, fact.is_seen) == ("2.15", "3.3", False)

    def test_says_nothing_of_a_reader_newer_than_all_that_were_measured(self, facts: Facts) -> None:
        assert about(facts, "2.15", "3.16", "layer Dropout") == []

    def test_takes_no_pair_of_other_major_versions(self, facts: Facts) -> None:
        assert about(facts, "3.3", "2.15", DENSE) == []

    def test_says_of_a_writer_older_than_all_what_is_known_of_the_oldest_and_that_it_was_not_seen(self) -> None:
        """Nobody can try them any more."""
        rows = {DENSE: [[0, [0], [0, 1]]]}
        oldest = Facts(data_of(["2.4", "tf_keras 2.16"], KINDS, [(0, 0), (0, 1)], [DENSE], rows))
        for writer in ("2.3", "1.2"):
            (fact,) = oldest.about([DENSE], writer, "tf_keras 2.16")
            assert (fact.writer, fact.is_seen) == ("2.4", False)
        assert next(oldest.about([DENSE], "2.4", "2.4")).is_seen

    @pytest.mark.parametrize(
        ("writer", "reader", "of"),
        [
            ("3.99", "3.3", "3.3"),
            ("3.99", "3.15", "3.3"),
            ("3.0", "3.3", "3.3"),
            ("tf_keras 2.30", "3.0", "2.15"),
            ("2.5", "3.0", "2.15"),
        ],
    )
    def test_takes_a_writer_that_was_not_tried_for_the_one_beside_it(
        self, facts: Facts, writer: str, reader: str, of: str
    ) -> None:
        (fact,) = facts.about([DENSE if reader != "3.15" else "layer Softmax"], writer, reader)
        assert (fact.writer, fact.reader, fact.is_seen) == (of, reader, False)

    @pytest.mark.parametrize(("writer", "reader"), [("2.4", "3.99"), ("", "3.3"), ("3.99", "2.15"), ("2.9", "3.16")])
    def test_says_nothing_of_a_pair_with_nothing_beside_it(self, facts: Facts, writer: str, reader: str) -> None:
        assert about(facts, writer, reader, DENSE) == []

    @pytest.mark.parametrize(
        ("construct", "outcomes"),
        [("A", ["fails"]), ("B", []), ("C", []), ("D", []), ("A.activation=<X>", ["fails"]), ("A.activation=<Y>", [])],
    )
    def test_takes_a_writer_between_two_for_both_where_they_agree(self, construct: str, outcomes: list[str]) -> None:
        rows: dict[str, list[list[object]]] = {
            "layer A": [[0, [0, 2], [3]]],
            "layer B": [[0, [0], [3]], [1, [2], [3]]],
            "layer C": [[0, [0], [3]], [2, [2], [3]]],
            "layer D": [[0, [0], [3]]],
            "layer Dense.activation=<X>": [[0, [0, 2], [3]]],
            "layer Dense.activation=<Y>": [[0, [0], [3]]],
        }
        known = Facts(data_of(["3.1", "3.2", "3.3", "3.4"], KINDS, [(0, 3), (2, 3)], [*rows, "layer A"], rows))
        assert [each.outcome for each in known.about([f"layer {construct}"], "3.2", "3.4")] == outcomes

    def test_says_of_two_what_they_do_together(self, facts: Facts) -> None:
        assert about(facts, "2.15", "3.15", "layer RNN", "layer *") == ["layer * & layer RNN"]
        assert about(facts, "2.15", "3.15", "layer RNN") == []

    def test_says_of_a_value_that_a_layer_hands_on_what_it_is_elsewhere(self, facts: Facts) -> None:
        tried = "layer Dense.kernel_regularizer=<function *>"
        (found,) = facts.about(["layer LSTM.recurrent_regularizer=<function *>"], "2.15", "3.0")
        assert (found.construct, found.outcome) == ("layer LSTM.recurrent_regularizer=<function *>", "fails")
        assert (found.elsewhere, found.is_seen) == (tried, False)
        assert facts.loads_in(found) == ["3.15"]
        (found,) = facts.about(["layer LSTM.activity_regularizer=<function *>"], "2.15", "3.0")
        assert found.outcome == "changed"
        assert about(facts, "2.15", "3.0", "layer GRU.recurrent_activation=<LeakyReLU>")

    @pytest.mark.parametrize(
        "construct",
        [
            "layer Conv1D.activation=<LeakyReLU>",  # was tried there
            "operation Relu.activation=<LeakyReLU>",
            "layer GRU.activations=<LeakyReLU>",
            "layer GRU.activity_regularizer=<L1>",
        ],
    )
    def test_says_nothing_of_other_values_from_elsewhere(self, facts: Facts, construct: str) -> None:
        assert about(facts, "2.15", "3.0", construct) == []

    @pytest.mark.parametrize(
        ("dense", "conv", "expected"),
        [
            ([0, [2], [4]], [0, [2], [4]], ["fails"]),
            ([0, [2], [4]], [1, [2], [4]], []),  # they differ
            ([2, [2], [4]], [0, [2], [4]], []),  # one comes back the same
            ([0, [2], [6]], [0, [2], [4]], ["fails"]),  # of one nothing is known there
        ],
    )
    def test_takes_from_elsewhere_what_layers_agree_on(
        self, dense: list[object], conv: list[object], expected: list[str]
    ) -> None:
        rows = {"layer Dense.kernel_constraint=<X>": [dense], "layer Conv2D.kernel_constraint=<X>": [conv]}
        known = Facts(data_of(VERSIONS, KINDS, [(2, 4), (2, 6)], ["layer LSTM"], rows))
        found = known.about(["layer LSTM.recurrent_constraint=<X>"], "2.15", "3.0")
        assert [each.outcome for each in found] == expected

    def test_says_what_changes(self, facts: Facts) -> None:
        (fact,) = facts.about(["layer Softmax"], "3.3", "3.15")
        assert (fact.outcome, fact.text) == ("changed", "the outputs differ")


def test_of_writers_that_were_tried_the_nearest_on_each_side_are_asked() -> None:
    versions = ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6"]
    rows: dict[str, list[list[object]]] = {"layer A": [[0, [1, 3], [5]], [1, [0, 4], [5]]]}
    known = Facts(data_of(versions, KINDS, [(place, 5) for place in (0, 1, 3, 4)], [*rows], rows))
    assert [each.outcome for each in known.about(["layer A"], "3.3", "3.6")] == ["fails"]


def test_what_comes_back_the_same_from_one_writer_says_nothing_of_another() -> None:
    rows: dict[str, list[list[object]]] = {"layer A": [[2, [0], [1]], [0, [1], [0]]]}
    known = Facts(data_of(["3.1", "3.2"], KINDS, [(0, 0), (0, 1), (1, 0), (1, 1)], [*rows], rows))
    assert known.loads("layer A", "3.1", "3.2")
    assert not known.loads("layer A", "3.2", "3.2")
    assert not known.loads("layer A", "3.9", "3.2")
    (fact,) = known.about(["layer A"], "3.2", "3.1")
    assert known.loads_in(fact) == []


def test_knows_in_which_versions_it_comes_back_the_same(facts: Facts) -> None:
    (fact,) = facts.about([DENSE], "2.15", "3.0")
    assert facts.loads_in(fact) == ["2.15"]
    assert facts.loads(DENSE, "2.15", "2.15")
    assert not facts.loads(DENSE, "2.15", "3.15"), "nothing is blamed on it there, and nothing with it was seen to load"
    (fact,) = facts.about(["layer Softmax"], "3.3", "3.15")
    assert facts.loads_in(fact) == []
    (fact,) = facts.about(["layer LSTM"], "2.15", "3.15")
    assert facts.loads_in(fact) == ["3.0"], "between two that were tried it is expected, and was not seen"


def test_knows_what_was_ever_tried(facts: Facts) -> None:
    assert facts.has_seen(DENSE)
    assert facts.has_seen("layer Dense")
    assert not facts.has_seen("layer Dense.units=float")
    assert not facts.has_seen("layer Unheard")


def test_a_value_that_was_tried_where_all_are_was_tried_of_every_argument_for_it() -> None:
    known = Facts(data_of(VERSIONS, KINDS, [], ["layer LSTM", "layer Embedding.embeddings_regularizer=<L1>"], {}))
    assert known.has_seen("layer LSTM.recurrent_regularizer=<L1>")
    assert not known.has_seen("layer LSTM.recurrent_constraint=<L1>")


def test_a_layer_that_is_frozen_is_one_as_others_are() -> None:
    known = Facts(data_of(VERSIONS, KINDS, [], ["layer ReLU", "layer Dense.trainable=false"], {}))
    assert known.has_seen("layer ReLU.trainable=false")
    assert not known.has_seen("layer ReLU.trainable=true")


def test_an_activation_that_was_tried_in_one_layer_was_tried_in_all(facts: Facts) -> None:
    assert facts.has_seen("layer Softmax.activation=<LeakyReLU>")
    assert not facts.has_seen("layer Softmax.activation=<PReLU>")
    assert not facts.has_seen("layer Unheard.activation=<LeakyReLU>")


class TestData:
    def test_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        write("h5", DATA, tmp_path)
        read = load_facts("h5", tmp_path)
        assert read is not None
        assert about(read, "2.15", "3.0", DENSE) == [DENSE]
        assert DENSE in read.observed

    def test_are_none_where_nothing_was_measured(self, tmp_path: Path) -> None:
        assert load_facts("saved_model", tmp_path) is None

    def test_are_the_same_bytes_each_time(self, tmp_path: Path) -> None:
        for folder, data in (("one", DATA), ("other", json.loads(json.dumps(DATA, sort_keys=True)))):
            (tmp_path / folder).mkdir()
            write("h5", data, tmp_path / folder)
        one, other = (path_of("h5", tmp_path / folder).read_bytes() for folder in ("one", "other"))
        assert one == other
        assert json.loads(gzip.decompress(one))["versions"] == VERSIONS
