"""Cross attention: MultiHeadAttention of a query and a value of different sizes, which a few versions refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import CompatibilityContext

_CLASS = "MultiHeadAttention"
# `model_weights/attention/attention/query/kernel:0`, `layers/multi_head_attention_1/_query_dense/vars/0`.
_KERNEL = re.compile(r"(?P<group>.*)/(?:(?P<h5>query|value)/kernel(?::0)?|_?(?P<keras>query|value)_dense/vars/0)")
_HEADS = 3


def across_sizes(context: CompatibilityContext) -> tuple[Use, ...]:
    """The MultiHeadAttention layers whose query and value have different last dimensions, by their kernels.

    Args:
        context: the artifact and the runtime.
    """
    layers = [
        each for each in context.layers(_CLASS) if context.is_in_functional(each.path) and not context.is_declared(each)
    ]
    groups = [group for group, sizes in _sizes(context) if len(set(sizes.values())) > 1] if layers else []
    named = tuple(each for each in layers if any(each.path[-1] in group.split("/") for group in groups))
    # A .keras file names the groups by the class; which of several it is makes no difference to what is done.
    return named or (tuple(layers) if groups else ())


def _sizes(context: CompatibilityContext) -> Iterator[tuple[str, dict[str, int]]]:
    """Each group of weights with the last dimensions that its kernels of the query and the value take."""
    found: dict[str, dict[str, int]] = {}
    for weight in context.inventory.weights:
        match = _KERNEL.fullmatch(weight.path)
        if match and len(weight.shape) == _HEADS:
            found.setdefault(match["group"], {})[match["h5"] or match["keras"]] = weight.shape[0]
    yield from found.items()
