"""SavedModels written by hand from protobuf's text format."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAGIC = 0xDB4775248B80FB57


def write_graph(folder: Path, text: str) -> Path:
    """Writes a SavedModel's graph in both forms.

    Args:
        folder: the SavedModel.
        text: a `SavedModel` message in text form.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pbtxt").write_text(text)
    (folder / "saved_model.pb").write_bytes(parse_text("SavedModel", text).SerializeToString())
    return folder


def table(entries: Iterable[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """A table of one data block in LevelDB's format, its keys written in full.

    Args:
        entries: keys and values.
        kind: of the data block: 0 as it is, 1 packed by Snappy, which the caller has done.
    """
    data = block(entries) if kind == 0 else b"".join(value for _, value in entries)
    return assembled(data, kind)


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A block of entries."""
    body = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return body + struct.pack("<LL", 0, 1)


def assembled(data: bytes, kind: int = 0, index: bytes | None = None) -> bytes:
    """A table from its data block; the index may be given to mislead."""
    out = data + bytes([kind]) + bytes(4)
    index = block([(b"z", varint(0) + varint(len(data)))]) if index is None else index
    at = len(out)
    out += index + bytes(5)
    footer = varint(0) + varint(0) + varint(at) + varint(len(index))
    return out + footer.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


def varint(value: int) -> bytes:
    """A number as protobuf and LevelDB write it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
