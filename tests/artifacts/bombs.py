"""Bombs: files of a few megabytes that are meant to cost whoever reads them time, memory or a screen without end.

Each is made by a function of the folder it goes into and of a scale: 1 for the whole bomb, less for a quick one.
"""

from __future__ import annotations

import io
import json
import marshal
import os
import pickle
import struct
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.artifacts.saved_model.graphs import assembled, block, table, varint

Write = Callable[[Path, float], Path]

DENSE = {"class_name": "Dense", "config": {"name": "dense", "trainable": True}}
ESCAPES = "\x1b[31mred\x1b]0;title\x07\r\u202e"
MEGABYTE = 1 << 20


def keras(path: Path, config: Any, **members: bytes) -> Path:
    """A .keras file of one configuration, as a text or as values, and of further members."""
    text = config if isinstance(config, str | bytes) else json.dumps(config)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("config.json", text)
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return path


def sequential(layers: Any, **config: Any) -> dict[str, Any]:
    """A Sequential model's node."""
    return {"class_name": "Sequential", "config": {"name": "model", "layers": layers, **config}}


def layer(name: str, class_name: str = "Dense", **beside: Any) -> dict[str, Any]:
    """One layer's node."""
    return {"class_name": class_name, "config": {"name": name, "trainable": True}, **beside}


def in_config(value: str, scale: float, size: int = 31 * MEGABYTE) -> str:
    """A model's configuration with a list of one value over and over, as large as is read."""
    count = max(1, int(size * scale) // (len(value) + 1))
    return '{"class_name":"Sequential","config":{"name":"m","layers":[],"x":[' + ",".join([value] * count) + "]}}"


def json_of(value: str) -> Write:
    """A bomb of one JSON value over and over."""
    return lambda folder, scale: keras(folder / "model.keras", in_config(value, scale))


def json_layers(make: Callable[[int], Any], count: int) -> Write:
    """A bomb of many layers, each made of its number."""
    return lambda folder, scale: keras(
        folder / "model.keras", sequential([make(number) for number in range(max(2, int(count * scale)))])
    )


def json_text(make: Callable[[float], Any]) -> Write:
    """A bomb of any configuration."""
    return lambda folder, scale: keras(folder / "model.keras", make(scale))


def nested(depth: int, inner: Any, wrap: Callable[[int, Any], Any]) -> Any:
    """A value in a value in a value."""
    for number in range(depth):
        inner = wrap(number, inner)
    return inner


def nested_layers(scale: float, name: str = "w", count: int = 100_000) -> Any:
    """Many layers, all of them inside of a chain of others."""
    leaves = [layer(f"d{number}") for number in range(int(count * scale))]
    inner = {"class_name": "Sequential", "config": {"name": name, "layers": leaves}}
    return nested(40, inner, lambda number, node: sequential([node], name=f"{name}{number}"))


def function(code: bytes) -> dict[str, Any]:
    """A Lambda layer's node with some bytecode."""
    text = b64encode(code).decode()
    return {
        "class_name": "Lambda",
        "config": {"name": "l", "function": [text, None, None], "function_type": "function"},
    }


def code_with(constants: bytes) -> bytes:
    """A marshalled code object, with its constants replaced."""
    whole = marshal.dumps(compile("lambda: None", "x", "eval").replace(co_consts=("MARK",)), 2)
    mark = marshal.dumps(("MARK",), 2)
    assert whole.count(mark) == 1
    return whole.replace(mark, constants)


def marshal_refs(scale: float) -> bytes:
    """Tuples of references to the tuple before: each doubles what the one before holds."""
    count = max(3, int(50_000 * scale))
    first = bytes([ord("(") | 0x80]) + struct.pack("<L", 0)
    pairs = b"".join(
        bytes([ord("(") | 0x80]) + struct.pack("<L", 2) + (b"r" + struct.pack("<L", number)) * 2
        for number in range(1, count)
    )
    return code_with(b"(" + struct.pack("<L", count) + first + pairs)


def tuples(depth: int, width: int) -> bytes:
    """Marshalled tuples in tuples."""
    found: bytes = nested(depth, b"N", lambda _, inner: b"(" + struct.pack("<L", width) + inner + b"N" * (width - 1))
    return found


def jumps(scale: float) -> bytes:
    """A function of many instructions, most of them jumps."""
    source = "def f(x):\n" + "".join(f" if x == {number}: return {number}\n" for number in range(int(12_000 * scale)))
    scope: dict[str, Any] = {}
    exec(source, scope)  # noqa: S102 - the line above
    return marshal.dumps(scope["f"].__code__)


# Protobuf.


def part(number: int, body: bytes) -> bytes:
    """A delimited field."""
    return varint(number << 3 | 2) + varint(len(body)) + body


def saved_model(folder: Path, data: bytes, name: str = "saved_model.pb") -> Path:
    """A SavedModel folder of one file."""
    (folder / "model").mkdir()
    (folder / "model" / name).write_bytes(data)
    return folder / "model"


def graph(body: bytes, *beside: bytes) -> bytes:
    """A SavedModel message around a graph's body."""
    return b"\x08\x01" + part(2, part(1, part(4, b"serve") + part(5, b"2.15.0")) + part(2, body) + b"".join(beside))


def wire(*fields: int, size: int = 4 * MEGABYTE - 200, inner: bytes = b"") -> Write:
    """A bomb of one part over and over, at the field numbers that lead to it from the graph's file."""

    def write(folder: Path, scale: float) -> Path:
        each = part(fields[-1], inner)
        data = each * (int(size * scale) // len(each))
        for number in reversed(fields[:-1]):
            data = part(number, data)
        return saved_model(folder, b"\x08\x01" + data)

    return write


def numbered(make: Callable[[int], bytes], count: int, *around: int) -> Write:
    """A bomb of many different parts, inside of fields of these numbers."""

    def write(folder: Path, scale: float) -> Path:
        data = b"".join(map(make, range(int(count * scale))))
        for number in reversed(around):
            data = part(number, data)
        return saved_model(folder, b"\x08\x01" + data)

    return write


def node(number: int) -> bytes:
    """A node of an op of its own."""
    return part(1, part(1, b"n%d" % number) + part(2, b"Op%d" % number))


def tracked(number: int) -> bytes:
    """A tracked object that leads to the next one."""
    child = part(1, b"\x08" + varint(number + 1) + part(2, b"child"))
    return part(1, child + part(4, part(1, b"_tf_keras_layer") + part(3, b'{"class_name":"A%d"}' % number)))


def text_bomb(make: Callable[[float], str]) -> Write:
    """A bomb in protobuf's text format."""
    return lambda folder, scale: saved_model(folder, make(scale).encode(), "saved_model.pbtxt")


def repeated_text(each: str, size: int = MEGABYTE, around: str = "%s") -> Write:
    """A bomb of one line of text over and over."""
    return text_bomb(lambda scale: around % (each * (int(size * scale) // len(each))))


# Zips.


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


# HDF5.


def hdf5(fill: Callable[[h5py.File, float], None], libver: str = "earliest") -> Write:
    """An .h5 model with something in its file besides."""

    def write(folder: Path, scale: float) -> Path:
        with h5py.File(folder / "model.h5", "w", libver=libver) as file:
            file.attrs["model_config"] = json.dumps(sequential([DENSE]))
            fill(file, scale)
        return folder / "model.h5"

    return write


def many_groups(file: h5py.File, scale: float) -> None:
    """One group beside the other."""
    for number in range(int(30_000 * scale)):
        file.create_group(f"model_weights/group_{number}")


def many_datasets(file: h5py.File, scale: float) -> None:
    """One empty array beside the other."""
    for number in range(int(30_000 * scale)):
        file.create_dataset(f"model_weights/{number}", (), "f4")


def deep_groups(file: h5py.File, scale: float) -> None:
    """A group in a group in a group."""
    here = file
    for _ in range(int(20_000 * scale)):
        here = here.create_group("g")


def long_names(file: h5py.File, scale: float) -> None:
    """Arrays with names as long as may be."""
    for number in range(int(500 * scale)):
        file.create_dataset(f"{number}" + "n" * 60_000, (), "f4")


def many_links(file: h5py.File, scale: float) -> None:
    """Links to one group, and of that group to itself."""
    group = file.create_group("g")
    for number in range(int(50_000 * scale)):
        group[f"again_{number}"] = group


def external_links(file: h5py.File, scale: float) -> None:
    """Links to other files."""
    for number in range(int(50_000 * scale)):
        file[f"link_{number}"] = h5py.ExternalLink(f"{ESCAPES}{number}.h5", "/y")


def many_attributes(file: h5py.File, scale: float) -> None:
    """Texts beside the configuration."""
    for number in range(int(20_000 * scale)):
        file.attrs[f"text {number}"] = "x" * 1000


def attributes_of_arrays(file: h5py.File, scale: float) -> None:
    """Arrays with attributes."""
    for number in range(int(3000 * scale)):
        attributes = file.create_dataset(f"{number}", (), "f4").attrs
        for each in range(8):
            attributes[f"a{each}"] = "x" * 4000


def compressed(file: h5py.File, scale: float) -> None:
    """Arrays that are nothing but zeros, compressed."""
    for number in range(4):
        file.create_dataset(
            f"{number}", (int(200 * MEGABYTE * scale) + MEGABYTE,), "i1", chunks=(MEGABYTE,), compression="gzip"
        )


def vast_shapes(file: h5py.File, scale: float) -> None:
    """Arrays whose sizes are numbers of many digits."""
    for number in range(int(3000 * scale)):
        file.create_dataset(f"{number}", (2**31,) * 2 + (0,) * 29, "f4", maxshape=(None,) * 31, chunks=(1,) * 31)


def shared_heap(folder: Path, scale: float) -> Path:
    """Attributes that all are the same large text in a heap."""
    path = hdf5(lambda file, _: many_attributes(file, 0.01 * scale))(folder, scale)
    with h5py.File(path, "a") as file:
        file.attrs["text"] = "x" * int(30 * MEGABYTE * scale)
    return path


# Others.


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


def file_of(name: str, make: Callable[[float], bytes]) -> Write:
    """A file alone."""

    def write(folder: Path, scale: float) -> Path:
        (folder / name).write_bytes(make(scale))
        return folder / name

    return write


def many_files(folder: Path, scale: float) -> Path:
    """A folder of files, all of them called models."""
    for number in range(int(20_000 * scale)):
        (folder / f"{number}.h5").write_bytes(b"")
    return folder


def many_other_files(folder: Path, scale: float) -> Path:
    """A SavedModel with files in it that are none of its own."""
    path = saved_model(folder, graph(node(1)))
    (path / "assets").mkdir()
    for number in range(int(100_000 * scale)):
        (path / "assets" / f"{number}").touch()
    return path


def deep_folders(folder: Path, scale: float) -> Path:
    """A folder in a folder in a folder."""
    here = folder / "deep"
    here.mkdir()
    start = Path.cwd()
    try:
        for _ in range(int(1500 * scale)):
            os.chdir(here)
            here = Path("d" * 100)
            here.mkdir()
    finally:
        os.chdir(start)
    return folder / "deep"


def symlink_circles(folder: Path, scale: float) -> Path:
    """Folders that lead to each other."""
    path = saved_model(folder, graph(node(1)))
    (path / "assets").mkdir()
    for number in range(int(200 * scale)):
        (path / "assets" / f"{number}").symlink_to(path / "assets", target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    (folder / "up").symlink_to(folder, target_is_directory=True)
    return folder


def special_files(folder: Path, _: float) -> Path:
    """Named pipes and devices where files are looked for."""
    path = folder / "model"
    (path / "variables").mkdir(parents=True)
    (path / "assets").mkdir()
    (path / "saved_model.pb").write_bytes(graph(node(1)))
    for name in ("keras_metadata.pb", "fingerprint.pb", "variables/variables.index", "assets/pipe"):
        os.mkfifo(path / name)
    for name, device in (("zero.h5", "/dev/zero"), ("random.keras", "/dev/urandom"), ("tty.pb", "/dev/tty")):
        (folder / name).symlink_to(device)
    os.mkfifo(folder / "pipe.h5")
    return folder


def pipes_unzipped(folder: Path, _: float) -> Path:
    """The content of a .keras file, its members named pipes and devices."""
    path = folder / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(sequential([DENSE])))
    (path / "metadata.json").write_text("{}")
    os.mkfifo(path / "model.weights.h5")
    (path / "x.weights.h5").symlink_to("/dev/zero")
    (path / "assets").mkdir()
    (path / "assets" / "zero").symlink_to("/dev/zero")
    return path


def foreign(number: int) -> dict[str, Any]:
    """A layer of a module of its own."""
    return layer(f"l{number}", f"C{number}", module=f"m{number}.x", registered_name=f"R{number}")


def chained(number: int) -> dict[str, Any]:
    """A layer that is called with all that came before it."""
    inputs = [[f"l{each}", 0, 0, {}] for each in range(max(0, number - 300), number)]
    return {**layer(f"l{number}"), "name": f"l{number}", "inbound_nodes": [inputs]}


BOMBS: dict[str, Write] = {
    "json: empty lists": json_of("[]"),
    "json: empty objects": json_of("{}"),
    "json: objects of one key": json_of('{"a":0}'),
    "json: different keys": json_text(
        lambda scale: sequential([], **{f"k{number}": {f"x{number}": 0} for number in range(int(800_000 * scale))})
    ),
    "json: fractions": json_of("1.5"),
    "json: large numbers": json_of("9" * 4000),
    "json: a number without end": json_text(lambda scale: in_config("9" * int(30 * MEGABYTE * scale), 0)),
    "json: NaN and infinities": json_of("NaN,-Infinity,1e999"),
    "json: wide characters": json_text(
        lambda scale: in_config('"' + "\\ud83d\\ude00" + "a" * int(30 * MEGABYTE * scale) + '"', 0)
    ),
    "json: short wide texts": json_of('"\\ud83d\\ude00"'),
    "json: nested lists": json_of("[" * 90 + "]" * 90),
    "json: nested without end": json_text(lambda scale: "[" * int(30 * MEGABYTE * scale)),
    "json: one long name": json_layers(lambda _: layer("n" * 1_000_000), 25),
    "json: long names, nested": json_text(lambda scale: nested_layers(scale * 0.1, "n" * 100_000)),
    "json: long class names": json_layers(lambda number: layer(f"l{number}", f"{number}" + "C" * 100_000), 250),
    "json: small layers": json_layers(lambda number: layer(f"l{number}"), 400_000),
    "json: foreign modules": json_layers(foreign, 190_000),
    "json: foreign modules, fewer": json_layers(foreign, 45_000),
    "json: nested layers": json_text(nested_layers),
    "json: models in a model": json_layers(lambda number: sequential([layer("d")], name=f"m{number}"), 90_000),
    "json: models in a model, fewer": json_layers(lambda number: sequential([layer("d")], name=f"m{number}"), 20_000),
    "json: called with all before": json_layers(chained, 3000),
    "json: lambdas": json_layers(lambda _: function(marshal.dumps((lambda x: x).__code__)), 60_000),
    "json: lookups": json_layers(lambda number: layer(f"l{number}", "StringLookup"), 150_000),
    "json: functions": json_layers(
        lambda number: {
            "class_name": "Lambda",
            "config": {"name": f"l{number}", "function": {"class_name": "function", "config": f"f{number}"}},
        },
        100_000,
    ),
    "json: metrics": json_text(
        lambda scale: {
            **sequential([]),
            "compile_config": {"metrics": [f"metric_{number}" for number in range(int(190_000 * scale))]},
        }
    ),
    "json: seeds and policies": json_layers(
        lambda number: layer(f"l{number}", dtype={"class_name": "Policy", "config": {"name": f"int8_from_p{number}"}}),
        90_000,
    ),
    "json: names that steer a terminal": json_layers(lambda number: layer(f"{ESCAPES}{number}", ESCAPES), 1000),
    "json: shapes": json_layers(lambda number: layer(f"l{number}", build_config={"input_shape": [10**300] * 1000}), 60),
    "bytecode: references": json_text(lambda scale: sequential([function(marshal_refs(scale))])),
    "bytecode: tuples in tuples": json_text(lambda _: sequential([function(code_with(tuples(55, 100)))])),
    "bytecode: one long tuple": json_text(
        lambda scale: sequential(
            [function(code_with(b"(" + struct.pack("<L", int(90_000 * scale)) + b"N" * int(90_000 * scale)))] * 100
        )
    ),
    "bytecode: many small functions": json_layers(
        lambda number: function(marshal.dumps((lambda x: x).__code__.replace(co_name=f"f{number}"))), 40_000
    ),
    "bytecode: jumps": json_text(lambda scale: sequential([function(jumps(scale))] * 20)),
    "bytecode: texts": json_text(
        lambda scale: sequential([function(code_with(marshal.dumps(("x" * int(14 * MEGABYTE * scale),))))])
    ),
    "protobuf: meta graphs": wire(2),
    "protobuf: tags": wire(2, 1, 4),
    "protobuf: nodes": wire(2, 2, 1),
    "protobuf: nodes, larger file": wire(2, 2, 1, size=12 * MEGABYTE),
    "protobuf: functions": wire(2, 2, 2, 1),
    "protobuf: nodes of functions": wire(2, 2, 2, 1, 3),
    "protobuf: attributes": wire(2, 2, 1, 5),
    "protobuf: different ops": numbered(node, 250_000, 2, 2),
    "protobuf: different attributes": numbered(
        lambda number: part(5, part(1, b"a%d" % number) + part(2, b"\x18" + varint(number))), 250_000, 2, 2, 1
    ),
    "protobuf: lists of an attribute": wire(2, 2, 1, 5, 2, 1, 3, inner=b"\x01" * 1000),
    "protobuf: ops defined": wire(2, 1, 2, 1),
    "protobuf: attributes defined": wire(2, 1, 2, 1, 4),
    "protobuf: signatures": numbered(
        lambda number: part(5, part(1, b"s%d" % number) + part(2, part(1, part(1, b"x") + part(2, b"")))), 200_000, 2
    ),
    "protobuf: inputs": numbered(
        lambda number: part(1, part(1, b"i%d" % number) + part(2, part(3, part(2, b"\x08\x01") * 3))), 180_000, 2, 5, 2
    ),
    "protobuf: dimensions": wire(2, 5, 2, 1, 2, 3, 2),
    "protobuf: collections": numbered(lambda number: part(4, part(1, b"c%d" % number)), 300_000, 2),
    "protobuf: assets": numbered(lambda number: part(6, part(2, b"f%d" % number)), 300_000, 2),
    "protobuf: assets elsewhere": numbered(lambda number: part(6, part(2, b"../f%d" % number)), 200_000, 2),
    "protobuf: objects": wire(2, 7, 1),
    "protobuf: children": wire(2, 7, 1, 1),
    "protobuf: tracked layers": numbered(tracked, 60_000, 2, 7),
    "protobuf: packed numbers": wire(2, 2, 4, 3, inner=b"\x01" * 100_000),
    "protobuf: unknown parts": wire(2, 99, size=60 * MEGABYTE),
    "protobuf: nested unknown groups": file_of("graph.pb", lambda scale: graph(b"\x9b\x06" * int(MEGABYTE * scale))),
    "protobuf: nested messages": wire(2, 2, 1, 5, inner=nested(2000, b"", lambda _, inner: part(1, inner))),
    "protobuf: nested messages around a long text": lambda folder, scale: saved_model(
        folder,
        part(
            2,
            part(
                5,
                part(
                    2,
                    part(
                        1,
                        part(
                            2,
                            nested(
                                int(400 * scale),
                                part(1, b"x" * int(3 * MEGABYTE * scale)),
                                lambda _, inner: part(5, part(2, inner)),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
    "protobuf: Keras metadata": lambda folder, scale: _with_metadata(
        folder, part(1, part(3, b"root.layer") + part(5, b'{"class_name":"A"}')) * int(100_000 * scale)
    ),
    "protobuf: empty Keras metadata": lambda folder, scale: _with_metadata(folder, b"\x0a\x00" * int(2e6 * scale)),
    "protobuf: graph alone": file_of(
        "graph.pb",
        lambda scale: b"".join(
            part(1, part(1, b"n%d" % number) + part(2, b"Placeholder") + part(3, b"n%d" % (number + 1)))
            for number in range(int(120_000 * scale))
        ),
    ),
    "text: unknown fields": repeated_text("x: 1 ", around="meta_graphs { %s }"),
    "text: unknown fields, a line each": repeated_text("x: 1\n", around="meta_graphs {\n%s }"),
    "text: unknown messages": repeated_text("x { y { z: 1 } } "),
    "text: unknown lists": text_bomb(lambda scale: "x: [" + "1, " * int(300_000 * scale) + "1]"),
    "text: nested unknown messages": text_bomb(lambda scale: "x { " * int(250_000 * scale)),
    "text: known nodes": repeated_text("node { } ", around="meta_graphs { graph_def { %s } }", size=4 * MEGABYTE),
    "text: one long string": text_bomb(lambda scale: 'meta_graphs { x: "' + "a" * int(15e6 * scale) + '" }'),
    "text: joined strings": repeated_text('"a" ', around="meta_graphs { meta_info_def { tags: %s } }"),
    "text: escapes": text_bomb(
        lambda scale: 'meta_graphs { meta_info_def { tags: "' + "\\001" * int(250_000 * scale) + '" } }'
    ),
    "text: comments": repeated_text("# comment\n", size=15 * MEGABYTE),
    "text: blanks": repeated_text(" \n", size=15 * MEGABYTE),
    "text: long numbers": text_bomb(
        lambda scale: "meta_graphs { graph_def { versions { producer: " + "1" * int(1e6 * scale) + " } } }"
    ),
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
    "hdf5: groups": hdf5(many_groups),
    "hdf5: groups, newest layout": hdf5(many_groups, "latest"),
    "hdf5: arrays": hdf5(many_datasets),
    "hdf5: nested groups": hdf5(deep_groups),
    "hdf5: long names": hdf5(long_names, "latest"),
    "hdf5: links in a circle": hdf5(many_links),
    "hdf5: links to other files": hdf5(external_links),
    "hdf5: attributes": hdf5(many_attributes, "latest"),
    "hdf5: attributes of arrays": hdf5(attributes_of_arrays),
    "hdf5: compressed zeros": hdf5(compressed),
    "hdf5: vast shapes": hdf5(vast_shapes),
    "hdf5: a text in a heap": shared_heap,
    "hdf5: a configuration of lists": lambda folder, scale: _h5_with(folder, in_config("[]", scale)),
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
    "folder: many files": many_files,
    "folder: many assets": many_other_files,
    "folder: folders in folders": deep_folders,
    "folder: links in a circle": symlink_circles,
    "folder: pipes and devices": special_files,
    "folder: pipes in an unzipped model": pipes_unzipped,
}


def _with_metadata(folder: Path, data: bytes) -> Path:
    path = saved_model(folder, graph(node(1)))
    (path / "keras_metadata.pb").write_bytes(data)
    return path


def _h5_with(folder: Path, config: str) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["model_config"] = config
    return folder / "model.h5"


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
