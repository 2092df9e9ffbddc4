"""The variables of a SavedModel, as the checkpoint's index tells of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.containers.sstable import TableError, read_table
from pytest_modelcompat.artifacts.inventory import Asset, WeightUse
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text
from tests.artifacts.saved_model.graphs import assembled, block, table, varint, write_graph

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = 'meta_graphs { graph_def { node { name: "v" op: "VarHandleOp" } } }'
INDEX, DATA = "variables/variables.index", "variables/variables.data-00000-of-00001"


def entry(text: str) -> bytes:
    packed: bytes = parse_text("BundleEntry", text).SerializeToString()
    return packed


KERNEL = entry("dtype: DT_FLOAT shape { dim { size: 2 } dim { size: 3 } } offset: 8 size: 24")
STEP = entry("dtype: DT_INT64 shape { } size: 8")
WORDS = entry("dtype: DT_STRING shape { dim { size: 5 } } offset: 32 size: 77")
HEADER: bytes = parse_text("BundleHeader", "shard_count: 1").SerializeToString()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = write_graph(tmp_path / "model", VARIABLE)
    (path / "variables").mkdir()
    entries = [(b"", HEADER), (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry("dtype: DT_STRING size: 1"))]
    entries += [(b"kernel", KERNEL), (b"step", STEP), (b"words", WORDS)]
    (path / INDEX).write_bytes(table(entries))
    (path / DATA).write_bytes(bytes(109))
    return path


def sentence(folder: Path) -> str:
    with pytest.raises(BrokenArtifactError) as raised:
        read_inventory(folder)
    return str(raised.value)


def test_variables(folder: Path) -> None:
    inventory = read_inventory(folder)
    assert inventory.weights == (
        WeightUse("kernel", "float32", (2, 3), 24),
        WeightUse("step", "int64", (), 8),
        WeightUse("words", "string", (5,), 0),
    )
    assert not inventory.assets


def test_without_variables(tmp_path: Path) -> None:
    inventory = read_inventory(write_graph(tmp_path, 'meta_graphs { graph_def { node { op: "Add" } } }'))
    assert (inventory.weights, inventory.assets) == ((), ())


@pytest.mark.parametrize("name", [INDEX, DATA])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert read_inventory(folder).assets == (Asset(name, 0, is_present=False),)


@pytest.mark.parametrize("name", [INDEX, DATA])
def test_undelivered_files(folder: Path, name: str) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    (folder / name).write_bytes(pointer)
    assert f"{folder / name} is a Git LFS pointer" in sentence(folder)


def test_truncated_values(folder: Path) -> None:
    (folder / DATA).write_bytes(bytes(108))
    assert f"{folder / DATA} is truncated: its index places values up to byte 109" in sentence(folder)


@pytest.mark.parametrize("size", [1, 47, 60, -1])
def test_truncated_index(folder: Path, size: int) -> None:
    data = (folder / INDEX).read_bytes()
    (folder / INDEX).write_bytes(data[:size])
    assert "variables.index is truncated or corrupt: it does not end as a checkpoint index" in sentence(folder)


def test_entry_that_does_not_parse(folder: Path) -> None:
    (folder / INDEX).write_bytes(table([(b"", HEADER), (b"kernel", b"\xff\xff\xff")]))
    assert "variables.index is corrupt: an entry of it does not parse" in sentence(folder)


def test_index_that_is_too_large(folder: Path) -> None:
    with (folder / INDEX).open("r+b") as file:
        file.truncate(65 << 20)
    assert "variables.index is larger than 64 MB, which is the limit" in sentence(folder)


def test_keys_leave_out_what_they_share() -> None:
    shared = varint(0) + varint(5) + varint(1) + b"layer" + b"a"
    shared += varint(3) + varint(2) + varint(1) + b"ss" + b"b"
    assert list(read_table(assembled(shared + bytes(4)))) == [(b"layer", b"a"), (b"layss", b"b")]


def packed(data: bytes, seed: int) -> bytes:
    """Packs by Snappy: literals of random lengths, and copies of each kind where they fit."""
    chance, out, at = random.Random(seed), bytearray(varint(len(data))), 0  # noqa: S311 - no secret
    while at < len(data):
        size = chance.randint(4, 11)
        found = data.rfind(data[at : at + size], 0, at) if chance.random() < 0.7 else -1
        if found >= 0 and at + size <= len(data):
            distance, kind = at - found, chance.choice([1, 2, 4])
            if kind == 1 and distance < 2048:
                out += bytes([1 | (size - 4) << 2 | distance >> 8 << 5, distance & 255])
            else:
                width = 4 if kind == 4 else 2
                out += bytes([(3 if width == 4 else 2) | (size - 1) << 2]) + distance.to_bytes(width, "little")
        else:
            size = chance.choice([1, 30, 61, 300])
            literal = data[at : at + size]
            if len(literal) <= 60:
                out += bytes([len(literal) - 1 << 2])
            else:
                out += bytes([61 << 2]) + (len(literal) - 1).to_bytes(2, "little")
            out += literal
            size = len(literal)
        at += size
    return bytes(out)


@pytest.mark.parametrize("seed", range(20))
def test_snappy(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    entries = [(b"layer_%d/kernel" % number, chance.randbytes(chance.randint(0, 90))) for number in range(60)]
    data = block(sorted(entries))
    assert list(read_table(assembled(packed(data, seed), kind=1))) == sorted(entries)


def test_a_copy_may_repeat_what_it_writes() -> None:
    data = block([(b"k", b"abab" * 4)])
    body = varint(len(data)) + bytes([5 << 2]) + data[:6] + bytes([2 | 13 << 2, 2, 0]) + bytes([7 << 2]) + data[-8:]
    assert list(read_table(assembled(body, kind=1))) == [(b"k", b"abab" * 4)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (assembled(b"\xff" * 20), "a block of it is damaged"),
        (assembled(b"\xff" * 16 + bytes(4)), "a number of it does not end"),
        (assembled(varint(9) + varint(1) + varint(1) + b"ab" + bytes(4)), "an entry of it lies beyond its block"),
        (assembled(varint(0) + varint(90) + varint(1) + b"ab" + bytes(4)), "an entry of it lies beyond its block"),
        (assembled(b"abc"), "a block of it is too small"),
        (assembled(b"abcdef", kind=7), "of the unknown kind 7"),
        (assembled(varint(100 << 20), kind=1), "a block of it is larger than 4 MB, which is the limit"),
        (assembled(varint(9) + bytes([0 << 2]) + b"a", kind=1), "a compressed block of it is damaged"),
        (assembled(varint(9) + bytes([2 | 9 << 2, 7, 0]), kind=1), "a compressed block of it is damaged"),
        (assembled(b"", index=block([(b"z", varint(1 << 40) + varint(9))])), "lies beyond its end"),
    ],
)
def test_damaged_tables(data: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        list(read_table(data))


def test_a_small_table_that_unfolds_without_end() -> None:
    """One block, named a hundred thousand times by the index, whose keys share a long beginning."""
    long = varint(0) + varint(60_000) + varint(0) + b"k" * 60_000
    data = long + (varint(60_000) + varint(0) + varint(0)) * 10_000 + bytes(4)
    index = block([(b"z", varint(0) + varint(len(data)))] * 1000)
    with pytest.raises(TableError, match="it is larger than 64 MB, which is the limit"):
        for _ in read_table(assembled(data, index=index)):
            pass
