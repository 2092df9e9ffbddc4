"""Values: the numbers that operations compute of the sizes of tensors, as far as these are known."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.slices import key_of
from pytest_modelcompat.migration.operations.tensor import NoEqualError, Ref, Tensor, axis_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_modelcompat.migration.operations.call import Call

    Others = Mapping[str, Any]
    Compute = Callable[[Any, Others, str], tuple[Tensor, ...] | None]

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
_OF_FLOATS = frozenset({"math.truediv", "math.pow"})
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
    if call.symbol in _SIZES:
        return _of_sizes(call)
    dtype = _dtype_of_any(call)
    if dtype is None:
        return None
    if call.symbol in _BINARY:
        return _of_numbers(call, dtype)
    compute = _OTHERS.get(call.symbol)
    return None if compute is None else compute(_value(call.first), call.others, dtype)


def _of_sizes(call: Call) -> tuple[Tensor, ...] | None:
    """The sizes of a tensor, or the number of its elements."""
    shape = call.first.tensor.shape if isinstance(call.first, Ref) else None
    if shape is None:
        return None
    return (_number(_SIZES[call.symbol](list(shape)), call.others.get("out_type") or "int32"),)


def _of_numbers(call: Call, dtype: str) -> tuple[Tensor, ...] | None:
    if dtype in _INTEGERS and call.symbol in _OF_FLOATS:
        return None
    return (_number(_of_two(_BINARY[call.symbol], _value(call.first), _value(call.others["y"])), dtype),)


def _root(function: Callable[[float], float]) -> Compute:
    def compute(value: Any, _: Others, dtype: str) -> tuple[Tensor, ...] | None:
        if dtype not in _FLOATS or isinstance(value, list):
            return None
        return (_number(None if value is None else function(value), dtype),)

    return compute


def _slice(value: Any, others: Others, dtype: str) -> tuple[Tensor, ...]:
    return (_number(_taken(value, key_of(others["slice_spec"])), dtype),)


def _stack(value: Any, others: Others, dtype: str) -> tuple[Tensor, ...] | None:
    return (_number(value, dtype),) if others.get("axis", 0) == 0 else None


def _concat(value: Any, others: Others, dtype: str) -> tuple[Tensor, ...] | None:
    return (_number([each for part in value for each in part], dtype),) if others.get("axis") == 0 else None


def _unstack(value: Any, others: Others, dtype: str) -> tuple[Tensor, ...] | None:
    return tuple(_number(each, dtype) for each in value) if others.get("axis", 0) == 0 else None


def _prod(value: Any, others: Others, dtype: str) -> tuple[Tensor, ...] | None:
    is_plain = others.get("axis") in (None, 0) and not others.get("keepdims")
    return (_number(_product(value), dtype),) if is_plain else None


def _cast(value: Any, others: Others, before: str) -> tuple[Tensor, ...] | None:
    """Numbers as another dtype, where each is exact in it."""
    after = others["dtype"]
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


_SIZES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("shape", "compat.v1.shape", "compat.v1.shape_v2"), list),
    **dict.fromkeys(("size", "compat.v1.size"), _product),
}
_OTHERS: dict[str, Compute] = {
    "__operators__.getitem": _slice,
    "cast": _cast,
    "stack": _stack,
    "concat": _concat,
    "unstack": _unstack,
    "math.reduce_prod": _prod,
    "math.sqrt": _root(math.sqrt),
    "math.rsqrt": _root(lambda each: 1 / math.sqrt(each)),
}
