"""Recurrent layers, embeddings and attention."""

from __future__ import annotations

from accuracy.zoo.registry import Built, Kit, model


@model()
def lstm(kit: Kit) -> Built:
    return kit.sequential((5, 3), kit.layers.LSTM(4), kit.layers.Dense(2)), [kit.floats(2, 5, 3)]


@model()
def gru(kit: Kit) -> Built:
    return kit.sequential((5, 3), kit.layers.GRU(4, return_sequences=True)), [kit.floats(2, 5, 3)]


@model()
def simple_rnn(kit: Kit) -> Built:
    return kit.sequential((5, 3), kit.layers.SimpleRNN(4)), [kit.floats(2, 5, 3)]


@model()
def lstm_hard_sigmoid(kit: Kit) -> Built:
    return kit.sequential((5, 3), kit.layers.LSTM(4, recurrent_activation="hard_sigmoid")), [kit.floats(2, 5, 3)]


@model()
def bidirectional(kit: Kit) -> Built:
    return kit.sequential((5, 3), kit.layers.Bidirectional(kit.layers.LSTM(4))), [kit.floats(2, 5, 3)]


@model()
def stacked_cells(kit: Kit) -> Built:
    layers = kit.layers
    cells = layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)])
    return kit.sequential((5, 3), layers.RNN(cells)), [kit.floats(2, 5, 3)]


@model()
def time_distributed(kit: Kit) -> Built:
    layers = kit.layers
    return kit.sequential((5, 3), layers.TimeDistributed(layers.Dense(4, activation="relu"))), [kit.floats(2, 5, 3)]


@model()
def masked_embedding_lstm(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((5,), layers.Embedding(10, 4, mask_zero=True), layers.LSTM(3), dtype="int32")
    return built, [kit.integers(10, 2, 5)]


@model()
def embedding_pooled(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((5,), layers.Embedding(10, 4), layers.GlobalAveragePooling1D(), dtype="int32")
    return built, [kit.integers(10, 2, 5)]


@model()
def transformer_block(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((5, 8))
    attended = kit.layer("MultiHeadAttention")(num_heads=2, key_dim=4)(entry, entry)
    first = layers.LayerNormalization()(layers.Add()([entry, attended]))
    return kit.keras.Model(entry, layers.Dense(2)(first)), [kit.floats(2, 5, 8)]


@model()
def attention(kit: Kit) -> Built:
    query, value = kit.keras.Input((4, 3)), kit.keras.Input((4, 3))
    luong = kit.layers.Attention(use_scale=True)([query, value])
    bahdanau = kit.layers.AdditiveAttention()([query, value])
    joined = kit.layers.Concatenate()([luong, bahdanau])
    return kit.keras.Model([query, value], joined), [kit.floats(2, 4, 3), kit.floats(2, 4, 3)]


@model()
def stateful_lstm(kit: Kit) -> Built:
    entry = kit.keras.Input(batch_shape=(2, 5, 3)) if kit.keras_3 else kit.keras.Input((5, 3), batch_size=2)
    return kit.keras.Model(entry, kit.layers.LSTM(4, stateful=True)(entry)), [kit.floats(2, 5, 3)]
