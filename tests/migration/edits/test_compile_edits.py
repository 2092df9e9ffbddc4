"""Edits of what `compile()` was given: where each applies, and where its condition forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.edits.order import EDITS
from tests.migration.compile_drafts import h5_training, inventory, keras_training, names, plan_of, target

if TYPE_CHECKING:
    from pytest_modelcompat.results.migration import Change

_ADAM: dict[str, Any] = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.01}}
_PACKAGED = {**_ADAM, "class_name": "Custom>Adam"}
_OLD_ADAM = {"class_name": "Adam", "config": {"lr": 0.5}}
_NEW_ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.5}}
_MSE = "mean_squared_error"
_KLD = {
    "module": "keras.metrics",
    "class_name": "KLDivergence",
    "config": {"name": "kld", "dtype": "float32"},
    "registered_name": None,
}
_DOWN = {"keras": "3.3.3", "runtime": "tf2.15"}
_OLDER = {"keras": "2.13.1", "runtime": "tf2.8"}
_SCHEDULE = {
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5, "staircase": False, "name": None},
}
_WRAPPED = {
    "class_name": "MeanMetricWrapper",
    "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"},
}


def adam(**config: Any) -> dict[str, Any]:
    """An Adam with more in its configuration."""
    return {"class_name": "Adam", "config": {**_ADAM["config"], **config}}


def scaled(**config: Any) -> dict[str, Any]:
    """An optimizer that scales losses around an Adam."""
    inner = {"inner_optimizer": adam(), "initial_scale": 8.0, "dynamic_growth_steps": 2000, "dynamic": True}
    return {"class_name": "LossScaleOptimizer", "config": {**inner, **config}}


def edited(name: str, training: dict[str, Any], **more: Any) -> tuple[Draft, list[Change]]:
    """What one edit makes of it, needed or not."""
    custom = more.pop("custom", ())
    to = target(more.pop("runtime", "tf2.21"), more.get("keras", "2.8.0"), custom)
    draft = Draft.of(inventory(training, **more))
    edit = next(each for each in EDITS if each.name == name)
    return draft, list(edit.apply(draft, to))


APPLIES: list[tuple[str, dict[str, Any], dict[str, Any], str, Any]] = [
    ("name-in-full", h5_training(loss="mse"), {}, "loss", "mean_squared_error"),
    (
        "name-in-full",
        h5_training(loss=["mse", {"a": "kld"}]),
        {},
        "loss",
        ["mean_squared_error", {"a": "kl_divergence"}],
    ),
    ("name-in-full", h5_training(loss="kullback_leibler_divergence"), {"keras": "2.2.4"}, "loss", "kl_divergence"),
    ("name-in-full", h5_training(loss="logcosh"), {"keras": "2.1.6"}, "loss", "log_cosh"),
    ("name-in-full", keras_training(loss={"a": "huber_loss"}), {"form": "keras"}, "loss", {"a": "huber"}),
    ("name-in-full", h5_training(metrics=["kld"]), {}, "metrics", [_KLD]),
    (
        "sum-over-batch-size",
        h5_training(loss={"class_name": "Huber", "config": {"reduction": "auto", "delta": 2.0}}),
        {},
        "loss",
        {"class_name": "Huber", "config": {"reduction": "sum_over_batch_size", "delta": 2.0}},
    ),
    (
        "drop-own-function",
        h5_training(loss={"class_name": "Huber", "config": {"fn": "huber"}}),
        {"keras": "2.13.1"},
        "loss",
        {"class_name": "Huber", "config": {}},
    ),
    ("compile-argument-of-none", keras_training(), {"form": "keras", "keras": "2.13.1"}, "steps_per_execution", 1),
    (
        "optimizer-without-package",
        h5_training(_PACKAGED),
        {"keras": "2.13.1"},
        "",
        adam(),
    ),
    (
        "name-loss-scale-optimizer",
        h5_training({**scaled(), "class_name": "LossScaleOptimizerV3"}),
        {"keras": "2.15.0"},
        "",
        scaled(),
    ),
    ("loss-scale-in-optimizer", h5_training(scaled(dynamic=False)), {}, "", adam(loss_scale_factor=8.0)),
    (
        "optimizer-module",
        keras_training({**adam(), "module": "keras.optimizers.experimental", "registered_name": None}),
        {"form": "keras", "keras": "2.13.1"},
        "",
        {**adam(), "module": "keras.optimizers", "registered_name": None},
    ),
    (
        "rename-learning-rate",
        h5_training({"class_name": "Adam", "config": {"lr": 0.5}}),
        {"keras": "2.1.6"},
        "",
        {"class_name": "Adam", "config": {"learning_rate": 0.5}},
    ),
    (
        "drop-optimizer-argument",
        h5_training(adam(jit_compile=True, mesh=None)),
        {"keras": "2.13.1"},
        "",
        adam(),
    ),
    ("drop-optimizer-argument", h5_training(adam(use_ema=False, ema_momentum=0.9)), _OLDER, "", adam()),
    ("drop-decay-of-zero", h5_training(adam(decay=0.0)), {}, "", adam()),
    ("epsilon-of-none", h5_training(adam(epsilon=None)), {"keras": "2.1.6"}, "", adam(epsilon=1e-7)),
    ("optimizer-of-keras-2", h5_training(adam()), _DOWN, "", adam(is_legacy_optimizer=False)),
    ("drop-setting-of-none", h5_training(adam(loss_scale_factor=None)), _DOWN, "", adam()),
]


@pytest.mark.parametrize(("name", "training", "more", "key", "expected"), APPLIES, ids=lambda each: str(each)[:60])
def test_applies(name: str, training: dict[str, Any], more: dict[str, Any], key: str, expected: Any) -> None:
    """The compile configuration as it is written, and a sentence for each place."""
    draft, changes = edited(name, training, **more)
    assert changes
    assert all(each.where == "compile()" for each in changes)
    optimizer = "optimizer" if draft.format == "keras" else "optimizer_config"
    assert draft.training[key or optimizer] == expected


_STATE = [(f"optimizer_weights/adam/{name}", ()) for name in ("iteration", "learning_rate", "a", "b")]
FORBIDDEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("name-in-full", h5_training(loss="mean_squared_error", metrics=["accuracy", "acc", "ce"]), {}),
    ("name-in-full", h5_training(loss="mse"), {"custom": ["mse"]}),
    ("name-in-full", h5_training(loss="their_loss"), {}),
    # In Keras 2.2 it is a mean over the last axis.
    ("name-in-full", h5_training(loss="cosine_proximity"), {"keras": "2.2.4"}),
    ("sum-over-batch-size", h5_training(loss={"class_name": "Huber", "config": {"reduction": "sum"}}), {}),
    ("drop-own-function", h5_training(loss={"class_name": "LossFunctionWrapper", "config": {"fn": "huber"}}), {}),
    ("drop-own-function", h5_training(loss={"class_name": "Theirs", "config": {"fn": "huber"}}), {}),
    ("function-in-metric", h5_training(metrics=[_WRAPPED]), {"runtime": "tf2.15"}),
    ("function-in-metric", h5_training(metrics=[_WRAPPED]), {"custom": ["mean_absolute_error"]}),
    ("compile-argument-of-none", keras_training(), {"form": "keras", "keras": "3.3.3"}),
    ("drop-compile-argument", h5_training(sample_weight_mode="temporal"), {}),
    ("add-loss-weights", h5_training(loss_weights=[1, 2]), {}),
    ("optimizer-without-package", h5_training({**adam(), "class_name": "Custom>Theirs"}), {"keras": "2.13.1"}),
    (
        "optimizer-without-package",
        h5_training(_PACKAGED),
        {"keras": "2.13.1", "custom": ["Custom>Adam"]},
    ),
    ("name-loss-scale-optimizer", h5_training(adam()), {}),
    ("loss-scale-in-optimizer", h5_training(scaled()), {}),
    ("optimizer-module", keras_training({**adam(), "module": "theirs.optimizers"}), {"form": "keras"}),
    ("rename-learning-rate", h5_training({"class_name": "Theirs", "config": {"lr": 0.5}}), {}),
    ("drop-optimizer-argument", h5_training(adam(jit_compile=False)), {"runtime": "tf2.15"}),
    ("drop-optimizer-argument", h5_training(adam(weight_decay=0.1, use_ema=True, ema_momentum=0.9)), _OLDER),
    ("drop-decay-of-zero", h5_training(adam(decay=0.1)), {}),
    ("drop-decay-of-zero", h5_training({"class_name": "Nadam", "config": {"decay": 0.0}}), {}),
    ("decay-as-schedule", h5_training({"class_name": "Nadam", "config": {"decay": 0.004, "learning_rate": 0.1}}), {}),
    ("decay-as-schedule", h5_training(adam(decay=0.1, learning_rate=_SCHEDULE)), {}),
    ("decay-as-schedule", h5_training(adam(decay=0.1)), {"runtime": "tf2.15"}),
    ("name-schedule", h5_training(adam(learning_rate={**_SCHEDULE, "class_name": "Theirs"})), {}),
    ("epsilon-of-none", h5_training(adam(epsilon=1e-3)), {}),
    ("order-optimizer-state", keras_training(), {"form": "keras", "weights": [("optimizer/vars/0", ())]}),
    ("drop-optimizer-state", h5_training(), {"weights": [("model_weights/dense/kernel:0", (4, 2))]}),
    ("drop-optimizer-state", h5_training(), {"runtime": "tf2.15", "weights": [("optimizer_weights/SGD/iter:0", ())]}),
    # A legacy optimizer is all that there is.
    ("optimizer-of-keras-2", h5_training(adam()), {"keras": "3.3.3", "runtime": "tf2.8"}),
    ("optimizer-of-keras-2", h5_training(adam()), {"keras": "2.15.0", "runtime": "tf2.15"}),
    ("drop-setting-of-none", h5_training(adam(loss_scale_factor=2.0)), _DOWN),
    ("learning-rate-out-of-state", h5_training({**adam(), "class_name": "Nadam"}), {**_DOWN, "weights": _STATE}),
    ("learning-rate-out-of-state", h5_training(adam()), {**_DOWN, "runtime": "tf2.8", "weights": _STATE}),
    ("drop-optimizer-of-keras-3", h5_training(adam(loss_scale_factor=None)), _DOWN),
]


@pytest.mark.parametrize(("name", "training", "more"), FORBIDDEN, ids=lambda each: str(each)[:60])
def test_is_forbidden(name: str, training: dict[str, Any], more: dict[str, Any]) -> None:
    """Nothing is changed, and nothing is said."""
    before = Draft.of(inventory(training, **{key: more[key] for key in more if key not in ("custom", "runtime")}))
    draft, changes = edited(name, training, **more)
    assert (changes, draft.training, draft.moved) == ([], before.training, before.moved)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("mean_absolute_error", "MeanAbsoluteError"),
        ("categorical_accuracy", "CategoricalAccuracy"),
        # As a metric it has another sign than as a loss, which alone Keras 3 has as a function.
        ("cosine_similarity", "CosineSimilarity"),
        ("kl_divergence", "KLDivergence"),
        ("huber", "MeanMetricWrapper"),
    ],
)
def test_a_function_in_a_metric(function: str, expected: str) -> None:
    """It becomes what Keras 3 makes of the metric's name, and keeps the name by which results are found."""
    config = {"name": "mine", "dtype": "float32", "fn": function}
    draft, _ = edited("function-in-metric", h5_training(metrics=[[{**_WRAPPED, "config": config}]]))
    metric = draft.training["metrics"][0][0]
    assert (metric["class_name"], metric["config"]["name"]) == (expected, "mine")


def test_outputs_without_a_loss_or_a_metric() -> None:
    """Each output is named; a list of metrics holds no None."""
    training = h5_training(loss={"dense": "mse"}, metrics=[[None], ["mse"]])
    draft, changes = edited("output-without-loss", training, outputs=2)
    assert len(changes) == 2
    assert draft.training["metrics"] == [[], ["mse"]]
    assert edited("output-without-loss", training)[1] == []


def test_the_crossentropy_of_the_loss() -> None:
    """It keeps its name; of another loss nothing is known."""
    training = keras_training(loss="sparse_categorical_crossentropy", metrics=["ce", "accuracy"])
    draft, _ = edited("crossentropy-of-loss", training, form="keras", keras="2.13.1")
    metric = draft.training["metrics"][0]
    assert (metric["class_name"], metric["config"]["name"]) == ("SparseCategoricalCrossentropy", "ce")
    assert edited("crossentropy-of-loss", h5_training(loss="mse", metrics=["ce"]))[1] == []


def test_a_metric_without_the_name_of_its_output() -> None:
    """Of several outputs, each has its own list."""
    named = [[{"class_name": "MeanSquaredError", "config": {"name": name}}] for name in ("dense_mse", "other")]
    draft, _ = edited("metric-name-without-output", h5_training(metrics=named), outputs=2)
    assert [each[0]["config"]["name"] for each in draft.training["metrics"]] == ["mse", "other"]
    assert edited("metric-name-without-output", h5_training(metrics=named))[1] == []


def test_decay_becomes_a_schedule() -> None:
    """Its numbers are those of the optimizer."""
    draft, _ = edited("decay-as-schedule", h5_training(adam(decay=0.25)))
    config = draft.training["optimizer_config"]["config"]
    assert "decay" not in config
    schedule = config["learning_rate"]["config"]
    assert (schedule["initial_learning_rate"], schedule["decay_rate"], schedule["decay_steps"]) == (0.01, 0.25, 1)


def test_a_schedule_gets_a_name_and_a_module() -> None:
    """In files up to Keras 2.12 it has neither."""
    for name, key, value in (
        ("name-schedule", "name", "ExponentialDecay"),
        ("optimizer-module", "module", "keras.optimizers.schedules"),
    ):
        draft, _ = edited(name, h5_training(adam(learning_rate=_SCHEDULE)))
        schedule = draft.training["optimizer_config"]["config"]["learning_rate"]
        assert {**schedule["config"], **schedule}[key] == value


def test_a_file_that_loads_is_left_as_it_is() -> None:
    """Though some edits would apply that no finding asks for."""
    plan = plan_of(h5_training(adam(epsilon=None)), keras="2.8.0")
    assert (plan.findings, names(plan)) == ((), [])


def test_all_of_a_compile_configuration() -> None:
    """What keeps it from loading is answered, and nothing is lost but the slots that an .h5 does not give back."""
    training = h5_training({**adam(jit_compile=False), "class_name": "Custom>Adam"}, loss="mse", metrics=[[_WRAPPED]])
    plan = plan_of(training, keras="2.13.1", weights=[("optimizer_weights/iteration:0", ())])
    assert plan.left == ()
    assert [each.name for each in plan.edits if each.loses] == ["drop-optimizer-state"]
    assert plan.draft.moved == {"optimizer_weights/iteration:0": None}


def test_only_the_metric_that_is_unknown_is_dropped() -> None:
    """The others stay, and so does the loss."""
    theirs = {"class_name": "TheirMetric", "config": {"name": "theirs"}}
    plan = plan_of(h5_training(loss="mse", metrics=[["mean_squared_error", theirs]]))
    assert (plan.left, plan.draft.training["metrics"]) == ((), [["mean_squared_error"]])
    assert plan.draft.training["loss"] == "mean_squared_error"
    assert "drop-compile-configuration" not in names(plan)


def test_a_metric_at_the_place_of_an_output_is_not_taken_out_alone() -> None:
    """The one behind it would be held against another output."""
    theirs = {"class_name": "TheirMetric", "config": {"name": "theirs"}}
    draft, changes = edited("drop-metrics", h5_training(metrics=[theirs, "mean_squared_error"]), outputs=2)
    assert (changes, draft.training["metrics"]) == ([], [theirs, "mean_squared_error"])


@pytest.mark.parametrize("form", ["h5", "keras"])
def test_what_nothing_else_answers_is_dropped(form: str) -> None:
    """The model loads and predicts; what is lost is said."""
    theirs = {"class_name": "TheirOptimizer", "config": {"name": "theirs"}, "module": "theirs", "registered_name": "T"}
    training = keras_training(theirs) if form == "keras" else h5_training(theirs)
    plan = plan_of(training, form, "2.13.1", weights=[("optimizer_weights/a", ()), ("optimizer/vars/0", ())])
    last = plan.edits[-1]
    assert (plan.left, last.name) == ((), "drop-compile-configuration")
    assert "optimizer" in last.loses
    assert (plan.draft.training, "compile_config" in plan.draft.root) == ({}, False)
    assert list(plan.draft.moved.values()) == [None]


@pytest.mark.parametrize(("runtime", "left"), [("tf2.15", 3), ("tf2.8", 0)])
def test_the_state_of_keras_3_in_an_h5(runtime: str, left: int) -> None:
    """Newer optimizers of Keras 2 take all but the learning rate; legacy ones have another order."""
    more = {**_DOWN, "runtime": runtime, "weights": _STATE}
    training = h5_training(adam())
    moved: dict[str, str | None] = {}
    for name in ("learning-rate-out-of-state", "drop-state-of-keras-3"):
        draft, _ = edited(name, training, **more)
        moved = moved or draft.moved
    assert set(moved.values()) == {None}
    assert len(_STATE) - len(moved) == left


def test_what_keras_2_has_no_setting_for_is_dropped() -> None:
    """Its training would be another, so that there is none."""
    draft, changes = edited("drop-optimizer-of-keras-3", h5_training(adam(gradient_accumulation_steps=4)), **_DOWN)
    assert (len(changes), draft.training) == (1, {})


def test_every_edit_says_what_and_why() -> None:
    """As users and the reference read it."""
    own = [each for each in EDITS if "compile" in each.apply.__module__]
    assert len(own) == len({each.name for each in own}) > 15
    for each in own:
        assert all((each.what, each.because, each.source, each.wrong_if)), each.name
