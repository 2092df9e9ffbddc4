"""Graphs and weights that stand alone: what can be read of them, and code that really loads them."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, detect_format, read_inventory
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from pytest_modelcompat.artifacts.way_on import way_on, zip_command

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory


@pytest.fixture
def others(zoo: Path) -> Path:
    return zoo / "others"


def run(folder: Path, *lines: str) -> str:
    """Runs lines in a process of their own; what they print."""
    script = "\n".join(["import tensorflow as tf", "import keras", *lines])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def code(inventory: Inventory) -> list[str]:
    return [line for line in way_on(inventory) if not line.startswith("build ")]


@pytest.mark.parametrize("name", ["frozen.pb", "frozen.pbtxt"])
def test_a_frozen_graph(others: Path, tmp_path: Path, name: str) -> None:
    assert detect_format(others / name) == "graph_def"
    inventory = read_inventory(others / name)
    assert {"MatMul", "BiasAdd", "Const"} <= {use.op for use in inventory.ops}
    assert inventory.producer > 1000
    assert inventory.compute_dtypes == ("float32",)
    assert not inventory.has_variables
    (edges,) = inventory.signatures
    assert [(each.name, each.dtype, each.shape) for each in edges.inputs] == [("features", "float32", (None, 3))]
    assert [(each.name, each.dtype) for each in edges.outputs] == [("Identity", "float32")]
    assert run(tmp_path, *code(inventory), "print(function(tf.ones((4, 3)))[0].shape)") == "(4, 1)\n"


def test_the_same_read_from_both_forms(others: Path) -> None:
    binary, text = read_inventory(others / "frozen.pb"), read_inventory(others / "frozen.pbtxt")
    assert (binary.ops, binary.signatures, binary.producer) == (text.ops, text.signatures, text.producer)


def test_a_graph_with_variables_and_no_values(others: Path) -> None:
    inventory = read_inventory(others / "variables.pb")
    assert inventory.has_variables
    (edges,) = inventory.signatures
    assert [each.name for each in edges.inputs] == ["features"]
    assert [each.name for each in edges.outputs] == ["score"]


def test_the_graph_of_a_tensorflow_1_checkpoint(others: Path, tmp_path: Path) -> None:
    path = others / "tf1" / "model.ckpt.meta"
    assert detect_format(path) == "meta_graph"
    inventory = read_inventory(path)
    assert "VariableV2" in {use.op for use in inventory.ops}
    assert inventory.saved_by["tensorflow"].startswith("2.")
    assert [(weight.path, weight.shape) for weight in inventory.weights] == [("weights", (3, 2))]
    ran = "    print(session.run('score:0', {'features:0': [[1.0, 2.0, 3.0]]}).shape)"
    assert run(tmp_path, *code(inventory), ran) == "(1, 2)\n"
    shutil.copyfile(path, tmp_path / "model.ckpt.meta")
    (missing,) = read_inventory(tmp_path / "model.ckpt.meta").assets
    assert (missing.path, missing.is_present) == ("model.ckpt.index", False)


@pytest.mark.parametrize("name", ["", "ckpt-1", "ckpt-1.index", "ckpt-1.data-00000-of-00001"])
def test_a_checkpoint_by_any_of_its_names(others: Path, tmp_path: Path, name: str) -> None:
    path = others / "tracked" / name
    assert detect_format(path) == "checkpoint"
    inventory = read_inventory(path)
    assert inventory.weights_only
    assert inventory.has_object_graph
    assert sum(weight.path.startswith("model/") for weight in inventory.weights) == 4
    model = "model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])"
    (load,) = code(inventory)
    assert run(tmp_path, model, f"{load}.assert_existing_objects_matched()", "print('read')") == "read\n"


def test_a_checkpoint_of_tensorflow_1(others: Path, tmp_path: Path) -> None:
    inventory = read_inventory(others / "tf1" / "model.ckpt")
    assert not inventory.has_object_graph
    ran = "    print(session.run('weights:0').shape)"
    assert run(tmp_path, *code(inventory), ran) == "(3, 2)\n"


def test_a_folder_of_checkpoints_means_the_one_it_names(others: Path, tmp_path: Path) -> None:
    shutil.copytree(others / "tracked", tmp_path / "all")
    for number in (2, 10):
        shutil.copyfile(tmp_path / "all" / "ckpt-1.index", tmp_path / "all" / f"ckpt-{number}.index")
    assert read_inventory(tmp_path / "all").assets == ()
    state = tmp_path / "all" / "checkpoint"
    state.write_text(state.read_text().replace("ckpt-1", "elsewhere/ckpt-2"))
    assert [asset.path for asset in read_inventory(tmp_path / "all").assets] == ["ckpt-2.data-00000-of-00001"]
    state.write_text("lost")
    assert [asset.path for asset in read_inventory(tmp_path / "all").assets] == ["ckpt-10.data-00000-of-00001"]


def test_a_truncated_index_is_named_a_file_of_a_checkpoint(others: Path, tmp_path: Path) -> None:
    (tmp_path / "a.index").write_bytes((others / "tracked" / "ckpt-1.index").read_bytes()[:-9])
    with pytest.raises(BrokenArtifactError, match="is one file of a TensorFlow checkpoint"):
        read_inventory(tmp_path / "a.index")


def test_the_command_zips_a_folder_again(others: Path, tmp_path: Path) -> None:
    shutil.copytree(others / "unzipped", tmp_path / "my model")
    subprocess.run([sys.executable, *shlex.split(zip_command(tmp_path / "my model"))[1:]], check=True)
    zipped = read_inventory(tmp_path / "my model.keras")
    assert (zipped.format, zipped.weights) == ("keras", read_inventory(tmp_path / "my model").weights)
    loaded = f"print(keras.saving.load_model({str(tmp_path / 'my model.keras')!r}).output_shape)"
    assert run(tmp_path, loaded) == "(None, 1)\n"
    assert zip_command(tmp_path / "m.keras").endswith(f'm-zipped.keras" "{tmp_path}/m.keras"/.')


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["frozen.pb", "tf1/model.ckpt.meta"])
def test_a_truncated_graph_keeps_its_kind(others: Path, tmp_path: Path, name: str, share: float) -> None:
    data = (others / name).read_bytes()
    (tmp_path / "model.bin").write_bytes(data[: int(share * len(data))])
    assert detect_format(tmp_path / "model.bin") == detect_format(others / name)
    with pytest.raises(BrokenArtifactError, match="is truncated or corrupt"):
        read_inventory(tmp_path / "model.bin")


@pytest.mark.parametrize(
    "text",
    [
        "node { name: 'a' op: 'NoOp' } node { new " + "{ a " * 100_000,
        "node { name: 7 }",
        "# a comment\nnode { name: 'a'",
    ],
)
def test_damaged_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "graph.pbtxt").write_text(text)
    with pytest.raises(BrokenArtifactError, match="is corrupt: it does not parse as a GraphDef"):
        read_inventory(tmp_path / "graph.pbtxt")


def test_a_graph_of_many_ends_shows_some(tmp_path: Path) -> None:
    text = "".join(f"node {{ name: 'n{number}' op: 'Relu' }} " for number in range(5000))
    (tmp_path / "graph").write_bytes(parse_text("GraphDef", text).SerializeToString())
    (edges,) = read_inventory(tmp_path / "graph").signatures
    assert (len(edges.outputs), edges.outputs[0].dtype) == (50, "invalid")


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x07\x0a\x01a\x15\0\0\x80?",
        b"\x0a\x00",
        b"\x0a" * 4000,
        b"\x0a\x0c\x0a\x05a\nb\x01c\x12\x03Add",
        b"\x0a\x09\x0a\x01a\x12\x04A dd",
        json.dumps({"node": {}}).encode(),
        b"node of a tree",
    ],
)
def test_what_begins_like_a_graph_and_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file.pb").write_bytes(data)
    assert detect_format(tmp_path / "file.pb") is None
