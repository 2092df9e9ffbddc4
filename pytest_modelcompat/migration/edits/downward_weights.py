"""Edits of where an older Keras looks for weights in a .keras file."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import WeightUse
    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target

# The parts of MultiHeadAttention: Keras 2 has each only under an attribute with an underscore.
_PARTS = frozenset({"query_dense", "key_dense", "value_dense", "output_dense"})
# Parts of a layer of the user's own that have the same names are Dense layers, whose kernels have two dimensions.
_LEAST_RANK = 3


def _parts_of_attention(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_down or draft.format != "keras" or draft.source.format != "keras":
        return
    for group, weights in _attentions(draft.source.weights):
        moved = [_with_underscore(draft, weight.path) for weight in weights]
        if any(moved):
            yield Change(group, before="query_dense, …", after="_query_dense, …")


def _with_underscore(draft: Draft, path: str) -> bool:
    """Whether the part in a path, or in where it is moved to already, had no underscore; now it has one."""
    before = draft.moved.get(path, path)
    names = (before or "").split("/")
    draft.moved[path] = before and "/".join(f"_{name}" if name in _PARTS else name for name in names)
    return not _PARTS.isdisjoint(names)


def _attentions(weights: tuple[WeightUse, ...]) -> Iterator[tuple[str, list[WeightUse]]]:
    """Each group of weights of a MultiHeadAttention."""
    groups: dict[str, dict[str, list[WeightUse]]] = defaultdict(lambda: defaultdict(list))
    for weight in weights:
        names = weight.path.split("/")
        for place, name in enumerate(names):
            if name in _PARTS:
                groups["/".join(names[:place])][name].append(weight)
    for group, parts in groups.items():
        kernels = [max(len(each.shape) for each in found) for found in parts.values()]
        if set(parts) == _PARTS and min(kernels) >= _LEAST_RANK:
            yield group, [each for found in parts.values() for each in found]


EDITS = (
    Edit(
        "parts-of-attention",
        what="the weights of MultiHeadAttention are put where {reader} looks for them",
        because="they are the same four parts, whose attributes begin with an underscore in {reader}",
        source="keras/src/layers/attention/multi_head_attention.py of Keras 2",
        wrong_if="they are parts of a layer of the user's own, which has Dense layers under these names",
        apply=_parts_of_attention,
        is_unseen=True,
    ),
)
