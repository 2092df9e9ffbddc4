"""Bombs in zips: their table of contents, and what their members hold."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tests.artifacts.bombs.files import DENSE, ESCAPES, MEGABYTE, Write, keras, sequential
from tests.artifacts.bombs.hdf5_files import hdf5, many_groups

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def members(make: Callable[[int], tuple[str, bytes]], count: int, *, packed: bool = True) -> Write:
    """A .keras file of many members."""

    def write(folder: Path, scale: float) -> Path:
        kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with zipfile.ZipFile(folder / "model.keras", "w", kind, compresslevel=1) as archive:
            archive.writestr("config.json", json.dumps(sequential([DENSE])))
            for number in range(int(count * scale)):
                archive.writestr(*make(number))
        return folder / "model.keras"

    return write


def overlapping(folder: Path, scale: float) -> Path:
    """A zip whose members all are the same megabytes, unpacked anew for each."""
    data = bytes(int(60 * MEGABYTE * scale))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    config = json.dumps(sequential([DENSE])).encode()
    out, listing = io.BytesIO(), b""
    for name, stored, size, checksum, kind in (
        (b"config.json", config, len(config), zlib.crc32(config), 0),
        (b"x.weights.h5", packed, len(data), zlib.crc32(data), 8),
    ):
        at = out.tell()
        sizes = (checksum, len(stored), size, len(name), 0)
        out.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, kind, 0, 33, *sizes) + name + stored)
        for number in range(2000 if kind else 1):
            own = name.replace(b"x", b"x%d" % number) if kind else name
            fields = (checksum, len(stored), size, len(own), 0, 0, 0, 0, 0, at)
            listing += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, kind, 0, 33, *fields) + own
    at, count = out.tell(), 2001
    out.write(listing + struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, count, count, len(listing), at, 0))
    (folder / "model.keras").write_bytes(out.getvalue())
    return folder / "model.keras"


def quine_like(folder: Path, scale: float) -> Path:
    """Zips in zips in zips, each sixteen times."""
    data = bytes(int(10 * MEGABYTE * scale))
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number in range(16):
                archive.writestr(f"{number}.zip", data)
        data = out.getvalue()
    return keras(folder / "model.keras", sequential([DENSE]), inner__zip=data)


def false_listing(folder: Path, scale: float) -> Path:
    """A zip that says it has billions of members, in the 64 bit form."""
    path = keras(folder / "model.keras", sequential([DENSE]))
    data = path.read_bytes()
    count = int((1 << 40) * scale)
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, count, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data), 1)
    tail = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data + end + locator + tail)
    return path


def npz_of(make: Callable[[int], bytes], count: int) -> Write:
    """A .keras file whose weights are an .npz of many arrays."""

    def write(folder: Path, scale: float) -> Path:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for number in range(int(count * scale)):
                archive.writestr(f"{number}.npy", make(number))
        return keras(folder / "model.keras", sequential([DENSE]), model__weights__npz=out.getvalue())

    return write


def npy(header: bytes) -> bytes:
    """The head of an array's file."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def _small_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(100):
            archive.writestr(f"{number}", pickle.dumps(np.zeros(1)))
    return out.getvalue()


def _keras_around(folder: Path, weights: Path, count: int, scale: float) -> Path:
    data = weights.read_bytes()
    weights.unlink()
    packed = {f"w{number}__weights__h5": data for number in range(max(1, int(count * scale)))}
    return keras(folder / "model.keras", sequential([DENSE]), **packed)


ZIPS: dict[str, Write] = {
    "zip: pickles": members(lambda number: (f"{number}.bin", pickle.dumps(["x"] * 15_000)), 5000),
    "zip: pickles of long texts": members(
        lambda number: (f"{number}.bin", b"\x80\x04X" + struct.pack("<L", 60_000) + b"x" * 60_000 + b"."), 5000
    ),
    "zip: letters": members(lambda number: (f"assets/{number}.txt", b"(" * 65_000 + b"\n"), 5000),
    "zip: arrays of objects": members(lambda number: (f"{number}.npy", npy(b"{'descr': '" + b"|O'" * 1200)), 9000),
    "zip: empty members": members(lambda number: (f"{number}", b""), 9900),
    "zip: too many members": members(lambda number: (f"{number}", b""), 60_000),
    "zip: long names": members(lambda number: (f"{number}" + "n" * 3000, b""), 1300),
    "zip: names that steer a terminal": members(lambda number: (f"../{ESCAPES}{number}", b""), 9000),
    "zip: members of one name": members(lambda _: ("../same", b""), 9000),
    "zip: overlapping members": overlapping,
    "zip: zips in zips": quine_like,
    "zip: zips side by side": members(lambda number: (f"{number}.zip", _small_zip()), 3000, packed=False),
    "zip: a false table of contents": false_listing,
    "zip: deflated megabytes": members(lambda number: (f"{number}.weights.h5", bytes(30 * MEGABYTE)), 40),
    "zip: a configuration of blanks": lambda folder, scale: keras(
        folder / "model.keras", " " * int(2000 * MEGABYTE * scale * 0.2)
    ),
    "zip: weights of many groups": lambda folder, scale: _keras_around(
        folder, hdf5(many_groups)(folder, scale), 20, scale
    ),
    "npz: arrays": npz_of(lambda _: npy(b"{'descr': '<f4', 'shape': (2,), }"), 9000),
    "npz: headers that nearly match": npz_of(lambda _: npy(b"{" + b"'descr': '<f4'" * 280), 9000),
    "npz: vast shapes": npz_of(
        lambda _: npy(b"{'descr': '<f4', 'shape': (" + b"9" * 18 + b", " + b"999999999999, " * 270 + b"), }"), 9000
    ),
}
