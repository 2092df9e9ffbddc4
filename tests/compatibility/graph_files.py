"""SavedModels and graphs alone, by hand in milliseconds: protobuf's text form, and Keras 2's metadata beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from tests.artifacts.saved_model.graphs import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.compatibility.models import Build
    from tests.compatibility.writers import Part, Writer

WEIGHT = "dtype: DT_FLOAT shape { dim { size: 2 } } size: 8"


def node(op: str, **attributes: str) -> str:
    """One node of a graph; each attribute's value in text form."""
    given = "".join(f' attr {{ key: "{key}" value {{ {value} }} }}' for key, value in attributes.items())
    return f'node {{ name: "{op}_0" op: "{op}"{given} }}\n'


def signature(*inputs: str, dtype: str = "DT_FLOAT") -> str:
    """The signature `serving_default` of these inputs."""
    given = "".join(
        f'inputs {{ key: "{name}" value {{ name: "{name}:0" dtype: {dtype} tensor_shape {{ dim {{ size: -1 }} }} }} }} '
        for name in inputs
    )
    return f'signature_def {{ key: "serving_default" value {{ {given}}} }}\n'


def saved_model(
    graph: str = "",
    more: str = "",
    *,
    name: str = "model",
    keras: tuple[Writer, Part] | None = None,
    weights: Sequence[str] = (),
) -> Build:
    """A SavedModel.

    Args:
        graph: what stands in its graph.
        more: what stands beside it.
        name: of its folder.
        keras: the model of Keras 2 it was saved from, and that Keras.
        weights: names of variables of float32, which are not there otherwise.
    """

    def build(folder: Path) -> Path:
        info = 'meta_info_def { tags: "serve" tensorflow_version: "2.8.0" }\n'
        path = folder / name
        path.mkdir()
        message = parse_text("SavedModel", f"meta_graphs {{ {info}{more} graph_def {{ {graph} }} }}")
        (path / "saved_model.pb").write_bytes(message.SerializeToString())
        if keras is not None:
            (path / "keras_metadata.pb").write_bytes(_metadata(*keras))
        if weights:
            _write_weights(path / "variables", weights)
        return path

    return build


def graph_def(text: str, name: str = "frozen.pb") -> Build:
    """A graph alone."""

    def build(folder: Path) -> Path:
        (folder / name).write_bytes(parse_text("GraphDef", text).SerializeToString())
        return folder / name

    return build


def meta_graph(text: str, more: str = "", name: str = "model.ckpt.meta") -> Build:
    """The graph of a checkpoint of TensorFlow 1."""

    def build(folder: Path) -> Path:
        info = 'meta_info_def { tensorflow_version: "2.8.0" }\n'
        message = parse_text("MetaGraphDef", f"{info}{more} graph_def {{ {text} }}")
        (folder / name).write_bytes(message.SerializeToString())
        return folder / name

    return build


def _metadata(writer: Writer, model: Part) -> bytes:
    """Keras 2's metadata of a SavedModel: a node for the model."""
    kind = "_tf_keras_sequential" if model.node["class_name"] == "Sequential" else "_tf_keras_network"
    held: Mapping[str, object] = {**model.node, "keras_version": writer.full}
    text = json.dumps(json.dumps(held))
    packed: bytes = parse_text(
        "SavedMetadata", f'nodes {{ node_path: "root" identifier: "{kind}" metadata: {text} }}'
    ).SerializeToString()
    return packed


def _write_weights(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir()
    header: bytes = parse_text("BundleHeader", "shard_count: 1").SerializeToString()
    entry: bytes = parse_text("BundleEntry", WEIGHT).SerializeToString()
    entries = [(b"", header), *((name.encode(), entry) for name in sorted(names))]
    (folder / "variables.index").write_bytes(table(entries))
    (folder / "variables.data-00000-of-00001").write_bytes(bytes(8))
