"""Compiled models: losses, metrics and optimizers by name and as objects, some of them trained a step."""

from __future__ import annotations

from typing import Any

from accuracy.zoo.registry import Built, Kit, model


def _small(kit: Kit) -> Any:
    return kit.sequential((4,), kit.layers.Dense(3, activation="relu"), kit.layers.Dense(1))


@model()
def compiled_strings(kit: Kit) -> Built:
    built = _small(kit)
    built.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return built, [kit.floats(3, 4)]


@model()
def compiled_long_names(kit: Kit) -> Built:
    built = _small(kit)
    built.compile(optimizer="sgd", loss="mean_squared_error", metrics=["accuracy"])
    return built, [kit.floats(3, 4)]


@model()
def trained_adam_objects(kit: Kit) -> Built:
    built, keras = _small(kit), kit.keras
    built.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.MeanSquaredError(),
        metrics=[keras.metrics.MeanAbsoluteError()],
    )
    built.train_on_batch(kit.floats(4, 4), kit.floats(4, 1))
    return built, [kit.floats(3, 4)]


@model()
def trained_adam_strings(kit: Kit) -> Built:
    built = _small(kit)
    built.compile(optimizer="adam", loss="mse")
    built.train_on_batch(kit.floats(4, 4), kit.floats(4, 1))
    return built, [kit.floats(3, 4)]


@model()
def trained_sgd(kit: Kit) -> Built:
    built = _small(kit)
    built.compile(optimizer=kit.keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), loss="mae")
    built.train_on_batch(kit.floats(4, 4), kit.floats(4, 1))
    return built, [kit.floats(3, 4)]


@model()
def trained_rmsprop(kit: Kit) -> Built:
    built = _small(kit)
    built.compile(optimizer=kit.keras.optimizers.RMSprop(0.01), loss=kit.keras.losses.Huber(), metrics=["mse"])
    built.train_on_batch(kit.floats(4, 4), kit.floats(4, 1))
    return built, [kit.floats(3, 4)]


@model()
def learning_rate_schedule(kit: Kit) -> Built:
    built, optimizers = _small(kit), kit.keras.optimizers
    schedule = optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    built.compile(optimizer=optimizers.Adam(schedule), loss=kit.keras.losses.MeanSquaredError())
    return built, [kit.floats(3, 4)]


@model()
def classifier(kit: Kit) -> Built:
    built, keras = kit.sequential((4,), kit.layers.Dense(3, activation="softmax")), kit.keras
    built.compile(
        optimizer=keras.optimizers.Nadam(),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.AUC(), keras.metrics.TopKCategoricalAccuracy(2)],
    )
    return built, [kit.floats(3, 4)]


@model()
def two_losses(kit: Kit) -> Built:
    entry = kit.keras.Input((4,))
    outputs = [kit.layers.Dense(2, name="first")(entry), kit.layers.Dense(1, name="second")(entry)]
    built = kit.keras.Model(entry, outputs)
    built.compile(optimizer="rmsprop", loss={"first": "mse", "second": "mae"}, loss_weights={"first": 1, "second": 2})
    return built, [kit.floats(3, 4)]
