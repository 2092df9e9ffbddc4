"""Bombs in the bytecode of Lambda layers."""

from __future__ import annotations

import marshal
import struct
from base64 import b64encode
from typing import Any

from tests.artifacts.bombs.files import MEGABYTE, Write, json_layers, json_text, nested, sequential


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


BYTECODE: dict[str, Write] = {
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
}
