"""Observations on disk: what is written is what was seen, and the same bytes each time."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from pytest_modelcompat.profiles.store import load_profile, read_history, version_key
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from sweep import observed
from sweep.make import ROWS as ROWS_FILE
from sweep.make import VOCABULARY, folder_of, make
from sweep.merging import merged
from sweep.plan import FILES, SAVED_MODELS, every_keras, pairs, plan_of, readers_of, runtime_of
from sweep.summary import DIGEST, artifacts_of, known_outcomes, observations, outcomes_of
from sweep.writer.choice import is_chosen

ROWS: list[dict[str, Any]] = [
    {"name": "Dense", "kind": "layer", "format": "h5", "id": "a", "constructs": ["layer Dense"]},
    {"name": "Dropout", "kind": "layer", "format": "h5", "id": "b", "constructs": ["layer Dropout", "layer Input"]},
    {"name": "Dense", "kind": "layer", "format": "keras", "id": "c", "constructs": ["layer Dense", "layer Input"]},
]
RESULTS: dict[str, dict[str, dict[str, Any]]] = {
    "3.15": {"a": {"outcome": "loads"}, "c": {"outcome": "fails", "stage": "load", "text": "ValueError: got 17"}},
    "2.15": {},
}


class TestObservations:
    def test_are_read_as_they_were_written(self, tmp_path: Path) -> None:
        observed.write("tf_keras 2.16", observations(ROWS, RESULTS), tmp_path)
        data = observed.read("tf_keras 2.16", tmp_path)
        assert [(name, form, sorted(found)) for name, _, form, found in artifacts_of(data)] == [
            (row["name"], row["format"], row["constructs"]) for row in ROWS
        ]
        assert outcomes_of(data, "3.15") == {
            ("Dense", "h5"): {"outcome": "loads", "stage": "", "text": ""},
            ("Dense", "keras"): {"outcome": "fails", "stage": "load", "text": "ValueError: got N"},
        }

    def test_are_known_of_the_same_artifact_and_not_of_another_of_its_name(self, tmp_path: Path) -> None:
        rows = [{**row, "id": str(number) * 20} for number, row in enumerate(ROWS)]
        results = {"3.15": {row["id"]: {"outcome": "loads"} for row in rows}}
        observed.write("2.4", observations(rows, results), tmp_path)
        data = observed.read("2.4", tmp_path)
        known = known_outcomes(data, "3.15")
        assert set(known) == {(row["name"], row["format"], row["id"][:DIGEST]) for row in rows}
        # Those of before have no digests: nobody knows of which artifact they are.
        assert known_outcomes({key: each for key, each in data.items() if key != "digests"}, "3.15") == {}

    def test_of_a_reader_that_has_loaded_nothing_are_none(self, tmp_path: Path) -> None:
        observed.write("2.4", observations(ROWS, RESULTS), tmp_path)
        assert list(observed.read("2.4", tmp_path)["readers"]) == ["3.15"]
        assert outcomes_of(observed.read("2.4", tmp_path), "2.15") == {}

    def test_are_the_same_bytes_in_whatever_order_they_came(self, tmp_path: Path) -> None:
        for folder, rows in (("one", ROWS), ("other", ROWS[::-1])):
            observed.write("2.4", observations(rows, RESULTS), tmp_path / folder)
        one, other = (observed.path_of("2.4", tmp_path / folder).read_bytes() for folder in ("one", "other"))
        assert one == other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unknown layer: 'Foo'", "Unknown layer: 'Foo'"),
        ("expected 3 arrays, got 17.5", "expected N arrays, got N"),
        ("no file /tmp/a1/b/model.h5 there", "no file … there"),
        ("bad config {'name': 'probe', 'trainable': True, 'dtype': 'float32'}", "bad config {…}"),
        ("calling it. \x1b[1mIt is not\x1b[0m there", "calling it. It is not there"),
        ("<keras.src.Thing object at 0x7f00aa> is not", "… is not"),
        ("AssertionError: ", "AssertionError"),
    ],
)
def test_texts_lose_what_differs_between_files(text: str, expected: str) -> None:
    assert observed.normal(text) == expected


class TestPlan:
    def test_has_every_version_that_has_a_profile(self) -> None:
        assert set(every_keras()) == set(read_history("keras")[0])

    @pytest.mark.parametrize("keras", every_keras())
    def test_names_runtimes_that_have_that_keras(self, keras: str) -> None:
        profile = load_profile(builtin_runtime(runtime_of(keras)).name)
        assert version_key(profile.keras_version, is_tf_keras=profile.package == "tf_keras") == keras

    def test_takes_the_newest_tensorflow_that_is_not_newer_than_a_keras(self) -> None:
        runtimes = [runtime_of(keras) for keras in ("2.9", "tf_keras 2.18", "3.0", "3.3", "3.10", "3.15", "3.16")]
        assert runtimes == [
            "tf2.9", "tf2.18+tf_keras", "tf2.16+keras3.0", "tf2.16", "tf2.19+keras3.10", "tf2.21", "tf2.22rc0",
        ]  # fmt: skip

    def test_reads_in_the_version_itself_its_neighbours_and_the_usual_ones(self) -> None:
        assert readers_of("2.15") == ["2.14", "2.15", "3.0", "2.4", "tf_keras 2.21", "3.15"]
        ends = ["2.4", "2.15", "tf_keras 2.21", "3.0", "3.15"]
        assert readers_of("tf_keras 2.16") == ["tf_keras 2.16", "tf_keras 2.17", *ends]
        assert plan_of(SAVED_MODELS).readers_of("3.3") == ["2.15", "3.3", "3.4", "3.15"]
        assert plan_of(FILES).readers_for("2.15", "layer") == readers_of("2.15")
        assert plan_of(FILES).readers_for("2.15", "state") == every_keras()
        assert plan_of(SAVED_MODELS).readers_for("3.3", "state") == plan_of(SAVED_MODELS).readers_of("3.3")
        assert len(pairs()) == sum(len(readers_of(keras)) for keras in every_keras())


def test_a_text_as_it_is_shown_names_nothing_of_the_sweep() -> None:
    tree = ast.parse((Path(observed.__file__).parent / "objects.py").read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    assert len(names) > 10
    for name in names:
        assert observed.as_said("layer Dense", f"Unknown object: 'sweep>{name}'") == "Unknown object: '…'"
    assert observed.as_said("layer Dense", "'registered_name': 'Dense'") == "'registered_name': 'Dense'"


def test_a_text_that_was_cut_ends_with_a_sentence_or_says_so() -> None:
    sentences = "TypeError: Could not locate class 'Own'. Make sure classes are registered."
    cut = observed.normal(f"{sentences} And so on" + ", and so on" * 40)
    assert observed.as_said("layer Dense", cut) == sentences
    endless = observed.normal("TypeError: it goes on" + ", and so on" * 40)
    assert observed.as_said("layer Dense", endless) == f"{endless} …"
    assert observed.as_said("layer Dense", "TypeError: no end") == "TypeError: no end"


@pytest.mark.parametrize(
    ("construct", "text", "expected"),
    [
        ("layer Conv2D", "Unknown layer: 'ConvND'", "Unknown layer: 'Conv2D'"),
        ("layer Wrapper > Conv1D.units=int", "ConvND and ConvNDTranspose", "Conv1D and ConvNDTranspose"),
        ("layer Dense", "N layers in ConvND", "N layers in ConvND"),
        ("layer Dense.units=[2]", "got N of N", "got N of N"),
        ("layer Discretization.dtype=float32", "floatN became floatN", "floatN became floatN"),
        ("layer Conv1D & layer Conv2D", "in ConvND", "in ConvND"),
        ("layer Conv1D.units=1 & layer Dense", "in ConvND", "in Conv1D"),
    ],
)
def test_a_text_gets_the_names_of_its_construct_back(construct: str, text: str, expected: str) -> None:
    assert observed.with_names_of(construct, text) == expected


BEFORE = {**observations(ROWS, RESULTS), "left_out": ["Dot", "Dropout.seed"], "not_saved": ["Dense (h5)"]}


class TestMerged:
    def test_is_as_before_where_nothing_was_chosen_that_is_there(self) -> None:
        nothing = {**observations([], {}), "left_out": [], "not_saved": []}
        found = merged(BEFORE, nothing, ["Lambda"])
        assert (artifacts_of(found), found["kinds"]) == (artifacts_of(BEFORE), BEFORE["kinds"])
        assert (found["left_out"], found["not_saved"]) == (BEFORE["left_out"], BEFORE["not_saved"])
        assert outcomes_of(found, "3.15") == outcomes_of(BEFORE, "3.15")

    def test_keeps_digests_so_that_what_was_seen_is_recalled(self) -> None:
        digest = "0123456789"
        before = observations([{**ROWS[0], "id": digest}], {"3.15": {digest: {"outcome": "loads"}}})
        found = merged(before, observations([], {}), ["Dropout"])
        assert list(known_outcomes(found, "3.15")) == [("Dense", "h5", digest[:DIGEST])]

    def test_recalls_nothing_of_which_no_digest_was_kept(self) -> None:
        without = {key: value for key, value in BEFORE.items() if key != "digests"}
        found = merged(without, observations([], {}), ["Lambda"])
        assert found["digests"] == "-" * DIGEST * len(ROWS)

    def test_takes_what_was_chosen_from_now_alone(self) -> None:
        row = {**ROWS[0], "name": "Dense.units=5", "id": "abcdefgh"}
        fails = {"outcome": "fails", "stage": "load", "text": "no"}
        now = {**observations([row], {"2.4": {"abcdefgh": fails}}), "left_out": ["Dense.rank"], "not_saved": []}
        found = merged(BEFORE, now, ["Dense"])
        assert [name for name, *_ in artifacts_of(found)] == ["Dense.units=5", "Dropout"]
        assert outcomes_of(found, "2.4") == {("Dense.units=5", "h5"): fails}
        assert outcomes_of(found, "3.15") == {}
        assert (found["left_out"], found["not_saved"]) == (["Dense.rank", "Dot", "Dropout.seed"], [])

    def test_is_all_of_now_where_nothing_was_seen_before(self) -> None:
        found = merged({}, observations(ROWS, RESULTS), ["layer"])
        assert artifacts_of(found) == artifacts_of(BEFORE)


@pytest.mark.parametrize(
    ("name", "kind", "chosen"),
    [
        ("CategoryEncoding.output_mode='count'", "layer", True),
        ("CategoryEncoding of a column, one_hot", "column", True),
        ("TimeDistributed > CategoryEncoding", "wrapper", True),
        ("loss Huber.delta=2.5", "loss", True),
        ("Dense", "layer", False),
        ("Dense.activation=Huber", "layer", False),
        ("CategoryEncoding and Dense", "pair", False),
        ("anything", "history", True),
        ("a shared layer, its history", "model", False),
    ],
)
def test_trials_are_chosen_by_class_and_kind(name: str, kind: str, *, chosen: bool) -> None:
    assert is_chosen(name, kind, ["CategoryEncoding", "Huber", "history"]) is chosen
    assert is_chosen(name, kind, [])


def test_a_folder_of_another_choice_of_trials_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = folder_of("3.15", tmp_path)
    folder.mkdir(parents=True)
    (folder / VOCABULARY).write_text('{"objects": [], "names": {}, "only": ["Dense", "wrapper"]}', encoding="utf-8")
    with pytest.raises(SystemExit, match="another choice of trials: give another --out"):
        make("3.15", tmp_path)
    (folder / ROWS_FILE).write_text("", encoding="utf-8")
    assert make("3.15", tmp_path, only=["wrapper", "Dense"]) == []
    with pytest.raises(SystemExit, match="another choice of trials: give another --out"):
        make("3.15", tmp_path, only=["wrapper", "Dense"], every=9)
