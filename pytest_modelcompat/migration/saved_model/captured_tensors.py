"""Tensors that a gradient's function keeps of the function it belongs to, which TensorFlow up to 2.5 cannot load.

Since 2.6 they are objects of the object graph. No prediction needs them: what calls a function hands it its tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.wire_format import DELIMITED, VARINT, delimited, read_varint
from pytest_modelcompat.migration.saved_model.wire import field_of, rewritten, text_field, wire_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.saved_model.wire import Chunks

# Numbers of fields: of `SavedObjectGraph`, `SavedObject`, a map's entry, `SavedConcreteFunction`.
_OBJECT, _FUNCTION = 1, 2
_USER_OBJECT, _CAPTURED_TENSOR = 4, 12
_CALLS, _FUNCTION_NAME = (6, 8), 1
_KEY, _VALUE = 1, 2
_BOUND_INPUTS = 2
# An object that any TensorFlow makes of nothing.
_PLAIN = text_field(1, "_generic_user_object") + delimited(2, b"\x08\x01\x10\x01")


def without_captured_tensors(objects: memoryview) -> tuple[Chunks, int] | None:
    """An object graph with plain objects instead of captured tensors, and how many it had.

    The functions that are bound to them are no longer set up; None where an object names one of these functions, or
    there is no captured tensor.

    Args:
        objects: a `SavedObjectGraph` message.

    Raises:
        ValueError: it is damaged.
    """
    nodes = [_value(objects, each) for each in _fields(objects, _OBJECT)]
    captured = {number for number, node in enumerate(nodes) if next(_fields(node, _CAPTURED_TENSOR), None)}
    bound = {key for key, inputs in _functions(objects) if captured & set(inputs)}
    if not captured or bound & {name for node in nodes for name in _named(node)}:
        return None
    chunks = rewritten(objects, {_OBJECT: _plain, _FUNCTION: lambda entry: [] if _key(entry) in bound else None})
    return None if chunks is None else (chunks, len(captured))


def _plain(node: memoryview) -> Chunks | None:
    chunks = rewritten(node, {_CAPTURED_TENSOR: lambda _: [delimited(_USER_OBJECT, _PLAIN)]})
    return None if chunks is None else field_of(_OBJECT, chunks)


def _named(node: memoryview) -> Iterator[bytes]:
    """The functions that an object calls when it is called."""
    for number in _CALLS:
        for function in _fields(node, number):
            value = _value(node, function)
            yield from (bytes(_value(value, name)) for name in _fields(value, _FUNCTION_NAME))


def _functions(objects: memoryview) -> Iterator[tuple[bytes, list[int]]]:
    """The name of every function, and the numbers of the objects that it is bound to."""
    for entry in _fields(objects, _FUNCTION):
        function = _value(objects, entry)
        inputs: list[int] = []
        for value in _fields(function, _VALUE):
            inputs += _numbers(_value(function, value))
        yield _key(function), inputs


def _numbers(function: memoryview) -> Iterator[int]:
    """The bound inputs, which are written one by one, or all in one field."""
    for each in wire_fields(function):
        if each.number != _BOUND_INPUTS or each.kind not in (VARINT, DELIMITED):
            continue
        position = each.start
        while position < each.end:
            number, position = read_varint(function, position)
            if not position:
                raise ValueError("a number of it does not end")
            yield number


def _key(entry: memoryview) -> bytes:
    return next((bytes(_value(entry, each)) for each in _fields(entry, _KEY)), b"")


def _fields(data: memoryview, number: int) -> Iterator[tuple[int, int]]:
    return ((each.start, each.end) for each in wire_fields(data) if each.number == number and each.kind == DELIMITED)


def _value(data: memoryview, field: tuple[int, int]) -> memoryview:
    return data[field[0] : field[1]]
