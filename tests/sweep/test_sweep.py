"""A sweep in small, in the Keras at hand: made, loaded, compared; and what becomes of loads that go wrong."""

from __future__ import annotations

import functools
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.loads import Interpreter, Results, load_all
from sweep.make import VOCABULARY, described, left_out_of, run_writer
from sweep.plan import SAVED_MODELS
from sweep.summary import observations
from sweep.writer.choice import is_drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.needs_tensorflow

LAYERS = ["Dropout", "Softmax", "Rescaling"]
SMALL: dict[str, Any] = {
    "objects": [
        {"role": "layer", "name": name, "paths": [f"keras.layers.{name}"], "home": "", "accepts": [], "is_class": True}
        for name in LAYERS
    ],
    "names": {"loss": ["mse", "sparse_categorical_crossentropy"]},
}
ABORT = "SWEEP_ABORT"
ENDING = """
import os

import keras


class Ending(keras.layers.Dropout):
    def get_config(self):
        os.abort()
"""


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of a small vocabulary, and of all that a sweep makes of no vocabulary."""
    folder = tmp_path_factory.mktemp("made")
    run_writer(Interpreter(Path(sys.executable)), SMALL, folder)
    return described(folder)


def loaded(rows: list[dict[str, Any]], tmp_path: Path, **variables: str) -> Mapping[str, dict[str, Any]]:
    results = Results(tmp_path / "results.jsonl")
    load_all(Interpreter(Path(sys.executable), variables), rows, results, never)
    return results.by_digest


def named(rows: list[dict[str, Any]], name: str, form: str = "keras") -> dict[str, Any]:
    return next(row for row in rows if (row["name"], row["format"]) == (name, form))


class TestWriter:
    def test_makes_each_class_and_each_telling_argument(self, made: list[dict[str, Any]]) -> None:
        names = {row["name"] for row in made if row["kind"] == "layer"}
        assert names >= {*LAYERS, "Dropout.rate=0.25", "Rescaling.offset=0.25"}

    def test_makes_nothing_twice(self, made: list[dict[str, Any]]) -> None:
        """What was done with a model before is made all the same, and comes out the same, as it should."""
        rows = [row for row in made if row["kind"] != "history"]
        assert len({row["id"] for row in rows}) == len(rows)

    def test_takes_models_that_are_configured_alike_for_one_wherever_they_are_in_memory(self, tmp_path: Path) -> None:
        from sweep.writer.kit import Kit
        from sweep.writer.making import Maker
        from sweep.writer.objects import places
        from sweep.writer.trial import Trial

        kit = Kit()
        losses = [kit.keras.losses.MeanSquaredError() for _ in range(2)]
        inputs, model_of = places(kit, "loss")[0]
        with (tmp_path / "made.jsonl").open("w", encoding="utf-8") as notes:
            maker = Maker(kit, tmp_path, notes, lambda _: ["keras"])
            trials = [Trial("a", "loss", functools.partial(model_of, each), inputs) for each in losses]
            assert [maker.make(trial) for trial in trials] == [True, True]
        assert maker.counts == {"keras": 1, "the same as another": 1}

    def test_trains_a_sparse_loss_towards_classes(self, made: list[dict[str, Any]]) -> None:
        assert named(made, "loss 'sparse_categorical_crossentropy'")["trains"]

    def test_makes_models_pairs_states_and_wrappers_too(self, made: list[dict[str, Any]]) -> None:
        kinds = {"column", "history", "layer", "loss", "metric", "model", "pair", "state", "wrapper"}
        assert {row["kind"] for row in made} == kinds

    def test_makes_the_same_again(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        run_writer(Interpreter(Path(sys.executable)), {**SMALL, "names": {}}, tmp_path)
        again = {row["id"] for row in described(tmp_path)}
        assert again == {row["id"] for row in made if not row["name"].startswith("loss '")}

    def test_makes_one_trial_of_so_many(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        run_writer(Interpreter(Path(sys.executable)), {**SMALL, "names": {}, "every": 7}, tmp_path)
        drawn = described(tmp_path)
        # Two layers are drawn from the trials before them, which are others here.
        of_all = [row for row in made if row["kind"] != "pair" and not row["name"].startswith("loss '")]
        assert {row["id"] for row in drawn} > {row["id"] for row in of_all if is_drawn(row["name"], 7)}
        assert all(is_drawn(row["name"], 7) for row in drawn)
        assert len(of_all) / 14 < len(drawn) < len(of_all) / 3

    def test_leaves_out_a_model_that_ends_the_process(self, tmp_path: Path) -> None:
        """Some versions of TensorFlow divide by zero in their kernels, and the process is gone."""
        # Python looks for modules where it is run, too.
        (tmp_path / "ending.py").write_text(ENDING, encoding="utf-8")
        entry = {"role": "layer", "name": "Ending", "paths": [], "home": "ending", "accepts": [], "is_class": True}
        only = {"objects": [entry, *SMALL["objects"]], "names": {}, "only": ["Ending", "Softmax"]}
        run_writer(Interpreter(Path(sys.executable)), only, tmp_path)
        assert json.loads((tmp_path / VOCABULARY).read_text(encoding="utf-8"))["crashing"] == ["Ending"]
        assert {"Softmax", "Softmax.axis=None"} <= {row["name"] for row in described(tmp_path)}
        assert "Ending" in left_out_of(tmp_path)["left_out"]


class TestReader:
    def test_loads_what_the_same_version_wrote(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        rows = [row for row in made if row["kind"] in ("layer", "loss") and row["format"] == "keras"]
        assert {result["outcome"] for result in loaded(rows, tmp_path).values()} == {"loads"}

    def test_sees_what_the_same_version_does_not_read_back(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        """Keras 3 reads `axis=None` of a Softmax in an .h5 file as its default, and no metric or loss by its name."""
        rows = [named(made, "Softmax.axis=None", "h5"), named(made, "loss 'mse'", "h5")]
        seen = loaded(rows, tmp_path)
        assert [seen[row["id"]]["outcome"] for row in rows] == ["changed", "fails"]

    def test_sees_another_prediction(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        row = dict(named(made, "Rescaling"))
        kind, shape, values = row["outputs"][0]
        row["outputs"] = [[kind, shape, [value + 0.5 for value in values]]]
        assert loaded([row], tmp_path)[row["id"]] == {"outcome": "changed", "text": "the outputs differ"}

    def test_sees_other_losses(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        row = dict(named(made, "loss 'mse'"))
        row["trains"] = [row["trains"][0] + 0.1, *row["trains"][1:]]
        seen = loaded([row], tmp_path)[row["id"]]
        assert seen == {"outcome": "changed", "stage": "training", "text": "its losses differ"}

    def test_sees_an_optimizer_without_its_state(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        """The optimizer of a fitted model has counted its steps; without its variables it counts from none."""
        import tensorflow as tf

        row = dict(named(made, "fitted and saved as .keras before"))
        kept = loaded([row], tmp_path)[row["id"]]
        model = tf.keras.models.load_model(row["path"])
        model.compile(tf.keras.optimizers.Adam(), loss=tf.keras.losses.MeanSquaredError())
        row.update(path=str(tmp_path / "anew.keras"), id="anew")
        model.save(row["path"])
        assert kept == {"outcome": "loads"}
        assert loaded([row], tmp_path)["anew"]["text"] == "its optimizer counts its steps anew"

    def test_says_what_keras_says_of_a_file_that_fails(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        row = dict(named(made, "a custom layer"), declared=[])
        seen = loaded([row], tmp_path)[row["id"]]
        assert (seen["outcome"], seen["stage"]) == ("fails", "load")
        assert "PlainScale" in seen["text"]

    def test_goes_on_where_it_stopped(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        first, second = named(made, "Dropout"), named(made, "Softmax")
        loaded([first], tmp_path)
        before = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
        results = Results(tmp_path / "results.jsonl")
        left = [row for row in (first, second) if row["id"] not in results.by_digest]
        load_all(Interpreter(Path(sys.executable)), left, results, never)
        lines = (tmp_path / "results.jsonl").read_text(encoding="utf-8")[len(before) :].splitlines()
        assert [json.loads(line)["id"] for line in lines] == [second["id"]]

    def test_goes_on_after_a_line_that_was_not_written_to_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "results.jsonl"
        path.write_text('{"id": "a", "outcome": "loads"}\n{"id": "b", "out', encoding="utf-8")
        results = Results(path)
        assert list(results.by_digest) == ["a"]
        results.add([{"id": "c", "outcome": "fails"}])
        assert list(Results(path).by_digest) == ["a", "c"]

    def test_stops_when_time_is_up(self, made: list[dict[str, Any]], tmp_path: Path) -> None:
        results = Results(tmp_path / "results.jsonl")
        began = time.monotonic()
        load_all(Interpreter(Path(sys.executable)), made, results, lambda: time.monotonic() > began + 0.5)
        assert results.by_digest == {}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The rows of SavedModels of a few layers."""
    folder = tmp_path_factory.mktemp("folders")
    run_writer(Interpreter(Path(sys.executable)), {**SMALL, "only": ["layer"]}, folder, SAVED_MODELS)
    return described(folder)


class TestSavedModels:
    def test_are_made_of_each_class_with_the_ops_that_they_take(self, folders: list[dict[str, Any]]) -> None:
        assert [row["name"] for row in folders] == [f"{name} (model.export)" for name in LAYERS]
        assert all("op StatefulPartitionedCall" in row["constructs"] for row in folders)
        assert "op Softmax.T" in folders[1]["constructs"]

    def test_are_called_by_their_signatures(self, folders: list[dict[str, Any]], tmp_path: Path) -> None:
        seen = loaded(folders, tmp_path)
        assert [seen[row["id"]]["outcome"] for row in folders] == ["loads"] * len(LAYERS)

    def test_fail_where_an_op_is_not_there(self, folders: list[dict[str, Any]], tmp_path: Path) -> None:
        folder = shutil.copytree(folders[1]["path"], tmp_path / "saved")
        graph = folder / "saved_model.pb"
        graph.write_bytes(graph.read_bytes().replace(b"Softmax", b"Softmux"))
        seen = loaded([dict(folders[1], id="broken", path=str(folder))], tmp_path)["broken"]
        assert (seen["outcome"], seen["stage"]) == ("fails", "load")
        assert "Softmux" in seen["text"]


def test_a_load_that_ends_the_process_is_found_alone(made: list[dict[str, Any]], tmp_path: Path) -> None:
    """The one crashes, for real; the others of its batch are loaded all the same."""
    import tensorflow as tf

    row = dict(named(made, "Rescaling"), id="crash", path=str(tmp_path / "crash.keras"), is_code=True)
    layers = tf.keras.layers
    abort = layers.Lambda(
        lambda value: __import__("os").abort() if "SWEEP_ABORT" in __import__("os").environ else value
    )
    tf.keras.Sequential([layers.Input((4,)), abort]).save(row["path"])
    others = [named(made, "Dropout"), named(made, "Softmax")]
    seen = loaded([others[0], row, others[1]], tmp_path, **{ABORT: "1"})
    assert (seen["crash"]["outcome"], seen["crash"]["stage"]) == ("crashes", "load")
    assert {seen[other["id"]]["outcome"] for other in others} == {"loads"}


def test_the_same_results_give_the_same_observations(made: list[dict[str, Any]], tmp_path: Path) -> None:
    rows = [row for row in made if row["kind"] in ("layer", "state")]
    one = observations(rows, {"3.15": dict(loaded(rows, tmp_path / "one"))})
    other = observations(rows[::-1], {"3.15": dict(loaded(rows[::-1], tmp_path / "other"))})
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
