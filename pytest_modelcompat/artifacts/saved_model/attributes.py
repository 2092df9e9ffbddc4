"""Op attributes as text: `float32`, `true`, `-1`, `1.0`, `"SAME"`, `[float32, int64]`."""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.dtypes import dtype_name
from pytest_modelcompat.artifacts.saved_model.protobuf_schema import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST_TEXT = 1000
# These describe data or code rather than a choice, so no list of an attribute's values has them.
_NO_VALUES = frozenset({"shape", "tensor", "func", "placeholder"})
_FUNCTION_KINDS = frozenset({"func", "list"})
# The tags of both, without which no attribute names a function. No node is known by others of its op: one that lacks
# its function can stand where nothing runs it.
_TAG_OF_FUNCTION = re.compile(rb"[RJ\xd2\xca]")


def functions_in(entry: bytes) -> tuple[str, ...]:
    """The functions that an attribute names.

    Args:
        entry: the attribute, packed.
    """
    if not _TAG_OF_FUNCTION.search(entry):
        return ()
    try:
        value = parse("AttrEntry", entry).value
    except ValueError:
        return ()
    kind = value.WhichOneof("value")
    if kind not in _FUNCTION_KINDS:
        return ()
    return (value.func.name,) if kind == "func" else tuple(each.name for each in value.list.func)


def value_text(value: Any) -> str | None:
    """An attribute's value as text; None for a shape, a tensor, a function, or a list of them.

    Args:
        value: an `AttrValue` message.
    """
    kind = value.WhichOneof("value")
    if kind is None or kind in _NO_VALUES:
        return None
    if kind == "list" and any(field in _NO_VALUES for field, _ in _filled(value.list)):
        return None
    return attribute_text(value)


def attribute_text(value: Any) -> str:
    """An attribute's value as text: `float32`, `true`, `-1`, `1.0`, `"SAME"`, `[float32, int64]`, `[2, ?]`.

    Shapes are lists with `?` for an open dimension and `unknown shape` for an open rank; tensors and functions are
    just called that. A float is the shortest text that gives the same float32.

    Args:
        value: an `AttrValue` message.
    """
    kind = value.WhichOneof("value")
    if kind == "list":
        return f"[{', '.join([text for field, items in _filled(value.list) for text in map(_WRITERS[field], items)])}]"
    return _WRITERS[kind](getattr(value, kind)) if kind else ""


def _filled(values: Any) -> Iterator[tuple[str, Any]]:
    return ((field.name, items) for field, items in values.ListFields())


def _string_text(value: bytes) -> str:
    text = json.dumps(value[:_LONGEST_TEXT].decode("utf-8", "backslashreplace"), ensure_ascii=False)
    return text if len(value) <= _LONGEST_TEXT else f"{text} …"


def _shape_text(shape: Any) -> str:
    if shape.unknown_rank:
        return "unknown shape"
    return f"[{', '.join('?' if dim.size < 0 else str(dim.size) for dim in shape.dim)}]"


def _float_text(value: float) -> str:
    """The shortest decimal that is the same float32, written as Python writes a float."""
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.unpack("<f", struct.pack("<f", short))[0] == value:
                return repr(short)
        except OverflowError:
            continue
    return repr(float(f"{value:.9g}"))


_WRITERS: dict[str, Callable[[Any], str]] = {
    "type": dtype_name,
    "b": lambda truth: "true" if truth else "false",
    "i": str,
    "f": _float_text,
    "s": _string_text,
    "shape": _shape_text,
    "placeholder": str,
    "tensor": lambda _: "tensor",
    "func": lambda _: "function",
}
