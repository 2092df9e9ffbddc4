"""Saves small models that another version, or none, reads back: `python models.py FOLDER`.

Python 3.8, any TensorFlow 2.
"""

import os
import shutil
import sys
import traceback

import numpy as np
import shop
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow.core.protobuf import saved_model_pb2

keras = tf.keras
FOLDER = sys.argv[1]
KERAS = getattr(keras, "__version__", "2.0")
IS_KERAS_3 = KERAS.startswith("3")
HAS_ZIP = IS_KERAS_3 or tuple(map(int, tf.__version__.split(".")[:2])) >= (2, 13)
L = keras.layers


def functional(*layers, shape=(3,), dtype=None, compiled=None):
    inputs = keras.Input(shape, name="features", dtype=dtype)
    hidden = inputs
    for layer in layers:
        hidden = layer(hidden)
    model = keras.Model(inputs, hidden)
    if compiled is not None:
        model.compile(**compiled)
    return model


def dense():
    return functional(L.Dense(4, activation="relu", name="hidden"), L.Dense(1, name="score"))


def custom_layer():
    return functional(shop.Scale(name="scale"), L.Dense(1))


def custom_activation():
    return functional(L.Dense(2, activation=shop.softer))


def custom_loss():
    return functional(L.Dense(1), compiled={"optimizer": "sgd", "loss": shop.focal})


def custom_metric():
    model = functional(L.Dense(1), compiled={"optimizer": "sgd", "loss": "mse", "metrics": [shop.hits]})
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


def compiled_mse():
    model = functional(L.Dense(1), compiled={"optimizer": "adam", "loss": "mse", "metrics": ["mae"]})
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


def depthwise():
    return functional(L.DepthwiseConv2D(3), shape=(8, 8, 3))


def separable():
    return functional(L.SeparableConv2D(2, 3), shape=(8, 8, 3))


def lstm():
    return functional(L.LSTM(2), shape=(5, 3))


def attention():
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, L.MultiHeadAttention(2, 2)(inputs, inputs))


def masked():
    return functional(L.Embedding(8, 2, mask_zero=True), L.LSTM(2), shape=(4,))


def lambda_layer():
    return functional(L.Lambda(lambda x: [each * 2.0 for each in [x]][0], name="double"))


def lambda_global():
    return functional(L.Lambda(lambda x: tf.reverse(x, [1]), name="reversed"))


def mixed():
    policies = keras.mixed_precision
    policies.set_global_policy("mixed_float16")
    try:
        return functional(L.Dense(2))
    finally:
        policies.set_global_policy("float32")


def nested():
    return keras.Sequential([keras.Input((3,)), functional(L.Dense(2, name="inner")), L.Dense(1, name="outer")])


def lost_argument():
    return functional(shop.Projection(2))


def added_argument():
    return functional(shop.Saved(2))


def closed():
    return functional(shop.Closed())


def tensors():
    return functional(shop.Tensors())


def unbuilt():
    return functional(shop.Unbuilt(name="unbuilt"))


def huge():
    return functional(shop.Huge())


def tower():
    model = shop.Tower()
    model(np.ones((1, 3), "float32"))
    return model


def unbuilt_sequential():
    return keras.Sequential([L.Dense(2), L.Dense(1)])


def raw_ops():
    inputs = keras.Input((3,))
    return keras.Model(inputs, tf.reshape(inputs * 2.0, [-1, 3])[:, :2])


def vectorizer():
    layer = L.TextVectorization(max_tokens=10, output_sequence_length=4)
    layer.adapt(np.array(["red green", "blue"]))
    return functional(layer, shape=(1,), dtype="string")


def vocabulary_file():
    path = os.path.join(FOLDER, "vocabulary.txt")
    with open(path, "w") as file:
        file.write("red\ngreen\nblue\n")
    return functional(L.StringLookup(vocabulary=path), L.Embedding(6, 2), shape=(1,), dtype="string")


def normalized():
    layer = L.Normalization()
    layer.adapt(np.arange(12.0).reshape(4, 3))
    return functional(layer, L.Dense(1))


class Rounder(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def rounded(self, x):
        done = tf.py_function(tf.round, [x], tf.float32)
        return {"rounded": tf.ensure_shape(done, [None, 3])}


class OnGpu(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def run(self, x):
        shape = tf.raw_ops.CudnnRNNParamsSize(num_layers=1, num_units=2, input_size=3, T=tf.float32, S=tf.int32)
        return {"size": tf.cast(shape, tf.float32) + tf.reduce_sum(x)}


class Doubler(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def double(self, x):
        return {"double": tf.matmul(x, tf.ones([3, 2])) * 2.0}


def modules():
    for name, module, function in (
        ("python-function", Rounder(), "rounded"),
        ("on-gpu", OnGpu(), "run"),
        ("doubler", Doubler(), "double"),
    ):
        attempt(name, lambda m=module, f=function, n=name: tf.saved_model.save(m, folder(n), getattr(m, f)))


MODELS = (
    dense, custom_layer, custom_activation, custom_loss, custom_metric, compiled_mse, depthwise, separable, lstm,
    attention, masked, lambda_layer, lambda_global, mixed, nested, lost_argument, added_argument, closed, tensors,
    unbuilt, huge, tower, unbuilt_sequential, raw_ops, vectorizer, vocabulary_file, normalized,
)  # fmt: skip


def path(name, end):
    return os.path.join(FOLDER, name.replace("_", "-") + end)


def folder(name):
    return path(name, "-saved-model")


def attempt(name, save):
    """Saves; what that raises is a traceback too."""
    try:
        save()
    except Exception:
        with open(path("saving-" + name, ".txt"), "w") as file:
            traceback.print_exc(file=file)


def export(model, name):
    return model.export(folder(name)) if IS_KERAS_3 else model.save(folder(name))


def each_nodes(message):
    """Every NodeDef of a SavedModel, those of functions too."""
    graph = message.meta_graphs[0].graph_def
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def edited(name, edit):
    """A copy of the SavedModel `doubler`, changed: as another TensorFlow, or a library of ops, would write it."""
    shutil.copytree(folder("doubler"), folder(name))
    file = os.path.join(folder(name), "saved_model.pb")
    message = saved_model_pb2.SavedModel()
    with open(file, "rb") as stream:
        message.ParseFromString(stream.read())
    edit(message)
    with open(file, "wb") as stream:
        stream.write(message.SerializeToString())


def other_op(message: Message):
    for node in each_nodes(message):
        if node.op == "MatMul":
            node.op = "ShopMatMul"


def new_attribute(message: Message):
    for node in each_nodes(message):
        if node.op == "MatMul":
            node.attr["shop_mode"].i = 3


def lacks_attribute(message: Message):
    for node in each_nodes(message):
        if node.op == "MatMul":
            del node.attr["T"]


def newer_graph(message: Message):
    message.meta_graphs[0].graph_def.versions.min_consumer = 99999


def broken_files():
    """Files that are not whole, or not what their name says."""
    h5 = path("dense", ".h5")
    whole = open(h5, "rb").read()
    open(path("truncated", ".h5"), "wb").write(whole[: len(whole) // 2])
    open(path("text", ".h5"), "w").write("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    shutil.copy(h5, path("renamed", ".keras"))
    dense().save_weights(path("weights-only", ".weights.h5" if IS_KERAS_3 else ".h5"))
    os.makedirs(folder("empty"))
    if HAS_ZIP:
        packed = open(path("dense", ".keras"), "rb").read()
        open(path("truncated", ".keras"), "wb").write(packed[: len(packed) // 2])
        open(path("zip-renamed", ".h5"), "wb").write(packed)
    shutil.copytree(folder("dense"), folder("no-variables"))
    shutil.rmtree(os.path.join(folder("no-variables"), "variables"))
    shutil.copytree(folder("dense"), folder("truncated"))
    graph = os.path.join(folder("truncated"), "saved_model.pb")
    content = open(graph, "rb").read()
    open(graph, "wb").write(content[: len(content) // 2])


def main():
    os.makedirs(FOLDER)
    for make in MODELS:
        name = make.__name__.replace("_", "-")
        attempt(name + "-h5", lambda make=make, name=name: make().save(path(name, ".h5")))
        if HAS_ZIP:
            attempt(name + "-keras", lambda make=make, name=name: make().save(path(name, ".keras")))
        if make.__name__ in ("dense", "compiled_mse", "mixed", "vectorizer", "masked", "custom_layer", "tower"):
            attempt(name + "-saved-model", lambda make=make, name=name: export(make(), name))
    modules()
    for name, edit in (
        ("other-op", other_op),
        ("new-attribute", new_attribute),
        ("lacks-attribute", lacks_attribute),
        ("newer-graph", newer_graph),
    ):
        edited(name, edit)
    attempt("broken", broken_files)


main()
