"""How models are put together: sequential, functional, nested, shared, merged, subclassed, and no model at all."""

from __future__ import annotations

from accuracy.zoo.registry import Built, Kit, model


@model()
def dense(kit: Kit) -> Built:
    layers = kit.layers
    return kit.sequential((4,), layers.Dense(8, activation="relu"), layers.Dense(2)), [kit.floats(3, 4)]


@model()
def dense_without_input(kit: Kit) -> Built:
    built = kit.keras.Sequential([kit.layers.Dense(8, activation="tanh"), kit.layers.Dense(2)])
    built.build((None, 4))
    return built, [kit.floats(3, 4)]


@model()
def two_inputs_two_outputs(kit: Kit) -> Built:
    left, right = kit.keras.Input((4,), name="left"), kit.keras.Input((3,), name="right")
    joined = kit.layers.Concatenate()([kit.layers.Dense(5)(left), kit.layers.Dense(2)(right)])
    outputs = [kit.layers.Dense(2, name="first")(joined), kit.layers.Dense(1, name="second")(joined)]
    return kit.keras.Model([left, right], outputs), [kit.floats(3, 4), kit.floats(3, 3)]


def _tower(kit: Kit, name: str) -> object:
    entry = kit.keras.Input((4,))
    return kit.keras.Model(entry, kit.layers.Dense(4, activation="relu")(entry), name=name)


@model()
def functional_in_functional(kit: Kit) -> Built:
    entry = kit.keras.Input((4,))
    tower = _tower(kit, "tower")
    return kit.keras.Model(entry, kit.layers.Dense(2)(tower(entry))), [kit.floats(3, 4)]  # type: ignore[operator]


@model()
def sequential_in_sequential(kit: Kit) -> Built:
    inner = kit.sequential((4,), kit.layers.Dense(5, activation="relu"), kit.layers.Dense(3))
    return kit.sequential((4,), inner, kit.layers.Dense(2)), [kit.floats(3, 4)]


@model()
def functional_in_sequential(kit: Kit) -> Built:
    return kit.sequential((4,), _tower(kit, "tower"), kit.layers.Dense(2)), [kit.floats(3, 4)]


@model()
def sequential_in_functional(kit: Kit) -> Built:
    inner = kit.sequential((4,), kit.layers.Dense(5, activation="relu"), kit.layers.Dense(3))
    entry = kit.keras.Input((4,))
    return kit.keras.Model(entry, kit.layers.Dense(2)(inner(entry))), [kit.floats(3, 4)]


@model()
def nested_model_applied_twice(kit: Kit) -> Built:
    left, right = kit.keras.Input((4,)), kit.keras.Input((4,))
    tower = _tower(kit, "shared")
    return (
        kit.keras.Model([left, right], kit.layers.Add()([tower(left), tower(right)])),  # type: ignore[operator]
        [kit.floats(3, 4), kit.floats(3, 4)],
    )


@model()
def layer_applied_twice(kit: Kit) -> Built:
    left, right = kit.keras.Input((4,)), kit.keras.Input((4,))
    shared = kit.layers.Dense(3)
    merged = kit.layers.Subtract()([shared(left), shared(right)])
    return kit.keras.Model([left, right], merged), [kit.floats(3, 4), kit.floats(3, 4)]


@model()
def merges(kit: Kit) -> Built:
    layers = kit.layers
    left, right = kit.keras.Input((4, 3)), kit.keras.Input((4, 3))
    added = layers.Add()([left, right])
    largest = layers.Maximum()([added, layers.Multiply()([left, right])])
    dotted = layers.Dot(axes=2, normalize=True)([largest, layers.Average()([left, right])])
    together = layers.Concatenate(axis=-1)([dotted, largest])
    return kit.keras.Model([left, right], together), [kit.floats(2, 4, 3), kit.floats(2, 4, 3)]


@model()
def reshaping(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (4, 3),
            layers.Permute((2, 1)),
            layers.Reshape((6, 2)),
            layers.ZeroPadding1D(1),
            layers.Cropping1D(1),
            layers.UpSampling1D(2),
            layers.Flatten(),
            layers.RepeatVector(2),
            layers.Masking(0.0),
        ),
        [kit.floats(2, 4, 3)],
    )


@model()
def residual(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", use_bias=False)(entry)
    second = layers.Activation("relu")(layers.BatchNormalization()(first))
    summed = layers.Add()([second, layers.Conv2D(4, 1)(entry)])
    pooled = layers.GlobalAveragePooling2D()(summed)
    return kit.keras.Model(entry, layers.Dense(2, activation="softmax")(pooled)), [kit.floats(2, 8, 8, 3)]


@model()
def batch_size_fixed(kit: Kit) -> Built:
    entry = kit.keras.Input(shape=(4,), batch_size=3)
    return kit.keras.Model(entry, kit.layers.Dense(2)(entry)), [kit.floats(3, 4)]


@model(formats=("saved_model",))
def plain_module(kit: Kit) -> Built:
    tf = kit.tf

    class Doubler(tf.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(2.5)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def serve(self, values):  # type: ignore[no-untyped-def]
            return {"scaled": tf.nn.softplus(values) * self.scale}

    return Doubler(), [kit.floats(3, 4)]
