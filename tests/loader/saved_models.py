"""SavedModels whose graph was edited, so that one loader minds what another does not: `tf.Module`s written for real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FLOATS = tf.TensorSpec([None, 4], tf.float32)


class Plain(tf.Module):  # type: ignore[misc]  # TensorFlow comes without types
    """Two outputs that differ, and a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[FLOATS])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return {"scaled": tf.nn.relu(x) * self.factor, "shifted": x + 1.0}


def save_plain(folder: Path) -> Path:
    module = Plain()
    signatures = {"serving_default": module.__call__, "second": module.__call__}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder


def edit(folder: Path, change: Callable[[Any], None]) -> Path:
    """Change a SavedModel's message in place."""
    file = folder / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(message)
    file.write_bytes(message.SerializeToString())
    return folder


def needs_newer(message: Any) -> None:
    """As a TensorFlow writes it whose graphs older ones must not read."""
    message.meta_graphs[0].graph_def.versions.min_consumer = 99999


def swap_outputs(message: Any) -> None:
    """The signature in the graph gives the outputs the other way round; the functions are as they were."""
    outputs = message.meta_graphs[0].signature_def["serving_default"].outputs
    outputs["scaled"].name, outputs["shifted"].name = outputs["shifted"].name, outputs["scaled"].name


def lose_output(message: Any) -> None:
    del message.meta_graphs[0].signature_def["serving_default"].outputs["shifted"]


def point_nowhere(message: Any) -> None:
    message.meta_graphs[0].signature_def["serving_default"].outputs["scaled"].name = "nowhere:0"


def two_graphs(message: Any) -> None:
    """For training and for serving, as TensorFlow 1 could write them: `tf.saved_model.load` must be told which."""
    (graph,) = message.meta_graphs
    message.meta_graphs.add().CopyFrom(graph)
    graph.meta_info_def.tags[:] = ["train"]
    del graph.signature_def["serving_default"]


def for_training_only(message: Any) -> None:
    message.meta_graphs[0].meta_info_def.tags[:] = ["train"]


def abort_at_start(message: Any) -> None:
    """The op that initialises the graph, which only the graph loader runs, aborts the process."""
    graph = message.meta_graphs[0]
    (name,) = graph.collection_def["saved_model_main_op"].node_list.value
    (node,) = (node for node in graph.graph_def.node if node.name == name)
    node.op = "Abort"


def unknown_op(message: Any) -> None:
    for function in message.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = "FancyRelu" if node.op == "Relu" else node.op
