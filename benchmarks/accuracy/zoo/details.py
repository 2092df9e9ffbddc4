"""What layers carry with them: activations, initializers, regularizers, constraints, noise, dtypes."""

from __future__ import annotations

import numpy as np
from accuracy.zoo.registry import Built, Kit, model


@model()
def activation_layers(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential((4,), layers.LeakyReLU(), layers.PReLU(), layers.ELU(0.7), layers.ReLU(6.0), layers.Softmax()),
        [kit.floats(3, 4)],
    )


@model()
def activation_names(kit: Kit) -> Built:
    layers = kit.layers
    names = ("selu", "elu", "softplus", "softsign", "swish", "gelu", "exponential", "linear")
    return kit.sequential((4,), *[layers.Dense(4, activation=name) for name in names]), [kit.floats(3, 4)]


@model()
def hard_sigmoid(kit: Kit) -> Built:
    built = kit.sequential((4,), kit.layers.Dense(4, activation="hard_sigmoid"), kit.layers.Activation("hard_sigmoid"))
    return built, [kit.floats(3, 4)]


@model()
def gelu_function(kit: Kit) -> Built:
    built = kit.sequential((4,), kit.layers.Dense(4, activation=kit.keras.activations.gelu), kit.layers.Dense(2))
    return built, [kit.floats(3, 4)]


@model()
def initializers(kit: Kit) -> Built:
    kinds = kit.keras.initializers
    chosen = (
        kinds.HeNormal(seed=1),
        kinds.VarianceScaling(2.0, mode="fan_out", distribution="uniform", seed=2),
        kinds.Orthogonal(0.5, seed=3),
        kinds.RandomNormal(stddev=0.1, seed=4),
        kinds.TruncatedNormal(seed=5),
        kinds.Constant(0.3),
        kinds.Identity(),
    )
    layers = [kit.layers.Dense(4, kernel_initializer=kind, bias_initializer="ones") for kind in chosen]
    return kit.sequential((4,), *layers), [kit.floats(3, 4)]


@model()
def regularizers_and_constraints(kit: Kit) -> Built:
    keras = kit.keras
    layer = kit.layers.Dense(
        4,
        kernel_regularizer=keras.regularizers.l1_l2(0.01, 0.02),
        bias_regularizer="l2",
        activity_regularizer=keras.regularizers.l1(0.1),
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        bias_constraint="non_neg",
    )
    last = kit.layers.Dense(2, kernel_constraint=keras.constraints.UnitNorm(axis=0), kernel_regularizer="l1")
    return kit.sequential((4,), layer, kit.layers.ActivityRegularization(l2=0.1), last), [kit.floats(3, 4)]


@model()
def noise_and_dropout(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (5, 3),
            layers.GaussianNoise(0.1),
            layers.Dropout(0.3, seed=3),
            layers.SpatialDropout1D(0.2),
            layers.AlphaDropout(0.1),
            layers.GaussianDropout(0.1),
            layers.Dense(2),
        ),
        [kit.floats(2, 5, 3)],
    )


@model()
def mixed_float16(kit: Kit) -> Built:
    with kit.policy("mixed_float16"):
        entry = kit.keras.Input((4,))
        hidden = kit.layers.Dense(8, activation="relu")(entry)
        built = kit.keras.Model(entry, kit.layers.Dense(2, dtype="float32")(hidden))
    return built, [kit.floats(3, 4)]


@model()
def float64(kit: Kit) -> Built:
    entry = kit.keras.Input((4,), dtype="float64")
    hidden = kit.layers.Dense(8, activation="tanh", dtype="float64")(entry)
    built = kit.keras.Model(entry, kit.layers.Dense(2, dtype="float64")(hidden))
    return built, [kit.floats(3, 4).astype(np.float64)]


@model()
def batchnorm_dtype_axis(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((4, 3), layers.BatchNormalization(axis=1, momentum=0.9, center=False), layers.Dense(2))
    return built, [kit.floats(2, 4, 3)]


@model()
def frozen_layers(kit: Kit) -> Built:
    first = kit.layers.Dense(4, trainable=False)
    return kit.sequential((4,), first, kit.layers.Dense(2, name="named_by_user")), [kit.floats(3, 4)]
