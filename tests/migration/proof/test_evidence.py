"""What a proof compares: inputs that tell something, outputs, weights, training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.artifacts.weight_digest import WeightDigest
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.proof.evidence.batches import (
    Batch,
    InputsError,
    Part,
    derived,
    for_other_names,
    from_file,
    input_names,
    sizes,
    variations,
)
from pytest_modelcompat.migration.proof.evidence.evaluation import Training, loss_names, training_agreement
from pytest_modelcompat.migration.proof.evidence.outputs import Predictions, agreement, tolerances_for
from pytest_modelcompat.migration.proof.evidence.weights import weight_agreement
from pytest_modelcompat.results.migration import Lost
from pytest_modelcompat.runtimes.saved_copy import take

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = (Batch(None, (Part(0, 4),)),)


def model(*layers: tuple[str, str, Mapping[str, Any]], **parts: Any) -> Inventory:
    uses = tuple(LayerUse(kind, (name,), config=config) for kind, name, config in layers)
    return Inventory(Path("model.h5"), "h5", layers=uses, **parts)


def given(name: str, *shape: int | None, dtype: str = "float32") -> tuple[str, str, Mapping[str, Any]]:
    return "InputLayer", name, {"batch_input_shape": shape, "dtype": dtype}


def asked(inventory: Inventory) -> Any:
    return derived(inventory, derivation().inputs, variations(inventory.compute_dtypes)[0], 32)


def test_numbers_are_of_both_signs_positive_and_great() -> None:
    question = asked(model(given("x", None, 50)))
    (batch,) = question.batches
    usual, great, greater = (batch.values[part.start : part.stop] for part in batch.parts)
    assert usual.min() < 0 < usual.max() < 6 < great.max() < 60 < greater.max()
    assert greater.min() >= 0
    assert [part.factor for part in batch.parts] == [1.0, 8.0, 64.0]
    assert np.array_equal(question.first, usual)


def test_half_precision_gets_no_great_numbers() -> None:
    (batch,) = asked(model(given("x", None, 50), compute_dtypes=("float16", "float32"))).batches
    assert abs(batch.values).max() < 20


def test_numbers_of_words_stay_below_their_bound_and_some_sequences_end_early() -> None:
    ids = model(given("ids", None, 8, dtype="int32"), ("Embedding", "words", {"input_dim": 900}))
    (batch,) = asked(ids).batches
    assert 0 <= batch.values.min() <= batch.values.max() < 900
    early = batch.values[batch.parts[1].start : batch.parts[1].stop]
    assert (early[:, -1] == 0).all()
    assert len(set((early == 0).sum(axis=1))) > 1
    assert (batch.values[:4, -1] != 0).any()


def test_steps_that_are_masked_stand_behind_the_end() -> None:
    masked = model(given("x", None, 6, 2), ("Masking", "mask", {"mask_value": -1.0}))
    (batch,) = asked(masked).batches
    assert (batch.values[4:8, -1] == -1).all()
    assert not (asked(model(given("x", None, 6, 2))).batches[0].values[4:8, -1] == -1).any()


def test_a_batch_of_fixed_size_is_not_joined() -> None:
    batches = asked(model(given("x", 2, 3))).batches
    assert [each.values.shape for each in batches] == [(2, 3)] * 3
    assert [each.parts[0].factor for each in batches] == [1.0, 8.0, 64.0]


def test_sizes_that_layers_state_are_tried_after_the_usual_one() -> None:
    bounded = model(("Embedding", "positions", {"input_dim": 12}))
    assert sizes(bounded, derivation().sizes) == [32, 12, 8, 1, 128]
    assert sizes(bounded, None) == [32, 8, 1, 128]


def test_inputs_by_the_names_of_the_new_model() -> None:
    old, new = (model(given(f"{stem}a", None, 1), given(f"{stem}b", None, 1)) for stem in ("x/", "x_"))
    assert for_other_names({"x/a": 1, "x/b": 2}, old, new) == {"x_a": 1, "x_b": 2}
    served = replace(new, format="saved_model")
    assert for_other_names({"x/a": 1, "x/b": 2}, old, replace(served, signatures=())) == {}
    assert input_names(old) == ["x/a", "x/b"]


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"a": np.ones((2, 3))}, "has 1 arrays (a), and the model has 2 inputs, left, right"),
        ({}, "has 0 arrays (none), and the model has 2 inputs, left, right"),
    ],
)
def test_given_inputs_that_do_not_fit(arrays: Mapping[str, Any], problem: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", **arrays)
    with pytest.raises(InputsError) as caught:
        from_file(tmp_path / "inputs.npz", model(given("left", None, 3), given("right", None, 3)))
    assert problem in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_given_inputs_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "inputs.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputsError, match="cannot be read"):
        from_file(file, model(given("left", None, 3)))


def test_given_inputs_go_by_name_or_in_order(tmp_path: Path) -> None:
    both = model(given("left", None, 3), given("right", None, 3))
    for names in (("left", "right"), ("arr_0", "arr_1")):
        arrays: dict[str, Any] = {name: np.full((2, 3), at) for at, name in enumerate(names)}
        np.savez(tmp_path / "inputs.npz", **arrays)
        values = from_file(tmp_path / "inputs.npz", both).first
        assert {name: float(each[0, 0]) for name, each in values.items()} == {"left": 0.0, "right": 1.0}


def held(old: Mapping[str, Any], new: Mapping[str, Any], *, in_order: bool = True, dtypes: Any = ()) -> str:
    tolerances = tolerances_for(dtypes, None, None)
    return agreement(Predictions((old,)), Predictions((new,)), ONE, tolerances, in_order=in_order).problem


ROW = np.linspace(-1, 1, 4, dtype="float32").reshape(4, 1)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ({"a": ROW}, {"a": ROW + np.float32(9e-6)}, ""),
        ({"a": ROW}, {"a": ROW + np.float32(9e-5)}, "the output 'a' differs by up to 9e-05, in 4 of 4 elements"),
        ({"a": ROW}, {"b": ROW}, ""),
        ({"a": ROW, "b": -ROW}, {"b": -ROW, "a": ROW}, "the outputs have another order: a, b became b, a"),
        ({"a": ROW, "b": -ROW}, {"a": ROW}, "the old model has 2 outputs and the new one 1: a, b became a"),
        ({"a": ROW}, {"a": ROW.astype("float64")}, "the output 'a' has another dtype: float32 became float64"),
        ({"a": ROW}, {"a": ROW[:, 0]}, "the output 'a' has another shape"),
        ({"a": ROW}, {"a": ROW * np.nan}, "has become all NaN: every element is NaN"),
        ({"a": np.array([b"x", b"y"], object)}, {"a": np.array([b"x", b"z"], object)}, "has 1 other texts"),
    ],
)
def test_outputs(old: Mapping[str, Any], new: Mapping[str, Any], problem: str) -> None:
    found = held(old, new)
    assert problem in found
    assert bool(found) is bool(problem)


def test_a_small_output_is_not_hidden_by_the_absolute_tolerance() -> None:
    small = {"a": ROW * np.float32(1e-4)}
    assert "differs by up to 5e-06" in held(small, {"a": small["a"] + np.float32(5e-6)})
    assert held(small, {"a": small["a"] + np.float32(5e-7)}) == ""
    assert held(small, {"a": small["a"] + np.float32(5e-6)}, dtypes=("float16",)) == ""


def test_outputs_in_a_dict_have_no_order() -> None:
    assert held({"a": ROW, "b": -ROW}, {"b": -ROW, "a": ROW}, in_order=False) == ""


def test_a_model_in_half_precision_has_its_own_tolerance() -> None:
    near = {"a": ROW + np.float32(9e-4)}
    assert held({"a": ROW}, near)
    assert held({"a": ROW}, near, dtypes=("float16",)) == ""


def test_what_is_great_may_be_off_by_more_and_the_rest_may_not() -> None:
    batches = (Batch(None, (Part(0, 2), Part(2, 4, 64.0))),)
    tolerances = tolerances_for((), None, None)
    off = np.array([[0], [0], [3e-4], [3e-4]], "float32")
    for moved, problem in ((off, ""), (off[::-1], "the output 'a' differs")):
        found = agreement(
            Predictions(({"a": ROW},)), Predictions(({"a": ROW + moved},)), batches, tolerances, in_order=True
        )
        assert found.problem.startswith(problem)
        assert bool(found.problem) is bool(problem)


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ({"a": np.zeros((4, 2), "float32")}, "every element is 0.0"),
        ({"a": np.full((4, 2), np.nan, "float32")}, "every element is NaN"),
        ({"a": np.tile(np.arange(2, dtype="float32"), (4, 1))}, "every example has the same output"),
        ({"a": np.zeros((0, 2), "float32")}, "has no elements"),
        ({"a": np.array([[1, 5e-29], [5e-29, 1], [1, 1e-9]], "float32")}, "every element is close to 0.0, 1.0 or -1.0"),
        ({"a": 0.5 + 1e-6 * np.arange(8, dtype="float32").reshape(4, 2)}, "every example has nearly the same output"),
        ({"a": np.eye(3, dtype="float32")}, ""),
        ({"a": 1e-5 * np.arange(8, dtype="float32").reshape(4, 2)}, ""),
        ({}, "the model has no outputs"),
        ({"a": ROW}, ""),
    ],
)
def test_outputs_that_say_nothing_are_no_proof(outputs: Mapping[str, Any], why: str) -> None:
    found = Predictions((outputs,)).why_they_say_little()
    assert why in found
    assert bool(found) is bool(why)


def digest(path: str, content: str, dtype: str = "float32") -> WeightDigest:
    return WeightDigest(path, (2, 2), dtype, content)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ([digest("a/kernel", "1"), digest("b/kernel", "2")], ""),
        ([digest("x/kernel", "2"), digest("y/kernel", "1")], ""),
        ([digest("a/kernel", "1"), digest("b/kernel", "2"), digest("seed", "9", "uint32")], ""),
        ([digest("a/kernel", "2"), digest("b/kernel", "1")], "weights have changed places: a/kernel, b/kernel"),
        ([digest("a/kernel", "1")], "1 of 2 weights are not those of the old model: b/kernel"),
        ([digest("a/kernel", "1"), digest("b/kernel", "3")], "1 of 2 weights are not those of the old model: b/kernel"),
        (
            [digest("a/kernel", "1"), digest("b/kernel", "2"), digest("c/bias", "3")],
            "the new model has 1 weights more than the old one: c/bias",
        ),
    ],
)
def test_weights(new: list[WeightDigest], problem: str) -> None:
    assert weight_agreement([digest("a/kernel", "1"), digest("b/kernel", "2")], new).problem == problem


def test_weights_of_one_name_are_held_against_each_other_as_a_whole() -> None:
    old = [digest("w", "1"), digest("w#2", "2")]
    assert weight_agreement(old, [digest("w", "2"), digest("w#2", "1")]).problem == ""


def training(**changed: Any) -> Training:
    variable = {"shape": [2], "dtype": "float32", "sha256": changed.pop("slot", "1")}
    config = {"learning_rate": 0.001, "clipnorm": None, "name": "Adam", **changed.pop("config", {})}
    state = {"optimizer": "Adam", "config": config, "variables": [variable]}
    return replace(
        Training(state, {"loss": 1.0, "mae": 2.0}, {"loss of a training step": 1.0, "loss after it": 0.5}), **changed
    )


def trained(new: Training, *, again: Training | None = None, keeps_state: bool = True, lost: Any = ()) -> Any:
    return training_agreement(training(), again or training(), new, is_half=False, keeps_state=keeps_state, lost=lost)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (training(), ""),
        (training(config={"learning_rate": 0.0010000000474974513, "name": "adam", "clipnorm": 0}), ""),
        (
            training(config={"learning_rate": 0.01}),
            "the optimizer has another setting: learning_rate was 0.001, is 0.01",
        ),
        (training(config={"clipnorm": 1.0}), "the optimizer has another setting: clipnorm was None, is 1.0"),
        (training(evaluated={"loss": 1.1, "mae": 2.0}), "on one batch, loss was 1 and is 1.1"),
        (training(evaluated={"loss": 1.0, "mean_absolute_error": 2.0}), ""),
        (training(evaluated={"loss": 1.0}), "on one batch, mae was 2, and the new model does not give it"),
        (training(step={"loss of a training step": 1.0, "loss after it": 0.7}), "loss after it: was 0.5, is 0.7"),
        (training(slot="2"), "the optimizer's variables are not those of the old model"),
        (training(error="TypeError: no", evaluated={}), "the new model cannot be evaluated: TypeError: no"),
        (training(error="ValueError: no"), "the new model cannot be trained: ValueError: no"),
    ],
)
def test_training(new: Training, problem: str) -> None:
    assert trained(new).problem == problem


def test_a_step_is_not_compared_where_it_cannot_be() -> None:
    moved = training(step={"loss of a training step": 3.0, "loss after it": 0.7})
    assert "draws random numbers" in trained(moved, again=moved).words
    assert "does not restore" in trained(training(slot="2"), keeps_state=False).words


@pytest.mark.parametrize(
    ("new", "lost", "words", "problem"),
    [
        (training(slot="2"), Lost("the state"), "equal on one batch: loss, mae; lost: the state", ""),
        (training(evaluated={"loss": 1.0}), Lost("a metric: mae"), "a step of training is equal, too", ""),
        (
            training(evaluated={"loss": 9.0, "mae": 2.0}),
            Lost("what was added", has_loss=True),
            "equal on one batch: mae; lost:",
            "",
        ),
        (
            training(evaluated={"loss": 9.0, "mae": 2.0}),
            Lost("the loss scale"),
            "",
            "on one batch, loss was 1 and is 9",
        ),
        (training(evaluated={"loss": 9.0, "mae": 2.0}), Lost("a metric: mae"), "", "on one batch, loss was 1 and is 9"),
        (training(slot="2", config={"learning_rate": 0.1}), Lost("the state"), "", "learning_rate was 0.001, is 0.1"),
    ],
)
def test_what_was_dropped_knowingly(new: Training, lost: Lost, words: str, problem: str) -> None:
    found = trained(new, lost=(lost,))
    assert words in found.words
    assert problem in found.problem
    assert bool(found.problem) is bool(problem)


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        ("mse", "mse"),
        (None, None),
        ({"class_name": "Huber", "config": {"delta": 1.0}}, "Huber"),
        ({"class_name": "function", "config": "ranking_loss"}, "ranking_loss"),
        ({"first": "mse", "second": {"class_name": "Huber", "config": {}}}, {"first": "mse", "second": "Huber"}),
        (["mse", None], ["mse", None]),
    ],
)
def test_names_of_losses(loss: Any, names: Any) -> None:
    assert loss_names({"loss": loss}) == names


def test_of_a_saved_copy_only_files_are_taken(tmp_path: Path) -> None:
    job, place = tmp_path / "job", tmp_path / "place.h5"
    job.mkdir()
    assert not take(job, "h5", place)
    (job / "saved.h5").symlink_to("/etc/hostname")
    assert not take(job, "h5", place)
    (job / "saved.h5").unlink()
    (job / "saved.h5").write_bytes(b"model")
    assert take(job, "h5", place)
    assert place.read_bytes() == b"model"
    (job / "saved").mkdir()
    (job / "saved" / "link").symlink_to("/etc")
    assert not take(job, "saved_model", tmp_path / "folder")
