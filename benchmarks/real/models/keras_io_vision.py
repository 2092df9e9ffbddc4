"""Models in the manner of keras.io's vision and generative examples, with the classes that such examples write."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class Patches(layers.Layer):
    def __init__(self, patch_size):
        super().__init__()
        self.patch_size = patch_size

    def call(self, images):
        found = ops.image.extract_patches(images, size=self.patch_size)
        _, rows, columns, depth = found.shape
        return ops.reshape(found, (-1, rows * columns, depth))


class PatchEncoder(layers.Layer):
    def __init__(self, num_patches, projection_dim):
        super().__init__()
        self.num_patches = num_patches
        self.projection = layers.Dense(projection_dim)
        self.position_embedding = layers.Embedding(num_patches, projection_dim)

    def call(self, patch):
        positions = ops.expand_dims(ops.arange(0, self.num_patches), 0)
        return self.projection(patch) + self.position_embedding(positions)

    def get_config(self):
        return {**super().get_config(), "num_patches": self.num_patches}


def mlp(x, units, rate):
    for each in units:
        x = layers.Dense(each, activation=keras.activations.gelu)(x)
        x = layers.Dropout(rate)(x)
    return x


def vision_transformer() -> Any:
    inputs = keras.Input((32, 32, 3))
    augment = keras.Sequential([layers.Normalization(), layers.RandomFlip("horizontal")], name="data_augmentation")
    patches = Patches(8)(augment(inputs))
    encoded = PatchEncoder(16, 16)(patches)
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=16, dropout=0.1)(x1, x1)
    x2 = layers.Add()([attention, encoded])
    x3 = mlp(layers.LayerNormalization(epsilon=1e-6)(x2), [32, 16], 0.1)
    encoded = layers.Add()([x3, x2])
    x = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(encoded))
    return keras.Model(inputs, layers.Dense(3)(mlp(x, [32], 0.5)))


class StochasticDepth(layers.Layer):
    def __init__(self, drop_prop, **kwargs):
        super().__init__(**kwargs)
        self.drop_prob = drop_prop
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, x, training=None):
        if training:
            keep = 1 - self.drop_prob
            shape = (ops.shape(x)[0],) + (1,) * (len(x.shape) - 1)
            noise = keep + keras.random.uniform(shape, 0, 1, seed=self.seed_generator)
            return (x / keep) * ops.floor(noise)
        return x


def compact_convolutional_transformer() -> Any:
    inputs = keras.Input((32, 32, 3))
    x = layers.ZeroPadding2D(1)(layers.Conv2D(16, 3, 1, "valid", use_bias=False, activation="relu")(inputs))
    x = layers.MaxPooling2D(3, 4, "same")(x)
    x = layers.Reshape((-1, 16))(x)
    for rate in (0.0, 0.1):
        x1 = layers.LayerNormalization(epsilon=1e-5)(x)
        attended = layers.MultiHeadAttention(2, 16)(x1, x1)
        x = layers.Add()([StochasticDepth(rate)(attended), x])
    weights = ops.softmax(layers.Dense(1)(x), axis=1)
    pooled = ops.matmul(ops.transpose(weights, (0, 2, 1)), x)
    return keras.Model(inputs, layers.Dense(3)(ops.squeeze(pooled, 1)))


def activation_block(x):
    return layers.BatchNormalization()(layers.Activation("gelu")(x))


def conv_mixer() -> Any:
    inputs = keras.Input((32, 32, 3))
    x = activation_block(layers.Conv2D(16, kernel_size=4, strides=4)(layers.Rescaling(1.0 / 255)(inputs)))
    for _ in range(2):
        x0 = x
        x = layers.Add()([activation_block(layers.DepthwiseConv2D(kernel_size=5, padding="same")(x)), x0])
        x = activation_block(layers.Conv2D(16, kernel_size=1)(x))
    x = layers.GlobalAvgPool2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


class MLPMixerLayer(layers.Layer):
    def __init__(self, num_patches, hidden_units, dropout_rate, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mlp1 = keras.Sequential(
            [layers.Dense(num_patches, activation="gelu"), layers.Dense(num_patches), layers.Dropout(dropout_rate)]
        )
        self.mlp2 = keras.Sequential(
            [layers.Dense(hidden_units, activation="gelu"), layers.Dense(hidden_units), layers.Dropout(dropout_rate)]
        )
        self.normalize = layers.LayerNormalization(epsilon=1e-6)

    def call(self, inputs):
        x = self.normalize(inputs)
        x = ops.transpose(self.mlp1(ops.transpose(x, axes=(0, 2, 1))), axes=(0, 2, 1))
        x = x + inputs
        return x + self.mlp2(self.normalize(x))


def mlp_mixer() -> Any:
    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(16)(Patches(8)(inputs))
    x = MLPMixerLayer(16, 16, 0.2)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Dropout(0.2)(x)))


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_variance = inputs
        epsilon = keras.random.normal(shape=ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder

    def call(self, inputs):
        mean, _, _ = self.encoder(inputs)
        return self.decoder(mean)


def variational_autoencoder() -> Any:
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(images)
    x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
    mean, log_variance = layers.Dense(2, name="z_mean")(x), layers.Dense(2, name="z_log_var")(x)
    encoder = keras.Model(images, [mean, log_variance, Sampling()([mean, log_variance])], name="encoder")
    latent = keras.Input((2,))
    x = layers.Reshape((14, 14, 4))(layers.Dense(14 * 14 * 4, activation="relu")(latent))
    x = layers.Conv2DTranspose(1, 3, activation="sigmoid", strides=2, padding="same")(x)
    model = VAE(encoder, keras.Model(latent, x, name="decoder"))
    model.compile(optimizer=keras.optimizers.Adam())
    return model, np.random.default_rng(0).random((2, 28, 28, 1), dtype="float32")


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim

    def call(self, noise):
        return self.discriminator(self.generator(noise))


def deep_convolutional_gan() -> Any:
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 4, 2, "same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="discriminator",
    )
    generator = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4 * 4 * 4),
            layers.Reshape((4, 4, 4)),
            layers.Conv2DTranspose(4, 4, 2, "same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(3, 5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )
    return GAN(discriminator, generator, 8), np.random.default_rng(0).normal(size=(4, 8)).astype("float32")


class OrthogonalRegularizer(keras.regularizers.Regularizer):
    def __init__(self, num_features, l2reg=0.001):
        self.num_features = num_features
        self.l2reg = l2reg
        self.eye = ops.eye(num_features)

    def __call__(self, x):
        x = ops.reshape(x, (-1, self.num_features, self.num_features))
        return ops.sum(self.l2reg * ops.square(ops.matmul(x, ops.transpose(x, (0, 2, 1))) - self.eye))


def point_net() -> Any:
    inputs = keras.Input((32, 3))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(8, 1, activation="relu")(inputs))
    x = layers.Dense(
        9,
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(np.eye(3).flatten()),
        activity_regularizer=OrthogonalRegularizer(3),
    )(x)
    transformed = layers.Dot(axes=(2, 1))([inputs, layers.Reshape((3, 3))(x)])
    x = layers.BatchNormalization(momentum=0.0)(layers.Conv1D(8, 1)(transformed))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling1D()(x)))


def super_resolution() -> Any:
    inputs = keras.Input((None, None, 1))
    x = layers.Conv2D(8, 5, activation="relu", kernel_initializer="orthogonal", padding="same")(inputs)
    x = layers.Conv2D(9, 3, activation="relu", padding="same")(x)
    return keras.Model(inputs, layers.Lambda(lambda image: tf.nn.depth_to_space(image, 3))(x))


class L1Dist(layers.Layer):
    def call(self, left, right):
        return ops.abs(left - right)


def contrastive_loss(margin=1):
    def loss(true, predicted):
        return ops.mean((1 - true) * ops.square(predicted) + true * ops.square(ops.maximum(margin - predicted, 0)))

    return loss


def siamese() -> Any:
    image = keras.Input((28, 28, 1))
    tower = keras.Model(image, layers.Dense(4, activation="tanh")(layers.Flatten()(layers.AveragePooling2D(2)(image))))
    left, right = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    distance = layers.Dense(1, activation="sigmoid")(L1Dist()(tower(left), tower(right)))
    model = keras.Model([left, right], distance)
    model.compile(loss=contrastive_loss(), optimizer="RMSprop", metrics=["accuracy"])
    return model


class CTCLayer(layers.Layer):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.loss_fn = keras.losses.CTC()

    def call(self, labels, predicted):
        self.add_loss(ops.sum(self.loss_fn(labels, predicted)))
        return predicted


def captcha_reader() -> Any:
    image, label = keras.Input((40, 16, 1), name="image"), keras.Input((5,), name="label", dtype="float32")
    x = layers.MaxPooling2D((2, 2))(layers.Conv2D(4, 3, activation="relu", padding="same")(image))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(layers.Reshape((20, 32))(x))
    return keras.Model([image, label], CTCLayer("ctc_loss")(label, layers.Dense(12, activation="softmax")(x)))


def conv_lstm() -> Any:
    frames = keras.Input((None, 16, 16, 1))
    x = layers.ConvLSTM2D(4, (3, 3), padding="same", return_sequences=True, activation="relu")(frames)
    x = layers.Conv3D(1, (3, 3, 3), activation="sigmoid", padding="same")(layers.BatchNormalization()(x))
    return keras.Model(frames, x), np.random.default_rng(0).random((1, 3, 16, 16, 1), dtype="float32")


def u_net() -> Any:
    inputs = keras.Input((32, 32, 3))
    first = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(first)
    x = layers.Conv2DTranspose(8, 3, padding="same", activation="relu")(x)
    x = layers.add([layers.UpSampling2D(2)(x), layers.Conv2D(8, 1, padding="same")(first)])
    return keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))


MODELS: dict[str, Any] = {
    each.__name__: each
    for each in (
        captcha_reader,
        compact_convolutional_transformer,
        conv_lstm,
        conv_mixer,
        deep_convolutional_gan,
        mlp_mixer,
        point_net,
        siamese,
        super_resolution,
        u_net,
        variational_autoencoder,
        vision_transformer,
    )
}
