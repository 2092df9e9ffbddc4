"""Keys of slices: `x[:, 1:, ..., 0]` as Keras 2 writes it."""

from __future__ import annotations

from typing import Any

from pytest_modelcompat.migration.operations.tensor import NoEqualError, Ref, Shape, axis_of

_ENDS = frozenset({"start", "stop", "step"})


def key_of(spec: Any) -> list[Any]:
    """A key as Python has it: a list of integers, slices, None for a new axis, and `...`.

    Args:
        spec: the `slice_spec` of a node.

    Raises:
        NoEqualError: it holds a tensor whose value is not known, or a mask.
    """
    return [_part(each) for each in (spec if isinstance(spec, list) else [spec])]


def _part(part: Any) -> Any:
    if isinstance(part, dict) and part.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(part, dict) and part.keys() == _ENDS:
        return slice(*(None if part[end] is None else _integer(part[end]) for end in ("start", "stop", "step")))
    return None if part is None else _integer(part)


def _integer(value: Any) -> int:
    if isinstance(value, Ref) and value.tensor.is_number:
        value = value.tensor.value
    if type(value) is not int:
        raise NoEqualError("it is sliced by a tensor, or by a size that only a call tells")
    return value


def spelled(key: list[Any], shape: Shape | None) -> list[Any]:
    """A key without `...`, which the readers of .h5 files trip over.

    Args:
        key: as of `key_of`.
        shape: of the tensor.

    Raises:
        NoEqualError: the rank of the tensor is not known.
    """
    if not any(each is Ellipsis for each in key):
        return key
    place = next(place for place, each in enumerate(key) if each is Ellipsis)
    if place == len(key) - 1:
        return key[:-1]
    if shape is None:
        raise NoEqualError("it is sliced by `...`, and the rank of what is sliced is not known")
    taken = sum(each is not None for each in key) - 1
    return [*key[:place], *[slice(None)] * (len(shape) - taken), *key[place + 1 :]]


def sliced(shape: Shape | None, key: list[Any]) -> Shape | None:
    """The shape of a slice; None where it cannot be told.

    Args:
        shape: of the tensor.
        key: as of `key_of`.

    Raises:
        NoEqualError: there are more keys than axes, or an index is out of range.
    """
    if shape is None:
        return None
    taken = sum(each is not None and each is not Ellipsis for each in key)
    if taken > len(shape):
        raise NoEqualError("it is sliced along more axes than it has")
    left = list(shape)
    found: list[int | None] = []
    for each in key if any(each is Ellipsis for each in key) else [*key, Ellipsis]:
        if each is None:
            found.append(1)
        elif each is Ellipsis:
            kept = len(shape) - taken
            found += left[:kept]
            left = left[kept:]
        else:
            size = left.pop(0)
            if isinstance(each, slice):
                found.append(_length(each, size))
            elif size is not None:
                axis_of(each, size)
    return tuple(found)


def _length(part: slice, size: int | None) -> int | None:
    if size is not None:
        return len(range(*part.indices(size)))
    return None
