"""Attacks by the Keras metadata of a SavedModel, which Keras 2 rebuilds layers from: of the model and of each node."""

from __future__ import annotations

import json
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from attacks.attack import Attack
from attacks.keras_files import CARRIER, code_list, lambda_value, legacy_lambda, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from attacks.keras_files import Config

    Alter = Callable[[str, Config], Config]

_IN_CARRIER = named("bytecode", CARRIER)


@cache
def _sound_saved_model() -> dict[str, bytes]:
    """The files of a SavedModel of Keras 2."""
    import numpy as np
    import tf_keras

    model = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(2,), name=CARRIER)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((1, 2)), np.zeros((1, 2)))
    with tempfile.TemporaryDirectory() as folder:
        model.save(folder, save_format="tf")
        files = (file for file in Path(folder).rglob("*") if file.is_file())
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _older(node: Config) -> Config:
    """A part of a configuration without what the newest Keras 2 adds, which none before it reads."""
    return {key: value for key, value in node.items() if key != "optional"}


def _saved_model(alter: Callable[[Path], Alter]) -> Callable[[Path, Path], Path]:
    """A SavedModel of Keras 2; `alter` makes, for a canary, what changes each node's metadata."""

    def write(folder: Path, canary: Path) -> Path:
        from tf_keras.protobuf.saved_metadata_pb2 import SavedMetadata

        path = folder / "model"
        for name, content in _sound_saved_model().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        metadata, change = SavedMetadata(), alter(canary)
        metadata.ParseFromString((path / "keras_metadata.pb").read_bytes())
        for node in metadata.nodes:
            node.metadata = json.dumps(change(node.node_path, json.loads(node.metadata, object_hook=_older)))
        (path / "keras_metadata.pb").write_bytes(metadata.SerializeToString())
        return path

    return write


def _root_lambda(canary: Path) -> Alter:
    def change(path: str, node: Config) -> Config:
        if path == "root":
            node["config"]["layers"][-1] = legacy_lambda(canary)
        return node

    return change


def _named_layer(canary: Path) -> Alter:
    """The node of a layer that the model's configuration already describes, as something sound."""

    def change(_: str, node: Config) -> Config:
        is_carrier = node.get("name") == CARRIER
        return {**node, **legacy_lambda(canary)} if is_carrier else node

    return change


def _metric(canary: Path) -> Alter:
    def change(path: str, node: Config) -> Config:
        if "metric" in path or "Metric" in str(node.get("class_name")):
            node["config"] = {
                **node["config"],
                "fn": {"class_name": "__lambda__", "config": {"value": code_list(canary)}},
            }
        return node

    return change


def _training(canary: Path) -> Alter:
    def change(path: str, node: Config) -> Config:
        if path == "root":
            node["training_config"]["loss"] = lambda_value(canary)
        return node

    return change


_ATTACK = partial(Attack, needs_tensorflow=True)

ATTACKS: tuple[Attack, ...] = (
    _ATTACK(
        "metadata-lambda",
        ("a Lambda in a SavedModel's Keras metadata", "modelscan: SavedModelLambdaDetectScan"),
        _IN_CARRIER,
        _saved_model(_root_lambda),
    ),
    _ATTACK(
        "metadata-named-layer",
        ("a Lambda in the node of a layer that the model describes as another",),
        _IN_CARRIER,
        _saved_model(_named_layer),
    ),
    _ATTACK(
        "metadata-metric",
        ("code in the metadata of a metric",),
        named("bytecode", '"mae"'),
        _saved_model(_metric),
    ),
    _ATTACK(
        "metadata-training",
        ("code for a loss in a SavedModel's Keras metadata",),
        named("bytecode", "compile"),
        _saved_model(_training),
    ),
)
