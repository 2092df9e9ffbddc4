"""Expressions: what is computed instead of one operation of Keras 2, with operations of Keras 3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.operations.tensor import UNKNOWN, Constant, NoEqualError, Ref, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Op:
    """One operation of Keras 3 on what it is called with.

    Args:
        name: its class: `GetItem`.
        args: what it is called with, in order: `Ref`, `Op`, `Constant`, lists of these, numbers and keys of slices.
        settings: of its configuration, which its class is made with.
        kwargs: what it is called with by name.
        outputs: what is known of what it gives.
    """

    name: str
    args: tuple[Any, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[Tensor, ...] = (UNKNOWN,)

    @property
    def tensor(self) -> Tensor:
        """What is known of its first output."""
        return self.outputs[0]


def op(name: str, *args: Any, gives: Tensor | tuple[Tensor, ...] = UNKNOWN, **settings: Any) -> Op:
    """An operation.

    Args:
        name: its class.
        args: what it is called with.
        gives: what is known of its output or outputs.
        settings: of its configuration.
    """
    return Op(name, args, settings, outputs=gives if isinstance(gives, tuple) else (gives,))


def tensor_of(value: Any) -> Tensor:
    """What is known of an argument; nothing of a number."""
    return value.tensor if isinstance(value, Ref | Op | Constant) else UNKNOWN


def cast(value: Ref | Op | Constant, dtype: str) -> Op:
    """A tensor as another dtype, or as its own, which changes nothing."""
    return op("Cast", value, dtype=dtype, gives=Tensor(value.tensor.shape, dtype))


def as_operation(value: Any) -> Op:
    """What can stand as a layer of its own.

    Raises:
        NoEqualError: it is a tensor that is passed on, and its dtype is not known.
    """
    if isinstance(value, Op):
        return value
    dtype = tensor_of(value).dtype
    if not isinstance(value, Ref) or dtype is None:
        raise NoEqualError("its dtype is not known")
    return cast(value, dtype)
