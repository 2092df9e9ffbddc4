"""Edits of an optimizer's variables, which each form of optimizers has in another order."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.compiled import changed
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.edits.conversion import convert, keeps_state
from pytest_modelcompat.migration.layouts.keras_groups import UnknownGroupError
from pytest_modelcompat.migration.layouts.optimizer import (
    KERAS_STATE,
    Form,
    Moves,
    State,
    keras_moves,
    numbered,
    scaled_moves,
    state_of,
)
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.profiles.profile import ObjectKnowledge, Profile
    from pytest_modelcompat.results.migration import Change

_SCALES = "LossScaleOptimizer"
# Of no effect in a default optimizer, which keeps no average of the weights.
_OF_H5 = (
    "{reader} does not restore them: from an .h5 file it builds the optimizer for no weight at all, and fails in the "
    "first step of training"
)
_LOST = "the state of the optimizer: it starts as a new one, with the same settings"
_NOT_COMPARED = frozenset({"name", "ema_momentum", "ema_overwrite_frequency"})


def _moved_state(draft: Draft, target: Target) -> Iterator[Change]:
    if draft.format != "keras" or draft.source.format != "keras" or not (target.is_up or target.is_down):
        return
    if len(numbered(draft)) < 2:
        return
    moves = _moves(draft, target)
    if moves is not None:
        draft.moved.update(moves.moved)
        draft.added.update(moves.added)
        count = sum(path is not None for path in moves.moved.values())
        added = f", {len(moves.added)} added" if moves.added else ""
        yield changed("optimizer", f"{len(moves.moved)} variables", f"{count} of them in the reader's order{added}")


def _moves(draft: Draft, target: Target) -> Moves | None:
    node = _node(draft.training.get("optimizer"), target)
    if node is None:
        return None
    form = Form.KERAS_3 if target.writer[0] >= 3 else Form.KERAS_2
    if _class(node) == _SCALES:
        inner = node["config"].get("inner_optimizer")
        if not isinstance(inner, dict) or not target.is_up:
            return None
        state = _state(inner, form)
        return scaled_moves(
            replace(state, variables=numbered(draft)),
            replace(state, variables=numbered(draft, f"{KERAS_STATE}inner_optimizer/")),
            node["config"],
            target.reader,
        )
    return keras_moves(replace(_state(node, form), variables=numbered(draft)), target.reader)


def _node(optimizer: Any, target: Target) -> dict[str, Any] | None:
    """The optimizer with its configuration; of one that is named alone the default one, where both have the same."""
    if isinstance(optimizer, dict):
        return optimizer if isinstance(optimizer.get("config"), dict) else None
    here, there = (_by_name(profile, optimizer) for profile in (target.profile, target.writer_profile))
    if here is None or there is None or here.writes is None or there.writes is None:
        return None
    same = all(there.writes.get(key, value) == value for key, value in here.writes.items() if key not in _NOT_COMPARED)
    return {"class_name": here.name, "config": dict(here.writes)} if same else None


def _by_name(profile: Profile | None, name: Any) -> ObjectKnowledge | None:
    if profile is None or not isinstance(name, str):
        return None
    by_name = {each.lower(): known for each, known in profile.names.get("optimizer", {}).items()}
    return by_name.get(name.lower())


def _state(node: dict[str, Any], form: Form) -> State:
    return State(form, _class(node), node["config"] if isinstance(node.get("config"), dict) else {})


def _class(node: dict[str, Any]) -> str:
    return str(node.get("class_name")).rpartition(">")[2]


def _lost_in_h5(draft: Draft, target: Target) -> Iterator[Change]:
    """What a .keras file would keep."""
    if draft.format == draft.source.format == "h5" and target.reader[0] >= 3 and state_of(draft):
        other = draft.copy()
        with contextlib.suppress(UnknownGroupError):
            convert(other, target, "keras")
            if keeps_state(other):
                yield from _lost_state(draft, target)


def _lost_state(draft: Draft, target: Target) -> Iterator[Change]:
    """What was not moved, or what the reader of .h5 files would spoil the optimizer with."""
    is_left = draft.format == "h5" and draft.source.format == "h5" and target.reader[0] >= 3
    is_unknown = draft.format == draft.source.format == "keras" and (target.is_up or target.is_down)
    paths = [path for path in state_of(draft) if path not in draft.moved]
    if not draft.training or not paths or not (is_left or (is_unknown and len(numbered(draft)) > 1)):
        return
    for path in paths:
        draft.moved[path] = None
    yield changed("optimizer", f"{len(paths)} variables")


EDITS = (
    Edit(
        "order-optimizer-state",
        what="the variables of the optimizer are put in the order of {reader}, beside the learning rate of Keras 3",
        because="both keep the same numbers for each weight, and the shapes of all fit",
        source=MEASURED,
        wrong_if="a variable of the optimizer has no equal one in the file",
        apply=_moved_state,
        is_unseen=True,
    ),
    Edit(
        "drop-optimizer-state-of-h5",
        what="the variables of the optimizer are left out of the `.h5` file",
        because=_OF_H5,
        source=MEASURED,
        wrong_if="training goes on where it was: the first steps are those of a new optimizer",
        apply=_lost_in_h5,
        is_unseen=True,
        loses=f"{_LOST}; `--to keras` keeps it",
    ),
    Edit(
        "drop-optimizer-state",
        what="the variables of the optimizer are left out",
        because=_OF_H5,
        source=MEASURED,
        wrong_if="training goes on where it was: the first steps are those of a new optimizer",
        apply=_lost_state,
        is_unseen=True,
        loses=_LOST,
    ),
)
