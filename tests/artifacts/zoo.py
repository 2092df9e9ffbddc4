"""Saves the artifacts these tests read, in a process of its own: pytest's stays without TensorFlow."""
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import tensorflow as tf
import tf_keras
from tensorflow.python.framework import function


def parts(api: Any) -> SimpleNamespace:  # noqa: C901 - five small classes that need `api`
    """The same custom classes for Keras 3 and for Keras 2."""

    @api.saving.register_keras_serializable("shop")
    class Scale(api.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2.0

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    class Cell(api.layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.state_size = units
            self.output_size = units

        def call(self, inputs: Any, states: Any, training: Any = None) -> Any:  # noqa: ARG002 - RNN passes it
            return inputs, states

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class Gate(api.layers.Layer):
        def __init__(self, inside: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inside = inside

        def call(self, inputs: Any) -> Any:
            return self.inside(inputs)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "inside": api.saving.serialize_keras_object(self.inside)}

    class Halves(api.initializers.Initializer):
        def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
            return tf.fill(shape, tf.cast(0.5, dtype or "float32"))

        def get_config(self) -> dict[str, Any]:
            return {}

    class Share(api.metrics.Mean):
        pass

    return SimpleNamespace(Scale=Scale, Cell=Cell, Gate=Gate, Halves=Halves, Share=Share)


def swishy(x: Any) -> Any:
    return x * tf.sigmoid(x)


def squared(true: Any, predicted: Any) -> Any:
    return (true - predicted) ** 2


def tripled(x: Any) -> Any:
    return x * 3.0


def nested(api: Any) -> Any:
    own = parts(api)
    layers = api.layers
    tower = api.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(3, activation=swishy, kernel_initializer=own.Halves(), name="tower_dense"),
            own.Scale(name="scale_2"),
        ],
        name="tower",
    )
    features = layers.Input((4, 3), name="features")
    x = own.Scale(name="scale_1")(features)
    x = layers.TimeDistributed(own.Scale(name="scale_td"), name="td")(x)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True, name="gru"), merge_mode="sum", name="bi")(x)
    cells = [own.Cell(3, name="cell_a"), layers.LSTMCell(3, name="cell_b")]
    x = layers.RNN(layers.StackedRNNCells(cells, name="cells"), name="rnn")(x)
    x = own.Gate(layers.Dense(3, name="inside_dense"), name="gate")(x)
    model = api.Model(features, tower(x), name="outermost")
    model.compile(api.optimizers.Adam(), loss={"tower": squared}, metrics=[own.Share(name="share")])
    return model


def mixed(api: Any) -> Any:
    policy = "mixed_float16"
    layers = api.layers
    return api.Sequential(
        [layers.Input((3,)), layers.Dense(3, dtype=policy), layers.Dense(1, dtype="float32", name="out")]
    )


def lambdas(api: Any) -> Any:
    layers = api.layers
    doubled = layers.Lambda(lambda x: x * 2.0, output_shape=(3,), name="code")
    model = api.Sequential([layers.Input((4, 3)), layers.TimeDistributed(doubled, name="td")])
    model.add(layers.Dense(3, activation=lambda x: x + 1.0, name="lambda_activation"))
    model.add(layers.Lambda(tripled, name="named"))
    return model


def subclassed() -> Any:
    own = parts(tf_keras)

    class Ranker(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.scale = own.Scale(name="scale")
            self.blocks = [tf_keras.Sequential([tf_keras.layers.Dense(3, name="deep")], name="block")]

        def call(self, inputs: Any) -> Any:
            return self.blocks[0](self.scale(inputs))

    model = Ranker()
    model.compile("sgd", "mse", metrics=["mae"])
    model.train_on_batch(tf.ones((1, 3)), tf.ones((1, 3)))
    return model


class Flow(tf.Module):
    """Ops below functions below functions, and tensors that are not dense."""

    def __init__(self) -> None:
        self.spare = tf.constant([1.0], tf.float16)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def branch(self, x: Any) -> Any:
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.math.erf(x), lambda: tf.math.digamma(x))
        y = tf.while_loop(lambda i, _: i < 3, lambda i, v: (i + 1, tf.math.lgamma(v)), [0, y])[1]
        y = tf.reshape(tf.py_function(lambda v: v, [y], tf.float32), [-1, 3])
        return {"y": y, "spare": self.spare}

    @tf.function(
        input_signature=[
            tf.RaggedTensorSpec([None, None], tf.int64),
            tf.SparseTensorSpec([None, 7], tf.float32),
            tf.TensorSpec(None, tf.string, name="words"),
        ]
    )
    def odd(self, ragged: Any, sparse: Any, words: Any) -> Any:
        total = tf.reduce_sum(ragged)
        return {"total": total, "held": tf.sparse.to_dense(sparse), "length": tf.strings.length(words)}


def double_module() -> Any:
    module = tf.Module()
    module.serve = tf.function(lambda x: x @ x, input_signature=[tf.TensorSpec([2, 2], tf.float64)])
    return module


def moving_module() -> Any:
    module = tf.Module()
    module.serve = tf.function(lambda x: tf.reshape(x, [-1]), input_signature=[tf.TensorSpec([2, 2], tf.bfloat16)])
    return module


def with_asset(folder: Path) -> None:
    (folder / "words.txt").write_text("one\ntwo\n")
    module = tf.Module()
    module.words = tf.saved_model.Asset(str(folder / "words.txt"))
    module.serve = tf.function(lambda: tf.io.read_file(module.words.asset_path), input_signature=[])
    tf.saved_model.save(module, folder / "with_asset", signatures=module.serve)


def two_graphs(path: Path, *, as_text: bool = False) -> None:
    """A TF1 SavedModel whose first graph is for training and whose second is for serving."""
    v1 = tf.compat.v1
    builder = v1.saved_model.Builder(str(path))
    with tf.Graph().as_default(), v1.Session() as session:
        tf.math.lgamma(v1.placeholder(tf.float32))
        v1.get_variable("v", [1])
        session.run(v1.global_variables_initializer())
        builder.add_meta_graph_and_variables(session, ["train"])
    with tf.Graph().as_default(), v1.Session():
        # A Defun is called by a node whose op is the function's name.
        called = function.Defun(tf.float32, func_name="called_by_name")(lambda x: tf.math.erf(x) + 1.0)
        called(v1.placeholder(tf.float32, []))
        v1.get_variable("v", [1])
        info = v1.saved_model.build_tensor_info
        signature = v1.saved_model.build_signature_def(
            inputs={"sparse": info(v1.sparse_placeholder(tf.float32, [None, 7]))},
            outputs={"ragged": info(v1.ragged.placeholder(tf.int64, 1))},
        )
        builder.add_meta_graph(["serve"], {"kinds": signature})
    builder.save(as_text=as_text)


def list_config(path: Path) -> None:
    """A Sequential model as Keras up to 2.2 saved it: its config is the plain list of its layers."""
    dense = {"class_name": "Dense", "config": {"name": "dense_1", "units": 2, "activation": "hard_sigmoid"}}
    scale = {"class_name": "Scale", "config": {"name": "scale_1", "trainable": True}}
    inner = {"class_name": "Sequential", "config": [scale]}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.1.3"
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": [dense, inner]}).encode()
        file.create_group("model_weights")


def others(folder: Path) -> None:
    """What is no model that Keras or TensorFlow loads, and is taken for one."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    folder.mkdir()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    spec = tf.TensorSpec((None, 3), name="features")
    frozen = convert_variables_to_constants_v2(tf.function(model).get_concrete_function(spec)).graph
    tf.io.write_graph(frozen, str(folder), "frozen.pb", as_text=False)
    tf.io.write_graph(frozen, str(folder), "frozen.pbtxt")
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        features = tf.compat.v1.placeholder(tf.float32, (None, 3), name="features")
        weights = tf.compat.v1.get_variable("weights", (3, 2), use_resource=False)
        tf.matmul(features, weights, name="score")
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "tf1" / "model.ckpt"))
        tf.io.write_graph(graph, str(folder), "variables.pb", as_text=False)
    tf.train.Checkpoint(model=model).save(str(folder / "tracked" / "ckpt"))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (folder / "model.tflite").write_bytes(converter.convert())
    (folder / "model.json").write_text(model.to_json())
    model.save_weights(folder / "sharded.weights.json", max_shard_size=40e-9)
    model.save(folder / "unzipped", zipped=False)


def build(folder: Path) -> None:
    for suffix in ("keras", "h5"):
        nested(keras).save(folder / f"nested.{suffix}")
        mixed(keras).save(folder / f"mixed.{suffix}")
        lambdas(keras).save(folder / f"lambdas.{suffix}")
    nested(keras).save(folder / "unzipped", zipped=False)
    nested(keras).save_weights(folder / "nested.weights.h5")
    mixed(keras).export(folder / "mixed", verbose=False)
    nested(tf_keras).save(folder / "nested_keras2.h5")
    nested(tf_keras).save(folder / "nested_keras2", save_format="tf")
    nested(tf_keras).save_weights(folder / "legacy_weights.h5")
    lambdas(tf_keras).save(folder / "lambdas_keras2.h5")
    subclassed().save(folder / "subclassed_keras2", save_format="tf")
    flow = Flow()
    tf.saved_model.save(flow, folder / "flow", signatures={"branch": flow.branch, "odd": flow.odd})
    for name, module in (("double", double_module()), ("moving", moving_module())):
        tf.saved_model.save(module, folder / name, signatures=module.serve)
    two_graphs(folder / "two_graphs")
    two_graphs(folder / "two_graphs_as_text", as_text=True)
    with_asset(folder)
    list_config(folder / "list_config.h5")
    others(folder / "others")


def read_beside_tensorflow(folder: Path) -> None:
    from pytest_modelcompat.artifacts import read_inventory

    names = [op.op for op in read_inventory(folder / "flow").ops]
    (folder / "read_beside_tensorflow.json").write_text(json.dumps(names))
    checksum = tf.saved_model.experimental.read_fingerprint(str(folder / "flow")).saved_model_checksum
    (folder / "fingerprint.json").write_text(json.dumps(f"{checksum:016x}"))


if __name__ == "__main__":
    # Under its own name, because Keras writes no module for a class that lives in `__main__`.
    zoo = importlib.import_module("zoo")
    zoo.build(Path(sys.argv[1]))
    zoo.read_beside_tensorflow(Path(sys.argv[1]))
