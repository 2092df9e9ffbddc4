"""Values: the numbers that operations compute of the sizes of tensors, as far as these are known."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.slices import key_of
from pytest_modelcompat.migration.operations.tensor import NoEqualError, Ref, Tensor, axis_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.operations.call import Call

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "math.add": operator.add,
    "__operators__.add": operator.add,
    "math.subtract": operator.sub,
    "math.multiply": operator.mul,
    "math.floordiv": operator.floordiv,
    "compat.v1.floor_div": operator.floordiv,
    "math.floormod": operator.mod,
    "math.maximum": max,
    "math.minimum": min,
    "math.truediv": operator.truediv,
    "math.pow": operator.pow,
}
_UNARY: dict[str, Callable[[Any], Any]] = {"math.sqrt": math.sqrt, "math.rsqrt": lambda each: 1 / math.sqrt(each)}
_INTEGERS = frozenset({"int32", "int64"})
# In which every size of a tensor is exact.
_FLOATS = frozenset({"float32", "float64"})
_MOST = 2**24


def numbers(call: Call) -> tuple[Tensor, ...] | None:
    """What an operation gives, if these are sizes of tensors or numbers computed of them; else None.

    Args:
        call: with what is known of its tensors.
    """
    try:
        return _numbers(call)
    except (NoEqualError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return None


def _numbers(call: Call) -> tuple[Tensor, ...] | None:
    symbol, first, others = call.symbol, call.first, call.others
    if symbol in {"compat.v1.shape", "shape", "compat.v1.shape_v2"} and isinstance(first, Ref):
        shape = first.tensor.shape
        return None if shape is None else (_number(list(shape), others.get("out_type") or "int32"),)
    if symbol in {"compat.v1.size", "size"} and isinstance(first, Ref) and first.tensor.shape is not None:
        return (_number(_product(first.tensor.shape), others.get("out_type") or "int32"),)
    dtype = _dtype_of_any(call)
    if dtype is None:
        return None
    if symbol in _BINARY:
        if dtype in _INTEGERS and symbol in {"math.truediv", "math.pow"}:
            return None
        return (_number(_of_two(_BINARY[symbol], _value(first), _value(others["y"])), dtype),)
    value = _value(first)
    if symbol in _UNARY and dtype in _FLOATS and not isinstance(value, list):
        return (_number(None if value is None else _UNARY[symbol](value), dtype),)
    if symbol == "__operators__.getitem":
        return (_number(_taken(value, key_of(others["slice_spec"])), dtype),)
    if symbol == "cast":
        return _cast(value, dtype, others["dtype"])
    if symbol == "stack":
        return (_number(value, dtype),) if others.get("axis", 0) == 0 else None
    if symbol == "concat":
        return (_number([each for part in value for each in part], dtype),) if others.get("axis") == 0 else None
    if symbol == "unstack":
        return tuple(_number(each, dtype) for each in value) if others.get("axis", 0) == 0 else None
    if symbol == "math.reduce_prod" and others.get("axis") in (None, 0) and not others.get("keepdims"):
        return (_number(_product(value), dtype),)
    return None


def _cast(value: Any, before: str, after: str) -> tuple[Tensor, ...] | None:
    """Numbers as another dtype, where each is exact in it."""
    is_exact = after in _INTEGERS | _FLOATS and (before in _INTEGERS or after in _FLOATS)
    return (_number(value, after),) if is_exact and _is_small(value) else None


def _is_small(value: Any) -> bool:
    return all(map(_is_small, value)) if isinstance(value, list) else value is None or abs(value) <= _MOST


def _dtype_of_any(call: Call) -> str | None:
    """The dtype of the first such number among what it is called with."""
    waiting = [call.first, *call.others.values()]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, Ref) and each.tensor.is_number:
            return each.tensor.dtype
    return None


def _value(argument: Any) -> Any:
    """The numbers of an argument.

    Raises:
        NoEqualError: it is no such number.
    """
    if isinstance(argument, list):
        return [_value(each) for each in argument]
    if isinstance(argument, Ref) and argument.tensor.is_number:
        return argument.tensor.value
    if type(argument) in (int, float):
        return argument
    raise NoEqualError("it is no number that the model knows")


def _number(value: Any, dtype: Any = "int32") -> Tensor:
    return Tensor(shape_of(value), str(dtype), is_number=True, value=value)


def _of_two(function: Callable[[int, int], int], one: Any, other: Any) -> Any:
    if isinstance(one, list) and isinstance(other, list):
        return [_of_two(function, *pair) for pair in zip(one, other, strict=True)]
    if isinstance(one, list):
        return [_of_two(function, each, other) for each in one]
    if isinstance(other, list):
        return [_of_two(function, one, each) for each in other]
    return None if one is None or other is None else function(one, other)


def _product(value: Any) -> int | None:
    return None if None in value else math.prod(value)


def _taken(value: Any, key: list[Any]) -> Any:
    if not key:
        return value
    if len(key) > 1 or key[0] is None or key[0] is Ellipsis:
        raise NoEqualError("it is no simple slice")
    if isinstance(key[0], int):
        return value[axis_of(key[0], len(value))]
    return value[key[0]]
