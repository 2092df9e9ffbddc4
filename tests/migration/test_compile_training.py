"""Compiled models of Keras 2, migrated to Keras 3: both evaluate the same, and train the same.

What is applied wrongly is seen in `edits/test_every_edit.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.migration.compile_drafts import names
from tests.migration.compile_models import Case, data, migrated, model_of, trained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    """Nothing is traced: that would take most of the time."""
    import tensorflow as tf

    pytest.importorskip("tf_keras")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def loss(name: str, end: str = "numbers", **more: Any) -> Case:
    return Case(f"loss {name}", lambda _: {"loss": name, "optimizer": "sgd"}, end, **more)


def optimizer(name: str, make: Any, **more: Any) -> Case:
    return Case(name, lambda keras: {"loss": "mse", "optimizer": make(keras.optimizers)}, **more)


CASES = [
    loss("kullback_leibler_divergence", "classes", formats=("h5",)),
    loss("logcosh", formats=("h5",)),
    Case(
        "a loss as an object, metrics of each kind",
        lambda keras: {
            "loss": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
            "metrics": ["accuracy", "mse", keras.losses.mean_absolute_error, keras.metrics.AUC(num_thresholds=20)],
            "weighted_metrics": ["cosine_similarity"],
            "optimizer": keras.optimizers.Adam(0.05),
        },
        "classes",
    ),
    Case(
        "losses and metrics by output",
        lambda keras: {
            "loss": {"end0": "mse", "end1": keras.losses.Huber(0.5)},
            "loss_weights": {"end0": 1.0, "end1": 3.0},
            "metrics": {"end0": ["mae"], "end1": ["mse", keras.metrics.RootMeanSquaredError()]},
            "optimizer": keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        },
        formats=("h5",),
        outputs=2,
    ),
    optimizer("momentum", lambda module: module.SGD(0.05, momentum=0.9, nesterov=True), formats=("keras",)),
    optimizer("amsgrad", lambda module: module.Adam(0.05, amsgrad=True, clipnorm=0.5), formats=("keras",)),
    optimizer("average", lambda module: module.AdamW(0.05, use_ema=True), formats=("keras",)),
    optimizer("ftrl", lambda module: module.Ftrl(0.05, l1_regularization_strength=0.1), formats=("keras",)),
    optimizer("decay", lambda module: module.legacy.SGD(0.2, momentum=0.5, decay=0.0), formats=("h5",)),
    optimizer(
        "a schedule", lambda module: module.Adam(module.schedules.ExponentialDecay(0.1, 1, 0.5)), formats=("keras",)
    ),
    Case(
        "losses that are scaled",
        lambda keras: {
            "loss": "mse",
            "optimizer": keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam(0.05), initial_scale=64.0),
        },
        formats=("keras",),
    ),
    Case(
        "losses that are scaled by a fixed factor",
        lambda keras: {
            "loss": "mse",
            "optimizer": keras.mixed_precision.LossScaleOptimizer(
                keras.optimizers.SGD(0.05), initial_scale=64.0, dynamic=False
            ),
        },
        formats=("h5",),
    ),
]
_ROWS = [(case, form) for case in CASES for form in case.formats]


@pytest.mark.parametrize(("case", "form"), _ROWS, ids=[f"{case.name}-{form}" for case, form in _ROWS])
def test_it_trains_the_same(case: Case, form: str, tmp_path: Path) -> None:
    """Losses, metrics, and the weights after two steps, as those of the old file in Keras 2."""
    import keras
    import tf_keras

    plan, old, new = migrated(case, form, tmp_path)
    assert plan.left == ()
    assert "drop-compile-configuration" not in names(plan)
    before, after = trained(tf_keras.models.load_model(old), case), trained(keras.models.load_model(new), case)
    assert before.equals(after), (before, after)


DOWN = [
    optimizer("adam", lambda module: module.Adam(0.05, amsgrad=True)),
    optimizer("momentum", lambda module: module.SGD(0.05, momentum=0.9)),
    optimizer("rmsprop", lambda module: module.RMSprop(0.05, momentum=0.5), formats=("h5",)),
]
_DOWN = [(case, form) for case in DOWN for form in case.formats]


@pytest.mark.parametrize(("case", "form"), _DOWN, ids=[f"{case.name}-{form}" for case, form in _DOWN])
def test_it_trains_the_same_in_keras_2(case: Case, form: str, tmp_path: Path) -> None:
    """It goes on with what the optimizer keeps of each weight, from an .h5 file too."""
    import keras
    import tf_keras

    plan, old, new = migrated(case, form, tmp_path, is_down=True)
    assert (plan.left, [each.name for each in plan.edits if each.loses]) == ((), [])
    kept = tf_keras.models.load_model(new)
    # Keras 3 itself reads the state of a .keras file alone.
    model = keras.models.load_model(old) if form == "keras" else _of_memory(case)
    before, after = trained(model, case), trained(kept, case)
    assert before.equals(after), (before, after)


def _of_memory(case: Case) -> Any:
    """The model that was saved, made and trained in the same way again."""
    import keras

    model = model_of(case, keras)
    for _ in range(case.steps):
        model.train_on_batch(*data(case))
    return model
