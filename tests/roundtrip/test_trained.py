"""Loss, metrics and a step of training: targets that suit the loss, a model that is left as it was, what differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.trained.findings import training_findings
from pytest_modelcompat.roundtrip.trained.live_trial import LiveTrial, live_trial
from pytest_modelcompat.roundtrip.trained.targets import NoTargetsError, derived_targets, given_targets
from pytest_modelcompat.roundtrip.unsaved.arguments import unsaved_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUTPUT = np.full((4, 3), 0.25, np.float32)


def first(outputs: Any, loss: Any, names: Sequence[str] = ()) -> Any:
    return next(derived_targets(outputs, loss, names, 0))


def of_classes(target: Any) -> bool:
    return bool(target.dtype.kind == "i" and target.shape == (4,) and target.min() >= 0 and target.max() < 3)


def of_bits(target: Any) -> bool:
    return bool(target.shape == (4, 3) and set(np.unique(target)) <= {0.0, 1.0})


def one_hot(target: Any) -> bool:
    return of_bits(target) and bool(np.all(target.sum(-1) == 1))


def of_numbers(target: Any) -> bool:
    return bool(target.shape == (4, 3) and target.dtype == np.float32 and len(np.unique(target)) == 12)


def of_counts(target: Any) -> bool:
    return bool(target.shape == (4, 3) and np.all(target >= 0) and np.all(target == target.round()))


@pytest.mark.parametrize(
    ("loss", "suits"),
    [
        ("sparse_categorical_crossentropy", of_classes),
        ("categorical_crossentropy", one_hot),
        ("categorical_hinge", one_hot),
        ("kl_divergence", one_hot),
        ("binary_crossentropy", of_bits),
        ("hinge", of_bits),
        ("dice", of_bits),
        ("poisson", of_counts),
        ("mse", of_numbers),
        ("huber", of_numbers),
        (None, of_numbers),
    ],
)
def test_targets_follow_from_the_loss(loss: str | None, suits: Callable[[Any], bool]) -> None:
    target = first(OUTPUT, loss)
    assert suits(target)
    assert np.array_equal(target, first(OUTPUT, loss))
    assert len(list(derived_targets(OUTPUT, loss, (), 0))) == 1


def test_targets_of_several_outputs_follow_each_its_own() -> None:
    outputs = {"b": OUTPUT, "a": OUTPUT}
    found = first(outputs, {"a": "sparse_categorical_crossentropy", "b": "mse"})
    assert of_classes(found["a"])
    assert of_numbers(found["b"])
    listed = first([OUTPUT, OUTPUT], ["mse", "sparse_categorical_crossentropy"], ["x", "y"])
    assert of_numbers(listed[0])
    assert of_classes(listed[1])
    named = first([OUTPUT, OUTPUT], {"y": "sparse_categorical_crossentropy"}, ["x", "y"])
    assert of_numbers(named[0])
    assert of_classes(named[1])


def test_classes_are_along_the_axis_of_the_loss() -> None:
    class SparseLoss:
        _fn_kwargs = {"axis": 1}  # noqa: RUF012 - as Keras has it

    assert first(np.zeros((4, 3, 5), np.float32), SparseLoss()).shape == (4, 5)


def test_a_loss_of_the_users_is_tried_with_several() -> None:
    def own(y_true: Any, y_pred: Any) -> Any:
        raise NotImplementedError

    numbers, bits, classes = derived_targets(OUTPUT, own, (), 0)
    assert of_numbers(numbers)
    assert of_bits(bits)
    assert of_classes(classes)


@pytest.mark.parametrize(("output", "loss"), [(OUTPUT, "ctc"), (np.array([b"a"], object), "mse")])
def test_what_does_not_follow_is_said(output: Any, loss: str) -> None:
    with pytest.raises(NoTargetsError, match="does not follow from its shape"):
        first(output, loss)


def targets() -> list[float]:
    return [1.0, 2.0]


@pytest.mark.parametrize("value", [[1.0, 2.0], np.array([1.0, 2.0]), targets, f"{__name__}:targets"])
def test_targets_are_given_as_a_value_a_function_or_its_place(value: Any) -> None:
    assert given_targets(value).tolist() == [1.0, 2.0]
    assert given_targets(None) is None


def compiled(optimizer: Any, loss: Any, **others: Any) -> Any:
    import keras

    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile(optimizer, loss, **others)
    return model


def tried(model: Any, given: Any = None) -> LiveTrial | None:
    inputs = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)
    return live_trial(as_model_under_test(model), inputs, np.asarray(model(inputs)), given, 0)


def state_of(model: Any) -> list[Any]:
    held = [*model.variables, *model.optimizer.variables]
    return [(each.path, np.array(each.numpy()).tolist()) for each in held]


def generator_state() -> list[int]:
    """The state of the generator that a user's code shares, as numbers."""
    state: Any = np.random.get_state()  # noqa: NPY002
    numbers: list[int] = state[1].tolist()
    return numbers


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("is_trained", [False, True])
def test_a_model_is_left_as_it_was(is_trained: bool) -> None:
    model = compiled("adam", "mse", metrics=["mae"])
    if is_trained:
        model.fit(np.ones((4, 2)), np.ones((4, 3)), verbose=0)
    before, drawn = state_of(model), generator_state()
    trial = tried(model)
    assert trial is not None
    assert {*trial.evaluated} == {"loss", "mae"} or {*trial.evaluated} == {"loss", "mean_absolute_error"}
    assert {*trial.step} == {"loss of a training step", "loss after it"}
    assert trial.step["loss after it"] != trial.evaluated["loss"]
    assert trial.draws
    assert state_of(model) == before
    assert generator_state() == drawn
    again = tried(model)
    assert again is not None
    assert (again.evaluated, again.step) == (trial.evaluated, trial.step)


@pytest.mark.usefixtures("tensorflow")
def test_targets_that_do_not_fit_are_said() -> None:
    trial = tried(compiled("sgd", "mse"), np.zeros((4, 7), np.float32))
    assert trial is not None
    assert trial.problem
    assert trial.is_given
    missing = tried(compiled("sgd", "mse"), "no_such_module_at_all:targets")
    assert missing is not None
    assert missing.problem.startswith("ModuleNotFoundError")


@pytest.mark.usefixtures("tensorflow")
def test_without_a_loss_there_is_nothing_to_say() -> None:
    assert tried(compiled("sgd", None)) is None


TRIAL = LiveTrial(OUTPUT, {"loss": 26.0, "mae": 1.0}, {"loss of a training step": 26.0, "loss after it": 25.0})
SAME: dict[str, Any] = {"evaluated": dict(TRIAL.evaluated), "step": dict(TRIAL.step), "error": ""}


def judged(reloaded: dict[str, Any], *lost: Finding, trial: LiveTrial | None = TRIAL) -> list[Finding]:
    return list(training_findings(lost, trial, reloaded, (), is_half=False))


def test_what_differs_in_training_is_a_finding() -> None:
    (found,) = judged({**SAME, "evaluated": {"loss": 6.8, "mae": 1.0}})
    assert found.kind is Kind.TRAINING_CHANGED
    assert dict(found.details)["evaluated"] == "loss: was 26, is 6.8"
    (found,) = judged({**SAME, "step": {**TRIAL.step, "loss after it": 26.0}})
    assert dict(found.details)["evaluated"] == "loss after it: was 25, is 26"
    (found,) = judged({**SAME, "error": "TypeError: no\nmore"})
    assert dict(found.details)["evaluated"] == "the reloaded model raises on a batch: TypeError: no"
    assert found.cause.startswith("the reloaded model cannot be trained as it is loaded")


@pytest.mark.usefixtures("tensorflow")
def test_an_argument_is_to_blame_for_how_a_model_trains_and_not_for_whether_it_does() -> None:
    import keras

    model = as_model_under_test(compiled("adam", keras.losses.Huber(delta=5.0)))
    unsaved = unsaved_arguments(model, compiled=True)
    assert [each.given.name for each in unsaved] == ["delta"]
    for error, is_blamed in (("", True), ("ValueError: Unknown variable", False)):
        reloaded = {**SAME, "evaluated": {"loss": 6.8, "mae": 1.0}, "error": error}
        (found,) = training_findings((), TRIAL, reloaded, unsaved, is_half=False)
        assert ("Huber(delta=5.0)" in found.cause) is is_blamed


def test_what_is_the_same_is_none() -> None:
    assert judged(SAME) == []
    assert judged({**SAME, "evaluated": {"loss": 26.00001, "mae": 1.0}}) == []
    nan = replace(TRIAL, evaluated={"loss": float("nan")})
    assert judged({**SAME, "evaluated": {"loss": float("nan")}}, trial=nan) == []
    assert judged({**SAME, "evaluated": {"loss": 1.0}}, trial=LiveTrial(problem="no targets")) == []
    assert judged({}, trial=None) == []


def test_it_joins_the_finding_of_a_lost_state() -> None:
    lost = Finding(Kind.TRAINING_CHANGED, "optimizer", cause="lost", details=(("training", "momentum"),))
    (found,) = judged({**SAME, "evaluated": {"loss": 6.8}}, lost)
    assert [label for label, _ in found.details] == ["evaluated", "targets", "training"]
    assert judged(SAME, lost) == [lost]
