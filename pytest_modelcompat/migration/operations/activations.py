"""Activations: the functions of `tf.nn` on each element, and those along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.arithmetic import computed
from pytest_modelcompat.migration.operations.expression import Op, op
from pytest_modelcompat.migration.operations.rule import Arguments, Rule
from pytest_modelcompat.migration.operations.tensor import NoEqualError, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable


def _like(name: str, given: Arguments, parameter: str = "features", **settings: Any) -> Op:
    value = given.floats(parameter)
    return op(name, value, gives=Tensor(value.tensor.shape, value.tensor.dtype), **settings)


def _plain(name: str) -> Callable[[Arguments], Op]:
    return lambda given: _like(name, given)


def _along(name: str) -> Callable[[Arguments], Op]:
    def build(given: Arguments) -> Op:
        given.only(dim=given["axis"])
        return _like(name, given, "logits", axis=-1 if given["axis"] is None else given.integer("axis"))

    return build


def _number(given: Arguments, name: str) -> float:
    value = given[name]
    if type(value) not in (int, float):
        raise NoEqualError(f"its `{name}` is no number")
    return float(value)


def _leaky(given: Arguments) -> Op:
    return _like("LeakyRelu", given, negative_slope=_number(given, "alpha"))


def _gelu(given: Arguments) -> Op:
    return _like("Gelu", given, approximate=bool(given["approximate"]))


def _silu(given: Arguments) -> Op:
    given.only(beta=1.0)
    return _like("Silu", given)


def _biased(given: Arguments) -> Op:
    given.only(data_format="NHWC")
    value = given.floats("value")
    return computed("Add", [value, given.operand("bias", value.tensor.dtype)], value.tensor.dtype)


_FEATURES = ("features",)

RULES = (
    Rule(("nn.relu",), _FEATURES, _plain("Relu")),
    Rule(("nn.relu6",), _FEATURES, _plain("Relu6")),
    Rule(("nn.selu",), _FEATURES, _plain("Selu")),
    Rule(("nn.elu",), _FEATURES, lambda given: _like("Elu", given, alpha=1.0)),
    Rule(("math.softplus", "nn.softplus"), _FEATURES, _plain("Softplus")),
    Rule(("nn.softsign", "math.softsign"), _FEATURES, _plain("Softsign")),
    Rule(("nn.silu", "nn.swish"), ("features", "beta"), _silu, {"beta": 1.0}),
    Rule(("nn.gelu",), ("features", "approximate"), _gelu, {"approximate": False}),
    Rule(("nn.leaky_relu",), ("features", "alpha"), _leaky, {"alpha": 0.2}),
    Rule(
        ("nn.softmax", "compat.v1.nn.softmax"),
        ("logits", "axis", "dim"),
        _along("Softmax"),
        {"axis": None, "dim": None},
    ),
    Rule(
        ("nn.log_softmax", "compat.v1.nn.log_softmax", "math.log_softmax"),
        ("logits", "axis", "dim"),
        _along("LogSoftmax"),
        {"axis": None, "dim": None},
    ),
    Rule(("nn.bias_add",), ("value", "bias", "data_format"), _biased, {"data_format": None}),
)
