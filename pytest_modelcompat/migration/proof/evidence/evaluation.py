"""Evaluation: loss and metrics of a compiled model on one batch, and one step of training, held against each other."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.weight_digest import weight_digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.weight_digest import Content
    from pytest_modelcompat.results.migration import Lost

# A loss is a sum over many numbers, and a step divides by small ones.
_RTOL, _ATOL = 1e-4, 1e-5
_RTOL_OF_STEP = 1e-3
_RTOL_OF_HALF = 2e-2
_RTOL_OF_SETTINGS = 1e-6
# Of an optimizer's configuration: how it computes, rather than what.
_OF_NO_EFFECT = frozenset({"name", "jit_compile", "is_legacy_optimizer", "ema_overwrite_frequency", "initial_scale"})
_LOSS_OF_STEP = "loss of a training step"


@dataclass(frozen=True)
class Training:
    """What a model gives of its training, as a loader answers.

    Args:
        state: its optimizer's class, configuration and variables; None where it is not compiled.
        evaluated: loss and metrics by name.
        step: the losses of a step and after it; empty where none was done.
        error: what was raised; empty where nothing was.
    """

    state: Mapping[str, Any] | None
    evaluated: Mapping[str, Any]
    step: Mapping[str, Any]
    error: str = ""

    @classmethod
    def of(cls, state: Mapping[str, Any] | None, trial: Mapping[str, Any]) -> Training:
        """What a loader answered to a job with a trial."""
        return cls(state, trial.get("evaluated", {}), trial.get("step", {}), str(trial.get("error", "")))

    @property
    def is_evaluated(self) -> bool:
        """Whether its loss is a number."""
        return not self.error and math.isfinite(_first_number(self.evaluated.get("loss", math.nan)))


@dataclass(frozen=True)
class TrainingAgreement:
    """How training agrees: what was compared, in words, and what does not, in one sentence (empty: nothing)."""

    words: str
    problem: str = ""


def loss_names(training: Mapping[str, Any]) -> Any:
    """The losses that `compile()` was given, by name, nested as there; None where there is none.

    Args:
        training: a `training_config` or a `compile_config`.
    """
    return _names_in(training.get("loss"))


def _names_in(loss: Any) -> Any:
    if isinstance(loss, dict) and isinstance(loss.get("class_name"), str) and "config" in loss:
        config = loss["config"]
        return config if isinstance(config, str) else loss["class_name"]
    if isinstance(loss, dict):
        return {key: _names_in(each) for key, each in loss.items()}
    return [_names_in(each) for each in loss] if isinstance(loss, list) else loss


def training_agreement(
    old: Training, again: Training, new: Training, *, is_half: bool, keeps_state: bool, lost: Sequence[Lost]
) -> TrainingAgreement:
    """Hold the training of two models against each other.

    Args:
        old: of the artifact as it is.
        again: of the same with another seed, by which is seen whether a step draws random numbers.
        new: of the written one.
        is_half: whether either computes in half precision.
        keeps_state: whether what was written keeps the optimizer's variables when it is loaded.
        lost: what was dropped knowingly: a metric may lack then, the optimizer may begin as a new one, and where it
            has a loss, losses are not compared, nor steps where it has those.
    """
    if new.error:
        can = "evaluated" if not new.evaluated else "trained"
        return TrainingAgreement("", f"the new model cannot be {can}: {new.error.splitlines()[0][:300]}")
    rtol = _RTOL_OF_HALF if is_half else _RTOL
    loses_loss = any(each.has_loss for each in lost)
    compared = {name: value for name, value in old.evaluated.items() if not (loses_loss and name.endswith("loss"))}
    is_kept = _is_kept(old, new)
    problem = _evaluation_problem(compared, new.evaluated, rtol, may_lack=bool(lost))
    problem = problem or _optimizer_problem(old, new, is_kept=is_kept or bool(lost) or not keeps_state)
    if problem:
        return TrainingAgreement("", problem)
    words = f"equal on one batch: {', '.join(compared) or 'nothing that is left'}"
    words = f"{words}; lost: {'; '.join(each.text for each in lost)}" if lost else words
    if loses_loss or any(each.has_steps for each in lost) or (lost and not is_kept):
        return TrainingAgreement(words)
    if not is_kept:
        return TrainingAgreement(f"{words}; this format does not restore the optimizer's variables there")
    return _with_step(words, old, again, new, max(rtol, _RTOL_OF_STEP))


def _optimizer_problem(old: Training, new: Training, *, is_kept: bool) -> str:
    settings = next(_settings_problems(_config(old), _config(new), ""), "")
    if settings:
        return f"the optimizer has another setting: {settings}"
    return "" if is_kept else "the optimizer's variables are not those of the old model"


def _with_step(words: str, old: Training, again: Training, new: Training, rtol: float) -> TrainingAgreement:
    if not old.step:
        return TrainingAgreement(f"{words}; the old model does no step of training")
    if not all(_is_close(value, again.step.get(name), _RTOL) for name, value in old.step.items()):
        return TrainingAgreement(f"{words}; a step of training draws random numbers, and is not compared")
    for name, value in old.step.items():
        if not _is_close(value, new.step.get(name), rtol):
            return TrainingAgreement("", f"{name}: was {_figure(value)}, is {_figure(new.step.get(name))}")
    return TrainingAgreement(f"{words}; a step of training is equal, too")


def _evaluation_problem(old: Mapping[str, Any], new: Mapping[str, Any], rtol: float, *, may_lack: bool) -> str:
    both = [name for name in old if name in new]
    for name in both:
        if not _is_close(old[name], new[name], rtol):
            return f"on one batch, {name} was {_figure(old[name])} and is {_figure(new[name])}"
    missing = {name: value for name, value in old.items() if name not in new}
    others = [value for name, value in new.items() if name not in old]
    for name, value in missing.items():
        # Versions of Keras name metrics in different ways.
        same = next((each for each in others if _is_close(value, each, rtol)), None)
        if same is None and not may_lack:
            return f"on one batch, {name} was {_figure(value)}, and the new model does not give it"
        if same is not None:
            others.remove(same)
    return ""


def _config(training: Training) -> Mapping[str, Any]:
    config = (training.state or {}).get("config", {})
    return config if isinstance(config, dict) else {}


def _settings_problems(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The numbers of both configurations that differ; what only one of them has is no setting of the other."""
    for name, value in old.items():
        if name in _OF_NO_EFFECT or name not in new:
            continue
        other = new[name]
        if isinstance(value, dict) and isinstance(other, dict):
            yield from _settings_problems(value, other, f"{prefix}{name}.")
        elif _is_setting(value) and _is_setting(other) and not _is_same_setting(value, other):
            yield f"{prefix}{name} was {value}, is {other}"


def _is_setting(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float))


def _is_same_setting(value: Any, other: Any) -> bool:
    if not value or not other:
        return not value and not other
    return math.isclose(value, other, rel_tol=_RTOL_OF_SETTINGS)


def _is_kept(old: Training, new: Training) -> bool:
    """Whether each array of the old optimizer's variables is among the new one's; those that are zeros need not be."""
    mine, theirs = (Counter(_arrays(each)) for each in (old, new))
    return all(content in theirs or _is_zero(content) for content in mine) and not _exceeds(mine, theirs)


def _exceeds(mine: Counter[Content], theirs: Counter[Content]) -> bool:
    return any(count > theirs[content] and not _is_zero(content) for content, count in mine.items())


def _arrays(training: Training) -> Iterator[Content]:
    variables = (training.state or {}).get("variables", ())
    return (each.content for each in weight_digests(variables) if each.shape)


def _is_zero(content: Content) -> bool:
    shape, dtype, digest = content
    import numpy as np

    try:
        size = math.prod(shape) * np.dtype(dtype).itemsize
    except TypeError:
        return False
    found = hashlib.sha256()
    for start in range(0, size, 1 << 20):
        found.update(bytes(min(1 << 20, size - start)))
    return found.hexdigest() == digest


def _is_close(was: Any, now: Any, rtol: float) -> bool:
    if isinstance(was, list) or isinstance(now, list):
        both = isinstance(was, list) and isinstance(now, list) and len(was) == len(now)
        return both and all(_is_close(one, other, rtol) for one, other in zip(was, now, strict=True))
    if was is None or now is None:
        return was is now
    return math.isclose(was, now, rel_tol=rtol, abs_tol=_ATOL) or (math.isnan(was) and math.isnan(now))


def _first_number(value: Any) -> float:
    while isinstance(value, list) and value:
        value = value[0]
    return float(value) if isinstance(value, (int, float)) else math.nan


def _figure(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_figure, value[:4]))}{', ...' if len(value) > 4 else ''}]"
    return "none" if value is None else f"{value:.6g}"
