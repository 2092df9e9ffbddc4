"""Artifacts of two gigabytes that take a few megabytes of the disk, for their weights are holes."""

from __future__ import annotations

import json
import os
import struct
import zlib
from typing import TYPE_CHECKING

import h5py

from tests.artifacts.saved_model.graphs import varint

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = json.dumps({"class_name": "Sequential", "config": {"name": "model", "layers": []}})
_COUNT, _ELEMENTS = 200, 2_621_440


def sparse_h5(folder: Path) -> Path:
    """An .h5 model of 200 arrays of 10 MB."""
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = CONFIG
        _fill(file)
    return path


def sparse_keras(folder: Path) -> Path:
    """A .keras model of 200 arrays of 10 MB, its zip put together by hand around the hole."""
    weights, path = folder / "weights.h5", folder / "model.keras"
    with h5py.File(weights, "w") as held:
        _fill(held)
    contents = b""
    with path.open("wb") as out:
        for name, data in (("metadata.json", b'{"keras_version": "3.9.0"}'), ("config.json", CONFIG.encode())):
            contents += _entry(name, zlib.crc32(data), len(data), out.tell())
            out.write(_header(name, zlib.crc32(data), len(data)) + data)
        size = weights.stat().st_size
        contents += _entry("model.weights.h5", 0, size, out.tell())
        out.write(_header("model.weights.h5", 0, size))
        start = out.tell()
        _copy_without_holes(weights, path, start)
        out.seek(start + size)
        ends = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 3, 3, len(contents), start + size, 0)
        out.write(contents + ends)
    weights.unlink()
    return path


def sparse_graph(folder: Path) -> Path:
    """A SavedModel that keeps 1.9 GB of weights as one constant in its graph."""
    path = folder / "model"
    path.mkdir()
    _write_constant(path / "saved_model.pb", b"\x0a", b"\x12", b"\x12")
    return path


def sparse_frozen_graph(folder: Path) -> Path:
    """A graph alone that keeps 1.9 GB of weights as one constant."""
    _write_constant(folder / "frozen.pb", b"\x0a")
    return folder / "frozen.pb"


def _write_constant(path: Path, *around: bytes) -> None:
    size = 1900 << 20
    heads = [b"\x0a\x05value\x12" + varint(size)]
    for head in (b"\x0a\x01c\x12\x05Const\x2a", *around):
        heads.insert(0, head + varint(sum(map(len, heads)) + size))
    with path.open("wb") as file:
        file.write(b"".join(heads))
        file.truncate(file.tell() + size)


def _fill(file: h5py.File) -> None:
    for number in range(_COUNT):
        file.create_dataset(f"layers/dense_{number}/vars/0", (_ELEMENTS,), "f4")[-1] = 1.0


def _copy_without_holes(source: Path, target: Path, start: int) -> None:
    with source.open("rb") as read, target.open("r+b") as write:
        at, size = 0, source.stat().st_size
        while at < size:
            begin = os.lseek(read.fileno(), at, os.SEEK_DATA)
            at = os.lseek(read.fileno(), begin, os.SEEK_HOLE)
            write.seek(start + begin)
            write.write(os.pread(read.fileno(), at - begin, begin))


def _header(name: str, checksum: int, size: int) -> bytes:
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, checksum, size, size, len(name), 0)
    return head + name.encode()


def _entry(name: str, checksum: int, size: int, offset: int) -> bytes:
    sizes = (checksum, size, size, len(name), 0, 0, 0, 0, 0, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, *sizes) + name.encode()
