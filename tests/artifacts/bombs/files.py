"""The files and folders that bombs of several kinds are written into, and what these are filled with."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.artifacts.saved_model.graphs import varint

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


def in_config(value: str, scale: float, size: int = 31 * MEGABYTE) -> str:
    """A model's configuration with a list of one value over and over, as large as is read."""
    count = max(1, int(size * scale) // (len(value) + 1))
    return '{"class_name":"Sequential","config":{"name":"m","layers":[],"x":[' + ",".join([value] * count) + "]}}"


def json_text(make: Callable[[float], Any]) -> Write:
    """A bomb of any configuration."""
    return lambda folder, scale: keras(folder / "model.keras", make(scale))


def json_layers(make: Callable[[int], Any], count: int) -> Write:
    """A bomb of many layers, each made of its number."""
    return lambda folder, scale: keras(
        folder / "model.keras", sequential([make(number) for number in range(max(2, int(count * scale)))])
    )


def nested(depth: int, inner: Any, wrap: Callable[[int, Any], Any]) -> Any:
    """A value in a value in a value."""
    for number in range(depth):
        inner = wrap(number, inner)
    return inner


def file_of(name: str, make: Callable[[float], bytes]) -> Write:
    """A file alone."""

    def write(folder: Path, scale: float) -> Path:
        (folder / name).write_bytes(make(scale))
        return folder / name

    return write


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


def node(number: int) -> bytes:
    """A node of an op of its own."""
    return part(1, part(1, b"n%d" % number) + part(2, b"Op%d" % number))
