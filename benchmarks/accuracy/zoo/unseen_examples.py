"""Models as examples and users write them, written after the edits of `modelcompat migrate` were frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
from accuracy.zoo.registry import Built, Kit, NotHereError, model


@model()
def mnist_convnet(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (14, 14, 1),
            layers.Conv2D(8, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(16, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ),
        [kit.floats(2, 14, 14, 1)],
    )


@model()
def first_layer_with_input_shape(kit: Kit) -> Built:
    built = kit.keras.models.Sequential()
    built.add(kit.layers.Dense(12, input_shape=(8,), activation="relu"))
    built.add(kit.layers.Dense(8, activation="relu"))
    built.add(kit.layers.Dense(1, activation="sigmoid"))
    return built, [kit.floats(3, 8)]


@model()
def first_layer_with_input_dim(kit: Kit) -> Built:
    if kit.keras_3:
        raise NotHereError("input_length")
    built = kit.keras.models.Sequential()
    built.add(kit.layers.Embedding(20, 8, input_length=6))
    built.add(kit.layers.Conv1D(8, 3, activation="relu"))
    built.add(kit.layers.GlobalMaxPooling1D())
    built.add(kit.layers.Dense(1, activation="sigmoid"))
    return built, [kit.integers(20, 3, 6)]


@model()
def sentiment_bidirectional_lstm(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input(shape=(None,), dtype="int32")
    hidden = layers.Embedding(30, 8, embeddings_initializer=kit.keras.initializers.RandomNormal(stddev=0.5))(entry)
    hidden = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(hidden)
    hidden = layers.Bidirectional(layers.LSTM(4))(hidden)
    return kit.keras.Model(entry, layers.Dense(1, activation="sigmoid")(hidden)), [kit.integers(30, 2, 7)]


@model()
def text_from_raw_strings(kit: Kit) -> Built:
    layers = kit.layers
    vectorize = kit.layer("TextVectorization")(max_tokens=30, output_mode="int", output_sequence_length=8)
    vectorize.adapt(np.array(["the film was good", "the film was bad", "what a bad plot"]))
    entry = kit.keras.Input(shape=(1,), dtype="string", name="text")
    hidden = layers.Embedding(30, 8, mask_zero=True)(vectorize(entry))
    hidden = layers.Bidirectional(layers.GRU(4))(hidden)
    output = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(hidden))
    return kit.keras.Model(entry, output), [np.array([["the plot was good"], ["bad bad film"]])]


@model()
def transformer_encoder_blocks(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((6, 8))
    hidden = entry
    for _ in range(2):
        normal = layers.LayerNormalization(epsilon=1e-6)(hidden)
        attended = kit.layer("MultiHeadAttention")(key_dim=4, num_heads=2, dropout=0.1)(normal, normal)
        residual = layers.Dropout(0.1)(attended) + hidden
        hidden = layers.LayerNormalization(epsilon=1e-6)(residual)
        hidden = layers.Conv1D(filters=4, kernel_size=1, activation="relu")(hidden)
        hidden = layers.Conv1D(filters=8, kernel_size=1)(layers.Dropout(0.1)(hidden)) + residual
    hidden = layers.GlobalAveragePooling1D(data_format="channels_last")(hidden)
    return kit.keras.Model(entry, layers.Dense(2, activation="softmax")(hidden)), [kit.floats(2, 6, 8)]


@model()
def causal_decoder_block(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((6,), dtype="int32")
    hidden = layers.Embedding(20, 8)(entry)
    attended = kit.layer("MultiHeadAttention")(2, 4)(hidden, hidden, use_causal_mask=True)
    hidden = layers.LayerNormalization()(layers.add([hidden, attended]))
    fed = layers.Dense(8)(layers.Dense(16, activation="gelu")(hidden))
    logits = layers.Dense(20)(layers.LayerNormalization()(layers.add([hidden, fed])))
    return kit.keras.Model(entry, logits), [kit.integers(20, 2, 6)]


@model()
def variational_encoder(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((12, 12, 1))
    hidden = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(entry)
    hidden = layers.Conv2D(16, 3, activation="relu", strides=2, padding="same")(hidden)
    hidden = layers.Dense(16, activation="relu")(layers.Flatten()(hidden))
    outputs = [layers.Dense(2, name="z_mean")(hidden), layers.Dense(2, name="z_log_var")(hidden)]
    return kit.keras.Model(entry, outputs, name="encoder"), [kit.floats(2, 12, 12, 1)]


@model()
def image_decoder(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((2,))
    hidden = layers.Dense(3 * 3 * 8, activation="relu")(entry)
    hidden = layers.Reshape((3, 3, 8))(hidden)
    hidden = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(hidden)
    hidden = layers.Conv2DTranspose(4, 3, activation="relu", strides=2, padding="same")(hidden)
    output = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(hidden)
    return kit.keras.Model(entry, output, name="decoder"), [kit.floats(2, 2)]


def _double_convolution(kit: Kit, entry: Any, filters: int) -> Any:
    for _ in range(2):
        entry = kit.layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal")(entry)
        entry = kit.layers.ReLU()(kit.layers.LayerNormalization()(entry))
    return entry


@model()
def unet(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((16, 16, 3))
    first = _double_convolution(kit, entry, 4)
    second = _double_convolution(kit, layers.MaxPooling2D(2)(first), 8)
    middle = _double_convolution(kit, layers.MaxPooling2D(2)(second), 8)
    up = layers.concatenate([layers.Conv2DTranspose(8, 2, strides=2, padding="same")(middle), second], axis=3)
    up = layers.UpSampling2D(2, interpolation="bilinear")(_double_convolution(kit, up, 8))
    up = _double_convolution(kit, layers.concatenate([up, first]), 4)
    return kit.keras.Model(entry, layers.Conv2D(2, 1)(up)), [kit.floats(1, 16, 16, 3)]


@model()
def resnet_blocks(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((12, 12, 3), name="image")
    hidden = layers.Conv2D(8, 3, padding="same", name="stem")(entry)
    for index, (filters, strides) in enumerate([(8, 1), (16, 2)]):
        name = f"block{index}"
        shortcut = hidden
        inner = layers.Conv2D(filters, 3, strides=strides, padding="same", name=name + "_conv1")(hidden)
        inner = layers.BatchNormalization(name=name + "_bn1")(inner)
        inner = layers.Activation("relu", name=name + "_relu")(inner)
        inner = layers.Conv2D(filters, 3, padding="same", name=name + "_conv2")(inner)
        if strides > 1:
            shortcut = layers.Conv2D(filters, 1, strides=strides, name=name + "_shortcut")(hidden)
        hidden = layers.Activation("relu", name=name + "_out")(layers.Add(name=name + "_add")([inner, shortcut]))
    pooled = layers.GlobalAveragePooling2D(name="avg_pool")(hidden)
    return kit.keras.Model(entry, layers.Dense(5, name="logits")(pooled), name="resnet"), [kit.floats(2, 12, 12, 3)]


@model()
def inception_block(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((10, 10, 3))
    one = layers.Conv2D(4, 1, padding="same", activation="relu")(entry)
    three = layers.Conv2D(4, (3, 3), padding="same", activation="relu")(layers.Conv2D(2, 1)(entry))
    factored = layers.Conv2D(4, (5, 1), padding="same")(layers.Conv2D(4, (1, 5), padding="same")(entry))
    pooled = layers.Conv2D(4, 1)(layers.MaxPooling2D(3, strides=1, padding="same")(entry))
    joined = layers.concatenate([one, three, factored, pooled], axis=-1)
    output = layers.Dense(3, activation="softmax")(layers.GlobalMaxPooling2D()(joined))
    return kit.keras.Model(entry, output), [kit.floats(2, 10, 10, 3)]


@model()
def mobilenet_like(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((12, 12, 3))
    hidden = layers.ZeroPadding2D(((0, 1), (0, 1)))(entry)
    hidden = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(8, 3, strides=2, use_bias=False)(hidden)))
    expanded = layers.Conv2D(16, 1, use_bias=False, activation=None)(hidden)
    expanded = layers.ReLU(6.0)(layers.BatchNormalization(epsilon=1e-3, momentum=0.999)(expanded))
    expanded = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(expanded)
    expanded = layers.ReLU(6.0)(layers.BatchNormalization(epsilon=1e-3, momentum=0.999)(expanded))
    projected = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(expanded))
    hidden = layers.GlobalAveragePooling2D()(layers.Add()([hidden, projected]))
    return kit.keras.Model(entry, layers.Dense(4)(hidden)), [kit.floats(2, 12, 12, 3)]


@model()
def siamese_distance(kit: Kit) -> Built:
    layers = kit.layers
    tower = kit.sequential((8, 8, 1), layers.Conv2D(4, 3, activation="tanh"), layers.Flatten(), layers.Dense(8))
    left, right = kit.keras.Input((8, 8, 1), name="left_image"), kit.keras.Input((8, 8, 1), name="right_image")
    difference = layers.Subtract()([tower(left), tower(right)])
    distance = layers.Multiply()([difference, difference])
    output = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(distance))
    return kit.keras.Model(inputs=[left, right], outputs=output), [kit.floats(2, 8, 8, 1), kit.floats(2, 8, 8, 1)]


@model()
def two_towers(kit: Kit) -> Built:
    layers = kit.layers
    user, item = kit.keras.Input((5,), name="user"), kit.keras.Input((7,), name="item")
    query = layers.Dense(8, name="user_out")(layers.Dense(16, activation="relu", name="user_hidden")(user))
    candidate = layers.Dense(8, name="item_out")(layers.Dense(16, activation="relu", name="item_hidden")(item))
    score = layers.Dot(axes=-1, normalize=True, name="cosine")([query, candidate])
    return kit.keras.Model([user, item], score), [kit.floats(3, 5), kit.floats(3, 7)]


@model()
def wide_and_deep(kit: Kit) -> Built:
    layers = kit.layers
    wide, deep = (
        kit.keras.layers.Input(shape=[5], name="wide_input"),
        kit.keras.layers.Input(shape=[6], name="deep_input"),
    )
    hidden = layers.Dense(16, activation="relu")(deep)
    hidden = layers.Dense(16, activation="relu")(hidden)
    main = layers.Dense(1, name="main_output")(layers.concatenate([wide, hidden]))
    auxiliary = layers.Dense(1, name="aux_output")(hidden)
    return kit.keras.Model(inputs=[wide, deep], outputs=[main, auxiliary]), [kit.floats(3, 5), kit.floats(3, 6)]


@model()
def autoencoder_of_two_models(kit: Kit) -> Built:
    layers = kit.layers
    encoder = kit.sequential((16,), layers.Dense(8, activation="relu"), layers.Dense(3, activation="tanh"))
    decoder = kit.sequential((3,), layers.Dense(8, activation="relu"), layers.Dense(16, activation="sigmoid"))
    entry = kit.keras.Input((16,))
    return kit.keras.Model(entry, decoder(encoder(entry)), name="autoencoder"), [kit.floats(3, 16)]


@model()
def timeseries_autoencoder(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (12, 2),
            layers.LSTM(8, activation="tanh"),
            layers.RepeatVector(12),
            layers.LSTM(8, return_sequences=True),
            layers.TimeDistributed(layers.Dense(2)),
        ),
        [kit.floats(2, 12, 2)],
    )


@model()
def wavenet_like(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((16, 2))
    hidden = layers.Conv1D(8, 1)(entry)
    skips = []
    for rate in (1, 2, 4):
        gate = layers.Conv1D(8, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(hidden)
        value = layers.Conv1D(8, 2, padding="causal", dilation_rate=rate, activation="tanh")(hidden)
        gated = layers.Multiply()([value, gate])
        skips.append(layers.Conv1D(8, 1)(gated))
        hidden = layers.Add()([hidden, skips[-1]])
    output = layers.Conv1D(1, 1)(layers.Activation("relu")(layers.Add()(skips)))
    return kit.keras.Model(entry, output), [kit.floats(2, 16, 2)]


@model()
def seq2seq_with_states(kit: Kit) -> Built:
    layers = kit.layers
    encoder_inputs = kit.keras.Input(shape=(None, 5))
    _, hidden, cell = layers.LSTM(8, return_state=True)(encoder_inputs)
    decoder_inputs = kit.keras.Input(shape=(None, 4))
    decoder = layers.LSTM(8, return_sequences=True, return_state=True)
    outputs, _, _ = decoder(decoder_inputs, initial_state=[hidden, cell])
    outputs = layers.Dense(4, activation="softmax")(outputs)
    return kit.keras.Model([encoder_inputs, decoder_inputs], outputs), [kit.floats(2, 6, 5), kit.floats(2, 3, 4)]


@model()
def seq2seq_attention(kit: Kit) -> Built:
    layers = kit.layers
    source, target = kit.keras.Input((6,), dtype="int32"), kit.keras.Input((4,), dtype="int32")
    encoded, state = layers.GRU(8, return_sequences=True, return_state=True)(layers.Embedding(15, 8)(source))
    decoded = layers.GRU(8, return_sequences=True)(layers.Embedding(12, 8)(target), initial_state=state)
    context = layers.AdditiveAttention()([decoded, encoded])
    logits = layers.Dense(12)(layers.Concatenate()([decoded, context]))
    return kit.keras.Model([source, target], logits), [kit.integers(15, 2, 6), kit.integers(12, 2, 4)]


@model()
def squeeze_and_excite(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((8, 8, 3))
    hidden = layers.Conv2D(8, 3, padding="same", activation="swish")(entry)
    squeezed = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(hidden))
    squeezed = layers.Conv2D(2, 1, activation="swish")(squeezed)
    excited = layers.multiply([hidden, layers.Conv2D(8, 1, activation="sigmoid")(squeezed)])
    return kit.keras.Model(entry, layers.Dense(3)(layers.Flatten()(excited))), [kit.floats(2, 8, 8, 3)]


@model()
def attention_pooling(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((6, 4))
    hidden = layers.Bidirectional(layers.GRU(4, return_sequences=True))(entry)
    weights = layers.Softmax(axis=1)(layers.Dense(1, activation="tanh")(hidden))
    pooled = layers.Flatten()(layers.Dot(axes=1)([weights, hidden]))
    return kit.keras.Model(entry, layers.Dense(2)(pooled)), [kit.floats(2, 6, 4)]


@model()
def mlp_mixer(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((8, 8, 3))
    patches = layers.Reshape((16, 8))(layers.Conv2D(8, 2, strides=2, padding="valid")(entry))
    for _ in range(2):
        channels = layers.Permute((2, 1))(layers.LayerNormalization(epsilon=1e-6)(patches))
        mixed = layers.Dense(16)(layers.Dense(8, activation="gelu")(channels))
        patches = layers.Add()([patches, layers.Permute((2, 1))(mixed)])
        inner = layers.Dense(16, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(patches))
        patches = layers.Add()([patches, layers.Dense(8)(inner)])
    return kit.keras.Model(entry, layers.Dense(4)(layers.GlobalAveragePooling1D()(patches))), [kit.floats(2, 8, 8, 3)]


@model()
def cnn_lstm(kit: Kit) -> Built:
    layers, built = kit.layers, kit.keras.Sequential()
    built.add(kit.keras.Input((4, 8, 2)))
    built.add(layers.TimeDistributed(layers.Conv1D(8, 3, activation="relu")))
    built.add(layers.TimeDistributed(layers.MaxPooling1D(pool_size=2)))
    built.add(layers.TimeDistributed(layers.Flatten()))
    built.add(layers.LSTM(8, activation="relu"))
    built.add(layers.Dense(1))
    return built, [kit.floats(2, 4, 8, 2)]


@model()
def collaborative_filtering(kit: Kit) -> Built:
    layers = kit.layers
    user, movie = kit.keras.Input((1,), name="user_id"), kit.keras.Input((1,), name="movie_id")
    vectors = [
        layers.Flatten()(layers.Embedding(12, 8, embeddings_initializer="he_normal", name="users")(user)),
        layers.Flatten()(layers.Embedding(9, 8, embeddings_initializer="he_normal", name="movies")(movie)),
    ]
    biases = [layers.Flatten()(layers.Embedding(12, 1)(user)), layers.Flatten()(layers.Embedding(9, 1)(movie))]
    score = layers.Activation("sigmoid")(layers.Add()([layers.Dot(axes=1)(vectors), *biases]))
    ids = [kit.integers(12, 3, 1).astype(np.float32), kit.integers(9, 3, 1).astype(np.float32)]
    return kit.keras.Model([user, movie], score), ids


@model()
def structured_data(kit: Kit) -> Built:
    layers = kit.layers
    age = kit.keras.Input(shape=(1,), name="age")
    kind = kit.keras.Input(shape=(1,), name="kind", dtype="string")
    code = kit.keras.Input(shape=(1,), name="code", dtype="int64")
    scaled = kit.layer("Normalization")(mean=40.0, variance=100.0)(age)
    kinds = kit.layer("StringLookup")(vocabulary=["normal", "fixed", "reversible"], output_mode="one_hot")(kind)
    codes = kit.layer("IntegerLookup")(vocabulary=[0, 1, 2, 3], output_mode="one_hot")(code)
    hidden = layers.Dense(16, activation="relu")(layers.concatenate([scaled, kinds, codes]))
    output = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(hidden))
    rows = [
        np.array([[63.0], [29.0], [51.0]], np.float32),
        np.array([["fixed"], ["normal"], ["other"]]),
        np.array([[1], [3], [8]], np.int64),
    ]
    return kit.keras.Model([age, kind, code], output), rows


@model()
def multi_task_compiled(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((10,), name="features")
    trunk = layers.Dense(16, activation="relu")(entry)
    outputs = [
        layers.Dense(3, activation="softmax", name="category")(trunk),
        layers.Dense(1, name="price")(layers.Dense(8, activation="elu")(trunk)),
    ]
    built = kit.keras.Model(entry, outputs)
    built.compile(
        optimizer="adam",
        loss={"category": "sparse_categorical_crossentropy", "price": "mse"},
        loss_weights={"category": 1.0, "price": 0.2},
        metrics={"category": ["accuracy"], "price": ["mae"]},
    )
    return built, [kit.floats(3, 10)]


@model()
def transfer_learning_head(kit: Kit) -> Built:
    layers = kit.layers
    image = kit.keras.Input((10, 10, 3))
    hidden = layers.Conv2D(8, 3, activation="relu", name="base_conv")(image)
    hidden = layers.BatchNormalization(name="base_bn")(hidden)
    base = kit.keras.Model(image, layers.MaxPooling2D(name="base_pool")(hidden), name="base")
    base.trainable = False
    entry = kit.keras.Input((10, 10, 3))
    features = base(kit.layer("Rescaling")(1 / 127.5, offset=-1)(entry), training=False)
    features = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(features))
    built = kit.keras.Model(entry, layers.Dense(1)(features))
    loss = kit.keras.losses.BinaryCrossentropy(from_logits=True)
    built.compile(optimizer=kit.keras.optimizers.Adam(1e-4), loss=loss, metrics=["accuracy"])
    return built, [np.abs(kit.floats(2, 10, 10, 3)) * 255]


@model()
def skips_by_operators(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((8,))
    first = layers.Dense(8, activation="relu")(entry)
    second = layers.Dense(8)(first + entry)
    third = layers.Dense(8)(second * 0.5 - first) / 2.0
    return kit.keras.Model(entry, layers.Dense(2)(1.0 - third)), [kit.floats(3, 8)]


@model()
def last_step_by_slicing(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((6, 4))
    hidden = layers.LSTM(8, return_sequences=True)(entry)
    joined = layers.Concatenate()([hidden[:, -1], entry[:, 0, :2], entry[:, 1:3, 3]])
    return kit.keras.Model(entry, layers.Dense(2)(joined)), [kit.floats(2, 6, 4)]


@model()
def means_of_tensors(kit: Kit) -> Built:
    entry = kit.keras.Input((6, 4))
    hidden = kit.layers.Dense(8, activation="relu")(entry)
    if kit.keras_3:
        mean = kit.keras.ops.mean(hidden, axis=1)
        joined = kit.keras.ops.concatenate([mean, kit.keras.ops.max(hidden, axis=1)], axis=-1)
    else:
        mean = kit.tf.reduce_mean(hidden, axis=1)
        joined = kit.tf.concat([mean, kit.tf.reduce_max(hidden, axis=1)], axis=-1)
    return kit.keras.Model(entry, kit.layers.Dense(2)(joined)), [kit.floats(2, 6, 4)]


@model()
def normalized_embedding_distance(kit: Kit) -> Built:
    left, right = kit.keras.Input((6,)), kit.keras.Input((6,))
    shared = kit.layers.Dense(8, name="embedding")
    first, second = shared(left), shared(right)
    if kit.keras_3:
        ops = kit.keras.ops
        distance = ops.sqrt(ops.sum(ops.square(first - second), axis=1, keepdims=True) + 1e-6)
    else:
        tf = kit.tf
        distance = tf.sqrt(tf.reduce_sum(tf.square(first - second), axis=1, keepdims=True) + 1e-6)
    return kit.keras.Model([left, right], distance), [kit.floats(3, 6), kit.floats(3, 6)]


@model()
def column_expanded_and_cast(kit: Kit) -> Built:
    entry = kit.keras.Input((6,), dtype="int32")
    keras, tf = kit.keras, kit.tf
    if kit.keras_3:
        wide = keras.ops.expand_dims(keras.ops.cast(entry, "float32"), -1)
    else:
        wide = tf.expand_dims(tf.cast(entry, tf.float32), axis=-1)
    hidden = kit.layers.Conv1D(8, 3, activation="relu")(wide)
    return keras.Model(entry, kit.layers.Dense(2)(kit.layers.Flatten()(hidden))), [kit.integers(9, 2, 6)]


@model()
def graph_of_shared_parts(kit: Kit) -> Built:
    layers = kit.layers
    title, body = kit.keras.Input((None,), name="title"), kit.keras.Input((None,), name="body")
    tags = kit.keras.Input((4,), name="tags")
    words = layers.Embedding(25, 8, name="words")
    joined = layers.concatenate([layers.LSTM(8)(words(title)), layers.LSTM(4)(words(body)), tags])
    outputs = [layers.Dense(1, name="priority")(joined), layers.Dense(3, name="department")(joined)]
    tickets = [kit.integers(25, 2, 4).astype(np.float32), kit.integers(25, 2, 7).astype(np.float32)]
    return kit.keras.Model(inputs=[title, body, tags], outputs=outputs), [*tickets, kit.floats(2, 4)]
