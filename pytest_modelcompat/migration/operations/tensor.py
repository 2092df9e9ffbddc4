"""Tensors of a model that is read: what is known of one without computing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Shape = tuple[int | None, ...]

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
DTYPES = FLOATS | INTEGERS | {"bool"}


class NoEqualError(Exception):
    """No operation of Keras 3 does the same; the text says why, to follow `because`."""


@dataclass(frozen=True)
class Tensor:
    """What is known of a tensor.

    Args:
        shape: its sizes, None for one that is not known; None where not even the rank is.
        dtype: its name; None where it is not known.
        is_dense: whether it is neither ragged nor sparse, as far as is known.
        is_number: whether it holds sizes of other tensors, and what is computed of these.
        value: then these, None for one that only a call tells: an integer, or lists of integers.
    """

    shape: Shape | None = None
    dtype: str | None = None
    is_dense: bool = True
    is_number: bool = False
    value: Any = None

    @property
    def is_float(self) -> bool:
        """Whether it is known to hold floating point numbers."""
        return self.dtype in FLOATS


UNKNOWN = Tensor()


@dataclass(frozen=True)
class Ref:
    """A tensor by its place.

    Args:
        layer: the name of the layer that gives it.
        node: which call of the layer.
        index: which of its outputs.
        tensor: what is known of it.
    """

    layer: str
    node: int
    index: int
    tensor: Tensor = UNKNOWN


@dataclass(frozen=True)
class Constant:
    """An array that a configuration holds.

    Args:
        value: numbers in lists.
        dtype: its name.
    """

    value: Any
    dtype: str

    @property
    def tensor(self) -> Tensor:
        """What is known of it."""
        return Tensor(shape_of(self.value), self.dtype)


def shape_of(value: Any) -> Shape:
    """The shape of numbers in lists."""
    sizes: list[int] = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return tuple(sizes)


def is_known(value: Any) -> bool:
    """Whether every number is known.

    Args:
        value: as in `Tensor.value`.
    """
    return all(map(is_known, value)) if isinstance(value, list) else value is not None


def broadcast(first: Shape | None, second: Shape | None) -> Shape | None:
    """The shape of an elementwise operation on two tensors; None where it cannot be told."""
    if first is None or second is None:
        return None
    rank = max(len(first), len(second))
    ones: Shape = (1,) * rank
    pairs = zip((*ones[len(first) :], *first), (*ones[len(second) :], *second), strict=True)
    return tuple(_size(one, other) for one, other in pairs)


def _size(one: int | None, other: int | None) -> int | None:
    if one == 1:
        return other
    if other == 1 or one is not None:
        return one
    return other


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        NoEqualError: there is no such axis.
    """
    counted = axis + rank if axis < 0 else axis
    if not 0 <= counted < rank:
        raise NoEqualError(f"axis {axis} is none of a tensor of rank {rank}")
    return counted
