"""How an artifact is loaded that `load_model` does not take: the lines to write, with its own names in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.detection import INDEX, SHARD
from pytest_modelcompat.artifacts.formats import KERAS_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts.inventory import Inventory, Signature

_META = ".meta"
# What tf.train.Checkpoint(model=model) calls the model, at the beginning of its variables' names.
_TRACKED = "model/"
_MOST_TENSORS = 8


def way_on(inventory: Inventory) -> tuple[str, ...]:
    """The code that loads an artifact, line by line; empty where load_model or tf.saved_model.load does.

    Args:
        inventory: what the artifact holds.
    """
    if inventory.format == "graph_def":
        return _graph_def(inventory)
    if inventory.format == "meta_graph":
        return _meta_graph(inventory.path)
    if inventory.format == "checkpoint":
        return _checkpoint(inventory)
    if inventory.weights_only:
        return ("build the model in code, then", f"model.load_weights({_quoted(inventory.path)})")
    if inventory.preset:
        package, _, name = inventory.preset.partition(".")
        return (f"import {package}", f"{package}.models.{name}.from_preset({_quoted(inventory.path)})")
    return ()


def importer_of(inventory: Inventory) -> str:
    """The function that imports a graph alone."""
    is_meta = inventory.format == "meta_graph"
    return "tf.compat.v1.train.import_meta_graph" if is_meta else "tf.graph_util.import_graph_def"


def zip_command(folder: Path) -> str:
    """The command that makes a .keras file of a folder that somebody unzipped."""
    name = f"{folder.stem}-zipped.keras" if folder.suffix == ".keras" else f"{folder.name}.keras"
    return f"python -m zipfile -c {_quoted(folder.with_name(name))} {_quoted(folder)}/."


def is_unzipped(inventory: Inventory) -> bool:
    """Whether it is the content of a .keras file in a folder."""
    return inventory.format == "keras" and (inventory.path / KERAS_FOLDER[0]).is_file()


def _graph_def(inventory: Inventory) -> tuple[str, ...]:
    quoted = _quoted(inventory.path)
    read: tuple[str, ...]
    if inventory.path.suffix == ".pbtxt":
        read = (
            "from google.protobuf import text_format",
            f"graph_def = text_format.Parse(open({quoted}).read(), tf.compat.v1.GraphDef())",
        )
    else:
        read = (f'graph_def = tf.compat.v1.GraphDef.FromString(open({quoted}, "rb").read())',)
    wrap = 'graph = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph_def, name=""), [])'
    return (*read, wrap, *(_call(each) for each in inventory.signatures))


def _call(signature: Signature) -> str:
    """How a function of some tensors of the graph is made."""
    inputs, outputs = (
        [f"{spec.name}:0" for spec in specs[:_MOST_TENSORS]] for specs in (signature.inputs, signature.outputs)
    )
    return f"function = graph.prune({json.dumps(inputs)}, {json.dumps(outputs)})"


def _meta_graph(path: Path) -> tuple[str, ...]:
    return (
        "with tf.Graph().as_default(), tf.compat.v1.Session() as session:",
        f"    saver = tf.compat.v1.train.import_meta_graph({_quoted(path)})",
        f"    saver.restore(session, {_quoted(path.with_suffix(''))})",
    )


def _checkpoint(inventory: Inventory) -> tuple[str, ...]:
    path = inventory.path
    if path.is_dir():
        prefix = f"tf.train.latest_checkpoint({_quoted(path)})"
    else:
        prefix = _quoted(path.with_name(SHARD.sub("", path.name.removesuffix(INDEX))))
    graph = path.with_name(path.name.removesuffix(INDEX) + _META)
    if graph.is_file() and not inventory.has_object_graph:
        return _meta_graph(graph)
    if not inventory.has_object_graph:
        return ("build the TensorFlow 1 graph in code, then", f"tf.compat.v1.train.Saver().restore(session, {prefix})")
    if any(weight.path.startswith(_TRACKED) for weight in inventory.weights):
        return ("build the model in code, then", f"tf.train.Checkpoint(model=model).restore({prefix})")
    return (
        "build the model in code with the Keras that saved it, then",
        f"model.load_weights({prefix})  # Keras 2",
        f"tf.train.Checkpoint(model).restore({prefix})  # of tf.train.Checkpoint",
    )


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
