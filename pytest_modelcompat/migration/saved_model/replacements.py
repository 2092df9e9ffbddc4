"""Ops that a TensorFlow lacks, each with one that it has and that does the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.saved_model.graph_node import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_modelcompat.migration.saved_model.graph_node import GraphNode


def _always(_: GraphNode) -> bool:
    return True


def _has_one_dtype(node: GraphNode) -> bool:
    """Whether a product has the dtype of both its factors, as the older op demands."""
    dtypes = [text_of(entry) for name, entry in node.attributes().items() if name in ("Ta", "Tb", "Tout")]
    return len(dtypes) == 3 and len(set(dtypes)) == 1 and None not in dtypes


@dataclass(frozen=True)
class Replacement:
    """An op that takes the place of another.

    Args:
        op: the op that is replaced.
        by: the op that is written.
        because: why both do the same.
        source: where that is known from.
        wrong_if: what would make it wrong.
        applies: whether they do the same in a node.
        keeps_inputs: whether the node keeps the inputs that are values.
        attributes: attributes that are not kept under their names -> their new name; None for one that is dropped.
    """

    op: str
    by: str
    because: str
    source: str
    wrong_if: str
    applies: Callable[[GraphNode], bool] = _always
    keeps_inputs: bool = True
    attributes: Mapping[str, str | None] = field(default_factory=dict)


REPLACEMENTS = (
    Replacement(
        "DisableCopyOnRead",
        "NoOp",
        because="it gives nothing; it only spares a variable a copy while it is read for a checkpoint",
        source="tensorflow/core/kernels/resource_variable_ops.cc",
        wrong_if="it gave a value that another node takes",
        keeps_inputs=False,
    ),
    Replacement(
        "StatelessRandomGetKeyCounter",
        "StatelessRandomGetKeyCounterAlg",
        because="both make the same key and counter of a seed; the older op gives an algorithm besides, which nothing "
        "takes",
        source="tensorflow/core/kernels/stateless_random_ops_v2.cc",
        wrong_if="the key or the counter were others",
        # What it says of two outputs does not fit three.
        attributes={"_output_shapes": None},
    ),
    Replacement(
        "BatchMatMulV3",
        "BatchMatMulV2",
        because="with one dtype for both factors and the product, the newer op is the older one",
        source="tensorflow/core/ops/math_ops.cc",
        wrong_if="the dtypes of the factors or of the product differ",
        applies=_has_one_dtype,
        attributes={"Ta": "T", "Tb": None, "Tout": None},
    ),
)
