"""Our own HDF5 reader against the HDF5 library's: every version of the format, and files that want to mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts.containers.hdf5 import contents as contents_module
from pytest_modelcompat.artifacts.containers.hdf5.contents import Hdf5Contents, read_contents
from pytest_modelcompat.artifacts.containers.hdf5.source import Hdf5Error, Source, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_modelcompat.artifacts.containers.hdf5.datasets import Dataset

VERSIONS = ("earliest", "v108", "v110", "latest")


def read(path: Path) -> Hdf5Contents:
    with path.open("rb") as file:
        return read_contents(Source(file, 0, path.stat().st_size))


def by_path(path: Path) -> dict[str, Dataset]:
    return {dataset.path: dataset for dataset in read(path).datasets}


def as_the_library_says(path: Path) -> dict[str, tuple[tuple[int, ...], int, int | None]]:
    found: dict[str, tuple[tuple[int, ...], int, int | None]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            is_text_or_nothing = item.dtype.kind == "O" or item.shape is None
            size = 0 if is_text_or_nothing else item.dtype.itemsize * int(np.prod(item.shape, dtype=int))
            is_stored = item.size and item.shape is not None
            found[name] = (item.shape or (), size, item.id.get_offset() if is_stored else None)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def fill(file: h5py.File, groups: int, *, tracked: bool) -> None:
    file.attrs["long"] = '{"text": "' + "é" * 70_000 + '"}'
    file.attrs["fixed"] = np.bytes_(b"2.1.3")
    file.attrs["bytes"] = b"tensorflow"
    file.attrs["empty"] = ""
    file.attrs["one"] = np.array(["text"], dtype=h5py.string_dtype())
    file.attrs["several"] = np.array([b"a", b"bc"])
    for number in range(20):
        file.attrs[f"number {number}"] = np.arange(number)
    layers = file.create_group("layers", track_order=tracked)
    for number in range(groups):
        layer = layers.create_group(f"layer_{number:05d}")
        layer.create_dataset("kernel", data=np.ones((number % 5, 3), "float32"))
    file.create_dataset("deep/er/est", data=1.5)
    file.create_dataset("packed", data=np.zeros((50, 50)), chunks=(10, 10), compression="gzip")
    file.create_dataset("texts", data=["a", "b"])
    file.create_dataset("nothing", data=h5py.Empty("f4"))
    file["soft"] = h5py.SoftLink("/layers")
    file["layers/circle"] = layers


@pytest.mark.parametrize("user_block", [0, 512, 4096])
@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_reads_what_the_library_reads(tmp_path: Path, version: str, tracked: bool, user_block: int) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver=version, track_order=tracked, userblock_size=user_block) as file:
        fill(file, groups=300, tracked=tracked)
    expected = as_the_library_says(path)
    found = read(path)
    assert {each.path: (each.shape, each.nbytes) for each in found.datasets} == {
        name: (shape, size) for name, (shape, size, _) in expected.items()
    }
    offsets = {each.path: each.offset for each in found.datasets if each.offset is not None}
    assert offsets == {name: offset for name, (_, _, offset) in expected.items() if offset is not None}
    assert found.attributes == {
        "long": '{"text": "' + "é" * 70_000 + '"}',
        "fixed": "2.1.3",
        "bytes": "tensorflow",
        "empty": "",
        "one": "text",
    }
    assert found.others == {"several", *(f"number {number}" for number in range(20))}
    assert found.groups == {"layers", "deep"}
    assert not found.hazards


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_groups_so_large_that_their_trees_have_several_levels(tmp_path: Path, version: str) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver=version) as file:
        for number in range(20_000):
            file.create_group(f"group_{number}")
        file["group_777/kernel"] = [1.0]
    found = read(path)
    assert found.groups == {f"group_{number}" for number in range(20_000)}
    assert [each.path for each in found.datasets] == ["group_777/kernel"]


@pytest.mark.parametrize(
    ("stored", "dtype", "is_big_endian"),
    [
        *[(name, name, False) for name in ("float16", "float32", "float64", "int8", "int64", "uint8", "uint32")],
        *[("bool", "bool", False), ("complex64", "complex64", False), ("S7", "string", False)],
        *[(">f4", "float32", True), (">i2", "int16", True)],
    ],
)
def test_types(tmp_path: Path, stored: str, dtype: str, is_big_endian: bool) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", data=np.zeros((2, 3), stored))
    (found,) = read(path).datasets
    assert (found.dtype, found.is_big_endian) == (dtype, is_big_endian)
    assert found.nbytes == 6 * np.dtype(stored).itemsize


def test_bfloat16_is_reported_by_the_attribute_that_keras_writes(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("kernel", data=np.zeros(4, "V2")).attrs["dtype"] = "bfloat16"
    (found,) = read(path).datasets
    assert (found.dtype, found.nbytes) == ("bfloat16", 8)


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_what_points_out_of_the_file(tmp_path: Path, version: str) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver=version) as file:
        file["secret"] = h5py.ExternalLink("/etc/secret.h5", "/keys")
        file.create_dataset("raw", (4,), "f4", external=[("raw.bin", 0, 8), ("../more.bin", 0, 8)])
        file["inside"] = [1.0]
    assert [(hazard.what, hazard.subject, hazard.detail) for hazard in read(path).hazards] == [
        ("out-of-file dataset", "raw", "takes its values from raw.bin, ../more.bin"),
        ("external link", "secret", "points into another file, /etc/secret.h5, /keys"),
    ]
    assert by_path(path)["raw"].offset is None


def test_virtual_datasets(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["own"] = np.zeros(10)
        for name, source in (("mapped", "other.h5"), ("own_part", ".")):
            layout = h5py.VirtualLayout((10,), "f8")
            layout[:] = h5py.VirtualSource(source, "own", shape=(10,))
            file.create_virtual_dataset(name, layout)
    (hazard,) = read(path).hazards
    assert (hazard.what, hazard.subject) == ("out-of-file dataset", "mapped")
    assert hazard.detail == "takes its values from other.h5"


def test_an_object_under_two_names_is_met_once(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file["a/kernel"] = [1.0]
        file["b"] = file["a"]
        file["a/up"] = file["/"]
    assert [each.path for each in read(path).datasets] in (["a/kernel"], ["b/kernel"])


def test_a_million_objects_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        for number in range(50):
            file.create_group(str(number))
    assert len(read(path).groups) == 50
    monkeypatch.setattr(contents_module, "MOST_OBJECTS", 49)
    with pytest.raises(Hdf5Error, match="more than 49 objects"):
        read(path)


def test_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        group: Any = file
        for _ in range(30):
            group = group.create_group("g" * 200)
    with pytest.raises(Hdf5Error, match="nested too deeply"):
        read(path)


def hit(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def every(data: bytearray, signature: bytes) -> Iterator[int]:
    at = data.find(signature)
    while at >= 0:
        yield at
        at = data.find(signature, at + 1)


def overwrite(signature: bytes, offset: int, value: bytes) -> Callable[[bytearray], None]:
    """Writes over what stands `offset` bytes behind every occurrence of a signature."""

    def change(data: bytearray) -> None:
        found = list(every(data, signature))
        assert found
        for at in found:
            data[at + offset : at + offset + len(value)] = value

    return change


@pytest.mark.parametrize(
    ("version", "signature", "offset", "value", "said"),
    [
        ("earliest", b"TREE", 0, b"TREX", "no tree of a group"),
        ("earliest", b"TREE", 6, b"\xff\xff", "beyond the end"),
        ("earliest", b"SNOD", 0, b"SNOX", "no links at byte"),
        ("earliest", b"SNOD", 6, b"\xff\xff", "beyond the end"),
        ("earliest", b"HEAP", 0, b"HEAX", "no heap of names"),
        ("earliest", b"HEAP", 8, b"\0" * 8, "a name is missing"),
        ("earliest", b"GCOL", 0, b"GCOX", "no heap of texts"),
        ("earliest", b"GCOL", 16, b"\x07", "a text is missing"),
        ("latest", b"BTHD", 0, b"BTHX", "no tree of links or attributes"),
        ("latest", b"BTHD", 6, b"\xff" * 4, "a tree of links or attributes is damaged"),
        ("latest", b"BTLF", 0, b"BTLX", "a tree of links or attributes is damaged"),
        ("latest", b"FRHP", 0, b"FRHX", "no heap of links or attributes"),
        ("latest", b"FRHP", 7, b"\x01", "are compressed"),
        ("latest", b"OHDR", 0, b"OHDX", "no object at byte"),
    ],
)
def test_damage_is_reported(
    tmp_path: Path, version: str, signature: bytes, offset: int, value: bytes, said: str
) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w", libver=version) as file:
        fill(file, groups=50, tracked=False)
    hit(path, overwrite(signature, offset, value))
    with pytest.raises(Hdf5Error, match=said):
        read(path)


def test_a_tree_that_names_a_node_twice(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        for number in range(2000):
            file.create_group(f"group_{number}")

    def change(data: bytearray) -> None:
        tree = next(at for at in every(data, b"TREE\0") if data[at + 5])
        data[tree + 48 : tree + 56] = data[tree + 32 : tree + 40]

    hit(path, change)
    with pytest.raises(Hdf5Error, match="a group's tree runs in a circle"):
        read(path)


def test_a_tree_whose_levels_do_not_end(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.create_group("a")

    def change(data: bytearray) -> None:
        tree = data.find(b"TREE")
        data[tree + 5] = 1
        data[tree + 32 : tree + 40] = tree.to_bytes(8, "little")

    hit(path, change)
    with pytest.raises(Hdf5Error, match="a group's tree"):
        read(path)


def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(1000)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(TruncatedError, match="bytes of the"):
        read(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no superblock"),
        (b"\x89HDF\r\n\x1a\n\x09" + bytes(100), "unknown version 9"),
        (b"\x89HDF\r\n\x1a\n\x00" + bytes(100), "its addresses are 0"),
    ],
)
def test_no_superblock(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "file.h5"
    path.write_bytes(data)
    with pytest.raises(Hdf5Error, match=said):
        read(path)
