"""Edits of optimizers of Keras 3 for Keras 2, which has two of each name, and tells them by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.compiled import changed
from pytest_modelcompat.migration.edit import Edit
from pytest_modelcompat.migration.layouts.optimizer import H5_STATE, state_of
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

# From this version on Keras 2 has newer optimizers, whose settings are those of Keras 3.
_NEWER = (2, 11)
_TELLS = "is_legacy_optimizer"
_OF_KERAS_3 = ("loss_scale_factor", "gradient_accumulation_steps")
# Their variables are not those that Keras 2 makes: it has a slot for a momentum of zero, and no product of momentums.
_OTHER_VARIABLES = frozenset({"nadam", "adafactor", "lossscaleoptimizer"})


def _optimizer(draft: Draft) -> dict[str, Any] | None:
    found = draft.training.get("optimizer_config" if draft.format == "h5" else "optimizer")
    is_node = isinstance(found, dict) and isinstance(found.get("config"), dict)
    return found if is_node else None


def _is_newer(target: Target) -> bool:
    return target.is_down and target.reader >= _NEWER


def _newer_optimizer(draft: Draft, target: Target) -> Iterator[Change]:
    node = _optimizer(draft)
    if node is None or not _is_newer(target) or _TELLS in node["config"]:
        return
    if target.profile.find("optimizer", str(node["class_name"])) is not None:
        node["config"][_TELLS] = False
        yield changed("optimizer", None, f"{_TELLS}=False")


def _without_effect(draft: Draft, target: Target) -> Iterator[Change]:
    node = _optimizer(draft)
    if node is None or not target.is_down:
        return
    for key in _OF_KERAS_3:
        if key in node["config"] and node["config"][key] is None:
            del node["config"][key]
            yield changed("optimizer", f"{key}=None")


def _without_rate(draft: Draft, target: Target) -> Iterator[Change]:
    """Keras 2 takes the variables in the order of an .h5 file, without a learning rate among them."""
    node = _optimizer(draft)
    if node is None or not target.is_down or not (draft.format == draft.source.format == "h5"):
        return
    name, config = str(node["class_name"]).lower(), node["config"]
    paths = state_of(draft)
    is_same = _is_newer(target) and name not in _OTHER_VARIABLES and (name != "sgd" or bool(config.get("momentum")))
    rates = [path for path in paths if path.startswith(H5_STATE) and path.endswith("/learning_rate")]
    if is_same and len(rates) == 1 and len(paths) > 2:
        draft.moved[rates[0]] = None
        yield changed("optimizer", "the learning rate among its variables")


def _lost_state(draft: Draft, target: Target) -> Iterator[Change]:
    """Variables that Keras 2 has no place for."""
    paths = state_of(draft)
    if not target.is_down or draft.format != "h5" or not draft.training or any(path in draft.moved for path in paths):
        return
    draft.moved.update(dict.fromkeys(paths, None))
    # The counter and the learning rate alone are those of an optimizer that has made no step.
    if len(paths) > 2:
        yield changed("optimizer", f"{len(paths)} variables")


def _not_of_keras_2(draft: Draft, target: Target) -> Iterator[Change]:
    node = _optimizer(draft)
    if node is None or not target.is_down:
        return
    left = [key for key in _OF_KERAS_3 if node["config"].get(key) is not None]
    if left:
        draft.root.pop("compile_config", None)
        draft.training = {}
        draft.moved.update(dict.fromkeys(state_of(draft), None))
        yield changed("optimizer", ", ".join(left))


EDITS = (
    Edit(
        "optimizer-of-keras-2",
        what="the optimizer is marked as one of the newer ones of {reader}",
        because="they do the arithmetic of {writer} with the same settings; without the mark a legacy one is made, "
        "which refuses them",
        source="keras/optimizers/__init__.py of Keras 2.15",
        wrong_if="the reader has no optimizer of this name",
        apply=_newer_optimizer,
        is_unseen=True,
    ),
    Edit(
        "drop-setting-of-none",
        what="loss_scale_factor and gradient_accumulation_steps of the optimizer are dropped where they are None",
        because="None says that neither is done",
        source="keras/src/optimizers/base_optimizer.py of Keras 3",
        wrong_if="one of them is a number",
        apply=_without_effect,
        is_unseen=True,
    ),
    Edit(
        "learning-rate-out-of-state",
        what="the learning rate is taken out of the variables of the optimizer",
        because="{reader} has it in the configuration alone, and the others in the same order",
        source=MEASURED,
        wrong_if="the optimizer has other variables there",
        apply=_without_rate,
        is_unseen=True,
    ),
    Edit(
        "drop-state-of-keras-3",
        what="the variables of the optimizer are left out",
        because="{reader} has no place for one of them, and restores none then",
        source=MEASURED,
        wrong_if="training goes on where it was: the first steps are those of a new optimizer",
        apply=_lost_state,
        is_unseen=True,
        loses="the state of the optimizer: it starts as a new one, with the same settings",
    ),
    Edit(
        "drop-optimizer-of-keras-3",
        what="all that compile() was given is dropped, as the optimizer does what {reader} has no setting for",
        because="the model predicts the same; it is no longer compiled",
        source="keras/src/optimizers/base_optimizer.py of Keras 3",
        wrong_if="the model is trained or evaluated after loading without compile() before it",
        apply=_not_of_keras_2,
        is_unseen=True,
        loses="the optimizer with its state, the loss and the metrics: compile the model again after loading",
        loses_loss=True,
    ),
)
