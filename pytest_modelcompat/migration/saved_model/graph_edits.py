"""The edits of SavedModels, in the order in which they are tried."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.saved_model.object_graph import CAPTURED_TENSOR
from pytest_modelcompat.migration.saved_model.expansions import EXPANSIONS
from pytest_modelcompat.migration.saved_model.graph_edit import GraphEdit
from pytest_modelcompat.migration.saved_model.replacements import REPLACEMENTS
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts.inventory import OpUse
    from pytest_modelcompat.migration.saved_model.expansions import Expansion
    from pytest_modelcompat.migration.saved_model.graph_changes import GraphChanges
    from pytest_modelcompat.migration.saved_model.graph_draft import GraphDraft
    from pytest_modelcompat.migration.saved_model.replacements import Replacement
    from pytest_modelcompat.migration.target import Target

# They name something for people, check it, or say what a gradient is for: no value of theirs changes what is computed.
_SAYS_NOTHING = {
    "debug_name": ("VarHandleOp",),
    "validate_shape": ("AssignVariableOp",),
    "grad_a": ("MatMul",),
    "grad_b": ("MatMul",),
    "grad_x": ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"),
    "grad_y": ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"),
}
# The same of ops of many names, by what is in the names.
_SAYS_NOTHING_IN = {"metadata": "Dataset", "sparse_gradient": "SparseSegment"}

# From this version on an object graph can have them.
_KNOWS_CAPTURED_TENSORS = (2, 6)


def _unknown(draft: GraphDraft, target: Target) -> Iterator[tuple[OpUse, str]]:
    """Every attribute that an op of the target does not have."""
    for use in draft.ops():
        known = target.profile.op(use.op)
        if known is not None:
            yield from ((use, name) for name in use.attributes if name not in known.attributes)


def _without_defaults(draft: GraphDraft, target: Target) -> GraphChanges | None:
    written = {each.op: each.attributes for each in draft.source.op_definitions}
    dropped: dict[str, dict[str, str | None]] = defaultdict(dict)
    for use, name in _unknown(draft, target):
        default = written.get(use.op, {}).get(name)
        if default is not None:
            dropped[use.op][name] = default
    return draft.changes.dropping(dropped) if dropped else None


def _without_names(draft: GraphDraft, target: Target) -> GraphChanges | None:
    dropped: dict[str, dict[str, str | None]] = defaultdict(dict)
    for use, name in _unknown(draft, target):
        is_in_name = name in _SAYS_NOTHING_IN and _SAYS_NOTHING_IN[name] in use.op
        if is_in_name or use.op in _SAYS_NOTHING.get(name, ()):
            dropped[use.op][name] = None
    return draft.changes.dropping(dropped) if dropped else None


def _with_other_op(replacement: Replacement, draft: GraphDraft, target: Target) -> GraphChanges | None:
    is_lacking = target.profile.op(replacement.op) is None and target.profile.op(replacement.by) is not None
    if not is_lacking or all(use.op != replacement.op for use in draft.ops()):
        return None
    return replace(draft.changes, replaced={**draft.changes.replaced, replacement.op: replacement})


def _with_more_nodes(expansion: Expansion, draft: GraphDraft, target: Target) -> GraphChanges | None:
    has_all = all(target.profile.op(op) is not None for op in expansion.needs)
    is_lacking = any(use.op == expansion.op and name == expansion.attribute for use, name in _unknown(draft, target))
    if not has_all or not is_lacking:
        return None
    return replace(draft.changes, expanded={**draft.changes.expanded, expansion.op: expansion})


def _without_slot_variables(draft: GraphDraft, target: Target) -> GraphChanges | None:
    del target
    return replace(draft.changes, slot_variables=True) if draft.source.slot_variables else None


def _without_captured_tensors(draft: GraphDraft, target: Target) -> GraphChanges | None:
    is_known = target.profile.tensorflow_version >= _KNOWS_CAPTURED_TENSORS
    if is_known or CAPTURED_TENSOR not in draft.source.object_classes:
        return None
    return replace(draft.changes, captured_tensors=True)


def _dashed(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def by_other_op(each: Replacement) -> GraphEdit:
    """The edit that writes one op in the place of another."""
    return GraphEdit(
        f"replace-{_dashed(each.op)}",
        what=f"the op {each.op}, which {{reader}} does not have, becomes {each.by}",
        because=each.because,
        source=each.source,
        wrong_if=each.wrong_if,
        change=partial(_with_other_op, each),
    )


def by_more_nodes(each: Expansion) -> GraphEdit:
    """The edit that writes several nodes in the place of one."""
    return GraphEdit(
        f"expand-{_dashed(each.op)}",
        what=f"nodes before {each.op} do what its attribute {each.attribute} asks for, which {{reader}} does not know",
        because=each.because,
        source=each.source,
        wrong_if=each.wrong_if,
        change=partial(_with_more_nodes, each),
    )


EDITS: tuple[GraphEdit, ...] = (
    *(by_other_op(each) for each in REPLACEMENTS),
    *(by_more_nodes(each) for each in EXPANSIONS),
    GraphEdit(
        "drop-default-attribute",
        what="an attribute that an op of {reader} does not have is dropped where its value is the default",
        because="an attribute that is new to an op has a default that keeps the op as it was",
        source="https://www.tensorflow.org/guide/versions",
        wrong_if="the value is not the default that the graph itself records",
        change=_without_defaults,
    ),
    GraphEdit(
        "drop-attribute-without-effect",
        what="an attribute that an op of {reader} does not have is dropped where it only names something, checks a "
        "shape or helps a gradient",
        because="no value of it changes what the op computes",
        source=MEASURED,
        wrong_if="the attribute chose what is computed",
        change=_without_names,
    ),
    GraphEdit(
        "drop-slot-variables",
        what="the optimizer is no longer asked to restore its slot variables when the model is loaded",
        because="{reader} has no class for the optimizer, which no prediction needs; the checkpoint is copied whole",
        source=MEASURED,
        wrong_if="the runtime had the class that the optimizer was saved with",
        change=_without_slot_variables,
        loses="the state of the optimizer, which {reader} cannot load in any way",
    ),
    GraphEdit(
        "drop-captured-tensors",
        what="functions for gradients that keep a tensor of another function are no longer set up when the model is "
        "loaded",
        because="{reader} cannot load such a tensor, and no prediction calls these functions",
        source=MEASURED,
        wrong_if="an object of the model gave one of these functions its name",
        change=_without_captured_tensors,
        loses="gradients that the model defines itself: {reader} takes those of its ops",
    ),
)
