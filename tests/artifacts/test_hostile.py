"""Files that are meant to cost whoever reads them: each ends in a sentence, soon and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.keras import walk
from tests.artifacts.big import sparse_frozen_graph, sparse_graph, sparse_h5, sparse_keras

if TYPE_CHECKING:
    from pathlib import Path

LAYER = {"class_name": "Dense", "config": {"name": "dense", "trainable": True}}


def sentence(path: Path) -> str:
    start = time.perf_counter()
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    assert time.perf_counter() - start < 10
    assert "\n" not in str(raised.value)
    return str(raised.value)


def keras(path: Path, config: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
    return path


def h5(path: Path, config: str) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config
    return path


@pytest.mark.parametrize("write", [keras, h5])
def test_json_that_is_too_large(tmp_path: Path, write: Any) -> None:
    assert "is larger than 32 MB, which is the limit" in sentence(write(tmp_path / "model", " " * (33 << 20)))


@pytest.mark.parametrize("write", [keras, h5])
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"class_name":"A","config":{"layer":'])
def test_json_nested_without_end(tmp_path: Path, write: Any, opening: str) -> None:
    text = sentence(write(tmp_path / "model", opening * 100_000))
    assert "is corrupt: its JSON is nested too deeply" in text or "is corrupt: it is not JSON" in text


def test_layers_nested_without_end(tmp_path: Path) -> None:
    node: Any = LAYER
    for _ in range(200):
        node = {"class_name": "Wrapper", "config": {"name": "w", "layer": node}}
    assert "is nested too deeply to be a model" in sentence(keras(tmp_path / "model", json.dumps(node)))


def test_more_layers_than_any_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keras(tmp_path / "model", json.dumps({"class_name": "Sequential", "config": [LAYER] * 11}))
    assert len(read_inventory(path).layers) == 11
    monkeypatch.setattr(walk, "MOST_USES", 10)
    assert "names more than 10 layers and objects, the limit" in sentence(path)


def test_more_objects_than_any_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = {"class_name": "Sequential", "config": [], "compile_config": {"metrics": ["acc"] * 11}}
    path = keras(tmp_path / "model", json.dumps(root))
    assert len(read_inventory(path).objects) == 11
    monkeypatch.setattr(walk, "MOST_USES", 10)
    assert "names more than 10 layers and objects, the limit" in sentence(path)


def test_an_h5_of_the_largest_config_that_is_allowed(tmp_path: Path) -> None:
    words = ["word"] * 2_000_000
    root = {"class_name": "Sequential", "config": [{**LAYER, "config": {"name": "lookup", "vocabulary": words}}]}
    inventory = read_inventory(h5(tmp_path / "model", json.dumps(root)))
    assert len(inventory.layers[0].config["vocabulary"]) == 2_000_000


MEASURE = """
import pathlib, sys, time
start = time.perf_counter()
from pytest_modelcompat.artifacts import read_inventory
inventory = read_inventory(pathlib.Path(sys.argv[1]))
seconds = time.perf_counter() - start
status = pathlib.Path("/proc/self/status").read_text()
kilobytes = status.partition("VmHWM:")[2].split()[0]
nbytes = sum(weight.nbytes for weight in inventory.weights)
print(len(inventory.weights), nbytes, len(inventory.ops), kilobytes, seconds)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs sparse files, and the peak of a process' memory")
@pytest.mark.parametrize(
    ("write", "weights", "ops"),
    [(sparse_h5, 200, 0), (sparse_keras, 200, 0), (sparse_graph, 0, 1), (sparse_frozen_graph, 0, 1)],
)
def test_two_gigabytes_are_read_in_a_second_and_in_little_memory(
    tmp_path: Path, write: Any, weights: int, ops: int
) -> None:
    path = write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    count, nbytes, op_types, kilobytes, seconds = done.stdout.split()
    assert (int(count), int(op_types)) == (weights, ops)
    assert int(nbytes) == (2000 << 20 if weights else 0)
    assert int(kilobytes) < 150 << 10
    assert float(seconds) < 1
