"""Edits of the format: an .h5 file as a .keras file, and a .keras file as an .h5 file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import as_mapping
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.layouts.h5_names import groups_of_h5, names_of_groups
from pytest_modelcompat.migration.layouts.h5_state import state_in_h5, state_in_keras
from pytest_modelcompat.migration.layouts.keras_groups import Layout, UnknownGroupError
from pytest_modelcompat.migration.layouts.optimizer import state_of
from pytest_modelcompat.migration.target import KERAS_3
from pytest_modelcompat.results.finding import MEASURED, Severity
from pytest_modelcompat.results.migration import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target

_FIRST_ZIP = (2, 12)
_NORMALIZATION = "Normalization"
_SEVERE = (Severity.ERROR, Severity.CHANGE)
_FUNCTIONAL = "keras.src.models.functional"
_COMPILED = {"loss": "keras.losses", "metrics": "keras.metrics", "weighted_metrics": "keras.metrics"}
_TRAINING = ("loss", "metrics", "weighted_metrics", "loss_weights")


def convert(draft: Draft, target: Target, format: str) -> tuple[Change, ...]:  # noqa: A002 - the word for it
    """Have a draft written in another format.

    Args:
        draft: what is changed.
        target: the runtime that is to read it.
        format: `h5` or `keras`.

    Returns:
        The change; none where it is of that format already.

    Raises:
        UnknownGroupError: of some weight, the place in the other format is not known for sure.
    """
    if draft.format == format:
        return ()
    before = draft.format
    if format == "keras":
        _to_keras(draft, target)
    else:
        _to_h5(draft, target)
    draft.format, draft.suffix = format, ""
    return (Change("the format", f".{before}", f".{format}"),)


def _to_keras(draft: Draft, target: Target) -> None:
    if target.reader < KERAS_3:
        raise UnknownGroupError("a .keras file of Keras 2")
    current = {each.path: _path_now(draft, each.path) for each in draft.source.weights}
    groups = groups_of_h5(draft.root, [path for path in current.values() if path], Layout.of(target.reader))
    draft.moved = {source: groups.get(now, now) if now else None for source, now in current.items()}
    draft.renamed, draft.added = {}, {}
    root = draft.root
    root["module"] = _FUNCTIONAL if root["class_name"] == "Functional" else "keras"
    root["registered_name"] = root["class_name"] if root["class_name"] == "Functional" else None
    if draft.training:
        optimizer = _own(as_mapping(draft.training.get("optimizer_config")), target)
        root["compile_config"] = draft.training = _compile_config(draft.training)
        moves = state_in_keras(draft, optimizer, target.reader)
        if moves is not None:
            draft.moved.update(moves.moved)
            draft.added.update(moves.added)


def _own(optimizer: Mapping[str, Any], target: Target) -> Mapping[str, Any]:
    """An optimizer of Keras' own; nothing of a user's class, whose variables are not known by its name."""
    name = str(optimizer.get("class_name"))
    return {} if {name, name.rpartition(">")[2]} & target.custom else optimizer


def _path_now(draft: Draft, path: str) -> str | None:
    now = draft.moved.get(path, path)
    return draft.in_configuration(now) if now else None


def _to_h5(draft: Draft, target: Target) -> None:
    paths = [each.path for each in draft.source.weights]
    if draft.source.assets:
        raise UnknownGroupError(draft.source.assets[0].path)
    draft.moved, draft.names = names_of_groups(draft.source.root, paths, Layout.of(target.writer))
    draft.added = {}
    draft.training = _training_config(draft.training)
    optimizer = _own(as_mapping(draft.training.get("optimizer_config")), target)
    state = state_in_h5(draft, optimizer, target.writer, target.reader)
    if state is not None:
        moves, draft.state = state
        draft.moved.update(moves.moved)
        draft.added.update(moves.added)
    draft.root = {"class_name": draft.root["class_name"], "config": draft.root["config"]}


def _compile_config(training: dict[str, Any]) -> dict[str, Any]:
    optimizer = as_mapping(training.get("optimizer_config"))
    described = {key: _with_module(training.get(key), module) for key, module in _COMPILED.items()}
    given = {"loss_weights": training.get("loss_weights")}
    return {"optimizer": _with_module(dict(optimizer), "keras.optimizers"), **described, **given}


def _with_module(value: Any, module: str) -> Any:
    """The same with the module of Keras in each object that names none."""
    if isinstance(value, list):
        return [_with_module(each, module) for each in value]
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return {"module": module, "registered_name": None, **value}
    if isinstance(value, dict):
        return {key: _with_module(each, module) for key, each in value.items()}
    return value


def _training_config(compiled: dict[str, Any]) -> dict[str, Any]:
    optimizer = compiled.get("optimizer")
    if not optimizer:
        return {}
    if isinstance(optimizer, str):
        optimizer = {"class_name": optimizer, "config": {}}
    described = {key: compiled.get(key) for key in _TRAINING}
    config = {"class_name": optimizer["class_name"], "config": optimizer["config"]}
    return {**described, "sample_weight_mode": None, "optimizer_config": config}


def _to_h5_for_old(draft: Draft, target: Target) -> Iterator[Change]:
    if target.reader < _FIRST_ZIP:
        yield from _converted(draft, target, "h5")


def _to_keras_for_normalization(draft: Draft, target: Target) -> Iterator[Change]:
    found = target.findings(draft.inventory()) if draft.format == "h5" and target.reader >= KERAS_3 else ()
    if any(each.subject == _NORMALIZATION and each.severity in _SEVERE for each in found):
        yield from _converted(draft, target, "keras")


def _converted(draft: Draft, target: Target, format: str) -> Iterator[Change]:  # noqa: A002 - the word for it
    try:
        yield from convert(draft, target, format)
    except UnknownGroupError:
        return


def with_and_without_state(edit: Edit) -> tuple[Edit, Edit]:
    """An edit of the format that keeps the state of the optimizer, and one that says that it is lost.

    Args:
        edit: has a draft written in another format.
    """

    def keeping(draft: Draft, target: Target) -> Iterable[Change]:
        changes = tuple(edit.apply(draft, target))
        return changes if keeps_state(draft) else ()

    def losing(draft: Draft, target: Target) -> Iterable[Change]:
        changes = tuple(edit.apply(draft, target))
        return () if keeps_state(draft) else changes

    return replace(edit, apply=keeping), replace(edit, name=f"{edit.name}-without-state", apply=losing, loses=_LOST)


def keeps_state(draft: Draft) -> bool:
    """Whether what is written in another format holds the variables of the optimizer, if there are any.

    Args:
        draft: that was converted.
    """
    paths = state_of(draft)
    return not paths or any(draft.moved.get(path) for path in paths)


_LOST = "the state of the optimizer: the step, and what it keeps of each weight"
# Before all edits of what is in the file: of one that is not opened, nothing else is found.
FIRST = with_and_without_state(
    Edit(
        "keras-to-h5",
        what="it is written as `.h5`, which {reader} reads, instead of `.keras`",
        because="an .h5 file holds the same layers and weights; each weight stands where Keras reads that layer's",
        source=MEASURED,
        wrong_if="the place of a weight is not known for sure, as in a layer of another package, or a layer has files",
        apply=_to_h5_for_old,
    )
)
# After them: what can be answered in the file as it is, is.
LAST = with_and_without_state(
    Edit(
        "h5-to-keras",
        what="it is written as `.keras` instead of `.h5`, from which {reader} does not read a Normalization rightly",
        because="a .keras file holds the same layers and weights; each weight stands where Keras reads that layer's",
        source=MEASURED,
        wrong_if="the place of a weight is not known for sure, as in a layer of another package",
        apply=_to_keras_for_normalization,
    )
)
