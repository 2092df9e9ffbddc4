"""Each kind of broken artifact is reported in one sentence that says what the file really is."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import h5py
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, detect_format, read_inventory
from tests.other_user import as_bound_user

if TYPE_CHECKING:
    from pathlib import Path

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
HTML = b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"


def sentence(path: Path) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    text = str(raised.value)
    assert text.startswith(str(path)), text
    assert not text.endswith("."), text
    assert "\n" not in text
    return text


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.json", text)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (LFS, "is a Git LFS pointer, not the model itself; fetch it with `git lfs pull`"),
        (HTML, "is an HTML page"),
        (b"\x1f\x8b\x08 tar", "is compressed with gzip"),
        (b"\x80\x04pickle", "is a Python pickle"),
        (b'{"class_name": "Sequential"}', "is JSON text"),
        (b"BZh91AY", "is compressed with bzip2"),
        (b"\xfd7zXZ\x00", "is compressed with xz"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive"),
        (b"model/" + bytes(251) + b"ustar\x0000" + bytes(1000), "is a tar archive"),
        (b"\x93NUMPY\x01\x00", "is a NumPy array"),
        (b"\x1c\x00\x00\x00TFL3", "is a TensorFlow Lite model"),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"__metadata__": {}}', "is a safetensors file"),
        (b"\x00\x01 what", "is not a model file"),
        (
            b"PK\x05\x06" + b"\0" * 18,
            "is a zip file without config.json, so it is not a .keras model: it is empty",
        ),
    ],
)
@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_content_that_is_no_model(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert said in sentence(path)
    assert detect_format(path) is None


@pytest.mark.parametrize(("content", "said"), [(b"", "empty file"), (LFS, "git lfs pull"), (HTML, "HTML page")])
@pytest.mark.parametrize("name", ["saved_model.pb", "keras_metadata.pb"])
def test_saved_model_file_never_delivered(zoo: Path, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(zoo / "nested_keras2", folder)
    (folder / name).write_bytes(content)
    assert f"{name} is a" in sentence(folder)
    assert said in sentence(folder)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.onnx", "is an ONNX model"),
        ("model.weights.json", "is the index of weights that Keras saved in several files"),
        ("variables.index", "is one file of a TensorFlow checkpoint"),
        ("variables.data-00000-of-00001", "is one file of a TensorFlow checkpoint"),
    ],
)
def test_files_that_only_their_name_tells(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_bytes(b"\x08\x07\x12\x07pytorch")
    assert said in sentence(tmp_path / name)


@pytest.mark.parametrize("size", [512, 1024, 65536])
def test_hdf5_behind_a_block_of_the_users(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w", userblock_size=size) as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": []}'
    data = path.read_bytes()
    path.write_bytes(b"what the user likes".ljust(size) + data[size:])
    assert detect_format(path) == "h5"
    assert read_inventory(path).model_class == "Sequential"


def test_missing(tmp_path: Path) -> None:
    assert "does not exist" in sentence(tmp_path / "model.h5")


def test_folder_without_saved_model(tmp_path: Path) -> None:
    assert "is a folder without saved_model.pb" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("_CHECKPOINT_METADATA", "is an Orbax checkpoint"),
        ("checkpoint", "is a folder of TensorFlow checkpoints"),
        ("variables.index", "is the variables folder of a SavedModel"),
    ],
)
def test_other_folders(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_text("")
    assert said in sentence(tmp_path)


def test_folder_of_versions_names_the_newest(tmp_path: Path) -> None:
    for version in ("001", "002"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").write_bytes(b"")
    assert f"there is one in {tmp_path / '002'}" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("meta_graphs {", "saved_model.pbtxt is corrupt: it does not parse as a SavedModel"),
        ("meta_graphs { graph_def { node { name: 7 } } }", "saved_model.pbtxt is corrupt"),
        ("meta_graphs { new " + "{ a " * 100_000, "saved_model.pbtxt is corrupt"),
        ("saved_model_schema_version: 1", "it is a SavedModel without a graph"),
        ("", "is an empty file"),
        (LFS.decode(), "git lfs pull"),
    ],
)
def test_text_saved_model(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "saved_model.pbtxt").write_text(text)
    assert said in sentence(tmp_path)


def test_saved_model_given_by_its_file(zoo: Path) -> None:
    assert f"give the folder that holds it, {zoo / 'flow'}" in sentence(zoo / "flow" / "saved_model.pb")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is neither a file nor a folder" in sentence(tmp_path / "pipe")


@pytest.mark.parametrize("size", [8, 20, 200, 2000, 0.5, 0.95])
def test_truncated_h5(zoo: Path, tmp_path: Path, size: float) -> None:
    data = (zoo / "nested.h5").read_bytes()
    path = tmp_path / "model.h5"
    path.write_bytes(data[: int(size * len(data)) if size < 1 else int(size)])
    text = sentence(path)
    assert "is a truncated HDF5 file" in text or (size in {8, 20} and "is a corrupt HDF5 file" in text)
    assert detect_format(path) == "h5"


def test_corrupt_h5(zoo: Path, tmp_path: Path) -> None:
    data = bytearray((zoo / "nested.h5").read_bytes())
    data[8:600] = b"\xff" * 592
    path = tmp_path / "model.h5"
    path.write_bytes(data)
    assert "is a corrupt HDF5 file" in sentence(path)


def test_h5_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["images"] = [1.0]
    assert "is an HDF5 file that holds neither a Keras model nor its weights" in sentence(path)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{not json", "model_config) is corrupt: it is not JSON"),
        (b"\xff\xfe{", "corrupt"),
        ("null", "holds a JSON null instead of an object"),
        ("[1]", "holds a JSON list instead of an object"),
        ("{}", "describes no Keras model"),
        ('{"class_name": "Sequential"}', "describes no Keras model"),
        ('{"class_name": "Sequential", "config": "sequential"}', "describes no Keras model"),
        ("[" * 100_000, "corrupt"),
        (7, "corrupt"),
    ],
)
def test_odd_model_config(tmp_path: Path, config: object, said: str) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config
    assert said in sentence(path)


def test_odd_training_config(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": []}'
        file.attrs["training_config"] = "{'loss': 'mse'}"
    assert "(its training_config) is corrupt: it is not JSON" in sentence(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_keras(zoo: Path, tmp_path: Path, share: float) -> None:
    data = (zoo / "nested.keras").read_bytes()
    path = tmp_path / "model.keras"
    path.write_bytes(data[: int(share * len(data))])
    assert "is a truncated or corrupt .keras file" in sentence(path)
    assert detect_format(path) == "keras"


def test_keras_with_a_damaged_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.keras", config=json.dumps({"class_name": "Sequential", "config": {}}) * 9)
    data = bytearray(path.read_bytes())
    start = data.index(b"config.json") + len("config.json")
    data[start : start + 20] = b"\xff" * 20
    path.write_bytes(data)
    assert "is a truncated or corrupt .keras file" in sentence(path)


def test_truncated_zip_of_something_else(tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.keras", weights="[]" * 99)
    path.write_bytes(path.read_bytes()[:40])
    assert "is a truncated or corrupt zip file" in sentence(path)


def test_zip_without_config(tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.keras", a="1", b="2", c="3", d="4")
    assert "is a zip file without config.json" in sentence(path)
    assert "it holds a.json, b.json, c.json and " in sentence(path)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"config": "<xml/>"}, "config.json) is corrupt: it is not JSON"),
        ({"config": '{"model_type": "bert"}'}, "config.json) describes no Keras model"),
        ({"config": '{"class_name": "A", "config": {}}', "metadata": "[]"}, "metadata.json) is corrupt"),
    ],
)
def test_odd_keras_members(tmp_path: Path, members: dict[str, str], said: str) -> None:
    assert said in sentence(zipped(tmp_path / "model.keras", **members))


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("name", ["saved_model.pb", "keras_metadata.pb"])
def test_truncated_protobuf(zoo: Path, tmp_path: Path, name: str, share: float) -> None:
    folder = tmp_path / "model"
    shutil.copytree(zoo / "nested_keras2", folder)
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: int(share * len(data))])
    assert f"{name} is truncated or corrupt" in sentence(folder)


def test_saved_model_without_a_graph(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    assert "saved_model.pb is corrupt: it is a SavedModel without a graph" in sentence(tmp_path)


def test_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "cannot be read" not in sentence(path)

    def read() -> None:
        assert "cannot be read" in sentence(path)

    path.chmod(0)
    as_bound_user(read, tmp_path)
