"""Models compiled and mostly fitted a step, written after the edits of `modelcompat migrate` were frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
from accuracy.zoo.registry import Built, Kit, NotHereError, model


def _regressor(kit: Kit) -> Any:
    return kit.sequential((6,), kit.layers.Dense(8, activation="relu"), kit.layers.Dense(1))


def _classifier(kit: Kit, classes: int = 3) -> Any:
    layers = kit.layers
    return kit.sequential((6,), layers.Dense(8, activation="relu"), layers.Dense(classes, activation="softmax"))


def _fit(kit: Kit, built: Any, inputs: Any, truth: Any, **options: Any) -> None:
    """One step, without the seconds that tracing it takes."""
    kit.tf.config.run_functions_eagerly(True)
    try:
        built.fit(inputs, truth, epochs=1, batch_size=8, verbose=0, **options)
    finally:
        kit.tf.config.run_functions_eagerly(False)


def _schedule(kit: Kit, name: str) -> Any:
    found = getattr(kit.keras.optimizers.schedules, name, None) or getattr(kit.keras.experimental, name, None)
    if found is None:
        raise NotHereError(name)
    return found


def _optimizer(kit: Kit, name: str) -> Any:
    found = getattr(kit.keras.optimizers, name, None)
    if found is None:
        raise NotHereError(name)
    return found


@model()
def fitted_adam_sparse_labels(kit: Kit) -> Built:
    built = _classifier(kit)
    built.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    _fit(kit, built, kit.floats(8, 6), kit.integers(3, 8))
    return built, [kit.floats(3, 6)]


@model()
def fitted_sgd_momentum(kit: Kit) -> Built:
    built = _regressor(kit)
    built.compile(optimizer=kit.keras.optimizers.SGD(learning_rate=0.01, momentum=0.9), loss="mean_absolute_error")
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def fitted_rmsprop_centered(kit: Kit) -> Built:
    built = _regressor(kit)
    optimizer = kit.keras.optimizers.RMSprop(learning_rate=1e-3, rho=0.95, momentum=0.5, centered=True)
    built.compile(optimizer=optimizer, loss=kit.keras.losses.LogCosh(), metrics=["mse", "mae"])
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def fitted_adagrad(kit: Kit) -> Built:
    built, keras = _regressor(kit), kit.keras
    built.compile(
        optimizer=keras.optimizers.Adagrad(0.05),
        loss=keras.losses.Huber(delta=0.5),
        metrics=[keras.metrics.RootMeanSquaredError(name="rmse")],
    )
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def fitted_adadelta_adamax(kit: Kit) -> Built:
    first = _regressor(kit)
    first.compile(optimizer="adadelta", loss="mse")
    _fit(kit, first, kit.floats(8, 6), kit.floats(8, 1))
    built = kit.sequential((6,), first, kit.layers.Dense(2))
    built.compile(optimizer=kit.keras.optimizers.Adamax(0.002, beta_1=0.85), loss="mse")
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 2))
    return built, [kit.floats(3, 6)]


@model()
def fitted_nadam_poisson(kit: Kit) -> Built:
    built = kit.sequential((6,), kit.layers.Dense(8, activation="elu"), kit.layers.Dense(1, activation="exponential"))
    built.compile(optimizer="nadam", loss="poisson", metrics=["mape"])
    _fit(kit, built, kit.floats(8, 6), kit.integers(4, 8, 1).astype(np.float32))
    return built, [kit.floats(3, 6)]


@model()
def fitted_ftrl(kit: Kit) -> Built:
    built = kit.sequential((6,), kit.layers.Dense(1, activation="sigmoid"))
    optimizer = kit.keras.optimizers.Ftrl(learning_rate=0.01, l1_regularization_strength=0.001)
    built.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["binary_accuracy"])
    _fit(kit, built, kit.floats(8, 6), kit.integers(2, 8, 1))
    return built, [kit.floats(3, 6)]


@model()
def fitted_adamw(kit: Kit) -> Built:
    built = _classifier(kit)
    built.compile(_optimizer(kit, "AdamW")(1e-3, weight_decay=0.01), loss="categorical_crossentropy", metrics=["acc"])
    _fit(kit, built, kit.floats(8, 6), np.eye(3, dtype=np.float32)[kit.integers(3, 8)])
    return built, [kit.floats(3, 6)]


@model()
def fitted_lion(kit: Kit) -> Built:
    built = _regressor(kit)
    built.compile(_optimizer(kit, "Lion")(1e-4), loss="mse")
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def fitted_with_clipping(kit: Kit) -> Built:
    built, keras = _classifier(kit), kit.keras
    built.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3, beta_2=0.98, epsilon=1e-9, amsgrad=True, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc"), keras.metrics.SparseTopKCategoricalAccuracy(k=2)],
    )
    _fit(kit, built, kit.floats(8, 6), kit.integers(3, 8))
    return built, [kit.floats(3, 6)]


@model()
def legacy_adam_fitted(kit: Kit) -> Built:
    legacy = getattr(kit.keras.optimizers, "legacy", None)
    if kit.keras_3 or legacy is None or not hasattr(legacy, "Adam"):
        raise NotHereError("optimizers.legacy")
    built = _regressor(kit)
    built.compile(optimizer=legacy.Adam(learning_rate=1e-3, decay=1e-5), loss="mse")
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def schedule_exponential_staircase(kit: Kit) -> Built:
    built, keras = _classifier(kit), kit.keras
    schedule = keras.optimizers.schedules.ExponentialDecay(
        initial_learning_rate=1e-2, decay_steps=10000, decay_rate=0.9, staircase=True
    )
    built.compile(keras.optimizers.SGD(learning_rate=schedule), loss="sparse_categorical_crossentropy")
    _fit(kit, built, kit.floats(8, 6), kit.integers(3, 8))
    return built, [kit.floats(3, 6)]


@model()
def schedule_piecewise(kit: Kit) -> Built:
    built, optimizers = _regressor(kit), kit.keras.optimizers
    schedule = optimizers.schedules.PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    built.compile(optimizers.RMSprop(schedule), loss=kit.keras.losses.MeanAbsoluteError())
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def schedule_cosine_and_polynomial(kit: Kit) -> Built:
    built = _regressor(kit)
    schedule = kit.keras.optimizers.schedules.PolynomialDecay(0.1, 1000, end_learning_rate=0.001, power=2.0)
    built.compile(kit.keras.optimizers.Adam(schedule), loss="mse")
    tuned = kit.keras.models.clone_model(built)
    tuned.compile(kit.keras.optimizers.Adam(_schedule(kit, "CosineDecay")(1e-3, 1000, alpha=0.1)), loss="mse")
    _fit(kit, tuned, kit.floats(8, 6), kit.floats(8, 1))
    return tuned, [kit.floats(3, 6)]


@model()
def binary_with_many_metrics(kit: Kit) -> Built:
    layers, metrics = kit.layers, kit.keras.metrics
    built = kit.sequential((6,), layers.Dense(8, activation="tanh"), layers.Dense(1, activation="sigmoid"))
    built.compile(
        optimizer=kit.keras.optimizers.Adam(1e-3),
        loss=kit.keras.losses.BinaryCrossentropy(label_smoothing=0.05),
        metrics=[
            metrics.BinaryAccuracy(name="accuracy", threshold=0.6),
            metrics.Precision(name="precision"),
            metrics.Recall(thresholds=0.4, name="recall"),
            metrics.AUC(name="prc", curve="PR", num_thresholds=20),
            metrics.TruePositives(name="tp"),
        ],
    )
    _fit(kit, built, kit.floats(8, 6), kit.integers(2, 8, 1), class_weight={0: 1.0, 1: 3.0})
    return built, [kit.floats(3, 6)]


@model()
def logits_with_hinge_metrics(kit: Kit) -> Built:
    built, keras = kit.sequential((6,), kit.layers.Dense(4)), kit.keras
    built.compile(
        optimizer="adam",
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["categorical_accuracy", keras.metrics.CategoricalHinge(), keras.metrics.KLDivergence()],
        weighted_metrics=["accuracy"],
    )
    labels = np.eye(4, dtype=np.float32)[kit.integers(4, 8)]
    _fit(kit, built, kit.floats(8, 6), labels, sample_weight=np.ones(8, np.float32))
    return built, [kit.floats(3, 6)]


@model()
def loss_functions_by_function(kit: Kit) -> Built:
    built, keras = _regressor(kit), kit.keras
    built.compile(optimizer="sgd", loss=keras.losses.MSE, metrics=[keras.metrics.MAE])
    _fit(kit, built, kit.floats(8, 6), kit.floats(8, 1))
    return built, [kit.floats(3, 6)]


@model()
def outputs_with_listed_losses(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((6,), name="sensor")
    hidden = layers.Dense(8, activation="relu")(entry)
    outputs = [layers.Dense(2, name="position")(hidden), layers.Dense(1, activation="sigmoid", name="alarm")(hidden)]
    built = kit.keras.Model(entry, outputs)
    built.compile(optimizer="rmsprop", loss=["mse", "binary_crossentropy"], loss_weights=[1.0, 0.5])
    _fit(kit, built, kit.floats(8, 6), [kit.floats(8, 2), kit.integers(2, 8, 1).astype(np.float32)])
    return built, [kit.floats(3, 6)]


@model()
def recurrent_forecaster_fitted(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((8, 2), layers.LSTM(8, return_sequences=True), layers.GRU(8), layers.Dense(1))
    built.compile(loss="mean_squared_error", optimizer="adam", metrics=["mean_absolute_percentage_error"])
    _fit(kit, built, kit.floats(4, 8, 2), kit.floats(4, 1))
    return built, [kit.floats(2, 8, 2)]


@model()
def convnet_batchnorm_fitted(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential(
        (8, 8, 1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, kernel_regularizer="l2", activation="softmax"),
    )
    optimizer = kit.keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    built.compile(optimizer, "sparse_categorical_crossentropy", metrics=["acc"])
    _fit(kit, built, kit.floats(4, 8, 8, 1), kit.integers(2, 4))
    return built, [kit.floats(2, 8, 8, 1)]
