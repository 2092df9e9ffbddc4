"""Models in the manner of keras.io's text, structured data, time series, graph and recommender examples."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def random(*shape):
    return np.random.default_rng(0).random(shape, dtype="float32")


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout = layers.Dropout(rate)

    def call(self, inputs):
        out = self.layernorm1(inputs + self.dropout(self.att(inputs, inputs)))
        return self.layernorm2(out + self.ffn(out))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        positions = ops.arange(start=0, stop=ops.shape(x)[-1], step=1)
        return self.token_emb(x) + self.pos_emb(positions)


def transformer_text_classifier() -> Any:
    inputs = keras.Input((12,), dtype="int32")
    x = TransformerBlock(16, 2, 16)(TokenAndPositionEmbedding(12, 50, 16)(inputs))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def causal_attention_mask(length):
    return ops.cast(ops.arange(length)[:, None] >= ops.arange(length)[None, :], "bool")


class CausalBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.att = layers.MultiHeadAttention(num_heads, embed_dim)

    def call(self, inputs):
        return inputs + self.att(inputs, inputs, attention_mask=causal_attention_mask(inputs.shape[1])[None])

    def get_config(self):
        return {**super().get_config(), "embed_dim": self.embed_dim, "num_heads": self.num_heads}


def miniature_gpt() -> Any:
    inputs = keras.Input((8,), dtype="int32")
    x = CausalBlock(16, 2)(TokenAndPositionEmbedding(8, 50, 16)(inputs))
    model = keras.Model(inputs, [layers.Dense(50)(x), x])
    model.compile("adam", loss=[keras.losses.SparseCategoricalCrossentropy(from_logits=True), None])
    return model


def bidirectional_lstm() -> Any:
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(layers.Embedding(50, 8)(inputs))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Bidirectional(layers.LSTM(8))(x)))


def text_from_scratch() -> Any:
    vectorize = layers.TextVectorization(max_tokens=20, output_mode="int", output_sequence_length=6)
    vectorize.adapt(["the film was good", "the film was bad", "a good one"])
    x = layers.Embedding(20, 8)(vectorize(text := keras.Input((1,), dtype="string")))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(8, 3, padding="valid", activation="relu")(x))
    return keras.Model(text, layers.Dense(1, activation="sigmoid")(x)), tf.constant([["the good film"], ["a bad one"]])


def sequence_to_sequence() -> Any:
    encoder_inputs = keras.Input((None, 10))
    _, hidden, cell = layers.LSTM(8, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input((None, 12))
    decoder = layers.LSTM(8, return_sequences=True, return_state=True)
    outputs, _, _ = decoder(decoder_inputs, initial_state=[hidden, cell])
    return keras.Model([encoder_inputs, decoder_inputs], layers.Dense(12, activation="softmax")(outputs))


class PositionalEmbedding(layers.Layer):
    def __init__(self, sequence_length, vocab_size, embed_dim, **kwargs):
        super().__init__(**kwargs)
        self.token_embeddings = layers.Embedding(vocab_size, embed_dim, mask_zero=True)
        self.position_embeddings = layers.Embedding(sequence_length, embed_dim)
        self.sequence_length, self.vocab_size, self.embed_dim = sequence_length, vocab_size, embed_dim

    def call(self, inputs):
        return self.token_embeddings(inputs) + self.position_embeddings(ops.arange(0, ops.shape(inputs)[-1], 1))

    def compute_mask(self, inputs, previous=None):
        return None if previous is not None else ops.not_equal(inputs, 0)

    def get_config(self):
        return {
            **super().get_config(),
            "sequence_length": self.sequence_length,
            "vocab_size": self.vocab_size,
            "embed_dim": self.embed_dim,
        }


def translation_transformer() -> Any:
    source, target = keras.Input((8,), dtype="int64"), keras.Input((8,), dtype="int64")
    encoded = PositionalEmbedding(8, 40, 16)(source)
    encoded = layers.LayerNormalization()(encoded + layers.MultiHeadAttention(2, 16)(encoded, encoded))
    x = PositionalEmbedding(8, 40, 16)(target)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 16)(x, encoded, use_causal_mask=True))
    return keras.Model([source, target], layers.Dense(40, activation="softmax")(x))


class RecommenderNet(keras.Model):
    def __init__(self, num_users, num_movies, embedding_size, **kwargs):
        super().__init__(**kwargs)
        self.num_users, self.num_movies, self.embedding_size = num_users, num_movies, embedding_size
        self.user_embedding = layers.Embedding(num_users, embedding_size, embeddings_initializer="he_normal")
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(num_movies, embedding_size, embeddings_initializer="he_normal")
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs):
        user, movie = self.user_embedding(inputs[:, 0]), self.movie_embedding(inputs[:, 1])
        dot = ops.sum(user * movie, axis=1, keepdims=True)
        return ops.nn.sigmoid(dot + self.user_bias(inputs[:, 0]) + self.movie_bias(inputs[:, 1]))


def collaborative_filtering() -> Any:
    model = RecommenderNet(10, 20, 4)
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=0.001))
    return model, np.array([[1, 2], [3, 4]])


class GatedLinearUnit(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.linear = layers.Dense(units)
        self.sigmoid = layers.Dense(units, activation="sigmoid")

    def call(self, inputs):
        return self.linear(inputs) * self.sigmoid(inputs)


class GatedResidualNetwork(layers.Layer):
    def __init__(self, units, dropout_rate):
        super().__init__()
        self.units = units
        self.elu_dense = layers.Dense(units, activation="elu")
        self.linear_dense = layers.Dense(units)
        self.dropout = layers.Dropout(dropout_rate)
        self.gated_linear_unit = GatedLinearUnit(units)
        self.layer_norm = layers.LayerNormalization()
        self.project = layers.Dense(units)

    def call(self, inputs):
        x = self.dropout(self.linear_dense(self.elu_dense(inputs)))
        if inputs.shape[-1] != self.units:
            inputs = self.project(inputs)
        return self.layer_norm(inputs + self.gated_linear_unit(x))


def gated_residual_classifier() -> Any:
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(GatedResidualNetwork(8, 0.1)(inputs)))


def structured_data() -> Any:
    space = keras.utils.FeatureSpace(
        features={
            "sex": keras.utils.FeatureSpace.integer_categorical(num_oov_indices=0),
            "thal": keras.utils.FeatureSpace.string_categorical(num_oov_indices=0),
            "age": keras.utils.FeatureSpace.float_discretized(num_bins=4),
            "oldpeak": keras.utils.FeatureSpace.float_normalized(),
        },
        crosses=[keras.utils.FeatureSpace.cross(feature_names=("sex", "age"), crossing_dim=8)],
        output_mode="concat",
    )
    rows = {
        "sex": np.array([0, 1, 1, 0]),
        "thal": np.array(["normal", "fixed", "normal", "reversible"]),
        "age": np.array([40.0, 50.0, 60.0, 70.0], "float32"),
        "oldpeak": np.array([0.5, 1.5, 2.5, 0.0], "float32"),
    }
    space.adapt(tf.data.Dataset.from_tensor_slices(rows).batch(2))
    inputs = space.get_inputs()
    x = layers.Dense(8, activation="relu")(space.get_encoded_features())
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    return model, {name: value[:, None] for name, value in rows.items()}


def wide_and_deep() -> Any:
    age, town = keras.Input((1,), name="age"), keras.Input((1,), name="town", dtype="string")
    look_up = layers.StringLookup(vocabulary=["delft", "turin", "porto"])
    wide = layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot")(look_up(town))
    deep = layers.Dense(8, activation="relu")(layers.concatenate([age, layers.Embedding(4, 2)(look_up(town))[:, 0]]))
    model = keras.Model({"age": age, "town": town}, layers.Dense(1)(layers.concatenate([wide, deep])))
    return model, {"age": np.array([[3.0], [4.0]], "float32"), "town": np.array([["turin"], ["oslo"]])}


class GraphConvLayer(layers.Layer):
    def __init__(self, hidden_units, aggregation_type="mean", *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.aggregation_type = aggregation_type
        prepare = [layers.BatchNormalization(), layers.Dense(hidden_units, activation="gelu")]
        self.ffn_prepare = keras.Sequential(prepare)
        self.update_fn = layers.Dense(hidden_units)

    def call(self, inputs):
        nodes, edges = inputs
        messages = self.ffn_prepare(tf.gather(nodes, edges[1]))
        summed = tf.math.unsorted_segment_mean(messages, edges[0], num_segments=tf.shape(nodes)[0])
        return self.update_fn(tf.concat([nodes, summed], axis=1))


class GNNNodeClassifier(keras.Model):
    def __init__(self, graph_info, num_classes, hidden_units, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.node_features, self.edges = graph_info
        self.conv1 = GraphConvLayer(hidden_units, name="graph_conv1")
        self.compute_logits = layers.Dense(num_classes, name="logits")

    def call(self, input_node_indices):
        x = self.conv1((self.node_features, self.edges))
        return self.compute_logits(tf.gather(x, input_node_indices))


def graph_classifier() -> Any:
    graph = tf.constant(random(5, 4)), tf.constant([[0, 1, 2, 3], [1, 2, 3, 4]])
    return GNNNodeClassifier(graph, 3, 4), np.array([1, 3])


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher = teacher
        self.student = student

    def call(self, x):
        return self.student(x)


def knowledge_distillation() -> Any:
    def classifier(width, name):
        return keras.Sequential([keras.Input((8,)), layers.Dense(width), layers.Dense(3)], name=name)

    return Distiller(classifier(4, "student"), classifier(16, "teacher")), random(4, 8)


def temperature_forecast() -> Any:
    inputs = keras.Input((24, 5))
    model = keras.Model(inputs, layers.Dense(1)(layers.LSTM(8)(inputs)))
    model.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 100)), loss="mse")
    return model


def anomaly_autoencoder() -> Any:
    return keras.Sequential(
        [
            keras.Input((32, 1)),
            layers.Conv1D(8, 7, padding="same", strides=2, activation="relu"),
            layers.Dropout(0.2),
            layers.Conv1DTranspose(8, 7, padding="same", strides=2, activation="relu"),
            layers.Conv1DTranspose(1, 7, padding="same"),
        ]
    )


def residual_block(x, filters):
    shortcut = layers.Conv1D(filters, 1, padding="same")(x)
    x = layers.Activation("relu")(layers.Conv1D(filters, 3, padding="same")(x))
    return layers.MaxPool1D(2, 2)(layers.Activation("relu")(layers.Add()([x, shortcut])))


def speaker_recognition() -> Any:
    inputs = keras.Input((64, 1), name="input")
    x = layers.AveragePooling1D(3, 3)(residual_block(residual_block(inputs, 4), 8))
    return keras.Model(inputs, layers.Dense(5, activation="softmax", name="output")(layers.Flatten()(x)))


class ActorCritic(keras.Model):
    def __init__(self, actions):
        super().__init__()
        self.common = layers.Dense(8, activation="relu")
        self.actor = layers.Dense(actions, activation="softmax")
        self.critic = layers.Dense(1)

    def call(self, states):
        x = self.common(states)
        return self.actor(x), self.critic(x)


def actor_critic() -> Any:
    return ActorCritic(2), random(4, 4)


def deep_q_network() -> Any:
    return keras.Sequential(
        [
            keras.Input((4, 12, 12)),
            layers.Lambda(lambda frames: ops.transpose(frames, [0, 2, 3, 1]), output_shape=(12, 12, 4)),
            layers.Conv2D(4, 4, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(4, activation="linear"),
        ]
    )


MODELS: dict[str, Any] = {
    each.__name__: each
    for each in (
        actor_critic,
        anomaly_autoencoder,
        bidirectional_lstm,
        collaborative_filtering,
        deep_q_network,
        gated_residual_classifier,
        graph_classifier,
        knowledge_distillation,
        miniature_gpt,
        sequence_to_sequence,
        speaker_recognition,
        structured_data,
        temperature_forecast,
        text_from_scratch,
        transformer_text_classifier,
        translation_transformer,
        wide_and_deep,
    )
}
