"""NodeDefs: the operation of a `TensorFlowOpLayer` (TensorFlow 2.0 to 2.3), as the call that later ones write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.call import Call
from pytest_modelcompat.migration.operations.tensor import NoEqualError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_modelcompat.migration.operations.tensor import Ref

    Attributes = Mapping[str, Mapping[str, Any]]
    Make = Callable[[list[Any], Attributes], Call]

_TWO = {
    "Add": "math.add",
    "AddV2": "math.add",
    "BiasAdd": "nn.bias_add",
    "Sub": "math.subtract",
    "Mul": "math.multiply",
    "RealDiv": "math.truediv",
    "DivNoNan": "math.divide_no_nan",
    "FloorDiv": "math.floordiv",
    "FloorMod": "math.floormod",
    "Pow": "math.pow",
    "Maximum": "math.maximum",
    "Minimum": "math.minimum",
    "SquaredDifference": "math.squared_difference",
    "Atan2": "math.atan2",
    "Greater": "math.greater",
    "GreaterEqual": "math.greater_equal",
    "Less": "math.less",
    "LessEqual": "math.less_equal",
    "Equal": "math.equal",
    "NotEqual": "math.not_equal",
    "LogicalAnd": "math.logical_and",
    "LogicalOr": "math.logical_or",
}
_ONE = {
    **{name: f"math.{name.lower()}" for name in ("Abs", "Square", "Sign", "Exp", "Expm1", "Log", "Log1p", "Sqrt")},
    **{name: f"math.{name.lower()}" for name in ("Rsqrt", "Reciprocal", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan")},
    **{name: f"math.{name.lower()}" for name in ("Sinh", "Cosh", "Tanh", "Sigmoid", "Floor", "Ceil", "Erf", "Rint")},
    "Neg": "math.negative",
    "Inv": "math.reciprocal",
    "Round": "math.round",
    "IsNan": "math.is_nan",
    "IsInf": "math.is_inf",
    "IsFinite": "math.is_finite",
    "LogicalNot": "math.logical_not",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Elu": "nn.elu",
    "Selu": "nn.selu",
    "Softplus": "math.softplus",
    "Softsign": "nn.softsign",
    "Softmax": "nn.softmax",
    "LogSoftmax": "nn.log_softmax",
    "Identity": "identity",
    "StopGradient": "stop_gradient",
    "ZerosLike": "zeros_like",
    "OnesLike": "ones_like",
    "Shape": "compat.v1.shape",
}
_REDUCTIONS = {
    "Mean": "math.reduce_mean",
    "Sum": "math.reduce_sum",
    "Prod": "math.reduce_prod",
    "Max": "math.reduce_max",
    "Min": "math.reduce_min",
    "Any": "math.reduce_any",
    "All": "math.reduce_all",
}
_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_DOUBLE": "float64",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_INT16": "int16",
    "DT_INT8": "int8",
    "DT_UINT8": "uint8",
    "DT_BOOL": "bool",
}
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def call_of_node(config: Mapping[str, Any], tensors: Sequence[Ref]) -> Call:
    """The call that a `TensorFlowOpLayer` makes.

    Args:
        config: of the layer: `node_def`, and `constants` by the place of each among the inputs.
        tensors: what the layer is called with, in order.

    Raises:
        NoEqualError: the operation is not known here.
    """
    definition = config.get("node_def")
    if not isinstance(definition, dict) or not isinstance(definition.get("op"), str):
        raise NoEqualError("its operation is written in binary form")
    inputs: list[Any] = list(tensors)
    constants = {int(place): value for place, value in (config.get("constants") or {}).items()}
    for place in sorted(constants):
        inputs.insert(place, constants[place])
    name, attributes = definition["op"], definition.get("attr") or {}
    if name in _TWO and len(inputs) == 2:
        other = "bias" if name == "BiasAdd" else "y"
        return Call(_TWO[name], inputs[0], {other: inputs[1]})
    if name in _ONE and len(inputs) == 1:
        return Call(_ONE[name], inputs[0], {})
    if name in _REDUCTIONS and len(inputs) == 2:
        keepdims = _flag(attributes, "keep_dims")
        return Call(_REDUCTIONS[name], inputs[0], {"axis": inputs[1], "keepdims": keepdims})
    make = _OTHERS.get(name)
    if make is None:
        raise NoEqualError(f"no operation of Keras 3 is known here for {name}")
    return make(inputs, attributes)


def output_dtype(config: Mapping[str, Any]) -> str | None:
    """The dtype of the tensors that the operation is given, by its attribute `T`; None where it has none."""
    definition = config.get("node_def")
    attributes = definition.get("attr") if isinstance(definition, dict) else None
    return _dtype(attributes or {}, "T")


def _flag(attributes: Attributes, name: str) -> bool:
    return attributes.get(name, {}).get("b") is True


def _number(attributes: Attributes, name: str, default: int = 0) -> int:
    return int(attributes.get(name, {}).get("i", default))


def _dtype(attributes: Attributes, name: str) -> str | None:
    return _DTYPES.get(attributes.get(name, {}).get("type", ""))


def _named(symbol: str, *parameters: str) -> Make:
    """A call whose inputs are parameters, in order."""
    return lambda inputs, _: Call(symbol, inputs[0], dict(zip(parameters, inputs[1:], strict=False)))


def _concat(inputs: list[Any], _: Attributes) -> Call:
    return Call("concat", inputs[:-1], {"axis": inputs[-1]})


def _pack(inputs: list[Any], attributes: Attributes) -> Call:
    return Call("stack", inputs, {"axis": _number(attributes, "axis")})


def _unpack(inputs: list[Any], attributes: Attributes) -> Call:
    return Call("unstack", inputs[0], {"axis": _number(attributes, "axis"), "num": _number(attributes, "num")})


def _add_n(inputs: list[Any], _: Attributes) -> Call:
    return Call("math.add_n", inputs, {})


def _cast(inputs: list[Any], attributes: Attributes) -> Call:
    return Call("cast", inputs[0], {"dtype": _dtype(attributes, "DstT")})


def _squeeze(inputs: list[Any], attributes: Attributes) -> Call:
    axes = attributes.get("squeeze_dims", {}).get("list", {}).get("i", [])
    return Call("squeeze", inputs[0], {"axis": [int(each) for each in axes]})


def _matmul(inputs: list[Any], attributes: Attributes) -> Call:
    flags = {f"transpose_{name}": _flag(attributes, f"transpose_{name}") for name in ("a", "b")}
    return Call("linalg.matmul", inputs[0], {"b": inputs[1], **flags})


def _batch_matmul(inputs: list[Any], attributes: Attributes) -> Call:
    flags = {f"transpose_{to}": _flag(attributes, f"adj_{of}") for to, of in (("a", "x"), ("b", "y"))}
    return Call("linalg.matmul", inputs[0], {"b": inputs[1], **flags})


def _gather(inputs: list[Any], attributes: Attributes) -> Call:
    batches = _number(attributes, "batch_dims")
    return Call("gather", inputs[0], {"indices": inputs[1], "axis": inputs[2], "batch_dims": batches})


def _split(inputs: list[Any], attributes: Attributes) -> Call:
    return Call("split", inputs[1], {"axis": inputs[0], "num_or_size_splits": _number(attributes, "num_split")})


def _argmax(symbol: str) -> Make:
    def make(inputs: list[Any], attributes: Attributes) -> Call:
        return Call(symbol, inputs[0], {"axis": inputs[1], "output_type": _dtype(attributes, "output_type") or "int64"})

    return make


def _leaky(inputs: list[Any], attributes: Attributes) -> Call:
    return Call("nn.leaky_relu", inputs[0], {"alpha": attributes.get("alpha", {}).get("f", 0.2)})


def _slice(inputs: list[Any], attributes: Attributes) -> Call:
    """The key that the masks of a strided slice stand for."""
    value, begins, ends, steps = inputs
    masks = {name: _number(attributes, name) for name in _MASKS}
    spec: list[Any] = []
    for place in range(len(begins)):
        bit = {name: bool(mask >> place & 1) for name, mask in masks.items()}
        if bit["ellipsis_mask"]:
            spec.append({"class_name": "__ellipsis__"})
        elif bit["new_axis_mask"]:
            spec.append(None)
        elif bit["shrink_axis_mask"]:
            spec.append(begins[place])
        else:
            start = None if bit["begin_mask"] else begins[place]
            stop = None if bit["end_mask"] else ends[place]
            spec.append({"start": start, "stop": stop, "step": steps[place]})
    return Call("__operators__.getitem", value, {"slice_spec": spec})


def _cumulative(symbol: str) -> Make:
    def make(inputs: list[Any], attributes: Attributes) -> Call:
        flags = {name: _flag(attributes, name) for name in ("exclusive", "reverse")}
        return Call(symbol, inputs[0], {"axis": inputs[1], **flags})

    return make


_OTHERS: dict[str, Make] = {
    "Reshape": _named("reshape", "shape"),
    "ExpandDims": _named("expand_dims", "axis"),
    "Transpose": _named("transpose", "perm"),
    "Tile": _named("tile", "multiples"),
    "Pad": _named("pad", "paddings"),
    "PadV2": _named("pad", "paddings", "constant_values"),
    "ReverseV2": _named("reverse", "axis"),
    "BroadcastTo": _named("broadcast_to", "shape"),
    "SelectV2": _named("where", "x", "y"),
    "ClipByValue": _named("clip_by_value", "clip_value_min", "clip_value_max"),
    "Slice": _named("slice", "begin", "size"),
    "ConcatV2": _concat,
    "Pack": _pack,
    "Unpack": _unpack,
    "AddN": _add_n,
    "Cast": _cast,
    "Squeeze": _squeeze,
    "MatMul": _matmul,
    "BatchMatMul": _batch_matmul,
    "BatchMatMulV2": _batch_matmul,
    "GatherV2": _gather,
    "Split": _split,
    "SplitV": _named("split", "num_or_size_splits", "axis"),
    "ArgMax": _argmax("math.argmax"),
    "ArgMin": _argmax("math.argmin"),
    "LeakyRelu": _leaky,
    "StridedSlice": _slice,
    "Cumsum": _cumulative("math.cumsum"),
    "Cumprod": _cumulative("math.cumprod"),
}
