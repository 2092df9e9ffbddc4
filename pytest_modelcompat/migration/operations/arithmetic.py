"""Arithmetic: operations on each element of one tensor or of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.expression import Op, cast, op, tensor_of
from pytest_modelcompat.migration.operations.rule import Arguments, Rule, check_numbers, common
from pytest_modelcompat.migration.operations.tensor import (
    FLOATS,
    INTEGERS,
    Constant,
    NoEqualError,
    Ref,
    Tensor,
    broadcast,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Build = Callable[[Arguments], Any]

_TWO = ("x", "y")
# Whose quotient TensorFlow gives as float32; that of wider integers is float64.
_NARROW = frozenset({"int8", "int16", "uint8", "uint16"})


def computed(name: str, values: Sequence[Any], dtype: str | None) -> Op:
    """An operation of Keras 3 on two operands.

    Args:
        name: its class.
        values: tensors, expressions, numbers, arrays.
        dtype: of what it gives.
    """
    shape = broadcast(*(_shape(each) for each in values))
    return op(name, *values, gives=Tensor(shape, dtype))


def _shape(value: Any) -> Any:
    return tensor_of(value).shape if isinstance(value, Ref | Op | Constant) else ()


def _operands(given: Arguments) -> tuple[list[Any], str | None]:
    """Both operands and their dtype.

    Raises:
        NoEqualError: what they are is not known well enough.
    """
    dtype = common([given["x"], given["y"]]).dtype
    values = [given.operand(name, dtype) for name in _TWO]
    check_numbers(values, dtype)
    return values, dtype


def _of_numbers(name: str) -> Build:
    def build(given: Arguments) -> Op:
        values, dtype = _operands(given)
        return computed(name, values, dtype)

    return build


def _of_floats(name: str) -> Build:
    def build(given: Arguments) -> Op:
        values, dtype = _operands(given)
        if dtype not in FLOATS:
            raise NoEqualError(f"it is given {dtype or 'a dtype that is not known'}")
        return computed(name, values, dtype)

    return build


def _comparison(name: str) -> Build:
    def build(given: Arguments) -> Op:
        values, _ = _operands(given)
        return computed(name, values, "bool")

    return build


def _logical(name: str) -> Build:
    def build(given: Arguments) -> Op:
        return computed(name, [given.tensor(each) for each in _TWO], "bool")

    return build


def _angle(given: Arguments) -> Op:
    y, x = given.floats("y"), given.floats("x")
    return computed("Arctan2", [y, x], y.tensor.dtype)


def _quotient(given: Arguments) -> Op:
    values, dtype = _operands(given)
    if dtype in FLOATS or any(type(each) is float for each in values):
        return computed("Divide", values, dtype)
    if dtype not in INTEGERS:
        raise NoEqualError("the dtype of what it divides is not known")
    wide = "float32" if dtype in _NARROW else "float64"
    wider = [cast(each, wide) if isinstance(each, Ref) else _array(each, wide) for each in values]
    return computed("Divide", wider, wide)


def _remainder(given: Arguments) -> Op:
    values, dtype = _operands(given)
    if dtype is None:
        raise NoEqualError("the dtype of what it divides is not known")
    return computed("Mod", [_array(each, dtype) for each in values], dtype)


def _array(value: Any, dtype: str) -> Any:
    """A number as an array, where Keras gives a number a dtype of its own."""
    if isinstance(value, Constant):
        return Constant(value.value, dtype)
    return Constant(value, dtype) if type(value) in (int, float) else value


def _squared_difference(given: Arguments) -> Op:
    values, dtype = _operands(given)
    difference = computed("Subtract", values, dtype)
    return op("Square", difference, gives=difference.tensor)


def _sum_of_list(given: Arguments) -> Any:
    tensors = given.tensors("inputs")
    dtype = common(tensors).dtype
    found: Any = tensors[0]
    for each in tensors[1:]:
        found = computed("Add", [found, each], dtype)
    return found


def _unary(name: str) -> Build:
    def build(given: Arguments) -> Op:
        value = given.tensor("x")
        return op(name, value, gives=Tensor(value.tensor.shape, value.tensor.dtype))

    return build


def _unary_float(name: str) -> Build:
    def build(given: Arguments) -> Op:
        value = given.floats("x")
        return op(name, value, gives=Tensor(value.tensor.shape, value.tensor.dtype))

    return build


def _test(name: str) -> Build:
    def build(given: Arguments) -> Op:
        value = given.tensor("x")
        return op(name, value, gives=Tensor(value.tensor.shape, "bool"))

    return build


def _rounded(given: Arguments) -> Op:
    value = given.floats("x")
    return op("Round", value, decimals=0, gives=Tensor(value.tensor.shape, value.tensor.dtype))


def _clipped(given: Arguments) -> Op:
    value = given.tensor("t")
    dtype = value.tensor.dtype
    least, most = (given.operand(name, dtype) for name in ("clip_value_min", "clip_value_max"))
    check_numbers([least, most], dtype)
    shape = value.tensor.shape
    if type(least) in (int, float) and type(most) in (int, float):
        return op("Clip", value, x_min=least, x_max=most, gives=Tensor(shape, dtype))
    return computed("Maximum", [computed("Minimum", [value, most], dtype), least], dtype)


def _chosen(given: Arguments) -> Op:
    if given["x"] is None or given["y"] is None:
        raise NoEqualError("it gives the places where its condition holds, whose number only a call tells")
    condition = given.tensor("condition")
    values, dtype = _operands(given)
    shape = broadcast(condition.tensor.shape, broadcast(*(_shape(each) for each in values)))
    return op("Where", condition, *values, gives=Tensor(shape, dtype))


def _dtype_changed(given: Arguments) -> Op:
    value = given.tensor("x")
    if value.tensor.dtype is not None and value.tensor.dtype not in FLOATS | INTEGERS | {"bool"}:
        raise NoEqualError(f"it is given {value.tensor.dtype}")
    return cast(value, given.dtype("dtype"))


def _same(given: Arguments) -> Ref:
    return given.tensor("input")


def _constant_like(name: str) -> Build:
    def build(given: Arguments) -> Op:
        value = given.tensor("input")
        made = op(name, value, gives=Tensor(value.tensor.shape, value.tensor.dtype))
        return made if given["dtype"] is None else cast(made, given.dtype("dtype"))

    return build


def _two(name: str, *symbols: str, of: Callable[[str], Build] = _of_numbers) -> Rule:
    return Rule(symbols, _TWO, of(name))


def _one(name: str, *symbols: str, of: Callable[[str], Build] = _unary_float) -> Rule:
    return Rule(symbols, ("x",), of(name))


RULES = (
    _two("Add", "__operators__.add", "math.add"),
    _two("Subtract", "math.subtract"),
    _two("Multiply", "math.multiply"),
    _two("Maximum", "math.maximum"),
    _two("Minimum", "math.minimum"),
    _two("FloorDivide", "math.floordiv", "compat.v1.floor_div"),
    _two("Power", "math.pow", of=_of_floats),
    Rule(("math.atan2",), ("y", "x"), _angle),
    _two("DivideNoNan", "math.divide_no_nan", of=_of_floats),
    Rule(("math.truediv", "math.divide", "compat.v1.div", "realdiv"), _TWO, _quotient),
    Rule(("math.floormod", "math.mod", "compat.v1.floormod"), _TWO, _remainder),
    Rule(("math.squared_difference",), _TWO, _squared_difference),
    Rule(("math.add_n", "math.accumulate_n"), ("inputs",), _sum_of_list),
    _two("Greater", "math.greater", of=_comparison),
    _two("GreaterEqual", "math.greater_equal", of=_comparison),
    _two("Less", "math.less", of=_comparison),
    _two("LessEqual", "math.less_equal", of=_comparison),
    _two("Equal", "math.equal", "__operators__.eq", of=_comparison),
    _two("NotEqual", "math.not_equal", "__operators__.ne", of=_comparison),
    _two("LogicalAnd", "math.logical_and", of=_logical),
    _two("LogicalOr", "math.logical_or", of=_logical),
    _two("LogicalXor", "math.logical_xor", of=_logical),
    _one("LogicalNot", "math.logical_not", of=_test),
    _one("Isnan", "math.is_nan", of=_test),
    _one("Isinf", "math.is_inf", of=_test),
    _one("Isfinite", "math.is_finite", of=_test),
    _one("Negative", "math.negative", of=_unary),
    _one("Absolute", "math.abs", of=_unary),
    _one("Square", "math.square", of=_unary),
    _one("Sign", "math.sign", of=_unary),
    _one("Exp", "math.exp"),
    _one("Expm1", "math.expm1"),
    _one("Log", "math.log"),
    _one("Log1p", "math.log1p"),
    _one("Sqrt", "math.sqrt"),
    _one("Rsqrt", "math.rsqrt"),
    _one("Reciprocal", "math.reciprocal"),
    _one("Sin", "math.sin"),
    _one("Cos", "math.cos"),
    _one("Tan", "math.tan"),
    _one("Arcsin", "math.asin"),
    _one("Arccos", "math.acos"),
    _one("Arctan", "math.atan"),
    _one("Sinh", "math.sinh"),
    _one("Cosh", "math.cosh"),
    _one("Arcsinh", "math.asinh"),
    _one("Arccosh", "math.acosh"),
    _one("Arctanh", "math.atanh"),
    _one("Tanh", "math.tanh", "nn.tanh"),
    _one("Sigmoid", "math.sigmoid", "nn.sigmoid"),
    _one("LogSigmoid", "math.log_sigmoid"),
    _one("Floor", "math.floor"),
    _one("Ceil", "math.ceil"),
    _one("Erf", "math.erf"),
    Rule(("math.round", "math.rint"), ("x",), _rounded),
    Rule(("clip_by_value",), ("t", "clip_value_min", "clip_value_max"), _clipped),
    Rule(("where", "compat.v1.where_v2"), ("condition", "x", "y"), _chosen, {"x": None, "y": None}),
    Rule(("cast",), ("x", "dtype"), _dtype_changed),
    Rule(("identity",), ("input",), _same),
    Rule(("zeros_like",), ("input", "dtype", "layout"), _constant_like("ZerosLike"), {"dtype": None, "layout": None}),
    Rule(("ones_like",), ("input", "dtype", "layout"), _constant_like("OnesLike"), {"dtype": None, "layout": None}),
)
