"""Attacks by what stands beside a SavedModel's graph: links, assets, a second graph or format, Keras metadata."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.container_files import acting_config, bytecode, members
from attacks.tensorflow_files import as_text, edit, save, save_graph, save_plain

if TYPE_CHECKING:
    from pathlib import Path

_EVERYWHERE = ("local", "tf2.15", "tf2.18")
_KERAS_METADATA = "keras_metadata.pb"


def _moved_out(folder: Path, path: Path, name: str) -> Path:
    """Replaces a file of the SavedModel by a link to where it was put, outside of its folder."""
    outside = folder / "outside"
    shutil.move(path / name, outside)
    (path / name).symlink_to(outside)
    return path


def _linked_graph(folder: Path, canary: Path) -> Path:
    del canary
    return _moved_out(folder, save_plain(folder), "saved_model.pb")


def _linked_values(folder: Path, canary: Path) -> Path:
    del canary
    return _moved_out(folder, save_plain(folder), "variables/variables.data-00000-of-00001")


def _linked_folder(folder: Path, canary: Path) -> Path:
    del canary
    return _moved_out(folder, save_plain(folder), "variables")


def save_table(folder: Path) -> Path:
    """A SavedModel with a vocabulary among its assets."""
    import tensorflow as tf

    words = folder / "words.txt"
    words.write_text("a\nb\n", encoding="utf-8")
    module = tf.Module()
    initializer = tf.lookup.TextFileInitializer(
        str(words), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    module.table = tf.lookup.StaticHashTable(initializer, -1)
    spec = tf.TensorSpec([None], tf.string, name="x")
    module.serve = tf.function(module.table.lookup, input_signature=[spec], autograph=False)
    path = folder / "model"
    tf.saved_model.save(module, str(path), signatures=module.serve)
    return path


def _linked_asset(folder: Path, canary: Path) -> Path:
    del canary
    return _moved_out(folder, save_table(folder), "assets/words.txt")


def _asset(name: str) -> Any:
    """Another name for the asset in the graph."""

    def change(graph: Any) -> None:
        graph.asset_file_def[0].filename = name

    def write(folder: Path, canary: Path) -> Path:
        del canary
        return edit(save_table(folder), change)

    return write


def _text_beside(folder: Path, canary: Path) -> Path:
    """An innocent saved_model.pb, which TensorFlow reads, and one in text form that acts once the first is removed."""
    path = save_plain(folder)
    acting = folder / "acting"
    acting.mkdir()
    text = as_text(save(acting, canary, lambda tf, file: tf.io.write_file(file, "")))
    (path / "saved_model.pbtxt").write_text(text, encoding="utf-8")
    return path


def _text_only(folder: Path, canary: Path) -> Path:
    """In text form alone, with escapes that protobuf allows in the op's name."""
    path = save(folder, canary, lambda tf, file: tf.io.write_file(file, ""))
    text = as_text(path).replace('"WriteFile"', "'Wri' \"\\164\\x65File\"")
    (path / "saved_model.pb").unlink()
    (path / "saved_model.pbtxt").write_text(text, encoding="utf-8")
    return path


def _split_graph(folder: Path, canary: Path) -> Path:
    """A graph in chunks, as TensorFlow 2.15 and newer know it, beside the one that is read."""
    del canary
    path = save_plain(folder)
    (path / "saved_model.cpb").write_bytes((path / "saved_model.pb").read_bytes())
    return path


def _false_fingerprint(folder: Path, canary: Path) -> Path:
    """A graph that was exchanged after it was saved."""
    path = save_plain(folder)
    fingerprint = (path / "fingerprint.pb").read_bytes()
    shutil.rmtree(path)
    save(folder, canary, lambda tf, file: tf.io.write_file(file, ""))
    (path / "fingerprint.pb").write_bytes(fingerprint)
    return path


def _lambda(canary: Path) -> dict[str, Any]:
    """The configuration of a Keras 2 Lambda layer with bytecode that makes the canary."""
    function = [bytecode(canary), None, None]
    config = {"name": "step", "function_type": "lambda", "function": function, "module": "builtins"}
    return _tracked_node("Lambda", {**config, "output_shape_type": "raw"})


def _tracked_node(class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """What Keras 2 records of a tracked object."""
    state = {"trainable": True, "expects_training_arg": False, "stateful": False, "must_restore_from_config": False}
    return {"class_name": class_name, "name": config["name"], "config": config, "dtype": "float32", **state}


def _metadata(*nodes: tuple[str, str, dict[str, Any]]) -> bytes:
    from tensorflow.python.keras.protobuf import saved_metadata_pb2

    message = saved_metadata_pb2.SavedMetadata()
    for number, (path, identifier, metadata) in enumerate(nodes):
        message.nodes.add(node_id=number, node_path=path, identifier=identifier, metadata=json.dumps(metadata))
    data: bytes = message.SerializeToString()
    return data


def _root() -> dict[str, Any]:
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": 1}}
    return {
        "class_name": "Sequential",
        "name": "model",
        "keras_version": "2.15.0",
        "config": {"name": "model", "layers": [dense]},
    }


def _tracked(identifier: str) -> Any:
    """A node that no configuration names, below a model that has one."""

    def write(folder: Path, canary: Path) -> Path:
        path = save_plain(folder)
        nodes = (("root", "_tf_keras_sequential", _root()), ("root.hidden", identifier, _lambda(canary)))
        (path / _KERAS_METADATA).write_bytes(_metadata(*nodes))
        return path

    return write


def _below_layer(folder: Path, canary: Path) -> Path:
    """Below a tracked layer that has a configuration of its own."""
    path = save_plain(folder)
    dense = _tracked_node("Dense", {"name": "dense", "units": 1})
    nodes = (
        ("root", "_tf_keras_model", {"class_name": "Own", "name": "model"}),
        ("root.dense", "_tf_keras_layer", dense),
        ("root.dense.hidden", "_tf_keras_layer", _lambda(canary)),
    )
    (path / _KERAS_METADATA).write_bytes(_metadata(*nodes))
    return path


def _same_path(folder: Path, canary: Path) -> Path:
    """Two nodes of one path, of which a reader that keeps them by path sees the last."""
    path = save_plain(folder)
    dense = _tracked_node("Dense", {"name": "dense", "units": 1})
    nodes = (
        ("root", "_tf_keras_model", {"class_name": "Own", "name": "model"}),
        ("root.layer", "_tf_keras_layer", _lambda(canary)),
        ("root.layer", "_tf_keras_layer", dense),
    )
    (path / _KERAS_METADATA).write_bytes(_metadata(*nodes))
    return path


def _object_graph(folder: Path, canary: Path) -> Path:
    """In the object graph, where TensorFlow up to 2.4 keeps it, in an object that no child leads to."""

    def change(graph: Any) -> None:
        node = graph.object_graph_def.nodes.add()
        node.user_object.identifier = "_tf_keras_layer"
        node.user_object.metadata = json.dumps(_lambda(canary))

    return edit(save_plain(folder), change)


def _custom_op(folder: Path, canary: Path) -> Path:
    del canary

    def change(graph: Any) -> None:
        graph.graph_def.node.add(name="run", op="ShellExecute")

    return edit(save_plain(folder), change)


def _also_keras(folder: Path, canary: Path) -> Path:
    """A SavedModel that is the folder of a .keras, too: Keras 3 loads the second, TensorFlow the first."""
    path = save_plain(folder)
    for name, content in members(folder, acting_config(canary)).items():
        (path / name).write_bytes(content)
    return path


def _restore_tensor(folder: Path, canary: Path) -> Path:
    """A saver whose path is a constant of the graph."""

    def body(v1: Any, options: dict[str, Any]) -> None:
        saver = v1.train.Saver(sharded=False)
        options["saver"] = saver
        v1.constant(str(canary), name="save/elsewhere")

    def change(graph: Any) -> None:
        graph.saver_def.filename_tensor_name = "save/elsewhere:0"
        for node in graph.graph_def.node:
            if node.op in {"RestoreV2", "SaveV2"}:
                node.input[0] = "save/elsewhere"

    return edit(save_graph(folder, body), change)


def _of(name: str, shows: str, place: str, write: Any, acts_in: tuple[str, ...] = ()) -> Attack:
    return Attack(name, (shows,), place, write, acts_in, needs_tensorflow=True)


ATTACKS: tuple[Attack, ...] = (
    _of("linked-graph", "saved_model.pb is a link out of the folder", "saved_model.pb", _linked_graph),
    _of("linked-values", "the values of the variables are a link out of the folder", "variables.data", _linked_values),
    _of("linked-folder", "the folder of the variables is a link", "variables", _linked_folder),
    _of("linked-asset", "an asset is a link out of the folder (modelaudit: symlinks)", "assets/words.txt",
        _linked_asset),
    _of("asset-above", "an asset with .. in its name", r"\.\./\.\./outside", _asset("../../outside")),
    _of("asset-absolute", "an asset with an absolute name", "/etc/hostname", _asset("/etc/hostname")),
    _of("asset-elsewhere", "an asset with the address of a service", "gs://bucket/words", _asset("gs://bucket/words")),
    _of("text-beside-graph", "saved_model.pb and saved_model.pbtxt, of which the second acts", "saved_model.pbtxt",
        _text_beside),
    _of("text-with-escapes", "saved_model.pbtxt with escapes in the name of the op", "WriteFile",
        _text_only, _EVERYWHERE),
    _of("split-graph", "saved_model.cpb beside saved_model.pb", "saved_model.cpb", _split_graph),
    _of("false-fingerprint", "a graph that is not the one its fingerprint was made of", "WriteFile",
        _false_fingerprint, _EVERYWHERE),
    _of("tracked-layer", "Keras metadata of a layer that no configuration names (modelscan: Lambda)",
        "(?i)lambda|bytecode", _tracked("_tf_keras_layer"), ("tf2.15",)),
    _of("tracked-metric", "Keras metadata of a metric", "(?i)lambda|bytecode", _tracked("_tf_keras_metric")),
    _of("tracked-below-layer", "Keras metadata below a layer with a configuration", "(?i)lambda|bytecode",
        _below_layer),
    _of("tracked-twice", "two nodes of Keras metadata with one path", "(?i)lambda|bytecode", _same_path),
    _of("tracked-by-nobody", "Keras metadata of an object that no other leads to", "(?i)lambda|bytecode",
        _object_graph),
    _of("custom-op", "an op that no TensorFlow has (modelaudit: ShellExecute)", "ShellExecute", _custom_op),
    _of("saved-model-and-keras", "a folder that is a SavedModel and a .keras", "config.json", _also_keras),
    _of("saver-with-constant-path", "a saver whose path is a constant", "(?s)RestoreV2.*save/RestoreV2",
        _restore_tensor),
)  # fmt: skip
NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt("modelaudit: SavedModel budgets, name lengths and structure", "they say that a file is damaged or larger "
             "than the scanner reads, and nothing that acts"),
)  # fmt: skip
