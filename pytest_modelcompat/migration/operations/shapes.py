"""Shapes: operations that put the elements of tensors in another order, together or apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.expression import Op, op, tensor_of
from pytest_modelcompat.migration.operations.layer_outputs import filled, joined
from pytest_modelcompat.migration.operations.rule import Arguments, Rule, common
from pytest_modelcompat.migration.operations.slices import key_of, sliced, spelled
from pytest_modelcompat.migration.operations.tensor import Constant, NoEqualError, Ref, Tensor, axis_of

if TYPE_CHECKING:
    from pytest_modelcompat.migration.operations.tensor import Shape


def _reshaped(given: Arguments) -> Op:
    """One size that only a call tells is -1: the number of elements says it."""
    value = given.tensor("tensor")
    sizes = given.integers("shape")
    asked = [-1 if each is None else each for each in sizes]
    if asked.count(-1) > 1:
        raise NoEqualError("several of the sizes of its `shape` are such that only a call tells")
    before = value.tensor.shape
    shape = (None,) * len(asked) if before is None and -1 in asked else filled(asked, before or ())
    return op("Reshape", value, newshape=asked, gives=Tensor(shape, value.tensor.dtype))


def _expanded(given: Arguments) -> Op:
    value = given.tensor("input")
    axis = given.integer("axis" if given["axis"] is not None else "dim")
    shape = value.tensor.shape
    if shape is not None:
        place = axis_of(axis, len(shape) + 1)
        shape = (*shape[:place], 1, *shape[place:])
    return op("ExpandDims", value, axis=axis, gives=Tensor(shape, value.tensor.dtype))


def _squeezed(given: Arguments) -> Any:
    value = given.tensor("input")
    shape = value.tensor.shape
    chosen = "axis" if given["axis"] not in (None, []) else "squeeze_dims"
    if given[chosen] in (None, []):
        if shape is None or None in shape:
            raise NoEqualError("it drops every axis of size 1, and not all sizes are known")
        axes = [place for place, size in enumerate(shape) if size == 1]
    else:
        axes = given.known_integers(chosen)
    if shape is not None:
        axes = [axis_of(each, len(shape)) for each in axes]
        if any(shape[each] != 1 for each in axes):
            raise NoEqualError("it drops an axis whose size only a call tells, which Keras 3 refuses")
    elif len(axes) > 1 and min(axes) < 0 <= max(axes):
        raise NoEqualError("it drops axes that are counted from both ends")
    return _without(value, axes)


def _without(value: Any, axes: list[int]) -> Any:
    """Axes dropped one by one, those first that change the place of no other."""
    found = value
    for axis in sorted(set(axes), reverse=bool(axes) and axes[0] >= 0):
        shape = tensor_of(found).shape
        left = None if shape is None else (*shape[:axis], *shape[axis + 1 :])
        found = op("Squeeze", found, axis=axis, gives=Tensor(left, tensor_of(found).dtype))
    return found


def _transposed(given: Arguments) -> Op:
    given.only(conjugate=False)
    value = given.tensor("a")
    axes = None if given["perm"] is None else given.known_integers("perm")
    shape = value.tensor.shape
    if shape is not None:
        order = axes if axes is not None else range(len(shape))[::-1]
        shape = tuple(shape[axis_of(each, len(shape))] for each in order)
    return op("Transpose", value, axes=axes, gives=Tensor(shape, value.tensor.dtype))


def _joined(given: Arguments) -> Op:
    values, dtype = _listed(given)
    axis = given.integer("axis")
    shapes = [tensor_of(each).shape for each in values]
    known = [each for each in shapes if each is not None]
    shape = joined(known, axis) if len(known) == len(shapes) else None
    return op("Concatenate", values, axis=axis, gives=Tensor(shape, dtype))


def _stacked(given: Arguments) -> Op:
    values, dtype = _listed(given)
    axis = given.integer("axis")
    shape = tensor_of(values[0]).shape
    if shape is not None:
        place = axis_of(axis, len(shape) + 1)
        shape = (*shape[:place], len(values), *shape[place:])
    return op("Stack", values, axis=axis, gives=Tensor(shape, dtype))


def _listed(given: Arguments) -> tuple[list[Any], str | None]:
    """A list of tensors, of which some may be arrays of the file."""
    values = given["values"]
    if not isinstance(values, list):
        raise NoEqualError("its `values` is no list")
    dtype = common(values).dtype
    found = [_array(given, each, dtype) for each in values]
    return found, dtype


def _array(given: Arguments, value: Any, dtype: str | None) -> Any:
    if isinstance(value, Ref):
        return value
    if dtype is None or not isinstance(value, list):
        raise NoEqualError("its `values` holds what is no tensor")
    return Arguments(given.symbol, {"values": value}).operand("values", dtype)


def _split(given: Arguments) -> Op:
    value = given.tensor("value")
    axis = given.integer("axis")
    parts = given.known_integers("num_or_size_splits")
    is_number = not isinstance(given["num_or_size_splits"], list)
    shape = value.tensor.shape
    size = None if shape is None else shape[axis_of(axis, len(shape))]
    if not is_number:
        sizes = _sizes(parts, size)
        if size is None and shape is not None:
            raise NoEqualError("it splits an axis whose size only a call tells")
        ends = [sum(sizes[: place + 1]) for place in range(len(sizes) - 1)]
        gives = tuple(_part(value, axis, each) for each in sizes)
        if not ends:
            raise NoEqualError("it splits into one")
        return op("Split", value, indices_or_sections=ends, axis=axis, gives=gives)
    each = None if size is None else size // parts[0]
    gives = (_part(value, axis, each),) * parts[0]
    return op("Split", value, indices_or_sections=parts[0], axis=axis, gives=gives)


def _sizes(parts: list[int], size: int | None) -> list[int]:
    if -1 not in parts:
        return parts
    if size is None or parts.count(-1) > 1:
        raise NoEqualError("one of its sizes is what is left of an axis whose size only a call tells")
    rest = size - sum(each for each in parts if each != -1)
    return [rest if each == -1 else each for each in parts]


def _part(value: Ref, axis: int, size: int | None) -> Tensor:
    shape = value.tensor.shape
    if shape is None:
        return Tensor(None, value.tensor.dtype)
    place = axis_of(axis, len(shape))
    return Tensor((*shape[:place], size, *shape[place + 1 :]), value.tensor.dtype)


def _unstacked(given: Arguments) -> Op:
    value = given.tensor("value")
    axis = given.integer("axis")
    shape = value.tensor.shape
    count = given["num"]
    if count is None and shape is not None:
        count = shape[axis_of(axis, len(shape))]
    if type(count) is not int:
        raise NoEqualError("the size of its axis is not known")
    left = None
    if shape is not None:
        place = axis_of(axis, len(shape))
        left = (*shape[:place], *shape[place + 1 :])
    return op("Unstack", value, num=count, axis=axis, gives=(Tensor(left, value.tensor.dtype),) * count)


def _tiled(given: Arguments) -> Op:
    value = given.tensor("input")
    counts = given.known_integers("multiples")
    shape = value.tensor.shape
    if shape is not None:
        if len(shape) != len(counts):
            raise NoEqualError("its `multiples` are not one for each axis")
        shape = tuple(None if size is None else size * by for size, by in zip(shape, counts, strict=True))
    return op("Tile", value, repeats=counts, gives=Tensor(shape, value.tensor.dtype))


def _repeated(given: Arguments) -> Op:
    value = given.tensor("input")
    count = given.integer("repeats")
    axis = None if given["axis"] is None else given.integer("axis")
    shape = value.tensor.shape
    if shape is not None and axis is not None:
        place = axis_of(axis, len(shape))
        size = shape[place]
        shape = (*shape[:place], None if size is None else size * count, *shape[place + 1 :])
    return op(
        "Repeat", value, repeats=count, axis=axis, gives=Tensor(shape if axis is not None else None, value.tensor.dtype)
    )


def _reversed(given: Arguments) -> Any:
    """Each axis by itself, as Keras 3.3 takes no list."""
    value = given.tensor("tensor")
    found: Any = value
    for axis in given.known_integers("axis"):
        found = op("Flip", found, axis=axis, gives=Tensor(value.tensor.shape, value.tensor.dtype))
    return found


def _rolled(given: Arguments) -> Op:
    value = given.tensor("input")
    shift, axis = given.integer("shift"), given.integer("axis")
    return op("Roll", value, shift=shift, axis=axis, gives=Tensor(value.tensor.shape, value.tensor.dtype))


def _padded(given: Arguments) -> Op:
    value = given.tensor("tensor")
    edges = given["paddings"]
    if not (isinstance(edges, list) and all(isinstance(each, list) and len(each) == 2 for each in edges)):
        raise NoEqualError("its `paddings` are a tensor")
    pairs = [Arguments(given.symbol, {"paddings": each}).known_integers("paddings") for each in edges]
    mode = str(given["mode"]).lower()
    if mode not in {"constant", "reflect", "symmetric"}:
        raise NoEqualError(f"its `mode` is {given['mode']}")
    fill = given["constant_values"] or 0
    if type(fill) not in (int, float):
        raise NoEqualError("its `constant_values` is a tensor")
    kwargs = {"constant_values": fill} if mode == "constant" and fill else {}
    shape = value.tensor.shape
    return Op(
        "Pad",
        (value,),
        {"pad_width": pairs, "mode": mode},
        kwargs,
        (Tensor(_larger(shape, pairs), value.tensor.dtype),),
    )


def _larger(shape: Shape | None, pairs: list[list[int]]) -> Shape | None:
    if shape is None or len(shape) != len(pairs):
        return None
    return tuple(None if size is None else size + sum(pair) for size, pair in zip(shape, pairs, strict=True))


def _sliced(given: Arguments) -> Op:
    value = given.tensor("tensor")
    key = spelled(key_of(given["slice_spec"]), value.tensor.shape)
    return op("GetItem", value, key, gives=Tensor(sliced(value.tensor.shape, key), value.tensor.dtype))


def _cut(given: Arguments) -> Op:
    value = given.tensor("input_")
    begins, sizes = given.known_integers("begin"), given.known_integers("size")
    if len(begins) != len(sizes):
        raise NoEqualError("its `begin` and `size` differ in length")
    key: list[Any] = [slice(a, None if n == -1 else a + n, None) for a, n in zip(begins, sizes, strict=True)]
    return op("GetItem", value, key, gives=Tensor(sliced(value.tensor.shape, key), value.tensor.dtype))


def _broadcast(given: Arguments) -> Op:
    value = given.tensor("input")
    sizes = given.known_integers("shape")
    if any(each < 0 for each in sizes):
        raise NoEqualError("its `shape` has a negative size")
    return op("BroadcastTo", value, shape=sizes, gives=Tensor(tuple(sizes), value.tensor.dtype))


def _gathered(given: Arguments) -> Op:
    given.only(batch_dims=0, validate_indices=None)
    axis = 0 if given["axis"] is None else given.integer("axis")
    params, indices = given["params"], given["indices"]
    if isinstance(params, list):
        whole = all(type(each) is int for each in _leaves(params))
        params = Constant(params, "int32" if whole else "float32")
    if isinstance(indices, list):
        indices = Constant(indices, "int32")
    is_number = type(indices) is int and indices >= 0
    if not (isinstance(params, Ref | Constant) and (isinstance(indices, Ref | Constant) or is_number)):
        raise NoEqualError("what it takes from, or its `indices`, is no tensor")
    if isinstance(indices, Constant) and any(type(each) is not int or each < 0 for each in _leaves(indices.value)):
        raise NoEqualError("its `indices` are no places")
    shape, places = params.tensor.shape, () if is_number else tensor_of(indices).shape
    if shape is not None and places is not None:
        place = axis_of(axis, len(shape))
        shape = (*shape[:place], *places, *shape[place + 1 :])
    return op(
        "Take", params, indices, axis=axis, gives=Tensor(shape if places is not None else None, params.tensor.dtype)
    )


def _leaves(value: Any) -> list[Any]:
    return [leaf for each in value for leaf in _leaves(each)] if isinstance(value, list) else [value]


def _encoded(given: Arguments) -> Op:
    given.only(on_value=1, off_value=0)
    value = given.tensor("indices")
    axis = -1 if given["axis"] is None else given.integer("axis")
    count = given.integer("depth")
    dtype = "float32" if given["dtype"] is None else given.dtype("dtype")
    if any(type(given[name]) is float and given["dtype"] is None for name in ("on_value", "off_value")):
        dtype = "float32"
    elif given["dtype"] is None and (given["on_value"] is not None or given["off_value"] is not None):
        raise NoEqualError("the dtype of what it gives is not in the file")
    shape = value.tensor.shape
    if shape is not None:
        place = axis_of(axis, len(shape) + 1)
        shape = (*shape[:place], count, *shape[place:])
    return op("OneHot", value, num_classes=count, axis=axis, dtype=dtype, gives=Tensor(shape, dtype))


def _greatest(given: Arguments) -> Op:
    given.only(index_type="int32")
    value = given.tensor("input")
    count = given.integer("k")
    shape = value.tensor.shape
    left = None if shape is None else (*shape[:-1], count)
    gives = (Tensor(left, value.tensor.dtype), Tensor(left, "int32"))
    return op("TopK", value, k=count, sorted=bool(given["sorted"]), gives=gives)


def _sorted(given: Arguments) -> Op:
    given.only(direction="ASCENDING")
    value = given.floats("values")
    return op("Sort", value, axis=given.integer("axis"), gives=value.tensor)


def _still(given: Arguments) -> Op:
    value = given.tensor("input")
    return op("StopGradient", value, gives=Tensor(value.tensor.shape, value.tensor.dtype))


_NONE = None
_GATHER = ("params", "indices", "validate_indices", "axis", "batch_dims")

RULES = (
    Rule(("reshape",), ("tensor", "shape"), _reshaped),
    Rule(("expand_dims", "compat.v1.expand_dims"), ("input", "axis", "dim"), _expanded, {"axis": _NONE, "dim": _NONE}),
    Rule(
        ("squeeze", "compat.v1.squeeze"),
        ("input", "axis", "squeeze_dims"),
        _squeezed,
        {"axis": _NONE, "squeeze_dims": _NONE},
    ),
    Rule(
        ("transpose", "compat.v1.transpose"),
        ("a", "perm", "conjugate"),
        _transposed,
        {"perm": _NONE, "conjugate": False},
    ),
    Rule(("concat",), ("values", "axis"), _joined),
    Rule(("stack",), ("values", "axis"), _stacked, {"axis": 0}),
    Rule(("split",), ("value", "num_or_size_splits", "axis", "num"), _split, {"axis": 0, "num": _NONE}),
    Rule(("unstack",), ("value", "num", "axis"), _unstacked, {"axis": 0, "num": _NONE}),
    Rule(("tile",), ("input", "multiples"), _tiled),
    Rule(("repeat",), ("input", "repeats", "axis"), _repeated, {"axis": _NONE}),
    Rule(("reverse",), ("tensor", "axis"), _reversed),
    Rule(("roll",), ("input", "shift", "axis"), _rolled),
    Rule(
        ("pad", "compat.v1.pad"),
        ("tensor", "paddings", "mode", "constant_values"),
        _padded,
        {"mode": "CONSTANT", "constant_values": 0},
    ),
    Rule(("__operators__.getitem",), ("tensor", "slice_spec"), _sliced),
    Rule(("slice",), ("input_", "begin", "size"), _cut),
    Rule(("broadcast_to",), ("input", "shape"), _broadcast),
    Rule(
        ("gather", "compat.v1.gather"),
        _GATHER,
        _gathered,
        {"axis": _NONE, "batch_dims": 0, "validate_indices": _NONE},
    ),
    Rule(
        ("one_hot",),
        ("indices", "depth", "on_value", "off_value", "axis", "dtype"),
        _encoded,
        dict.fromkeys(("on_value", "off_value", "axis", "dtype")),
    ),
    Rule(
        ("math.top_k",),
        ("input", "k", "sorted", "index_type"),
        _greatest,
        {"k": 1, "sorted": True, "index_type": _NONE},
    ),
    Rule(("sort",), ("values", "axis", "direction"), _sorted, {"axis": -1, "direction": "ASCENDING"}),
    Rule(("stop_gradient",), ("input",), _still),
)
