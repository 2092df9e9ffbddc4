"""Rules: what is computed in Keras 3 instead of one operation of TensorFlow, and what they ask of its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.expression import Op, tensor_of
from pytest_modelcompat.migration.operations.tensor import (
    DTYPES,
    FLOATS,
    INTEGERS,
    UNKNOWN,
    Constant,
    NoEqualError,
    Ref,
    Tensor,
    is_known,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_modelcompat.migration.operations.call import Call

_REQUIRED = object()


@dataclass(frozen=True)
class Arguments:
    """What one operation is called with, by the names that TensorFlow gives its parameters."""

    symbol: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """An argument as it is."""
        return self.values[name]

    def tensor(self, name: str) -> Ref:
        """An argument that is a tensor.

        Raises:
            NoEqualError: it is a constant.
        """
        value = self.values[name]
        if not isinstance(value, Ref):
            raise NoEqualError(f"its `{name}` is no tensor of the model")
        return value

    def tensors(self, name: str) -> list[Ref]:
        """An argument that is a list of tensors."""
        value = self.values[name]
        if not isinstance(value, list) or not value or not all(isinstance(each, Ref) for each in value):
            raise NoEqualError(f"its `{name}` is no list of tensors of the model")
        return value

    def floats(self, name: str) -> Ref:
        """An argument that is a tensor of floating point numbers.

        Raises:
            NoEqualError: it is none, or its dtype is not known.
        """
        value = self.tensor(name)
        if not value.tensor.is_float:
            raise NoEqualError(f"its `{name}` is {value.tensor.dtype or 'of a dtype that is not known'}")
        return value

    def operand(self, name: str, dtype: str | None) -> Any:
        """An argument that is a tensor, a number, or numbers in lists, for an operation on tensors of a dtype.

        Args:
            name: of the argument.
            dtype: of what else the operation is given; None where it is not known.

        Raises:
            NoEqualError: numbers in lists stand beside a tensor whose dtype is not known.
        """
        return operand(self.values[name], dtype, name)

    def integers(self, name: str) -> list[int | None]:
        """An argument that is a list of integers, None for each that only a call tells."""
        value = self.values[name]
        if isinstance(value, Ref) and value.tensor.is_number:
            value = value.tensor.value
        found = [_number(each) for each in (value if isinstance(value, list) else [value])]
        if any(each is not None and type(each) is not int for each in found):
            raise NoEqualError(f"its `{name}` is a tensor, or holds one")
        return found

    def known_integers(self, name: str) -> list[int]:
        """An argument that is a list of integers, each of which is known."""
        found = self.integers(name)
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            raise NoEqualError(f"its `{name}` holds a size that only a call tells")
        return known

    def integer(self, name: str) -> int:
        """An argument that is an integer."""
        found = self.known_integers(name)
        if len(found) != 1 or isinstance(self.values[name], list):
            raise NoEqualError(f"its `{name}` is no integer")
        return found[0]

    def axes(self, name: str = "axis") -> int | list[int] | None:
        """Axes as TensorFlow and Keras have them alike: an integer, a list, or None for all."""
        if self.values[name] is None:
            return None
        found = self.known_integers(name)
        return found[0] if len(found) == 1 else found

    def dtype(self, name: str) -> str:
        """An argument that names a dtype."""
        value = self.values[name]
        text = value.rpartition(".")[2] if isinstance(value, str) else value
        if text not in DTYPES:
            raise NoEqualError(f"its `{name}` is {value}")
        return str(text)

    def only(self, **values: Any) -> None:
        """Refuse what Keras has no argument for.

        Args:
            values: the arguments with the values, one of which each must have; None is always one.

        Raises:
            NoEqualError: another value.
        """
        for name, value in values.items():
            given = self.values[name]
            if given is not None and given != value:
                raise NoEqualError(f"its `{name}` is {given}")


@dataclass(frozen=True)
class Rule:
    """How one operation of TensorFlow is computed in Keras 3.

    Args:
        symbols: the public names that Keras 2 writes for it.
        parameters: of the operation, in order, the first of which a node writes apart.
        build: the expression; raises NoEqualError where none is equal.
        defaults: of the parameters that may be left out.
    """

    symbols: tuple[str, ...]
    parameters: tuple[str, ...]
    build: Callable[[Arguments], Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def expression(self, call: Call) -> Any:
        """What is computed instead of a call.

        Raises:
            NoEqualError: nothing that is equal.
        """
        known = {self.parameters[0]: call.first}
        for name, value in call.others.items():
            if name in self.parameters:
                known[name] = value
            elif name != "name" and value is not None:
                raise NoEqualError(f"its `{name}` has no equal in Keras 3")
        values = {name: known.get(name, self.defaults.get(name, _REQUIRED)) for name in self.parameters}
        for name, value in values.items():
            if value is _REQUIRED:
                raise NoEqualError(f"its `{name}` is not in the file")
        return self.build(Arguments(call.symbol, values))


def operand(value: Any, dtype: str | None, name: str = "y") -> Any:
    """What an operation on tensors is given: a tensor or an expression, a number, or an array of a dtype.

    Args:
        value: as the node has it.
        dtype: of what else the operation is given; None where it is not known.
        name: of the argument, for the message.

    Raises:
        NoEqualError: numbers in lists stand beside a tensor whose dtype is not known.
    """
    if isinstance(value, Ref) and value.tensor.is_number and is_known(value.tensor.value):
        value = value.tensor.value
    if isinstance(value, Ref | Op | Constant) or type(value) in (int, float):
        return value
    if isinstance(value, list) and _is_numbers(value, dtype):
        if dtype is None:
            raise NoEqualError(f"its `{name}` is an array, and the dtype of what it is computed with is not known")
        return Constant(value, dtype)
    raise NoEqualError(f"its `{name}` is neither a tensor nor a number")


def common(values: Sequence[Any]) -> Tensor:
    """What is known of the dtype of an operation on tensors of one dtype and on numbers.

    Args:
        values: its arguments as nodes have them.

    Raises:
        NoEqualError: none of them is a tensor, or they hold what is no number.
    """
    tensors = [tensor_of(each) for each in values if isinstance(each, Ref | Op)]
    if not tensors:
        raise NoEqualError("it is given no tensor of the model")
    dtype = next((each.dtype for each in tensors if each.dtype is not None), None)
    if any(each.dtype not in (None, dtype) for each in tensors) or (dtype is not None and dtype not in DTYPES):
        raise NoEqualError("it is given tensors of several dtypes" if len(tensors) > 1 else f"it is given {dtype}")
    return Tensor(dtype=dtype) if dtype else UNKNOWN


def check_numbers(values: Sequence[Any], dtype: str | None) -> None:
    """Refuse numbers that TensorFlow does not compute as Keras 3 does.

    Args:
        values: arguments.
        dtype: of the tensors beside them.

    Raises:
        NoEqualError: truth values, or a fraction beside integers.
    """
    for each in values:
        if isinstance(each, bool) or (type(each) is float and dtype in INTEGERS):
            raise NoEqualError(f"it is given {each} beside {dtype}")
    if dtype is not None and dtype not in FLOATS | INTEGERS:
        raise NoEqualError(f"it is given {dtype}")


def _number(value: Any) -> Any:
    return value.tensor.value if isinstance(value, Ref) and value.tensor.is_number else value


def _is_numbers(value: Any, dtype: str | None) -> bool:
    if isinstance(value, list):
        return all(_is_numbers(each, dtype) for each in value)
    return type(value) is int or (type(value) is float and dtype not in INTEGERS)
