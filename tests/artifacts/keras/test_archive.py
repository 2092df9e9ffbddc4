"""What .keras zips and folders hold besides the model: weights of every layout, assets, and what can harm."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, Inventory, budget, detect_format, read_inventory
from pytest_modelcompat.artifacts.containers import zip_reader
from pytest_modelcompat.artifacts.inventory import Asset, WeightUse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIG = json.dumps({"class_name": "Sequential", "config": {"name": "model", "layers": []}})
KERNEL = WeightUse("layers/dense/vars/0", "float32", (2, 3), 24)


def weights(path: str = KERNEL.path, libver: str = "earliest") -> bytes:
    held = io.BytesIO()
    with h5py.File(held, "w", libver=libver) as file:
        file[path] = np.zeros(KERNEL.shape, "float32")
    return held.getvalue()


def npz(**arrays: Any) -> bytes:
    held = io.BytesIO()
    np.savez(held, **arrays)
    return held.getvalue()


def keras(path: Path, members: Mapping[str, bytes | str] | None = None, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.9.0"}')
        archive.writestr("config.json", CONFIG)
        for name, data in (members or {}).items():
            archive.writestr(name, data)
    return path


def hazards(inventory: Inventory) -> list[tuple[str, str, str]]:
    return [(hazard.what, hazard.subject, hazard.detail) for hazard in inventory.hazards]


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_weights(tmp_path: Path, compression: int, libver: str) -> None:
    path = keras(tmp_path / "model.keras", {"model.weights.h5": weights(libver=libver)}, compression)
    inventory = read_inventory(path)
    assert inventory.weights == (KERNEL,)
    assert inventory.saved_by == {"keras": "3.9.0"}
    assert not inventory.hazards


def test_compressed_weights_that_are_unpacked_to_disk(tmp_path: Path) -> None:
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["layers/dense/vars/0"] = np.zeros(20_000_000, "float32")
    path = keras(tmp_path / "model.keras", {"model.weights.h5": held.getvalue()}, zipfile.ZIP_DEFLATED)
    (weight,) = read_inventory(path).weights
    assert (weight.path, weight.shape) == ("layers/dense/vars/0", (20_000_000,))


def test_compressed_weights_that_are_too_large_for_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_reader, "LARGEST_UNPACKED", 1000)
    monkeypatch.setattr(zip_reader, "MOST_STORED", 1000)
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["layers/dense/vars/0"] = np.zeros(2000, "float32")
    path = keras(tmp_path / "model.keras", {"model.weights.h5": held.getvalue()}, zipfile.ZIP_DEFLATED)
    inventory = read_inventory(path)
    assert inventory.weights == ()
    assert [(each.what, each.subject) for each in inventory.hazards] == [("unread member", "model.weights.h5")]


def test_sharded_weights(tmp_path: Path) -> None:
    shards = {f"model_0000{number}.weights.h5": weights(f"layers/dense/vars/{number}") for number in (1, 0)}
    inventory = read_inventory(keras(tmp_path / "model.keras", {"model.weights.json": "{}", **shards}))
    assert [weight.path for weight in inventory.weights] == ["layers/dense/vars/0", "layers/dense/vars/1"]


def test_weights_as_npz(tmp_path: Path) -> None:
    arrays = {"kernel": np.zeros((2, 3), "f2"), "seeds": np.zeros(2, "u4"), "words": np.array(["a", "bc"])}
    arrays |= {"flag": np.array(True), "wave": np.zeros(1, "c8"), "layer": np.array({"0": [1.0]}, dtype=object)}
    inventory = read_inventory(keras(tmp_path / "model.keras", {"model.weights.npz": npz(**arrays)}))
    assert inventory.weights == (
        WeightUse("flag", "bool", (), 1),
        WeightUse("kernel", "float16", (2, 3), 12),
        WeightUse("seeds", "uint32", (2,), 8),
        WeightUse("wave", "complex64", (1,), 8),
        WeightUse("words", "string", (2,), 0),
    )
    detail = "a NumPy array of Python objects, which is a pickle"
    assert hazards(inventory) == [("pickle", "model.weights.npz/layer.npy", detail)]


def test_corrupt_weights(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras", {"model.weights.h5": weights()[:1000]})
    with pytest.raises(BrokenArtifactError, match=r"\(its model.weights.h5\) is corrupt: it has 1,000 bytes of the"):
        read_inventory(path)


def test_links_out_of_the_weights(tmp_path: Path) -> None:
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/secret.h5", "/keys")
    inventory = read_inventory(keras(tmp_path / "model.keras", {"model.weights.h5": held.getvalue()}))
    assert hazards(inventory) == [("external link", "layers", "points into another file, /etc/secret.h5, /keys")]


def test_assets(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras", {"assets/layers/lookup/vocabulary.txt": "one\ntwo\n", "assets/": ""})
    assert read_inventory(path).assets == (Asset("assets/layers/lookup/vocabulary.txt", 8),)


def test_unzipped(tmp_path: Path) -> None:
    evil = pickle.dumps(json.loads)
    members: dict[str, bytes | str] = {"model.weights.h5": weights(), "assets/words.txt": "a", "assets/evil": evil}
    members["more.npz"] = npz(a=[1.0])
    path = keras(tmp_path / "model.keras", members)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    assert detect_format(folder) == "keras"
    inventory = read_inventory(folder)
    assert inventory.weights == (KERNEL,)
    assert inventory.model_class == "Sequential"
    assert inventory.assets == read_inventory(path).assets
    assert hazards(inventory) == hazards(read_inventory(path)) == [("pickle", "assets/evil", PICKLE)]


PICKLE = "a pickle that imports json.loads"


class Runs:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    inventory = read_inventory(keras(tmp_path / "model.keras", {"assets/data": pickle.dumps(Runs(), protocol)}))
    module = "__builtin__" if protocol < 3 else "builtins"
    assert hazards(inventory) == [("pickle", "assets/data", f"a pickle that imports {module}.print")]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (pickle.dumps({"a": [1, 2]}), "a pickle of plain data"),
        (
            pickle.dumps([print, json.loads, json.dumps, json.load]),
            "imports builtins.print, json.loads, json.dumps and 1 more",
        ),
        (pickle.dumps("x" * 100_000 + "y"), "a pickle of plain data"),
        (b"cposix\nsystem\n(S'id'\ntR.", "a pickle that imports posix.system"),
        (b"(iposix\nsystem\n.", "a pickle that imports posix.system"),
    ],
)
def test_what_pickles_hold(tmp_path: Path, data: bytes, detail: str) -> None:
    inventory = read_inventory(keras(tmp_path / "model.keras", {"data": data}))
    (hazard,) = inventory.hazards
    assert detail in hazard.detail


@pytest.mark.parametrize(
    "data",
    [
        b"casa\nvia\n",
        b"c\n\n.",
        b".",
        b"the\nof\nand\n",
        b"",
        b"\x80",
        b"\x80\x02",
        b"\x80\x90\x01\x02abc",
        np.zeros(3).tobytes(),
    ],
)
def test_what_is_no_pickle(tmp_path: Path, data: bytes) -> None:
    assert not read_inventory(keras(tmp_path / "model.keras", {"assets/vocabulary.txt": data})).hazards


@pytest.mark.parametrize(
    "name", ["../evil", "assets/../../evil", "/etc/evil", "C:\\evil", "c:evil", "..\\evil", "\\evil", "a/.."]
)
def test_members_that_escape(tmp_path: Path, name: str) -> None:
    inventory = read_inventory(keras(tmp_path / "model.keras", {name: "x"}))
    assert [(hazard.what, hazard.subject) for hazard in inventory.hazards] == [("escaping member", name)]


@pytest.mark.parametrize("name", ["assets/..evil", "assets/a..b", "assets/x:y"])
def test_members_that_do_not_escape(tmp_path: Path, name: str) -> None:
    assert not read_inventory(keras(tmp_path / "model.keras", {name: "x"})).hazards


def test_symbolic_link(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras")
    link = zipfile.ZipInfo("assets/words.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert hazards(read_inventory(path)) == [("escaping member", "assets/words.txt", "is a symbolic link")]


def test_duplicate_members(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras")
    other = {"class_name": "Functional", "config": {"name": "other"}}
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", json.dumps(other))
    inventory = read_inventory(path)
    detail = "is there 2 times, and readers may take different ones"
    assert hazards(inventory) == [("duplicate member", "config.json", detail)]
    # Python's zipfile, and so Keras, takes the last.
    assert inventory.model_class == "Functional"


def sentence(path: Path) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_config_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("config.json", "w") as member:
        for _ in range(100):
            member.write(b" " * (1 << 20))
    assert path.stat().st_size < 1 << 20
    assert "its config.json is larger than 32 MB, which is the limit" in sentence(path)


def test_size_of_a_member_that_lies(tmp_path: Path) -> None:
    """The table of contents says 100 bytes; what is unpacked is a hundred megabytes."""
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("config.json", "w") as member:
        for _ in range(100):
            member.write(b" " * (1 << 20))
    data = path.read_bytes().replace(struct.pack("<L", 100 << 20), struct.pack("<L", 100))
    path.write_bytes(data)
    assert "is a truncated or corrupt .keras file" in sentence(path)


def test_more_members_than_any_model(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras", {f"assets/{number}": "" for number in range(10_000)})
    assert "it has 10,002 members, and 10,000 is the limit" in sentence(path)


def test_table_of_contents_that_is_too_large(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras", {f"assets/{number}" + "x" * 60_000: "" for number in range(80)})
    assert "its table of contents is larger than 4 MB, which is the limit" in sentence(path)


def test_many_members_to_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {f"model_{number}.weights.h5": weights() for number in range(5)}
    path = keras(tmp_path / "model.keras", members, zipfile.ZIP_DEFLATED)
    assert len(read_inventory(path).weights) == 5
    monkeypatch.setattr(zip_reader, "MOST_UNPACKED", 5 * len(weights()) - 1)
    assert "to unpack in it, which is the limit" in sentence(path)


def test_many_members_of_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {f"model_{number}.weights.h5": weights() for number in range(5)}
    path = keras(tmp_path / "model.keras", members)
    assert len(read_inventory(path).weights) == 5
    monkeypatch.setattr(budget, "MOST_READ", 10_000)
    assert "of metadata, which is the limit" in sentence(path)
    keras(path, {"model_0.weights.h5": weights()})
    assert len(read_inventory(path).weights) == 1


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(tmp_path: Path, compression: int) -> None:
    path = keras(tmp_path / "model.keras", compression=compression)
    assert "its config.json is compressed in a way that Keras does not write" in sentence(path)


def test_encrypted(tmp_path: Path) -> None:
    path = keras(tmp_path / "model.keras")
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 1)
    path.write_bytes(data)
    assert "encrypted" in sentence(path)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"archive/data.pkl": b"x"}, "is a PyTorch model"),
        ({"weights.npy": b"x"}, "is a NumPy .npz archive"),
        ({"model/saved_model.pb": b"x"}, "is a zipped SavedModel; unpack it first"),
        ({"model.h5": b"x"}, "is a zip file that holds an HDF5 file"),
        ({"a\x1b[31m\nb": b"x"}, "it holds a?[31m b"),
    ],
)
def test_other_zips(tmp_path: Path, members: dict[str, bytes], said: str) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert detect_format(path) is None
    assert said in sentence(path)
