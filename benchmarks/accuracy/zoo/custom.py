"""Models with code of the user's: layers, functions, subclasses, Lambdas, ops on symbolic tensors."""

from __future__ import annotations

import importlib
from typing import Any

from accuracy.zoo.registry import Built, Kit, model


def _objects() -> Any:
    return importlib.import_module("accuracy.zoo.objects")


@model(objects=("Scale",))
def registered_layer(kit: Kit) -> Built:
    return kit.sequential((4,), _objects().Scale(1.5), kit.layers.Dense(2)), [kit.floats(3, 4)]


@model(objects=("Double",))
def unregistered_layer(kit: Kit) -> Built:
    return kit.sequential((4,), _objects().Double(), kit.layers.Dense(2)), [kit.floats(3, 4)]


@model(objects=("Forgetful",))
def layer_without_config(kit: Kit) -> Built:
    return kit.sequential((4,), _objects().Forgetful(2.0), kit.layers.Dense(2)), [kit.floats(3, 4)]


@model(objects=("Scale",))
def registered_layer_inside(kit: Kit) -> Built:
    inner = kit.sequential((4,), kit.layers.Dense(4), _objects().Scale(0.5))
    entry = kit.keras.Input((4,))
    return kit.keras.Model(entry, kit.layers.Dense(2)(inner(entry))), [kit.floats(3, 4)]


@model(objects=("clipped",))
def custom_activation(kit: Kit) -> Built:
    return kit.sequential((4,), kit.layers.Dense(4, activation=_objects().clipped)), [kit.floats(3, 4)]


@model(objects=("squared",))
def custom_loss(kit: Kit) -> Built:
    built = kit.sequential((4,), kit.layers.Dense(1))
    built.compile(optimizer="adam", loss=_objects().squared)
    return built, [kit.floats(3, 4)]


@model(objects=("Ranker",))
def subclassed(kit: Kit) -> Built:
    built, inputs = _objects().Ranker(5), kit.floats(3, 4)
    built(kit.tf.constant(inputs))
    if not kit.keras_3:
        built.predict(inputs)
    return built, [inputs]


@model(objects=("Plain",))
def subclassed_without_config(kit: Kit) -> Built:
    built, inputs = _objects().Plain(), kit.floats(3, 4)
    built(kit.tf.constant(inputs))
    if not kit.keras_3:
        built.predict(inputs)
    return built, [inputs]


@model(unsafe=True)
def lambda_arithmetic(kit: Kit) -> Built:
    layers = kit.layers
    return kit.sequential((4,), layers.Lambda(lambda x: x * 2 + 1), layers.Dense(2)), [kit.floats(3, 4)]


@model(unsafe=True)
def lambda_with_loop(kit: Kit) -> Built:
    def powers(x):  # type: ignore[no-untyped-def]
        total = x
        for exponent in range(2, 4):
            total = total + x**exponent
        return total

    return kit.sequential((4,), kit.layers.Lambda(powers, output_shape=(4,))), [kit.floats(3, 4)]


@model(unsafe=True)
def lambda_comprehension(kit: Kit) -> Built:
    layer = kit.layers.Lambda(lambda x: sum([x * factor for factor in (1.0, 2.0, 3.0)]), output_shape=(4,))
    return kit.sequential((4,), layer), [kit.floats(3, 4)]


@model(unsafe=True)
def lambda_time_distributed(kit: Kit) -> Built:
    layers = kit.layers
    wrapped = layers.TimeDistributed(layers.Lambda(lambda x: x * 3, output_shape=(3,)))
    return kit.sequential((5, 3), wrapped), [kit.floats(2, 5, 3)]


@model(unsafe=True)
def lambda_named_function(kit: Kit) -> Built:
    tripled = kit.layers.Lambda(kit.keras.activations.softplus)
    return kit.sequential((4,), tripled, kit.layers.Dense(2)), [kit.floats(3, 4)]


@model()
def ops_on_tensors(kit: Kit) -> Built:
    entry = kit.keras.Input((4,))
    if kit.keras_3:
        ops = kit.keras.ops
        mixed = ops.tanh(entry) + ops.expand_dims(ops.sum(entry, axis=-1), -1) * 0.5
    else:
        tf = kit.tf
        mixed = tf.tanh(entry) + tf.expand_dims(tf.reduce_sum(entry, axis=-1), -1) * 0.5
    return kit.keras.Model(entry, kit.layers.Dense(2)(mixed)), [kit.floats(3, 4)]


@model()
def slicing(kit: Kit) -> Built:
    entry = kit.keras.Input((5, 3))
    return kit.keras.Model(entry, kit.layers.Dense(2)(entry[:, 0])), [kit.floats(2, 5, 3)]


@model()
def operators(kit: Kit) -> Built:
    left, right = kit.keras.Input((4,)), kit.keras.Input((4,))
    return kit.keras.Model([left, right], (left + right) * 0.5 - 1.0), [kit.floats(3, 4), kit.floats(3, 4)]
