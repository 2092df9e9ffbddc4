"""What a protobuf file is, by its first fields: such a file has no signature, but each kind has fields of its own."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_modelcompat.artifacts.containers.wire_format import (
    DELIMITED,
    FIXED_32,
    FIXED_64,
    LONGEST_VARINT,
    VARINT,
    read_varint,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

GRAPH_DEF, META_GRAPH, SAVED_MODEL, ONNX, CORE_ML = "GraphDef", "MetaGraphDef", "SavedModel", "ONNX", "Core ML"

# Of a message, so many fields are looked at, and so much of a field that is a message itself.
_MOST_FIELDS = 64
_LONGEST_LOOK = 1 << 16
_LONGEST_TEXT = 200
# Where each kind has its fields. Those of a Core ML model that say what it is made of are numbered from here on.
_OF_GRAPH, _OF_META_INFO, _OF_ONNX = frozenset(range(1, 6)), frozenset(range(1, 8)), frozenset({*range(1, 9), 14, 20})
_ONNX_GRAPH, _ONNX_OPSET, _FIRST_OF_CORE_ML = 7, 8, 200
_OPERATION = re.compile(r"[A-Za-z_][\w>.\-]*")
_COMMENTS = rb"\s*(#[^\n]*\n\s*)*"
_TEXTS = (
    (GRAPH_DEF, re.compile(_COMMENTS + rb"node\s*:?\s*\{\s*(name|op)\s*:")),
    (META_GRAPH, re.compile(_COMMENTS + rb"meta_info_def\s*:?\s*\{")),
)


class Field(NamedTuple):
    """A field of a message: its number, the kind of its value, and where that begins and ends."""

    number: int
    kind: int
    start: int
    end: int


def protobuf_kind(path: Path) -> str:
    """Tells what a protobuf file is, in binary or text form; empty where it is none of these.

    Args:
        path: an existing file, which may be truncated.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_LONGEST_LOOK)
        if head[:1] in (b"\x08", b"\x0a"):
            return _binary_kind(file)
    return next((kind for kind, begins in _TEXTS if begins.match(head)), "")


def onnx_facts(path: Path) -> str:
    """What made an ONNX file and which operator set it needs, as far as it says: `PyTorch 2.1, opset 17`.

    Args:
        path: an ONNX file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        fields = list(fields_of(file))
        texts = {each.number: _text(file, each) for each in fields if each.number in (2, 3)}
        domains = [_body(file, each) for each in fields if each.number == _ONNX_OPSET]
        opsets = [_number(body, inner) for body in domains for inner in fields_of(body) if inner.number == 2]
    made_by = " ".join(filter(None, (texts.get(2), texts.get(3))))
    return ", ".join(filter(None, (made_by, f"opset {max(opsets)}" if opsets else "")))


def fields_of(file: BinaryIO) -> Iterator[Field]:
    """The first fields of a message, up to its end or to what is no field; values are passed over unread.

    Args:
        file: the message.
    """
    position, size = 0, file.seek(0, os.SEEK_END)
    for _ in range(_MOST_FIELDS):
        if position >= size:
            return
        file.seek(position)
        head = file.read(2 * LONGEST_VARINT)
        tag, start = read_varint(head, 0)
        length, after = read_varint(head, start)
        kind = tag & 7
        sizes = {VARINT: after - start, FIXED_64: 8, FIXED_32: 4, DELIMITED: length}
        if not start or not tag >> 3 or kind not in sizes or (kind in (VARINT, DELIMITED) and not after):
            return
        begin = position + (after if kind == DELIMITED else start)
        position = begin + sizes[kind]
        yield Field(tag >> 3, kind, begin, position)


def _binary_kind(file: BinaryIO) -> str:
    fields = list(fields_of(file))
    begins = [(each.number, each.kind) for each in fields[:1]]
    if begins == [(1, DELIMITED)]:
        return _kind_of_graph(file, fields)
    return _kind_of_model(file, fields) if begins == [(1, VARINT)] else ""


def _kind_of_graph(file: BinaryIO, fields: Sequence[Field]) -> str:
    if _numbers(fields) <= _OF_GRAPH and _is_node(file, fields[0]):
        return GRAPH_DEF
    return META_GRAPH if _is_meta_info(file, fields[0]) else ""


def _kind_of_model(file: BinaryIO, fields: Sequence[Field]) -> str:
    """What begins with the version of its own format."""
    numbers = _numbers(fields)
    if numbers == {1, 2} and _begins_with_meta_info(file, fields[1]):
        return SAVED_MODEL
    if _ONNX_GRAPH in numbers and numbers <= _OF_ONNX:
        return ONNX
    return CORE_ML if 2 in numbers and max(numbers) >= _FIRST_OF_CORE_ML else ""


def _numbers(fields: Sequence[Field]) -> set[int]:
    return {each.number for each in fields}


def _is_node(file: BinaryIO, field: Field) -> bool:
    """Whether a field is a graph's node: its first fields are a name and an op."""
    body = _body(file, field)
    fields = [each for _, each in zip(range(2), fields_of(body), strict=False)]
    if [(each.number, each.kind) for each in fields] != [(1, DELIMITED), (2, DELIMITED)]:
        return False
    name, op = (_text(body, each) for each in fields)
    return bool(name) and _OPERATION.fullmatch(op) is not None


def _is_meta_info(file: BinaryIO, field: Field) -> bool:
    """Whether a field says what a graph is: it lists the ops that the graph uses, or the TensorFlow that wrote it."""
    body = _body(file, field)
    fields = {each.number: each for each in fields_of(body)}
    if not fields or not fields.keys() <= _OF_META_INFO:
        return False
    ops = next(fields_of(_body(body, fields[2])), None) if 2 in fields else None
    if ops is not None and (ops.number, ops.kind) == (1, DELIMITED):
        definition = _body(_body(body, fields[2]), ops)
        name = next(fields_of(definition), None)
        return name is not None and _OPERATION.fullmatch(_text(definition, name)) is not None
    return 5 in fields and _text(body, fields[5])[:1].isdecimal()


def _begins_with_meta_info(file: BinaryIO, field: Field) -> bool:
    body = _body(file, field)
    first = next(fields_of(body), None)
    return first is not None and first.number == 1 and _is_meta_info(body, first)


def _body(file: BinaryIO, field: Field) -> BinaryIO:
    """The beginning of a message in a message."""
    file.seek(field.start)
    return io.BytesIO(file.read(max(0, min(field.end - field.start, _LONGEST_LOOK))))


def _text(file: BinaryIO, field: Field) -> str:
    """A short text; empty where a field is none."""
    if field.kind != DELIMITED or not 0 < field.end - field.start <= _LONGEST_TEXT:
        return ""
    file.seek(field.start)
    text = file.read(field.end - field.start).decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else ""


def _number(file: BinaryIO, field: Field) -> int:
    file.seek(field.start)
    return read_varint(file.read(LONGEST_VARINT), 0)[0] if field.kind == VARINT else 0
