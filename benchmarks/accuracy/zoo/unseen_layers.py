"""About one model of each family of layers, written after the edits of `modelcompat migrate` were frozen."""

from __future__ import annotations

import numpy as np
from accuracy.zoo.registry import Built, Kit, model

COLORS = np.array([["red"], ["blue"], ["violet"], ["green"]])
REVIEWS = np.array([["A great film!"], ["Not great, not terrible."], ["terrible plot"]])


@model()
def dense_on_sequence(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((6, 4), layers.Dense(8, use_bias=False), layers.Dense(3, activation="sigmoid"))
    return built, [kit.floats(2, 6, 4)]


@model()
def conv_1d_strided_valid(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (16, 3),
            layers.Conv1D(8, 5, strides=2, activation="relu"),
            layers.MaxPooling1D(2, padding="same"),
            layers.Conv1D(8, 2),
            layers.GlobalAveragePooling1D(),
        ),
        [kit.floats(2, 16, 3)],
    )


@model()
def conv_1d_transpose(kit: Kit) -> Built:
    layer = kit.layer("Conv1DTranspose")(4, 3, strides=2, padding="same", activation="tanh")
    return kit.sequential((6, 2), layer), [kit.floats(2, 6, 2)]


@model()
def conv_2d_dilated(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (10, 10, 3),
            layers.Conv2D(8, (3, 3), dilation_rate=(2, 2), padding="same", kernel_initializer="he_normal"),
            layers.LeakyReLU(),
            layers.Conv2D(4, (1, 3), strides=(2, 1), use_bias=False),
            layers.Flatten(),
            layers.Dense(3),
        ),
        [kit.floats(2, 10, 10, 3)],
    )


@model()
def conv_2d_transpose_output_padding(kit: Kit) -> Built:
    layer = kit.layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1, activation="relu")
    return kit.sequential((5, 5, 3), layer), [kit.floats(2, 5, 5, 3)]


@model()
def separable_1d_and_2d(kit: Kit) -> Built:
    layers = kit.layers
    series, image = kit.keras.Input((12, 3)), kit.keras.Input((8, 8, 3))
    first = layers.GlobalMaxPooling1D()(layers.SeparableConv1D(8, 3, activation="relu")(series))
    convolved = layers.SeparableConv2D(
        8, 3, depth_multiplier=2, padding="same", depthwise_regularizer="l2", pointwise_initializer="he_uniform"
    )(image)
    joined = layers.concatenate([first, layers.GlobalAveragePooling2D()(convolved)])
    return kit.keras.Model([series, image], joined), [kit.floats(2, 12, 3), kit.floats(2, 8, 8, 3)]


@model()
def depthwise_1d(kit: Kit) -> Built:
    layer = kit.layer("DepthwiseConv1D")(3, padding="same", depth_multiplier=2)
    return kit.sequential((8, 3), layer, kit.layers.Dense(2)), [kit.floats(2, 8, 3)]


@model()
def depthwise_2d_same(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (8, 8, 4),
            layers.DepthwiseConv2D((3, 3), strides=(2, 2), padding="same", use_bias=False),
            layers.BatchNormalization(epsilon=1e-3, momentum=0.999),
        ),
        [kit.floats(2, 8, 8, 4)],
    )


@model()
def volumes(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (6, 6, 6, 2),
            layers.ZeroPadding3D(1),
            layers.Conv3D(4, 3, strides=2, activation="relu"),
            layers.Conv3DTranspose(3, 2, strides=2),
            layers.AveragePooling3D(2),
            layers.UpSampling3D(2),
            layers.Cropping3D(((1, 0), (0, 1), (1, 1))),
            layers.GlobalMaxPooling3D(),
        ),
        [kit.floats(1, 6, 6, 6, 2)],
    )


@model()
def pooling_of_all_kinds(kit: Kit) -> Built:
    layers = kit.layers
    series, image = kit.keras.Input((9, 4)), kit.keras.Input((9, 9, 4))
    first = layers.GlobalAveragePooling1D()(layers.AveragePooling1D(3, strides=2)(series))
    second = layers.MaxPooling2D((3, 3), strides=(2, 2), padding="same")(image)
    third = layers.AvgPool2D(2, padding="valid")(second)
    joined = layers.Concatenate()([first, layers.GlobalMaxPool2D()(third), layers.GlobalAvgPool2D()(second)])
    return kit.keras.Model([series, image], joined), [kit.floats(2, 9, 4), kit.floats(2, 9, 9, 4)]


@model()
def pooling_keepdims(kit: Kit) -> Built:
    layers = kit.layers
    pooled = layers.GlobalAveragePooling2D(keepdims=True)
    return kit.sequential((6, 6, 4), pooled, layers.Conv2D(3, 1)), [kit.floats(2, 6, 6, 4)]


@model()
def lstm_returning_state(kit: Kit) -> Built:
    entry = kit.keras.Input((6, 3), name="series")
    sequence, hidden, cell = kit.layers.LSTM(8, return_sequences=True, return_state=True, name="encoder")(entry)
    return kit.keras.Model(entry, [sequence, hidden, cell]), [kit.floats(2, 6, 3)]


@model()
def gru_initial_state(kit: Kit) -> Built:
    entry, state = kit.keras.Input((6, 3)), kit.keras.Input((8,))
    sequence = kit.layers.GRU(8, go_backwards=True, dropout=0.2, recurrent_dropout=0.1)(entry, initial_state=state)
    return kit.keras.Model([entry, state], kit.layers.Dense(2)(sequence)), [kit.floats(2, 6, 3), kit.floats(2, 8)]


@model()
def gru_reset_before(kit: Kit) -> Built:
    layers = kit.layers
    first = layers.GRU(8, reset_after=False, return_sequences=True)
    return kit.sequential((6, 3), first, layers.GRU(4, reset_after=True, unroll=True)), [kit.floats(2, 6, 3)]


@model()
def lstm_all_options(kit: Kit) -> Built:
    layer = kit.layers.LSTM(
        8,
        activation="relu",
        use_bias=True,
        kernel_initializer="he_uniform",
        recurrent_initializer="orthogonal",
        unit_forget_bias=False,
        kernel_regularizer=kit.keras.regularizers.l2(1e-4),
        recurrent_constraint="max_norm",
        dropout=0.1,
        unroll=True,
    )
    return kit.sequential((4, 3), layer), [kit.floats(2, 4, 3)]


@model()
def simple_rnn_stack(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (6, 3),
            layers.SimpleRNN(8, return_sequences=True, activation="relu"),
            layers.SimpleRNN(4, go_backwards=True, use_bias=False),
        ),
        [kit.floats(2, 6, 3)],
    )


@model()
def bidirectional_merge_modes(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((5, 3))
    summed = layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum")(entry)
    averaged = layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True), merge_mode="ave")(summed)
    multiplied = layers.Bidirectional(layers.SimpleRNN(4), merge_mode="mul")(averaged)
    return kit.keras.Model(entry, multiplied), [kit.floats(2, 5, 3)]


@model()
def bidirectional_two_layers(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((5, 3))
    wrapped = layers.Bidirectional(layers.LSTM(4), backward_layer=layers.GRU(4, go_backwards=True))
    return kit.keras.Model(entry, wrapped(entry)), [kit.floats(2, 5, 3)]


@model()
def bidirectional_with_states(kit: Kit) -> Built:
    layers = kit.layers
    entry = kit.keras.Input((5, 3))
    states = layers.Bidirectional(layers.LSTM(4, return_state=True))(entry)
    hidden = layers.Concatenate()([states[1], states[3]])
    return kit.keras.Model(entry, [states[0], hidden]), [kit.floats(2, 5, 3)]


@model()
def time_distributed_model(kit: Kit) -> Built:
    layers = kit.layers
    frame = kit.sequential(
        (6, 6, 1), layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4)
    )
    built = kit.sequential((3, 6, 6, 1), layers.TimeDistributed(frame), layers.GlobalAveragePooling1D())
    return built, [kit.floats(2, 3, 6, 6, 1)]


@model()
def conv_lstm_stack(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (3, 6, 6, 1),
            layers.ConvLSTM2D(4, (3, 3), padding="same", return_sequences=True, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv3D(1, (3, 3, 3), activation="sigmoid", padding="same"),
        ),
        [kit.floats(1, 3, 6, 6, 1)],
    )


@model()
def conv_lstm_1d(kit: Kit) -> Built:
    return kit.sequential((3, 8, 2), kit.layer("ConvLSTM1D")(4, 3, strides=2)), [kit.floats(1, 3, 8, 2)]


@model()
def rnn_of_one_cell(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (5, 3), layers.RNN(layers.LSTMCell(8), return_sequences=True), layers.RNN(layers.SimpleRNNCell(4))
        ),
        [kit.floats(2, 5, 3)],
    )


@model()
def rnn_of_many_cells(kit: Kit) -> Built:
    layers = kit.layers
    cells = [layers.GRUCell(6), layers.SimpleRNNCell(5), layers.LSTMCell(4)]
    return kit.sequential((5, 3), layers.RNN(cells, return_sequences=True)), [kit.floats(2, 5, 3)]


@model()
def dot_attention_scaled(kit: Kit) -> Built:
    query, value, key = (kit.keras.Input((4, 8), name=name) for name in ("query", "value", "key"))
    attended = kit.layers.Attention(use_scale=True, dropout=0.1)([query, value, key])
    pooled = kit.layers.GlobalAveragePooling1D()(attended)
    return kit.keras.Model([query, value, key], pooled), [kit.floats(2, 4, 8) for _ in range(3)]


@model()
def multi_head_cross_attention(kit: Kit) -> Built:
    query, value = kit.keras.Input((4, 8)), kit.keras.Input((6, 5))
    layer = kit.layer("MultiHeadAttention")(num_heads=2, key_dim=4, value_dim=3, dropout=0.1, output_shape=6)
    output, scores = layer(query, value, return_attention_scores=True)
    return kit.keras.Model([query, value], [output, scores]), [kit.floats(2, 4, 8), kit.floats(2, 6, 5)]


@model()
def attention_with_mask_input(kit: Kit) -> Built:
    entry, mask = kit.keras.Input((4, 8)), kit.keras.Input((4, 4), dtype="bool")
    attended = kit.layer("MultiHeadAttention")(2, 4)(entry, entry, attention_mask=mask)
    allowed = np.tril(np.ones((2, 4, 4), bool))
    return kit.keras.Model([entry, mask], attended), [kit.floats(2, 4, 8), allowed]


@model()
def grouped_query_attention(kit: Kit) -> Built:
    entry = kit.keras.Input((4, 8))
    attended = kit.layer("GroupQueryAttention")(head_dim=4, num_query_heads=4, num_key_value_heads=2)(entry, entry)
    return kit.keras.Model(entry, attended), [kit.floats(2, 4, 8)]


@model()
def batch_normalization_options(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (6, 4),
            layers.BatchNormalization(scale=False, epsilon=1e-5),
            layers.Dense(6, use_bias=False),
            layers.BatchNormalization(gamma_initializer="zeros", beta_regularizer="l2"),
            layers.Dense(4),
            layers.BatchNormalization(trainable=False, moving_mean_initializer="ones"),
        ),
        [kit.floats(2, 6, 4)],
    )


@model()
def layer_normalization_axes(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential(
        (4, 6), layers.LayerNormalization(axis=[1, 2]), layers.LayerNormalization(center=False, scale=False)
    )
    return built, [kit.floats(2, 4, 6)]


@model()
def group_normalization(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((6, 6, 8), layers.Conv2D(8, 3), kit.layer("GroupNormalization")(4), layers.ReLU())
    return built, [kit.floats(2, 6, 6, 8)]


@model()
def rms_and_spectral_normalization(kit: Kit) -> Built:
    layers = kit.layers
    spectral = kit.layer("SpectralNormalization")(layers.Dense(4))
    return kit.sequential((6,), kit.layer("RMSNormalization")(), spectral), [kit.floats(2, 6)]


@model()
def noise_between_convolutions(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (8, 8, 3),
            layers.GaussianNoise(0.2),
            layers.Conv2D(4, 3),
            layers.SpatialDropout2D(0.3),
            layers.Dropout(0.5, noise_shape=(None, 1, 1, 4)),
            layers.GlobalAveragePooling2D(),
            layers.AlphaDropout(0.2),
            layers.Dense(2),
        ),
        [kit.floats(2, 8, 8, 3)],
    )


@model()
def reshapes_with_minus_one(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (12,),
            layers.Reshape((-1, 4)),
            layers.Permute((2, 1)),
            layers.Flatten(),
            layers.RepeatVector(3),
            layers.Cropping1D((1, 0)),
            layers.UpSampling1D(3),
            layers.ZeroPadding1D((2, 1)),
        ),
        [kit.floats(2, 12)],
    )


@model()
def upsampling_nearest_and_padding(kit: Kit) -> Built:
    layers = kit.layers
    return (
        kit.sequential(
            (5, 6, 3),
            layers.ZeroPadding2D((1, 2)),
            layers.UpSampling2D((2, 1)),
            layers.Cropping2D(((1, 2), (0, 1))),
            layers.Conv2D(4, 3, data_format="channels_last"),
        ),
        [kit.floats(2, 5, 6, 3)],
    )


@model()
def merging_three_inputs(kit: Kit) -> Built:
    layers = kit.layers
    entries = [kit.keras.Input((6,), name=name) for name in ("one", "two", "three")]
    hidden = [layers.Dense(6, activation="tanh")(entry) for entry in entries]
    merged = [layers.add(hidden), layers.average(hidden), layers.multiply(hidden[:2])]
    extremes = [layers.maximum(merged), layers.Minimum()(merged), layers.subtract(merged[:2])]
    dotted = layers.Dot(axes=1)([extremes[0], extremes[1]])
    return kit.keras.Model(entries, layers.concatenate([*extremes, dotted])), [kit.floats(3, 6) for _ in range(3)]


@model()
def activations_as_layers(kit: Kit) -> Built:
    layers = kit.layers
    slope = {"negative_slope": 0.1} if kit.keras_3 else {"alpha": 0.1}
    return (
        kit.sequential(
            (5, 6),
            layers.Dense(6),
            layers.LeakyReLU(**slope),
            layers.PReLU(shared_axes=[1]),
            layers.ReLU(max_value=6.0, negative_slope=0.05, threshold=0.01),
            layers.ELU(),
            layers.Activation("tanh"),
            layers.Softmax(axis=1),
        ),
        [kit.floats(2, 5, 6)],
    )


@model()
def activations_as_strings(kit: Kit) -> Built:
    layers = kit.layers
    names = ("relu", "sigmoid", "tanh", "softplus", "swish", "selu", "softsign", "elu", "hard_sigmoid", "softmax")
    entry = kit.keras.Input((6,))
    outputs = [layers.Dense(4, activation=name)(entry) for name in names]
    return kit.keras.Model(entry, layers.Concatenate()(outputs)), [kit.floats(3, 6)]


@model()
def activations_as_functions(kit: Kit) -> Built:
    layers, tf = kit.layers, kit.tf
    return (
        kit.sequential(
            (6,),
            layers.Dense(8, activation=tf.nn.relu),
            layers.Dense(8, activation=kit.keras.activations.swish),
            layers.Activation(tf.nn.tanh),
            layers.Dense(3, activation=tf.nn.softmax),
        ),
        [kit.floats(3, 6)],
    )


@model()
def masked_embedding_gru(kit: Kit) -> Built:
    layers = kit.layers
    built = kit.sequential((6,), layers.Embedding(12, 8, mask_zero=True), layers.GRU(8), layers.Dense(2), dtype="int32")
    return built, [np.array([[3, 7, 1, 0, 0, 0], [5, 2, 11, 4, 9, 0]], np.int32)]


@model()
def masking_bidirectional_lstm(kit: Kit) -> Built:
    layers = kit.layers
    series = kit.floats(2, 6, 3)
    series[:, 4:] = -1.0
    return kit.sequential((6, 3), layers.Masking(mask_value=-1.0), layers.Bidirectional(layers.LSTM(4))), [series]


@model()
def embedding_input_length(kit: Kit) -> Built:
    layers = kit.layers
    length = {} if kit.keras_3 else {"input_length": 5}
    first = layers.Embedding(10, 4, embeddings_initializer="glorot_normal", embeddings_regularizer="l2", **length)
    return kit.sequential((5,), first, layers.Flatten(), layers.Dense(2)), [kit.integers(10, 3, 5).astype(np.float32)]


@model()
def normalization_of_columns(kit: Kit) -> Built:
    layer = kit.layer("Normalization")(axis=-1)
    layer.adapt(np.array([[10.0, 200.0, 3.0], [20.0, 100.0, 5.0], [30.0, 300.0, 9.0]], np.float32))
    rows = np.array([[12.0, 150.0, 4.0], [25.0, 260.0, 8.0]], np.float32)
    return kit.sequential((3,), layer, kit.layers.Dense(4, activation="relu"), kit.layers.Dense(1)), [rows]


@model()
def normalization_whole(kit: Kit) -> Built:
    layer = kit.layer("Normalization")(axis=None, mean=2.0, variance=4.0)
    return kit.sequential((4, 4, 1), layer, kit.layers.Flatten(), kit.layers.Dense(2)), [kit.floats(2, 4, 4, 1)]


@model()
def discretization_one_hot(kit: Kit) -> Built:
    binned = kit.layer("Discretization")(bin_boundaries=[0.0, 18.0, 65.0])
    encoded = kit.layer("CategoryEncoding")(num_tokens=4, output_mode="one_hot")
    built = kit.sequential((1,), binned, encoded, kit.layers.Dense(2))
    return built, [np.array([[-2.0], [7.0], [30.0], [80.0]], np.float32)]


@model()
def hashing_with_salt(kit: Kit) -> Built:
    hashed = kit.layer("Hashing")(num_bins=8, salt=1337)
    return kit.sequential((1,), hashed, kit.layers.Embedding(8, 4), dtype="string"), [COLORS]


@model()
def string_lookup_multi_hot(kit: Kit) -> Built:
    lookup = kit.layer("StringLookup")(vocabulary=["red", "green", "blue"], output_mode="multi_hot", num_oov_indices=2)
    return kit.sequential((1,), lookup, kit.layers.Dense(3), dtype="string"), [COLORS]


@model()
def integer_lookup_given(kit: Kit) -> Built:
    lookup = kit.layer("IntegerLookup")(vocabulary=[10, 20, 30])
    built = kit.sequential((2,), lookup, kit.layers.Embedding(5, 4), kit.layers.Flatten(), dtype="int64")
    return built, [np.array([[10, 30], [20, 99]], np.int64)]


@model()
def text_vectorization_tf_idf(kit: Kit) -> Built:
    layer = kit.layer("TextVectorization")(
        output_mode="tf_idf",
        vocabulary=["great", "terrible", "film"],
        idf_weights=[0.5, 0.9, 1.2],
        pad_to_max_tokens=False,
    )
    return kit.sequential((1,), layer, kit.layers.Dense(2), dtype="string"), [REVIEWS]


@model()
def text_vectorization_then_embedding(kit: Kit) -> Built:
    layers = kit.layers
    layer = kit.layer("TextVectorization")(
        output_sequence_length=6,
        vocabulary=["great", "not", "terrible", "film"],
        standardize="lower_and_strip_punctuation",
    )
    return (
        kit.sequential(
            (1,), layer, layers.Embedding(6, 8), layers.GlobalMaxPooling1D(), layers.Dense(1), dtype="string"
        ),
        [REVIEWS],
    )


@model()
def rescaled_resized_cropped(kit: Kit) -> Built:
    images = np.abs(kit.floats(2, 12, 12, 3)) * 255
    return (
        kit.sequential(
            (12, 12, 3),
            kit.layer("Resizing")(10, 10, interpolation="bilinear"),
            kit.layer("CenterCrop")(8, 8),
            kit.layer("Rescaling")(1.0 / 255),
            kit.layers.Conv2D(4, 3, activation="relu"),
        ),
        [images],
    )


@model()
def augmentation_in_front(kit: Kit) -> Built:
    layers = kit.layers
    augmentation = kit.keras.Sequential(
        [
            kit.layer("RandomFlip")("horizontal_and_vertical"),
            kit.layer("RandomRotation")(0.2),
            kit.layer("RandomZoom")(0.1),
            kit.layer("RandomContrast")(0.1),
            kit.layer("RandomTranslation")(0.1, 0.1),
        ],
        name="augmentation",
    )
    entry = kit.keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3, activation="relu")(augmentation(entry))
    return kit.keras.Model(entry, layers.Dense(2)(layers.Flatten()(hidden))), [kit.floats(2, 8, 8, 3)]


@model()
def regularized_convolutions(kit: Kit) -> Built:
    keras, layers = kit.keras, kit.layers
    return (
        kit.sequential(
            (8, 8, 3),
            layers.Conv2D(
                8,
                3,
                kernel_regularizer=keras.regularizers.l2(0.01),
                bias_regularizer=keras.regularizers.L1(0.001),
                activity_regularizer="l2",
                kernel_constraint=keras.constraints.MinMaxNorm(0.1, 3.0, rate=0.9),
            ),
            layers.ActivityRegularization(l1=0.01),
            layers.Flatten(),
            layers.Dense(4, kernel_regularizer=keras.regularizers.L1L2(1e-5, 1e-4), kernel_constraint="non_neg"),
        ),
        [kit.floats(2, 8, 8, 3)],
    )


@model()
def initializers_by_name(kit: Kit) -> Built:
    layers = kit.layers
    names = ("glorot_normal", "he_uniform", "lecun_normal", "random_uniform", "truncated_normal", "variance_scaling")
    many = [layers.Dense(6, kernel_initializer=name, bias_initializer="random_normal") for name in names]
    last = layers.Dense(2, bias_initializer=kit.keras.initializers.Constant(-1.5))
    return kit.sequential((6,), *many, last), [kit.floats(3, 6)]
