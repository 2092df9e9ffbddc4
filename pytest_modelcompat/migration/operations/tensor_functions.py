"""TensorFlow functions that do what an operation of Keras 3 does, as Keras 2 holds them in a functional model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})
_WIDE = frozenset({"float32", "float64"})
ANY = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "string"}) | FLOATS
_BOOL = frozenset({"bool"})


@dataclass(frozen=True)
class Tensor:
    """A tensor that an operation is given.

    Args:
        shape: its shape, None for an unknown dimension.
        dtype: its dtype.
        data: how the configuration names it.
    """

    shape: tuple[int | None, ...]
    dtype: str
    data: Any = None


@dataclass(frozen=True)
class TensorFunction:
    """A function of TensorFlow.

    Args:
        symbol: its public name without `tf.`.
        names: its arguments after the first one, for what the operation is given by position.
        attributes: key of the operation's configuration -> argument; all of them must be there.
        dtypes: of the tensors for which both are equal.
        fixed: key of the configuration -> the only value for which both are equal.
        takes_list: whether the first argument is a list of tensors.
        holds: a further condition, asked of the tensors and the configuration.
        computed: arguments that are computed of the tensors and the configuration.
    """

    symbol: str
    names: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    dtypes: frozenset[str] = FLOATS
    fixed: Mapping[str, Any] = field(default_factory=dict)
    takes_list: bool = False
    holds: Callable[[Sequence[Tensor], Mapping[str, Any]], bool] | None = None
    computed: Callable[[Sequence[Tensor], Mapping[str, Any]], Mapping[str, Any]] | None = None

    def arguments(self, tensors: Sequence[Tensor], config: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arguments that are no tensors; None where the function is not equal.

        Args:
            tensors: all that the operation is given.
            config: its configuration.
        """
        expected = {"name", *self.attributes, *self.fixed, *(() if self.computed is None else config)}
        if not expected.issuperset(config) or not set(self.attributes) <= set(config):
            return None
        if any(config.get(key, value) != value for key, value in self.fixed.items()):
            return None
        if self.holds is not None and not self.holds(tensors, config):
            return None
        found = {argument: config[key] for key, argument in self.attributes.items()}
        return found if self.computed is None else {**found, **self.computed(tensors, config)}


def _unary(symbol: str, dtypes: frozenset[str] = FLOATS) -> TensorFunction:
    return TensorFunction(symbol, dtypes=dtypes)


def _binary(symbol: str, dtypes: frozenset[str] = FLOATS) -> TensorFunction:
    return TensorFunction(symbol, ("y",), dtypes=dtypes)


def _reduction(symbol: str, dtypes: frozenset[str] = FLOATS, fixed: Mapping[str, Any] | None = None) -> TensorFunction:
    return TensorFunction(symbol, attributes={"axis": "axis", "keepdims": "keepdims"}, dtypes=dtypes, fixed=fixed or {})


def _has_int(key: str) -> Callable[[Sequence[Tensor], Mapping[str, Any]], bool]:
    return lambda _, config: isinstance(config.get(key), int) and not isinstance(config[key], bool)


def _is_matrices(tensors: Sequence[Tensor], _: Mapping[str, Any]) -> bool:
    return len(tensors) == 2 and all(len(each.shape) >= 2 for each in tensors)


def _is_as_long_as_shape(key: str) -> Callable[[Sequence[Tensor], Mapping[str, Any]], bool]:
    return lambda tensors, config: isinstance(config[key], list) and len(config[key]) == len(tensors[0].shape)


def _is_known_but_one(_: Sequence[Tensor], config: Mapping[str, Any]) -> bool:
    shape = config["newshape"]
    return isinstance(shape, list) and all(isinstance(each, int) for each in shape)


def _swapped(tensors: Sequence[Tensor], config: Mapping[str, Any]) -> Mapping[str, Any]:
    order = list(range(len(tensors[0].shape)))
    one, other = config["axis1"], config["axis2"]
    order[one], order[other] = order[other], order[one]
    return {"perm": order}


# Read in `keras/src/backend/tensorflow/` of Keras 3.15, and compared: each gives the same numbers for the dtypes named.
FUNCTIONS: dict[str, TensorFunction] = {
    "Absolute": _unary("math.abs"),
    "Abs": _unary("math.abs"),
    "Ceil": _unary("math.ceil"),
    "Cos": _unary("math.cos"),
    "Elu": TensorFunction("nn.elu", fixed={"alpha": 1.0}),
    "Erf": _unary("math.erf"),
    "Exp": _unary("math.exp"),
    "Expm1": _unary("math.expm1"),
    "Floor": _unary("math.floor"),
    "Gelu": TensorFunction("nn.gelu", attributes={"approximate": "approximate"}),
    "LeakyRelu": TensorFunction("nn.leaky_relu", attributes={"negative_slope": "alpha"}),
    "Log": _unary("math.log"),
    "Log1p": _unary("math.log1p"),
    "LogSoftmax": TensorFunction("nn.log_softmax", attributes={"axis": "axis"}, holds=_has_int("axis")),
    "LogicalNot": _unary("math.logical_not", _BOOL),
    "Negative": _unary("math.negative"),
    "Relu": _unary("nn.relu"),
    "Relu6": _unary("nn.relu6"),
    "Rsqrt": _unary("math.rsqrt"),
    "Selu": _unary("nn.selu"),
    "Sigmoid": _unary("math.sigmoid"),
    "Sign": _unary("math.sign"),
    "Silu": _unary("nn.silu"),
    "Sin": _unary("math.sin"),
    "Softmax": TensorFunction("nn.softmax", attributes={"axis": "axis"}, holds=_has_int("axis")),
    "Softplus": _unary("math.softplus"),
    "Sqrt": _unary("math.sqrt"),
    "Square": _unary("math.square"),
    "Tanh": _unary("math.tanh"),
    "Add": _binary("math.add"),
    "Divide": _binary("math.divide"),
    "Equal": _binary("math.equal", ANY),
    "Greater": _binary("math.greater"),
    "GreaterEqual": _binary("math.greater_equal"),
    "Less": _binary("math.less"),
    "LessEqual": _binary("math.less_equal"),
    "LogicalAnd": _binary("math.logical_and", _BOOL),
    "LogicalOr": _binary("math.logical_or", _BOOL),
    "Maximum": _binary("math.maximum"),
    "Minimum": _binary("math.minimum"),
    "Multiply": _binary("math.multiply"),
    "NotEqual": _binary("math.not_equal", ANY),
    "Power": _binary("math.pow"),
    "Subtract": _binary("math.subtract"),
    "TrueDivide": _binary("math.divide"),
    "All": _reduction("math.reduce_all", _BOOL),
    "Any": _reduction("math.reduce_any", _BOOL),
    "Max": _reduction("math.reduce_max", fixed={"initial": None}),
    "Mean": _reduction("math.reduce_mean", _WIDE),
    "Min": _reduction("math.reduce_min", fixed={"initial": None}),
    "Prod": _reduction("math.reduce_prod", _WIDE, fixed={"dtype": None}),
    "Std": _reduction("math.reduce_std", _WIDE),
    "Sum": _reduction("math.reduce_sum", _WIDE),
    "Var": _reduction("math.reduce_variance", _WIDE),
    "Cast": TensorFunction("cast", attributes={"dtype": "dtype"}, dtypes=ANY - {"string"}),
    "Clip": TensorFunction("clip_by_value", attributes={"x_min": "clip_value_min", "x_max": "clip_value_max"}),
    "Concatenate": TensorFunction("concat", attributes={"axis": "axis"}, dtypes=ANY, takes_list=True),
    "ExpandDims": TensorFunction("expand_dims", attributes={"axis": "axis"}, dtypes=ANY, holds=_has_int("axis")),
    "Matmul": TensorFunction("linalg.matmul", ("b",), dtypes=_WIDE, holds=_is_matrices),
    "Reshape": TensorFunction("reshape", attributes={"newshape": "shape"}, dtypes=ANY, holds=_is_known_but_one),
    "Squeeze": TensorFunction("squeeze", attributes={"axis": "axis"}, dtypes=ANY),
    "Stack": TensorFunction("stack", attributes={"axis": "axis"}, dtypes=ANY, takes_list=True),
    "Swapaxes": TensorFunction("transpose", dtypes=ANY, computed=_swapped),
    "Tile": TensorFunction(
        "tile", attributes={"repeats": "multiples"}, dtypes=ANY - {"string"}, holds=_is_as_long_as_shape("repeats")
    ),
    "Transpose": TensorFunction("transpose", attributes={"axes": "perm"}, dtypes=ANY),
}
