"""SavedModels in both forms of protobuf, with whatever stands beside the graph, and files that are too much."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.budget import Budget
from pytest_modelcompat.artifacts.containers import protobuf_wire
from pytest_modelcompat.artifacts.containers.protobuf_wire import WireError, without_tensor_values
from pytest_modelcompat.artifacts.inventory import Asset
from pytest_modelcompat.artifacts.saved_model import graph_file
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse, parse_text, refuse_many_messages
from tests.artifacts.saved_model.graphs import varint, write_graph

if TYPE_CHECKING:
    from pathlib import Path


def sentence(path: Path) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", ["two_graphs"])
def test_text_form_as_tensorflow_writes_it(zoo: Path, name: str) -> None:
    binary, text = read_inventory(zoo / name), read_inventory(zoo / f"{name}_as_text")
    assert (zoo / f"{name}_as_text" / "saved_model.pbtxt").is_file()
    assert replace(text, path=binary.path) == binary
    assert binary.ops
    assert binary.op_definitions


def test_meta_graphs(zoo: Path) -> None:
    inventory = read_inventory(zoo / "two_graphs")
    assert inventory.tags == (("train",), ("serve",))
    assert not inventory.has_object_graph
    assert [weight.path for weight in inventory.weights] == ["v"]
    assert read_inventory(zoo / "flow").has_object_graph


def test_assets_that_tensorflow_wrote(zoo: Path) -> None:
    assert read_inventory(zoo / "with_asset").assets == (Asset("assets/words.txt", 8),)


def test_classes_of_tracked_objects(zoo: Path) -> None:
    classes = read_inventory(zoo / "nested_keras2").object_classes
    assert classes["_tf_keras_metric"] == 2
    assert classes["experimentalOptimizer"] == 1
    assert list(classes) == sorted(classes)
    assert {"_generic_user_object", "signature_map"} <= read_inventory(zoo / "flow").object_classes.keys()


def test_fingerprint(zoo: Path) -> None:
    assert read_inventory(zoo / "flow").fingerprint == json.loads((zoo / "fingerprint.json").read_text())
    assert read_inventory(zoo / "two_graphs").fingerprint == ""


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x12\x00", bytes(5000)])
def test_fingerprint_that_is_none(tmp_path: Path, data: bytes) -> None:
    write_graph(tmp_path, NAMED)
    (tmp_path / "fingerprint.pb").write_bytes(data)
    assert read_inventory(tmp_path).fingerprint == ""


@pytest.mark.parametrize("name", ["nested_keras2", "subclassed_keras2"])
def test_metadata_where_tensorflow_2_4_kept_them(zoo: Path, tmp_path: Path, name: str) -> None:
    newer = read_inventory(zoo / name)
    model = parse("SavedModel", (zoo / name / "saved_model.pb").read_bytes())
    nodes = model.meta_graphs[0].object_graph_def.nodes
    for kept in parse("SavedMetadata", (zoo / name / "keras_metadata.pb").read_bytes()).nodes:
        nodes[kept.node_id].user_object.identifier = kept.identifier
        nodes[kept.node_id].user_object.metadata = kept.metadata
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    older = read_inventory(tmp_path)
    assert older.layers == newer.layers
    assert older.objects == newer.objects
    assert (older.model_class, older.compiled) == (newer.model_class, newer.compiled)
    assert older.saved_by == newer.saved_by
    assert (older.root, older.training) == (newer.root, newer.training)
    assert newer.layers
    assert newer.root["class_name"]


NAMED = 'meta_graphs { asset_file_def { filename: "words.txt" } }'


def test_assets_present_missing_and_unnamed(tmp_path: Path) -> None:
    write_graph(tmp_path, NAMED)
    (tmp_path / "assets" / "more").mkdir(parents=True)
    (tmp_path / "assets" / "more" / "notes.txt").write_text("abc")
    assert read_inventory(tmp_path).assets == (
        Asset("assets/more/notes.txt", 3),
        Asset("assets/words.txt", 0, is_present=False),
    )
    (tmp_path / "assets" / "words.txt").write_text("one")
    assert read_inventory(tmp_path).assets[1] == Asset("assets/words.txt", 3)


def test_assets_that_a_graph_of_tf1_names_in_a_collection(tmp_path: Path) -> None:
    packed = parse_text("AssetFileDef", 'filename: "words.txt"').SerializeToString().decode("latin-1")
    text = "".join(f"\\{ord(each):03o}" for each in packed)
    collection = f'key: "saved_model_assets" value {{ any_list {{ value {{ value: "{text}" }} }} }}'
    write_graph(tmp_path, f"meta_graphs {{ collection_def {{ {collection} }} }}")
    assert read_inventory(tmp_path).assets == (Asset("assets/words.txt", 0, is_present=False),)


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", "..\\\\passwd", "C:\\\\x.ini"])
def test_assets_outside_of_the_model(tmp_path: Path, name: str) -> None:
    inventory = read_inventory(write_graph(tmp_path, f'meta_graphs {{ asset_file_def {{ filename: "{name}" }} }}'))
    assert inventory.assets == ()
    (hazard,) = [each for each in inventory.hazards if each.what == "escaping member"]
    assert hazard.subject == name.replace("\\\\", "\\")


def cyclic() -> str:
    children = 'children { node_id: 1 local_name: "a" } children { node_id: 0 local_name: "up" }'
    user_object = r'user_object { identifier: "_tf_keras_layer" metadata: "{\"class_name\": \"Dense\"}" }'
    stray = 'children { node_id: -1 local_name: "b" } children { node_id: 9 local_name: "c" }'
    nodes = f"nodes {{ {children} }} nodes {{ {children} {stray} {user_object} }} nodes {{ {user_object} }}"
    return f"meta_graphs {{ object_graph_def {{ {nodes} }} }}"


def test_object_graph_that_runs_in_a_circle(tmp_path: Path) -> None:
    inventory = read_inventory(write_graph(tmp_path, cyclic()))
    assert inventory.object_classes == {"_tf_keras_layer": 2}
    # Nothing leads to the third object: a negative number is no way to count from the end.
    assert [layer.path for layer in inventory.layers] == [("Dense",)]


def test_messages_nested_without_end(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(nested(b"\x22\x01x", 400))
    assert "saved_model.pb is truncated or corrupt" in sentence(tmp_path)


def nested(data: bytes, depth: int) -> bytes:
    """A SavedModel whose signature's tensor is made of tensors, which are made of tensors."""
    for _ in range(depth):
        data = b"\x12" + varint(len(data)) + data
        data = b"\x2a" + varint(len(data)) + data
    for key in (b"\x0a\x01x\x12", b"\x0a\x01s\x12"):
        data = key + varint(len(data)) + data
        data = (b"\x0a" if key[2:3] == b"x" else b"\x2a") + varint(len(data)) + data
    return b"\x12" + varint(len(data)) + data


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["saved_model.pb", "keras_metadata.pb", "fingerprint.pb", "variables/variables.index"])
def test_named_pipes_are_not_waited_for(tmp_path: Path, name: str) -> None:
    if name != "saved_model.pb":
        write_graph(tmp_path, NAMED)
        (tmp_path / "variables").mkdir()
    os.mkfifo(tmp_path / name)
    if name == "saved_model.pb":
        assert "without saved_model.pb" in sentence(tmp_path)
    else:
        assert not read_inventory(tmp_path).weights


def test_large_constants_are_passed_over(tmp_path: Path) -> None:
    value = b"\x0a\x05value\x12" + varint(2 << 20) + bytes(2 << 20)
    entries = b"\x2a" + varint(len(value)) + value + b"\x2a\x05\x0a\x03_xy"
    constant = b"\x0a\x01c\x12\x05Const" + entries
    graph = (b"\x0a" + varint(len(constant)) + constant) * 3
    meta = b"\x0a\x07\x22\x05serve\x12" + varint(len(graph)) + graph
    (tmp_path / "saved_model.pb").write_bytes(b"\x12" + varint(len(meta)) + meta)
    inventory = read_inventory(tmp_path)
    (use,) = inventory.ops
    assert (use.op, use.count, use.always, use.values) == ("Const", 3, ("value",), {})
    assert inventory.tags == (("serve",),)


def test_thinned_message_says_the_same(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_inventory(zoo / "nested_keras2")
    called = []

    def watched(message_name: str, data: memoryview, budget: Budget) -> bytes:
        called.append(message_name)
        return without_tensor_values(message_name, data, budget)

    monkeypatch.setattr(graph_file, "LARGEST_PARSED", 1000)
    monkeypatch.setattr(graph_file, "without_tensor_values", watched)
    assert read_inventory(zoo / "nested_keras2") == expected
    assert called == ["SavedModel", "SavedMetadata"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff" * 11, "a number of it does not end"),
        (b"\x12\x7f", "a part of it does not end with it"),
        (b"\x0b", "of the unknown kind 3"),
        (nested(b"\x22\x01x", 40), "nested too deeply"),
    ],
)
def test_damage_in_a_large_message(data: bytes, said: str) -> None:
    with pytest.raises(WireError, match=said):
        without_tensor_values("SavedModel", memoryview(data), Budget())


def test_more_parts_than_any_model(monkeypatch: pytest.MonkeyPatch) -> None:
    node = b"\x0a\x00" * 100
    graph = b"\x12" + varint(len(node)) + node
    data = memoryview(b"\x12" + varint(len(graph)) + graph)
    thinned = without_tensor_values("SavedModel", data, Budget())
    assert len(parse("SavedModel", thinned).meta_graphs[0].graph_def.node) == 100
    monkeypatch.setattr(protobuf_wire, "MOST_PARTS", 101)
    with pytest.raises(WireError, match="it has more than 101 parts, which is the limit"):
        without_tensor_values("SavedModel", data, Budget())


def composites(depth: int) -> bytes:
    """A signature's input that is made of inputs, so many in each other, around a text too long to be passed over."""
    inner = b"\x0a" + varint(2000) + b"x" * 2000
    for _ in range(depth):
        for tag in (b"\x12", b"\x2a"):
            inner = tag + varint(len(inner)) + inner
    return inner


def test_messages_nested_deeper_than_any_model(tmp_path: Path) -> None:
    refuse_many_messages("TensorInfo", composites(50))
    with pytest.raises(ValueError, match="its messages are nested too deeply"):
        refuse_many_messages("TensorInfo", composites(51))


def test_text_form_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "saved_model.pbtxt"
    with path.open("w") as file:
        file.truncate(17 << 20)
    assert "saved_model.pbtxt is larger than 16 MB, which is the limit for text" in sentence(tmp_path)
