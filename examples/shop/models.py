"""The shop's models. Each builder returns a new model of a few thousand weights at most."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

from shop.layers import MendedProjection, Projection, Scale, soft_clip

VOCABULARY = ["cheap", "delivery", "excellent", "late", "never", "quality", "refund", "shoes", "size", "soft"]


def build_review_classifier() -> Any:
    """Classify a review, given as 12 token ids, by its tone."""
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    words = layers.Embedding(input_dim=200, output_dim=8, name="words")(tokens)
    review = layers.GlobalAveragePooling1D(name="review")(words)
    hidden = layers.Dense(8, activation="relu", name="hidden")(review)
    tone = layers.Dense(3, activation="softmax", name="tone")(hidden)
    return keras.Model(tokens, tone, name="review_classifier")


def build_scaled_model() -> Any:
    """Estimate a value with the shop's own `Scale` layer at the top level and once more inside the tower."""
    tower_input = keras.Input((6,), name="tower_input")
    tower_hidden = layers.Dense(5, activation="tanh", name="tower_hidden")(tower_input)
    tower = keras.Model(tower_input, Scale(0.5, name="tower_scale")(tower_hidden), name="tower")

    features = keras.Input((6,), name="features")
    scaled = Scale(2.0, name="scale")(tower(features))
    value = layers.Dense(1, name="value")(scaled)
    return keras.Model(features, value, name="scaled_model")


def build_clipped_model() -> Any:
    """Estimate demand with the shop's own activation function, `soft_clip`."""
    features = keras.Input((4,), name="features")
    hidden = layers.Dense(6, activation=soft_clip, name="hidden")(features)
    demand = layers.Dense(1, name="demand")(hidden)
    return keras.Model(features, demand, name="clipped_model")


def build_unmended_projection() -> Any:
    """Use `Projection`, which Keras cannot rebuild from a file."""
    features = keras.Input((4,), name="features")
    return keras.Model(features, Projection(3)(features), name="unmended_projection")


def build_mended_projection() -> Any:
    """Use `MendedProjection`, which can be saved and loaded in every format."""
    features = keras.Input((4,), name="features")
    projected = MendedProjection(3, name="projection")(features)
    return keras.Model(features, projected, name="mended_projection")


def build_dense_classifier() -> Any:
    """Classify a customer by ten numbers; served as a SavedModel."""
    return keras.Sequential(
        [
            keras.Input((10,), name="customer"),
            layers.Dense(16, activation="relu", name="hidden"),
            layers.Dense(4, activation="softmax", name="segment"),
        ],
        name="dense_classifier",
    )


def build_compiled_regressor() -> Any:
    """Estimate a price; compiled with objects, as Keras 3 cannot reload `loss="mse"` from an .h5 file."""
    model = keras.Sequential(
        [
            keras.Input((5,), name="product"),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.Dense(1, name="price"),
        ],
        name="compiled_regressor",
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.MeanSquaredError(),
        metrics=[keras.metrics.MeanAbsoluteError()],
    )
    return model


def build_image_classifier() -> Any:
    """Classify a product picture of 12 by 12 pixels, with batch normalization."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 3), name="picture"),
            layers.Conv2D(6, 3, use_bias=False, name="edges"),
            layers.BatchNormalization(
                moving_mean_initializer="random_normal",  # as if trained
                moving_variance_initializer=keras.initializers.RandomUniform(0.5, 1.5),
                name="normalize",
            ),
            layers.ReLU(name="rectify"),
            layers.MaxPooling2D(name="shrink"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, activation="softmax", name="category"),
        ],
        name="image_classifier",
    )


def build_sales_forecast() -> Any:
    """Forecast tomorrow's sales from two weeks of three figures each."""
    days = keras.Input((14, 3), name="days")
    state = layers.LSTM(8, name="memory")(days)
    return keras.Model(days, layers.Dense(1, name="sales")(state), name="sales_forecast")


def build_attention_block() -> Any:
    """Let the articles of a basket look at each other: one transformer block."""
    basket = keras.Input((7, 8), name="basket")
    # The default initializer gives this layer other numbers in Keras 3.15 than in 3.12.
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=4, kernel_initializer="random_normal", name="attention")
    attended = attention(basket, basket)
    attended = layers.LayerNormalization(name="attention_norm")(layers.Add(name="attention_skip")([basket, attended]))
    hidden = layers.Dense(16, activation="gelu", name="widen")(attended)
    mixed = layers.Add(name="mix_skip")([attended, layers.Dense(8, name="narrow")(hidden)])
    return keras.Model(basket, layers.LayerNormalization(name="mix_norm")(mixed), name="attention_block")


def build_ranker() -> Any:
    """Rank one item for a customer: a dict of two inputs in, a dict of two outputs out."""
    item = keras.Input((6,), name="item")
    history = keras.Input((4, 6), name="history")
    interest = layers.GlobalAveragePooling1D(name="interest")(history)
    both = layers.Concatenate(name="both")([item, interest])
    hidden = layers.Dense(8, activation="relu", name="hidden")(both)
    score = layers.Dense(1, activation="sigmoid", name="score")(hidden)
    shelf = layers.Dense(3, activation="softmax", name="shelf")(hidden)
    return keras.Model(
        inputs={"item": item, "history": history},
        outputs={"score": score, "shelf": shelf},
        name="ranker",
    )


def build_mixed_precision_model() -> Any:
    """Compute in float16, keep the weights and the output in float32."""
    features = keras.Input((8,), name="features")
    hidden = layers.Dense(16, activation="relu", dtype="mixed_float16", name="hidden")(features)
    value = layers.Dense(2, dtype="mixed_float16", name="value")(hidden)
    output = layers.Activation("linear", dtype="float32", name="output")(value)
    return keras.Model(features, output, name="mixed_precision_model")


def build_query_classifier() -> Any:
    """Classify what a customer typed: strings in, split and looked up by the model itself."""
    query = keras.Input((1,), dtype="string", name="query")
    tokens = layers.TextVectorization(
        vocabulary=VOCABULARY, output_mode="int", output_sequence_length=6, name="tokens"
    )(query)
    words = layers.Embedding(input_dim=len(VOCABULARY) + 2, output_dim=4, name="words")(tokens)
    meaning = layers.GlobalAveragePooling1D(name="meaning")(words)
    topic = layers.Dense(3, activation="softmax", name="topic")(meaning)
    return keras.Model(query, topic, name="query_classifier")


class Pricing(tf.Module):  # type: ignore[misc]  # TensorFlow comes without types
    """Not a Keras model at all: two functions that share a table of weights."""

    def __init__(self) -> None:
        super().__init__(name="pricing")
        self.weights = tf.Variable(tf.random.normal((4, 1)), name="weights")
        self.discount_rate = tf.Variable(0.15, name="discount_rate")

    @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32, name="features")])  # type: ignore[untyped-decorator]
    def price(self, features: Any) -> dict[str, Any]:
        return {"price": tf.nn.softplus(tf.matmul(features, self.weights))}

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[
            tf.TensorSpec((None, 4), tf.float32, name="features"),
            tf.TensorSpec((None, 1), tf.float32, name="quantity"),
        ]
    )
    def discount(self, features: Any, quantity: Any) -> dict[str, Any]:
        price = self.price(features)["price"]
        return {"discount": price * self.discount_rate * tf.tanh(quantity)}


def build_pricing() -> Any:
    """Return the price list: a `tf.Module` with the signatures `price` and `discount`."""
    return Pricing()
