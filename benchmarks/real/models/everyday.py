"""Models as tutorials have them, and those of keras.applications, in whatever Keras runs this, from Python 3.8 on.

python everyday.py save FOLDER [NAME...]    saves each model in the formats that this Keras writes
python everyday.py load FOLDER RESULTS      loads each file of FOLDER, and notes in RESULTS what Keras said
"""

import json
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers
APPLICATIONS = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionV3", "MobileNet", "MobileNetV2"),
    *("MobileNetV3Small", "NASNetMobile", "ResNet50", "ResNet50V2", "Xception"),
)
FIRST_KERAS_ZIP = (2, 13)
SECONDS = 40


def application(name):
    return lambda: getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10)


def preprocessing(name):
    return getattr(layers, name, None) or getattr(layers.experimental.preprocessing, name)


def fitted(model, inputs, targets):
    model.fit(inputs, targets, verbose=0)
    return model


def autoencoder():
    image = keras.Input((8, 8, 1))
    code = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(image)
    wide = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(code)
    model = keras.Model(image, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(wide))
    model.compile("adam", "binary_crossentropy")
    return fitted(model, np.ones((2, 8, 8, 1)), np.ones((2, 8, 8, 1)))


def siamese():
    tower = keras.Sequential([layers.Dense(4, activation="relu", input_shape=(4,)), layers.Dense(2)], name="tower")
    one, other = keras.Input((4,)), keras.Input((4,))
    score = layers.Dense(1, activation="sigmoid")(layers.Subtract()([tower(one), tower(other)]))
    model = keras.Model([one, other], score)
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return fitted(model, [np.ones((2, 4))] * 2, np.ones((2, 1)))


def two_heads():
    features = keras.Input((6,))
    hidden = layers.Dense(4, activation="relu")(features)
    heads = [layers.Dense(1, name="price")(hidden), layers.Dense(3, activation="softmax", name="kind")(hidden)]
    model = keras.Model(features, heads)
    losses = {"price": "mse", "kind": "categorical_crossentropy"}
    model.compile("adam", loss=losses, metrics={"kind": "accuracy"})
    return fitted(model, np.ones((2, 6)), [np.ones((2, 1)), np.ones((2, 3)) / 3])


def text_with_lstm():
    model = keras.Sequential(
        [layers.Embedding(20, 4), layers.LSTM(4, return_sequences=True, dropout=0.1), layers.GRU(3), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return fitted(model, np.ones((2, 5)), np.ones((2, 1)))


def residual():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(image)
    y = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.SeparableConv2D(4, 3, padding="same")(y)
    model = keras.Model(image, layers.Dense(2)(layers.GlobalMaxPooling2D()(layers.Add()([x, y]))))
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), loss, metrics=[keras.metrics.AUC()])
    return model


def between_layers():
    features = keras.Input((4,))
    return keras.Model(features, layers.Dense(1)(layers.Dense(4)(features) * 2.0 + 1.0))


def activation_layer():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2, activation=layers.LeakyReLU())])


def activations():
    chain = [layers.Dense(3), layers.LeakyReLU(), layers.PReLU(), layers.ELU(), layers.Dense(2, activation="gelu")]
    return keras.Sequential([keras.Input((4,)), *chain])


def normalized():
    layer = preprocessing("Normalization")()
    layer.adapt(np.arange(12.0).reshape(3, 4))
    return keras.Sequential([keras.Input((4,)), layer, layers.Dense(2)])


def augmented():
    chain = [preprocessing("RandomFlip")("horizontal"), preprocessing("RandomRotation")(0.1)]
    chain += [preprocessing("Rescaling")(1 / 255), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)]
    return keras.Sequential([keras.Input((8, 8, 3)), *chain])


def regularized():
    first = layers.Dense(
        4, kernel_regularizer=keras.regularizers.l1_l2(0.1, 0.1), kernel_constraint=keras.constraints.MaxNorm(2.0)
    )
    last = layers.Dense(2, kernel_initializer=keras.initializers.RandomNormal(stddev=0.1))
    return keras.Sequential([keras.Input((4,)), first, layers.Dropout(0.5), last])


def films():
    chain = [layers.TimeDistributed(layers.Conv2D(2, 3)), layers.TimeDistributed(layers.Flatten())]
    chain += [layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum")]
    return keras.Sequential([keras.Input((5, 8, 8, 1)), *chain, layers.GlobalMaxPooling1D(), layers.Dense(2)])


def transformer():
    tokens = keras.Input((6, 8))
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(tokens, tokens)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([tokens, attended]))
    x = layers.Add()([x, layers.Conv1D(8, 1, activation="relu")(x)])
    return keras.Model(tokens, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))


def transfer():
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
    base.trainable = False
    image = keras.Input((32, 32, 3))
    features = layers.GlobalAveragePooling2D()(base(image, training=False))
    return keras.Model(image, layers.Dense(3)(layers.Dropout(0.2)(features)))


EVERYDAY = (
    *(autoencoder, siamese, two_heads, text_with_lstm, residual, between_layers, activation_layer, activations),
    *(normalized, augmented, regularized, films, transformer, transfer),
)
MODELS = {
    **{make.__name__: make for make in EVERYDAY},
    **{name: application(name) for name in APPLICATIONS if hasattr(keras.applications, name)},
}


def save(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    version = getattr(keras, "__version__", None) or tf.__version__
    suffixes = (".keras", ".h5") if tuple(map(int, version.split(".")[:2])) >= FIRST_KERAS_ZIP else (".h5",)
    for name in names or MODELS:
        for suffix in suffixes:
            keras.backend.clear_session()
            try:
                MODELS[name]().save(str(folder / (name + suffix)))
            except Exception as error:  # noqa: BLE001 - what this version cannot make or save is not loaded anywhere
                (folder / (name + suffix)).unlink(missing_ok=True)
                print(f"{name}{suffix}: {str(error)[:200]}")


def load(folder, results):
    def too_long(*_):
        raise TimeoutError(f"it did not end in {SECONDS} seconds")

    signal.signal(signal.SIGALRM, too_long)
    found = {}
    for path in sorted(folder.iterdir()):
        keras.backend.clear_session()
        signal.alarm(SECONDS)
        try:
            keras.models.load_model(str(path))
            found[path.name] = ""
        except Exception as error:  # noqa: BLE001 - that it fails is what is noted
            found[path.name] = "{}: {}".format(type(error).__name__, " ".join(str(error).split())[-200:])
        signal.alarm(0)
    results.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "save":
        save(Path(sys.argv[2]), sys.argv[3:])
    else:
        load(Path(sys.argv[2]), Path(sys.argv[3]))
