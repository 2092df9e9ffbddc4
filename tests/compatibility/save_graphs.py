"""Saves the SavedModels these tests judge, in a process of its own: pytest's stays without TensorFlow."""
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from tensorflow.core.protobuf import saved_model_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = tf.TensorSpec
WORD_TO_LINE = (
    tf.string,
    tf.lookup.TextFileIndex.WHOLE_LINE,
    tf.int64,
    tf.lookup.TextFileIndex.LINE_NUMBER,
)


def altered(path: Path, alter: Callable[[Any], None]) -> None:
    """Rewrites a SavedModel's protobuf message."""
    file = path / "saved_model.pb"
    message = saved_model_pb2.SavedModel()
    message.ParseFromString(file.read_bytes())
    alter(message)
    file.write_bytes(message.SerializeToString())


def as_tensorflow_2_8(message: Any) -> None:
    """Takes out the op and the attribute that later versions began to write."""
    graph = message.meta_graphs[0].graph_def
    removed = without_copy_on_read(graph.node)
    for function in graph.library.function:
        removed |= without_copy_on_read(function.node_def)
        for output, node in list(function.control_ret.items()):
            if node in removed:
                del function.control_ret[output]
                function.signature.control_output.remove(output)


def without_copy_on_read(nodes: Any) -> set[str]:
    """Takes `DisableCopyOnRead` out, and gives the names of those that were there."""
    removed = {node.name for node in nodes if node.op == "DisableCopyOnRead"}
    kept = [node for node in nodes if node.name not in removed]
    for node in kept:
        node.attr.pop("debug_name", None)
        inputs = [each for each in node.input if each.lstrip("^") not in removed]
        del node.input[:]
        node.input.extend(inputs)
    copies = [type(node).FromString(node.SerializeToString()) for node in kept]
    del nodes[:]
    nodes.extend(copies)
    return removed


def with_captured_tensor(message: Any) -> None:
    """Has a function keep a tensor of another one, as TensorFlow 2.8 to 2.10 save what Keras makes of `x * 2`."""
    node = next(each for each in message.meta_graphs[0].object_graph_def.nodes if each.HasField("constant"))
    node.captured_tensor.name = "mul"
    node.captured_tensor.concrete_function = message.meta_graphs[0].graph_def.library.function[0].signature.name


def as_tensorflow_2_16(message: Any) -> None:
    message.meta_graphs[0].meta_info_def.tensorflow_version = "2.16.2"


def asking_for_another(message: Any) -> None:
    message.meta_graphs[0].graph_def.versions.min_consumer = 99999


def of_schema_7(message: Any) -> None:
    message.saved_model_schema_version = 7


def module(call: Callable[[Any], Any], spec: Any) -> Any:
    plain = tf.Module()
    plain.serve = tf.function(call, input_signature=[spec])
    return plain


def save_modules(folder: Path) -> None:
    doubling = module(lambda x: x @ x, Spec([2, 2], tf.float32))
    edits: dict[str, Callable[[Any], None]] = {
        "plain": lambda _: None,
        "min_consumer": asking_for_another,
        "schema_7": of_schema_7,
    }
    for name, edit in edits.items():
        tf.saved_model.save(doubling, folder / name, signatures=doubling.serve)
        altered(folder / name, edit)
    weight = tf.Variable(1.0)
    summing = module(lambda x: weight.assign(tf.reduce_sum(x)), Spec([2], tf.float32))
    summing.weight = weight
    tf.saved_model.save(summing, folder / "assigning", signatures=summing.serve)
    altered(folder / "assigning", as_tensorflow_2_8)
    picking = module(lambda x: tf.gather_nd(x, [[9]], bad_indices_policy="IGNORE"), Spec([2], tf.float32))
    tf.saved_model.save(picking, folder / "picking", signatures=picking.serve)
    halves = module(lambda x: tf.cast(x, tf.float32) * weight, Spec([None, 3], tf.float16, name="keras_tensor"))
    halves.weight = weight
    tf.saved_model.save(halves, folder / "half", signatures=halves.serve)
    altered(folder / "half", as_tensorflow_2_16)
    reducing = module(
        lambda x: tf.raw_ops.NcclAllReduce(input=x, reduction="sum", num_devices=1, shared_name="one"),
        Spec([2], tf.float32),
    )
    tf.saved_model.save(reducing, folder / "reducing", signatures=reducing.serve)


def save_what_is_tracked(folder: Path) -> None:
    captured = tf.constant(np.ones(1000), tf.float32)
    adding = module(lambda x: x + captured, Spec([1000], tf.float32))
    tf.saved_model.save(adding, folder / "capturing", signatures=adding.serve)
    altered(folder / "capturing", with_captured_tensor)
    words = folder / "words.txt"
    words.write_text("hat\ncoat\n")
    table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(words), *WORD_TO_LINE), -1)
    looking_up = module(table.lookup, Spec([None], tf.string))
    looking_up.table = table
    tf.saved_model.save(looking_up, folder / "assetless", signatures=looking_up.serve)
    (folder / "assetless" / "assets" / "words.txt").unlink()


def save_keras_3(folder: Path) -> None:
    inputs = [keras.Input((3,), name="price"), keras.Input((3,), name="stock")]
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Concatenate()(inputs)))
    model.export(folder / "exported", verbose=False)
    tf.saved_model.save(model, folder / "numbered")


def save_keras_2(folder: Path) -> None:
    layers = tf_keras.layers
    words = layers.Input((4,), dtype="int32", name="words")
    embedded = layers.Embedding(9, 4, mask_zero=True)(words)
    attended = layers.MultiHeadAttention(1, 4)(embedded, embedded)
    tf_keras.Model(words, attended).save(folder / "attention", save_format="tf")
    altered(folder / "attention", as_tensorflow_2_8)
    doubled = layers.Lambda(lambda x: x * 2.0)
    tf_keras.Sequential([layers.Input((3,)), doubled]).save(folder / "bytecode", save_format="tf")
    model = tf_keras.Sequential([layers.Input((3,)), layers.Dense(2)])
    model.compile(tf_keras.optimizers.legacy.Adam(), "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    model.save(folder / "trained", save_format="tf")
    model.save(folder / "untrained", save_format="tf", include_optimizer=False)


if __name__ == "__main__":
    save_modules(Path(sys.argv[1]))
    save_what_is_tracked(Path(sys.argv[1]))
    save_keras_3(Path(sys.argv[1]))
    save_keras_2(Path(sys.argv[1]))
