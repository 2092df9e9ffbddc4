"""Convolutions, pooling, normalization and image preprocessing."""

from __future__ import annotations

from accuracy.zoo.registry import Built, Kit, model


@model()
def conv_batchnorm_pool(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (8, 8, 3),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.AveragePooling2D(2),
            layers.GlobalMaxPooling2D(),
        ),
        [kit.floats(2, 8, 8, 3)],
    )


@model()
def depthwise_conv(kit: Kit) -> Built:
    return kit.sequential((6, 6, 3), kit.layers.DepthwiseConv2D(3, depth_multiplier=2)), [kit.floats(2, 6, 6, 3)]


@model()
def separable_conv(kit: Kit) -> Built:
    return kit.sequential((6, 6, 3), kit.layers.SeparableConv2D(4, 3)), [kit.floats(2, 6, 6, 3)]


@model()
def conv_transpose(kit: Kit) -> Built:
    return kit.sequential((4, 4, 2), kit.layers.Conv2DTranspose(3, 3, strides=2)), [kit.floats(2, 4, 4, 2)]


@model()
def conv_3d(kit: Kit) -> Built:
    layers = kit.layers
    return kit.sequential((4, 4, 4, 1), layers.Conv3D(2, 2), layers.MaxPooling3D()), [kit.floats(1, 4, 4, 4, 1)]


@model()
def causal_conv(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((8, 2), layers.Conv1D(3, 3, padding="causal", dilation_rate=2), layers.GlobalMaxPooling1D())
    return built, [kit.floats(2, 8, 2)]


@model()
def channels_last_padding(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (5, 5, 2),
            layers.ZeroPadding2D(((1, 0), (0, 1))),
            layers.Cropping2D(1),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.Conv2D(2, (2, 3), strides=(1, 2)),
        ),
        [kit.floats(2, 5, 5, 2)],
    )


@model()
def image_preprocessing(kit: Kit) -> Built:
    return (
        kit.sequential(
            (8, 8, 3),
            kit.layer("Rescaling")(1 / 127.5, offset=-1),
            kit.layer("Resizing")(6, 6),
            kit.layer("CenterCrop")(4, 4),
            kit.layer("RandomFlip")("horizontal"),
            kit.layer("RandomRotation")(0.1),
        ),
        [kit.floats(2, 8, 8, 3)],
    )


@model()
def layer_normalization(kit: Kit) -> Built:
    built = kit.sequential((6,), kit.layers.LayerNormalization(epsilon=1e-5), kit.layers.Dense(2))
    return built, [kit.floats(3, 6)]


@model()
def newer_normalizations(kit: Kit) -> Built:
    built = kit.sequential((4, 6), kit.layer("UnitNormalization")(), kit.layer("GroupNormalization")(groups=3))
    return built, [kit.floats(2, 4, 6)]


@model()
def convolutional_lstm(kit: Kit) -> Built:
    return kit.sequential((3, 5, 5, 2), kit.layers.ConvLSTM2D(2, 3)), [kit.floats(1, 3, 5, 5, 2)]
