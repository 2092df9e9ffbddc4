"""What compile() was given: which losses, metrics and optimizers each Keras makes again, and which it drops."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import ObjectUse
from pytest_modelcompat.compatibility.rules.compile_config import left_as_names, new_optimizer, not_compiled
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file

COMPILE = ("compile",)
OLD, NEW = "tf2.15", "tf2.21"
MSE = "mean_squared_error"


def given(role: str, class_name: str, path: tuple[str, ...] = COMPILE, /, **config: Any) -> ObjectUse:
    """A class with a configuration."""
    return ObjectUse(role, class_name, path, is_class=True, config=config)


def named(role: str, name: str, path: tuple[str, ...] = COMPILE) -> ObjectUse:
    return ObjectUse(role, name, path)


def compiled(use: ObjectUse, runtime: str, *custom: str, **training: Any) -> list[Finding]:
    return list(not_compiled(before(h5("2.15.0", objects=(use,), training=training), runtime, *custom)))


@pytest.mark.parametrize(
    ("use", "training", "refused"),
    [
        (named("loss", MSE), {"loss": MSE}, ""),
        (named("loss", "mse"), {"loss": "mse"}, "another"),
        # A class of metrics goes by its alias too.
        (named("metric", "mse"), {}, ""),
        (named("metric", "own"), {}, "no metric"),
        # `acc` is a word for what the loss decides.
        (named("metric", "acc"), {}, ""),
        (named("loss", "own"), {"loss": "own"}, "no loss"),
        (named("loss", "own"), {"loss": {"class_name": "own"}}, "no loss"),
        # One of several is left as its name.
        (named("loss", "own"), {"loss": ["own", "mse"]}, ""),
        (named("loss", "own"), {"loss": {"first": "own"}}, ""),
        (named("loss", "mse"), {"loss": ["own", "mse"]}, "another"),
        (named("metric", "own"), {"loss": ["own"]}, "no metric"),
        (given("loss", "Own"), {"loss": ["own"]}, "no loss"),
        (given("loss", "MeanSquaredError"), {}, ""),
        (given("metric", "MeanMetricWrapper"), {}, ""),
        (named("optimizer", "adam"), {}, ""),
    ],
)
def test_what_keras_3_makes_again_of_an_h5_file(use: ObjectUse, training: dict[str, Any], refused: str) -> None:
    causes = [each.cause for each in compiled(use, NEW, **training)]
    texts = {
        "another": f"Keras 3.15 looks the {use.role} {use.name!r} up by another name when it reads an .h5 file, and "
        "does not find it",
        f"no {use.role}": f"Keras 3.15 has no {use.role} of this name, and it is not declared",
    }
    assert causes == ([texts[refused]] if refused else [])
    held = h5("2.15.0", objects=(use,), training=training)
    left = list(left_as_names(before(held, NEW)))
    assert bool(left) is (
        use.name == "own" and use.role == "loss" and isinstance(training["loss"], (list, dict)) and not refused
    )
    assert not list(left_as_names(before(held, OLD)))


@pytest.mark.parametrize(
    ("use", "is_made"),
    [
        (named("loss", "mse"), True),
        (named("metric", "mse"), True),
        (given("metric", "MeanMetricWrapper"), True),
        (named("loss", "own"), False),
        (given("metric", "Own"), False),
    ],
)
def test_what_keras_2_makes_again(use: ObjectUse, is_made: bool) -> None:
    assert bool(compiled(use, OLD)) is not is_made
    assert not compiled(use, OLD, use.name)


@pytest.mark.parametrize("name", ["mse", MSE])
def test_a_keras_file_names_functions_as_they_are(name: str) -> None:
    held = keras_file(objects=(named("loss", name),))
    assert not list(not_compiled(before(held, NEW)))


def test_an_alias_that_is_declared_is_found() -> None:
    assert not compiled(named("loss", "mse"), NEW, "mse")


@pytest.mark.parametrize("role", ["loss", "metric", "optimizer"])
def test_what_is_said_of_one(role: str) -> None:
    (finding,) = compiled(given(role, "Own"), NEW)
    assert finding.kind is (Kind.OPTIMIZER_NOT_READ if role == "optimizer" else Kind.COMPILE_NOT_READ)
    assert (finding.subject, finding.where, finding.stage) == ("Own", ("compile()",), Stage.CONFIG)
    assert finding.fix[0].startswith("load it with load_model(path, compile=False)")
    assert finding.source == ""
    assert compiled(named("loss", "mse"), NEW)[0].source == "keras-team/keras#19330"


def test_what_layers_have_is_judged_elsewhere() -> None:
    held = h5(objects=(named("loss", "own", ("dense",)), given("optimizer", "Own", ("dense",), name="Adam")))
    assert not list(not_compiled(before(held, NEW)))
    assert not list(new_optimizer(before(held, NEW)))
    assert not list(left_as_names(before(held, NEW)))


def test_one_that_is_given_twice_is_said_once() -> None:
    uses = (named("loss", "own"), named("loss", "own"), named("metric", "own"), named("loss", "mine"))
    found = list(not_compiled(before(h5(objects=uses, training={"loss": "own"}), NEW)))
    assert [(each.cause.split()[4], each.subject) for each in found] == [
        *(("loss", "own"), ("metric", "own"), ("loss", "mine")),
    ]


def test_losses_that_are_left_as_names() -> None:
    uses = (named("loss", "own"), named("loss", "mine"), named("loss", "own"), named("metric", "theirs"))
    (finding,) = left_as_names(before(h5(objects=uses, training={"loss": ["own", "mine"]}), NEW))
    assert finding == Finding(
        Kind.STATE_LOST,
        "own and mine",
        where=("compile()",),
        cause="Keras 3.15 knows nothing by that name and leaves it as text: the model loads and predicts, and does not "
        "train",
        fix=("nothing, if the model is only used to predict; else compile it in code after loading",),
        severity=Severity.NOTE,
        source="measured",
    )


@pytest.mark.parametrize(
    ("runtime", "config", "cause", "is_new"),
    [
        (NEW, {"name": "Adam"}, "", True),
        (NEW, {"name": "adam"}, "", True),
        (NEW, {"name": "mine"}, "looks for one by the name that it was given, 'mine', and finds none", False),
        (NEW, {"name": "LossScaleOptimizer"}, "without any settings, and it needs inner_optimizer", False),
        (NEW, {}, "Keras 3.15 has no optimizer of this name, and it is not declared", False),
        (NEW, {"name": 3}, "Keras 3.15 has no optimizer of this name, and it is not declared", False),
        ("tf2.4", {"name": "Adam"}, "Keras 2.4 has no optimizer of this name, and it is not declared", False),
    ],
)
def test_an_optimizer_that_keras_3_does_not_know(
    runtime: str, config: dict[str, Any], cause: str, is_new: bool
) -> None:
    use = given("optimizer", "Custom>Adam", **config)
    causes = [each.cause for each in compiled(use, runtime)]
    assert len(causes) == bool(cause)
    assert all(each.endswith(cause) for each in causes)
    new = list(new_optimizer(before(h5(objects=(use,)), runtime)))
    assert [(each.subject, each.severity, each.where) for each in new] == [
        ("Custom>Adam", Severity.NOTE, ("compile()",)),
    ] * is_new
    # A .keras file says what it means.
    assert not list(new_optimizer(before(keras_file(objects=(use,)), runtime)))


@pytest.mark.parametrize(
    ("runtime", "is_taken"),
    [("tf2.10", False), ("tf2.11", True), ("tf2.15", True), ("tf2.16", False), ("tf2.21+tf_keras", True)],
)
def test_keras_2_11_and_newer_have_an_optimizer_for_each_configuration(runtime: str, is_taken: bool) -> None:
    use = given("optimizer", "Adam", name="Adam", nobody=1)
    kinds = [each.kind for each in compiled(use, runtime)]
    assert kinds == [] if is_taken else kinds == [Kind.UNKNOWN_ARGUMENT]


def test_arguments_of_losses_are_judged_in_every_keras() -> None:
    use = given("loss", "MeanSquaredError", nobody=1)
    assert [each.subject for each in compiled(use, NEW)] == ["MeanSquaredError(nobody=…)"]


@pytest.mark.parametrize(
    ("runtime", "is_refused"), [("tf2.15", False), ("tf2.16+keras3.0", True), ("tf2.21", True), ("tf2.22rc0", False)]
)
def test_short_names_are_not_found_by_keras_3_before_3_16(runtime: str, is_refused: bool) -> None:
    assert bool(compiled(named("loss", "mse"), runtime, loss="mse")) is is_refused


def test_a_loss_and_a_metric_that_a_keras_file_has_as_text_stay_that() -> None:
    """They are looked up when the model trains; a function that the file has as an object is looked up at once."""
    uses = (named("loss", "own"), named("metric", "theirs"), ObjectUse("metric", "mine", ("compile",), "builtins"))
    held = keras_file(objects=uses, training={"loss": "own", "metrics": ["theirs", "mine"]})
    (finding,) = left_as_names(before(held, NEW))
    assert finding.subject == "own and theirs"
    assert [each.subject for each in not_compiled(before(held, NEW))] == ["mine"]
