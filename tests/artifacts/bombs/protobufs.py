"""Bombs in protobuf, in its wire format and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.artifacts.bombs.files import MEGABYTE, Write, file_of, graph, nested, node, part, saved_model
from tests.artifacts.saved_model.graphs import varint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


def _with_metadata(folder: Path, data: bytes) -> Path:
    path = saved_model(folder, graph(node(1)))
    (path / "keras_metadata.pb").write_bytes(data)
    return path


PROTOBUFS: dict[str, Write] = {
    "protobuf: meta graphs": wire(2),
    "protobuf: tags": wire(2, 1, 4),
    "protobuf: nodes": wire(2, 2, 1),
    "protobuf: nodes, larger file": wire(2, 2, 1, size=12 * MEGABYTE),
    "protobuf: functions": wire(2, 2, 2, 1),
    "protobuf: nodes of functions": wire(2, 2, 2, 1, 3),
    "protobuf: small functions": wire(2, 2, 2, 1, inner=part(3, b"") * 400),
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
}
