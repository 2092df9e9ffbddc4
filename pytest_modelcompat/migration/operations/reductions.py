"""Reductions: sums, means and the like along axes, norms, products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.arithmetic import computed
from pytest_modelcompat.migration.operations.expression import Op, cast, op, tensor_of
from pytest_modelcompat.migration.operations.rule import Arguments, Rule
from pytest_modelcompat.migration.operations.tensor import FLOATS, NoEqualError, Tensor, axis_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.migration.operations.tensor import Shape

_PARAMETERS = ("input_tensor", "axis", "keepdims", "keep_dims", "reduction_indices")
_DEFAULTS = dict.fromkeys(("axis", "keepdims", "keep_dims", "reduction_indices"))
# Of which Keras 3 gives the sum of the same dtype.
_SUMMED = FLOATS | {"int32", "int64", "uint32", "uint64"}
# Which Keras 3.3 does not take an integer as axis for.
_OF_LISTS = frozenset({"Logsumexp"})
_NO_GAP = "Keras 3 gives its result another dtype where it is given {}"


def reduced(name: str, value: Any, axis: int | list[int] | None, *, keepdims: bool, dtype: str | None) -> Op:
    """A reduction of Keras 3.

    Args:
        name: its class.
        value: a tensor or an expression.
        axis: along which; None for all.
        keepdims: whether axes are kept with the size 1.
        dtype: of what it gives.
    """
    shape = _left(tensor_of(value).shape, axis, keepdims=keepdims)
    if name in _OF_LISTS and isinstance(axis, int):
        axis = [axis]
    return op(name, value, axis=axis, keepdims=keepdims, gives=Tensor(shape, dtype))


def _left(shape: Shape | None, axis: int | list[int] | None, *, keepdims: bool) -> Shape | None:
    if shape is None:
        return None
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, list) else [axis]
    gone = {axis_of(each, len(shape)) for each in axes}
    if keepdims:
        return tuple(1 if place in gone else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in gone)


def _reduction(name: str, dtypes: frozenset[str]) -> Callable[[Arguments], Op]:
    def build(given: Arguments) -> Op:
        value = given.tensor("input_tensor")
        dtype = value.tensor.dtype
        if dtype not in dtypes:
            raise NoEqualError(_NO_GAP.format(dtype or "a dtype that is not known"))
        axis = given.axes("axis" if given["axis"] is not None else "reduction_indices")
        keepdims = bool(given["keepdims"] or given["keep_dims"])
        return reduced(name, value, axis, keepdims=keepdims, dtype=dtype)

    return build


def _rule(name: str, *symbols: str, dtypes: frozenset[str] = FLOATS) -> Rule:
    return Rule(symbols, _PARAMETERS, _reduction(name, dtypes), _DEFAULTS)


def _length(given: Arguments) -> Op:
    """The square root of the sum of squares, in the order in which TensorFlow computes it."""
    value = given.floats("tensor")
    given.only(ord="euclidean")
    dtype = value.tensor.dtype
    squares = op("Square", value, gives=Tensor(value.tensor.shape, dtype))
    keepdims = bool(given["keepdims"] or given["keep_dims"])
    total = reduced("Sum", squares, given.axes(), keepdims=keepdims, dtype=dtype)
    return op("Sqrt", total, gives=total.tensor)


def _euclidean(given: Arguments) -> Op:
    value = given.floats("input_tensor")
    dtype = value.tensor.dtype
    squares = op("Square", value, gives=Tensor(value.tensor.shape, dtype))
    total = reduced("Sum", squares, given.axes(), keepdims=bool(given["keepdims"]), dtype=dtype)
    return op("Sqrt", total, gives=total.tensor)


def _normalized(given: Arguments) -> Op:
    """What TensorFlow computes: by the inverse root of the sum of squares, or of the least that it may be."""
    value = given.floats("x")
    dtype = value.tensor.dtype
    axis = given.axes("axis" if given["axis"] is not None else "dim")
    squares = op("Square", value, gives=Tensor(value.tensor.shape, dtype))
    total = reduced("Sum", squares, axis, keepdims=True, dtype=dtype)
    bounded = computed("Maximum", [total, given.operand("epsilon", dtype)], dtype)
    inverse = op("Rsqrt", bounded, gives=bounded.tensor)
    return computed("Multiply", [value, inverse], dtype)


def _place_of_extreme(name: str) -> Callable[[Arguments], Op]:
    def build(given: Arguments) -> Op:
        value = given.tensor("input")
        chosen = "axis" if given["axis"] is not None else "dimension"
        axis = 0 if given[chosen] is None else given.integer(chosen)
        shape = _left(value.tensor.shape, axis, keepdims=False)
        found = op(name, value, axis=axis, keepdims=False, gives=Tensor(shape, "int32"))
        dtype = "int64" if given["output_type"] is None else given.dtype("output_type")
        return found if dtype == "int32" else cast(found, dtype)

    return build


def _running(name: str) -> Callable[[Arguments], Op]:
    def build(given: Arguments) -> Op:
        given.only(exclusive=False, reverse=False)
        value = given.tensor("x")
        dtype = value.tensor.dtype
        if dtype not in _SUMMED:
            raise NoEqualError(_NO_GAP.format(dtype or "a dtype that is not known"))
        return op(name, value, axis=given.integer("axis"), gives=Tensor(value.tensor.shape, dtype))

    return build


def _matrices(given: Arguments) -> Op:
    given.only(adjoint_a=False, adjoint_b=False, a_is_sparse=False, b_is_sparse=False, grad_a=False, grad_b=False)
    values = [given[name] for name in ("a", "b")]
    dtype = next((tensor_of(each).dtype for each in values if tensor_of(each).dtype), None)
    if dtype not in FLOATS:
        raise NoEqualError(f"it is given {dtype or 'a dtype that is not known'}")
    given.only(output_type=dtype)
    a, b = (
        _turned(given.operand(name, dtype), bool(given[f"transpose_{name}"]), tensor_of(given[name]).shape)
        for name in ("a", "b")
    )
    return op("Matmul", a, b, gives=Tensor(_product(tensor_of(a).shape, tensor_of(b).shape), dtype))


def _turned(value: Any, is_turned: bool, shape: Shape | None) -> Any:
    if not is_turned:
        return value
    swapped = None if shape is None else (*shape[:-2], shape[-1], shape[-2])
    return op("Swapaxes", value, axis1=-1, axis2=-2, gives=Tensor(swapped, tensor_of(value).dtype))


def _product(a: Shape | None, b: Shape | None) -> Shape | None:
    if a is None or b is None or len(a) < 2 or len(b) < 2:
        return None
    if len(b) == 2:
        return (*a[:-1], b[-1])
    return (*a[:-1], b[-1]) if len(a) == len(b) and a[:-2] == b[:-2] else None


def _contracted(given: Arguments) -> Op:
    a = given.floats("a")
    axes: Any = given["axes"]
    if type(axes) is not int and not (isinstance(axes, list) and len(axes) == 2):
        raise NoEqualError("its `axes` is a tensor")
    pairs = axes if isinstance(axes, int) else [each if isinstance(each, list) else [each] for each in axes]
    return op("Tensordot", a, given.operand("b", a.tensor.dtype), axes=pairs, gives=Tensor(None, a.tensor.dtype))


_BOOL = frozenset({"bool"})
_FLAGS = ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse", "grad_a", "grad_b")
_NORM = ("tensor", "ord", "axis", "keepdims", "keep_dims")
_EXTREME = ("input", "axis", "output_type", "dimension")

RULES = (
    _rule("Mean", "math.reduce_mean"),
    _rule("Sum", "math.reduce_sum", dtypes=_SUMMED),
    _rule("Prod", "math.reduce_prod", dtypes=_SUMMED),
    _rule("Max", "math.reduce_max", dtypes=_SUMMED | {"int8", "int16", "uint8", "uint16"}),
    _rule("Min", "math.reduce_min", dtypes=_SUMMED | {"int8", "int16", "uint8", "uint16"}),
    _rule("Std", "math.reduce_std"),
    _rule("Var", "math.reduce_variance"),
    _rule("Logsumexp", "math.reduce_logsumexp"),
    _rule("Any", "math.reduce_any", dtypes=_BOOL),
    _rule("All", "math.reduce_all", dtypes=_BOOL),
    Rule(("math.reduce_euclidean_norm",), ("input_tensor", "axis", "keepdims"), _euclidean, _DEFAULTS),
    Rule(("norm", "linalg.norm", "compat.v1.norm"), _NORM, _length, {**_DEFAULTS, "ord": "euclidean"}),
    Rule(
        ("math.l2_normalize", "linalg.l2_normalize", "nn.l2_normalize", "compat.v1.math.l2_normalize"),
        ("x", "axis", "epsilon", "dim"),
        _normalized,
        {"axis": None, "epsilon": 1e-12, "dim": None},
    ),
    Rule(
        ("math.argmax", "compat.v1.argmax"),
        _EXTREME,
        _place_of_extreme("Argmax"),
        {"axis": None, "output_type": None, "dimension": None},
    ),
    Rule(
        ("math.argmin", "compat.v1.argmin"),
        _EXTREME,
        _place_of_extreme("Argmin"),
        {"axis": None, "output_type": None, "dimension": None},
    ),
    Rule(
        ("math.cumsum",),
        ("x", "axis", "exclusive", "reverse"),
        _running("Cumsum"),
        {"axis": 0, "exclusive": False, "reverse": False},
    ),
    Rule(
        ("math.cumprod",),
        ("x", "axis", "exclusive", "reverse"),
        _running("Cumprod"),
        {"axis": 0, "exclusive": False, "reverse": False},
    ),
    Rule(
        ("linalg.matmul", "matmul"),
        ("a", "b", *_FLAGS, "output_type"),
        _matrices,
        {**dict.fromkeys(_FLAGS, False), "output_type": None},
    ),
    Rule(("tensordot",), ("a", "b", "axes"), _contracted),
)
