"""The signatures of a SavedModel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.dtypes import FLOATS, dtype_name
from pytest_modelcompat.artifacts.inventory import Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INIT_SIGNATURES = frozenset({"__saved_model_init_op", ""})


def read_signatures(definitions: Mapping[str, Any]) -> tuple[Signature, ...]:
    """The signatures sorted by name, without TensorFlow's own init signature.

    Args:
        definitions: name -> `SignatureDef` message.
    """
    return tuple(
        Signature(name, _tensors(definitions[name].inputs), _tensors(definitions[name].outputs))
        for name in sorted(definitions)
        if name not in _INIT_SIGNATURES
    )


def _tensors(infos: Mapping[str, Any]) -> tuple[TensorSpec, ...]:
    return tuple(_tensor(name, infos[name]) for name in sorted(infos))


def _tensor(name: str, info: Any) -> TensorSpec:
    kind = "dense"
    if info.HasField("coo_sparse"):
        kind = "sparse"
    elif info.HasField("composite_tensor"):
        kind = "composite"
    shape = read_shape(info.tensor_shape) if info.HasField("tensor_shape") else None
    return TensorSpec(name, dtype_name(info.dtype), shape, kind)


def read_shape(shape: Any) -> tuple[int | None, ...] | None:
    """A shape with None for an open dimension; None for an open rank.

    Args:
        shape: a `TensorShapeProto` message.
    """
    if shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in shape.dim)


def output_dtypes(signatures: Iterable[Signature]) -> tuple[str, ...]:
    """The floating dtypes that signatures return, sorted."""
    return tuple(sorted({output.dtype for each in signatures for output in each.outputs} & FLOATS))
