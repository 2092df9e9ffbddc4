"""Bombs in the index of a checkpoint, and in files of other kinds."""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING

from tests.artifacts.bombs.files import Write, file_of, in_config
from tests.artifacts.saved_model.graphs import assembled, block, table, varint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def index(make: Callable[[float], bytes]) -> Write:
    """A checkpoint's index alone."""

    def write(folder: Path, scale: float) -> Path:
        (folder / "model.ckpt.index").write_bytes(make(scale))
        return folder / "model.ckpt.index"

    return write


def one_block_often(scale: float) -> bytes:
    """A table whose index names one block of values over and over."""
    data = block([(b"k" * 100, b"\x08\x01")] * int(20_000 * scale))
    handle = varint(0) + varint(len(data))
    return assembled(data, index=block([(b"%09d" % number, handle) for number in range(int(20_000 * scale))]))


def shared_keys(scale: float) -> bytes:
    """A table whose keys repeat a long one, of which each entry is a few bytes."""
    first = b"k" * int(500_000 * scale)
    body = varint(0) + varint(len(first)) + varint(0) + first
    body += (varint(len(first)) + varint(0) + varint(0)) * int(300_000 * scale)
    return assembled(body + struct.pack("<LL", 0, 1))


def snappy(scale: float) -> bytes:
    """A table of one packed block, all of it copies of one byte."""
    size = int(4_000_000 * scale)
    packed = varint(size) + b"\x00x" + b"\xfe\x01\x00" * (size // 64)
    return table([(b"", packed)], kind=1)


def tflite(folder: Path, scale: float) -> Path:
    """A TensorFlow Lite file with more kinds of ops than there are."""
    count = int(1_000_000 * scale)
    head = struct.pack("<L4sHHHHHHiLL", 24, b"TFL3", 0, 12, 16, 0, 0, 8, 12, 0, 4)
    (folder / "model.tflite").write_bytes(head + struct.pack("<L", count) + struct.pack("<L", 4) * count)
    return folder / "model.tflite"


OTHER_FILES: dict[str, Write] = {
    "index: one block over and over": index(one_block_often),
    "index: keys that share a long one": index(shared_keys),
    "index: packed": index(snappy),
    "index: entries": index(
        lambda scale: table([(b"%09d" % number, b"\x08\x01") for number in range(int(200_000 * scale))])
    ),
    "index: shards": index(
        lambda scale: table([(b"%09d" % number, b"\x18" + varint(number)) for number in range(int(60_000 * scale))])
    ),
    "other: TensorFlow Lite": tflite,
    "other: a pickle": file_of("model.pkl", lambda scale: pickle.dumps([object] * int(1e6 * scale) + [{}] * 100_000)),
    "other: safetensors": file_of(
        "model.safetensors",
        lambda _: struct.pack("<Q", 8_000_000) + b'{"a":[' + (b"[]," * 2_700_000)[: 8_000_000 - 9] + b"0]}",
    ),
    "other: JSON": file_of("model.json", lambda scale: in_config("[]", scale).encode()),
}
