"""Rows of the edits of what `compile()` was given; each model is evaluated and trained for a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.migration.compile_drafts import h5_training, keras_training
from tests.migration.edits.row import LOADING, TRAINING, Model, Row, aged, compiled, drop_weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.configuration.draft import Draft

# Training is of this many numbers for each row.
_END = ((2,),)
_CLASSES = ((3,),)
_ADAM = {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.01}}
_SCHEDULE = {
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5, "staircase": False, "name": None},
}
_WRAPPED = {
    "class_name": "MeanMetricWrapper",
    "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"},
}


def model(
    compile: Callable[[Any], dict[str, Any]] | None = None,  # noqa: A002 - the word for it
    format: str = "h5",  # noqa: A002 - the word for it
    classes: bool = False,
    outputs: int = 1,
    **more: Any,
) -> Model:
    """A small model.

    Args:
        compile: gives the arguments of `compile()`, from `tf_keras`.
        format: `h5` or `keras`.
        classes: whether it predicts three classes, not two numbers.
        outputs: how many it has.
        more: further fields.
    """

    def build(keras: Any) -> Any:
        begin = keras.layers.Input((4,))
        inner = keras.layers.Dense(3, activation="tanh")(begin)
        units, end = (3, "softmax") if classes else (2, None)
        ends = [keras.layers.Dense(units, activation=end, name=f"end{number}")(inner) for number in range(outputs)]
        made = keras.Model(begin, ends if outputs > 1 else ends[0])
        chosen = {"optimizer": keras.optimizers.SGD(0.1), "loss": "mean_squared_error"}
        made.compile(**{**chosen, **(compile(keras) if compile is not None else {})})
        return made

    return Model(build, format, data=(4,), targets=(_CLASSES if classes else _END) * outputs, **more)


def optimizer(make: Callable[[Any], Any], format: str = "h5", **more: Any) -> Model:  # noqa: A002 - the word for it
    """A model with an optimizer, made of `tf_keras.optimizers`."""
    return model(lambda keras: {"optimizer": make(keras.optimizers)}, format, **more)


def settings(**given: Any) -> Callable[[Draft], None]:
    """What gives the optimizer other settings; None for one that is dropped."""

    def spoil(draft: Draft) -> None:
        node = draft.training["optimizer_config" if draft.format == "h5" else "optimizer"]
        assert set(given) <= set(node["config"])
        node["config"].update(given)
        for key in [key for key, value in given.items() if value is None]:
            del node["config"][key]

    return spoil


def of_class(name: str) -> Callable[[Draft], None]:
    """What gives the optimizer another class."""

    def spoil(draft: Draft) -> None:
        draft.training["optimizer_config" if draft.format == "h5" else "optimizer"]["class_name"] = name

    return spoil


def argument(name: str, value: Any) -> Callable[[Draft], None]:
    """What gives `compile()` something else."""

    def spoil(draft: Draft) -> None:
        assert draft.training.get(name) != value
        draft.training[name] = value

    return spoil


def of_loss(**given: Any) -> Callable[[Draft], None]:
    """What gives the loss other arguments; None for one that is dropped."""

    def spoil(draft: Draft) -> None:
        config = draft.training["loss"]["config"]
        assert set(given) <= set(config)
        config.update(given)
        for key in [key for key, value in given.items() if value is None]:
            del config[key]

    return spoil


def of_metric(class_name: str) -> Callable[[Draft], None]:
    """What makes the first metric one of another class."""

    def spoil(draft: Draft) -> None:
        first = draft.training["metrics"]
        while isinstance(first, list):
            first = first[0]
        assert first["class_name"] != class_name
        first["class_name"] = class_name

    return spoil


def other_metric_name(draft: Draft) -> None:
    draft.training["metrics"][0][0]["config"]["name"] = "other"


def other_rate(draft: Draft) -> None:
    """The schedule begins with another learning rate."""
    config = draft.training["optimizer_config"]["config"]["learning_rate"]["config"]
    config["initial_learning_rate"] /= 2


def without_name(draft: Draft) -> None:
    draft.training["optimizer"]["config"]["learning_rate"]["config"]["name"] = None


def wrong_module(draft: Draft) -> None:
    draft.training["optimizer"]["module"] = "keras.losses"


def loss_of_the_other(draft: Draft) -> None:
    loss = draft.training["loss"]
    loss["end0"], loss["end1"] = loss["end1"], loss["end0"]


def velocities_for_momentums(draft: Draft) -> None:
    moved = draft.moved
    for first, second in zip(range(1, 9, 2), range(2, 9, 2), strict=True):
        one, two = f"optimizer/vars/{first}", f"optimizer/vars/{second}"
        moved[one], moved[two] = moved[two], moved[one]


def scaled(**config: Any) -> dict[str, Any]:
    inner = {"inner_optimizer": _ADAM, "initial_scale": 8.0, "dynamic_growth_steps": 2000, "dynamic": True}
    return {"class_name": "LossScaleOptimizer", "config": {**inner, **config}}


def adam(**config: Any) -> dict[str, Any]:
    return {"class_name": "Adam", "config": {**_ADAM["config"], **config}}  # type: ignore[dict-item]


def config_of(training: dict[str, Any]) -> dict[str, Any]:
    """The optimizer's configuration in what a file holds of `compile()`."""
    found: dict[str, Any] = (training.get("optimizer_config") or training["optimizer"])["config"]
    return found


def with_lr(training: dict[str, Any]) -> None:
    config = config_of(training)
    config["lr"] = config.pop("learning_rate")


def with_version(training: dict[str, Any]) -> None:
    (training.get("optimizer_config") or training["optimizer"])["class_name"] = "LossScaleOptimizerV3"


def without_package(training: dict[str, Any]) -> None:
    node = training.get("optimizer_config") or training["optimizer"]
    node["class_name"] = f"Custom>{node['class_name'].rpartition('>')[2]}"


def their_optimizer(training: dict[str, Any]) -> None:
    their = {"class_name": "TheirOptimizer", "module": "theirs", "registered_name": "Theirs"}
    (training.get("optimizer_config") or training["optimizer"]).update(their)


def their_metric(training: dict[str, Any]) -> None:
    training["metrics"] = ["mean_absolute_error", {"class_name": "TheirMetric", "config": {"name": "theirs"}}]


def experimental(training: dict[str, Any]) -> None:
    training["optimizer"].update(module="keras.optimizers.experimental", registered_name=None)


def with_function(training: dict[str, Any]) -> None:
    """As Keras 2.13 writes it."""
    function = {"module": "builtins", "class_name": "function", "config": "huber", "registered_name": "function"}
    training["loss"]["config"]["fn"] = function


def with_weight_mode(training: dict[str, Any]) -> None:
    training["sample_weight_mode"] = None


def legacy(name: str, *given: Any, **more: Any) -> Callable[[Any], Any]:
    return lambda module: getattr(module.legacy, name)(*given, **more)


def scaling(keras: Any, **more: Any) -> Any:
    return keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.05, momentum=0.5), **more)


def ending(**end: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda _: end


_FORBIDDEN_METRIC = [[{"class_name": "MeanSquaredError", "config": {"name": "dense_mse"}}]]

ROWS: dict[str, Row] = {
    "optimizer-without-package": Row(
        optimizer(lambda module: module.Adam(0.1), age=aged(training=without_package)),
        compiled(h5_training({**adam(), "class_name": "Custom>Theirs"}), keras="2.13.1"),
        of_class("Adamax"),
        LOADING,
    ),
    "name-loss-scale-optimizer": Row(
        model(
            lambda keras: {"optimizer": scaling(keras, initial_scale=64.0)}, "keras", age=aged(training=with_version)
        ),
        compiled(h5_training(adam())),
        of_class("LossScaleOptimizerV2"),
        LOADING,
    ),
    "loss-scale-in-optimizer": Row(
        model(lambda keras: {"optimizer": scaling(keras, initial_scale=64.0, dynamic=False)}),
        compiled(h5_training(scaled())),
        settings(learning_rate=None),
        TRAINING,
    ),
    "optimizer-module": Row(
        optimizer(lambda module: module.Adam(0.1), "keras", age=aged(training=experimental)),
        compiled(keras_training({**adam(), "module": "theirs.optimizers"}), form="keras"),
        wrong_module,
        LOADING,
    ),
    "rename-learning-rate": Row(
        optimizer(legacy("SGD", 0.1), age=aged(training=with_lr, keras="2.2.4")),
        compiled(h5_training({"class_name": "Theirs", "config": {"lr": 0.5}})),
        settings(learning_rate=None),
        TRAINING,
    ),
    "drop-optimizer-argument": Row(
        optimizer(lambda module: module.Adam(0.1, beta_1=0.5)),
        compiled(h5_training(adam(weight_decay=0.1, use_ema=True, ema_momentum=0.9)), "tf2.8", keras="2.13.1"),
        settings(beta_1=None),
        TRAINING,
    ),
    "drop-decay-of-zero": Row(
        optimizer(legacy("SGD", 0.1, momentum=0.5)),
        compiled(h5_training(adam(decay=0.1))),
        settings(momentum=None),
        TRAINING,
    ),
    "decay-as-schedule": Row(
        optimizer(legacy("SGD", 0.1, decay=0.5)),
        compiled(h5_training({"class_name": "Nadam", "config": {"decay": 0.004, "learning_rate": 0.1}})),
        other_rate,
        TRAINING,
    ),
    "name-schedule": Row(
        optimizer(lambda module: module.SGD(module.schedules.ExponentialDecay(0.1, 1, 0.5)), "keras"),
        compiled(h5_training(adam(learning_rate={**_SCHEDULE, "class_name": "Theirs"}))),
        without_name,
        TRAINING,
    ),
    "arithmetic-of-rmsprop": Row(
        optimizer(legacy("RMSprop", 0.05)),
        compiled(h5_training({"class_name": "RMSprop", "config": {"momentum": 0.5}})),
        settings(rho=0.5),
        TRAINING,
    ),
    "arithmetic-of-adagrad": Row(
        optimizer(legacy("Adagrad", 0.05, initial_accumulator_value=0.0)),
        compiled(h5_training({"class_name": "Adagrad", "config": {"epsilon": 1e-7}})),
        settings(learning_rate=0.5),
        TRAINING,
    ),
    "arithmetic-of-nadam": Row(
        optimizer(legacy("Nadam", 0.05)),
        compiled(h5_training({"class_name": "Nadam", "config": {"is_legacy_optimizer": False}})),
        settings(beta_1=0.5),
        TRAINING,
    ),
    "epsilon-of-none": Row(
        optimizer(legacy("Adam", 0.1), age=aged(training=lambda training: config_of(training).update(epsilon=None))),
        compiled(h5_training(adam(epsilon=1e-3))),
        settings(epsilon=1e-3),
        TRAINING,
    ),
    "name-in-full": Row(
        model(ending(loss="kullback_leibler_divergence"), classes=True),
        compiled(h5_training(loss="cosine_proximity"), keras="2.2.4"),
        argument("loss", "mean_squared_error"),
        TRAINING,
    ),
    "sum-over-batch-size": Row(
        model(lambda keras: {"loss": keras.losses.Huber(0.5)}),
        compiled(h5_training(loss={"class_name": "Huber", "config": {"reduction": "sum"}})),
        of_loss(reduction="sum"),
        TRAINING,
    ),
    "drop-own-function": Row(
        model(lambda keras: {"loss": keras.losses.Huber(0.5)}, "keras", age=aged(training=with_function)),
        compiled(h5_training(loss={"class_name": "LossFunctionWrapper", "config": {"fn": "huber"}})),
        of_loss(delta=None),
        TRAINING,
    ),
    "function-in-metric": Row(
        model(ending(loss="logcosh", metrics=["mean_absolute_error"])),
        compiled(h5_training(metrics=[_WRAPPED]), "tf2.15"),
        of_metric("MeanSquaredError"),
        TRAINING,
    ),
    "metric-name-without-output": Row(
        model(ending(loss="logcosh", metrics=["mean_absolute_error"]), outputs=2),
        compiled(h5_training(metrics=_FORBIDDEN_METRIC)),
        other_metric_name,
        unseen="versions of Keras name metrics in different ways, so that the proof holds values against each other",
    ),
    "crossentropy-of-loss": Row(
        model(ending(loss="categorical_crossentropy", metrics=["crossentropy"]), "keras", classes=True),
        compiled(h5_training(loss="mse", metrics=["ce"])),
        of_metric("BinaryCrossentropy"),
        TRAINING,
    ),
    "compile-argument-of-none": Row(
        model(format="keras"),
        compiled(keras_training(), form="keras", keras="3.3.3"),
        argument("steps_per_execution", None),
        unseen="it fails in predict(), and the proof calls the model itself",
    ),
    "drop-compile-argument": Row(
        model(ending(loss_weights=[3.0]), age=aged(training=with_weight_mode)),
        compiled(h5_training(sample_weight_mode="temporal")),
        argument("loss_weights", None),
        TRAINING,
    ),
    "add-loss-weights": Row(
        model(age=aged(training=lambda training: training.pop("loss_weights"))),
        compiled(h5_training(loss_weights=[1, 2])),
        argument("loss_weights", [3.0]),
        TRAINING,
    ),
    "output-without-loss": Row(
        model(ending(loss={"end0": "mean_squared_error"}), outputs=2),
        compiled(h5_training(loss={"dense": "mse", "end1": "mse"}), outputs=2),
        loss_of_the_other,
        TRAINING,
    ),
    "order-optimizer-state": Row(
        optimizer(lambda module: module.Adam(0.05), "keras", steps=2),
        compiled(keras_training(), form="keras", weights=[("optimizer/vars/0", ())]),
        velocities_for_momentums,
        TRAINING,
    ),
    "drop-optimizer-state-of-h5": Row(
        optimizer(lambda module: module.Adam(0.05), steps=2),
        compiled(h5_training(), weights=[("model_weights/dense/kernel:0", (4, 2))]),
        drop_weight,
        LOADING,
    ),
    "drop-optimizer-state": Row(
        optimizer(lambda module: module.Nadam(0.05), steps=2),
        compiled(h5_training(), weights=[("model_weights/dense/kernel:0", (4, 2))]),
        drop_weight,
        LOADING,
    ),
    "drop-metrics": Row(
        model(age=aged(training=their_metric)),
        compiled(h5_training(metrics=[_WRAPPED])),
        argument("loss", "mean_absolute_error"),
        TRAINING,
    ),
    "drop-compile-configuration": Row(
        model(format="keras", age=aged(training=their_optimizer)), compiled({}), drop_weight, LOADING
    ),
}
