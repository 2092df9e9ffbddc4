"""The findings of a model that does not train like the one that was saved, or could not be asked."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import PLACEHOLDER_MODULE, OptionSyntax
from pytest_modelcompat.roundtrip.unsaved.findings import (
    WHAT_IS_NOT_SAVED,
    blame_of_unsaved,
    blamed_for_training,
    changing_training,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.trained.live_trial import LiveTrial
    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument

# A loss is a sum over many numbers, and a step divides by small ones.
_RTOL, _ATOL = 1e-4, 1e-5
_RTOL_OF_STEP = 1e-3
# Of a model that computes in half precision.
_RTOL_OF_HALF = 2e-2
_CAUSE = "the reloaded model does not train like the model that was saved"
_CANNOT = "the reloaded model cannot be trained as it is loaded, and the model that was saved can"


def not_evaluated(case: Case, trial: LiveTrial) -> Finding:
    """The finding for a loss that no targets are known for, with the option that gives them.

    Args:
        case: the case.
        trial: why it was not evaluated.
    """
    lead = "the targets of option 'train' do not fit the compiled loss" if trial.is_given else "no targets are derived"
    return Finding(
        Kind.INPUTS_NEEDED,
        "train",
        cause=f"{lead}, so that loss, metrics and a step of training were not compared: {trial.problem}",
        fix=() if trial.is_given else (how_to_give_targets(case),),
        severity=Severity.ERROR if trial.is_given else Severity.WARNING,
    )


def how_to_give_targets(case: Case) -> str:
    """The option that gives targets, where the case is declared."""
    in_words = case.declared_in in (OptionPlace.COMMAND_LINE, OptionPlace.INI)
    function = f"{PLACEHOLDER_MODULE}:targets"
    return OptionSyntax(case.declared_in).write("train", function if in_words else "np.zeros(...)")


def training_findings(
    lost: Sequence[Finding],
    trial: LiveTrial | None,
    reloaded: Mapping[str, Any],
    unsaved: Sequence[UnsavedArgument],
    *,
    is_half: bool,
) -> Iterator[Finding]:
    """Findings of lost training state, with what differs in loss, metrics and a step; one of its own for these alone.

    Args:
        lost: the finding of lost state, or none.
        trial: what the live model gave; None where it was not asked.
        reloaded: what the reloaded model gave: `evaluated`, `step` and `error`.
        unsaved: the arguments that are not saved.
        is_half: whether the model computes in half precision.
    """
    details = tuple(_details(trial, reloaded, is_half=is_half)) if trial is not None and not trial.problem else ()
    if not details:
        yield from lost
        return
    raises = bool(reloaded.get("error"))
    # What an argument is says how a model trains, not whether it does.
    names = "" if raises else blamed_for_training(unsaved)
    lacks = f"{WHAT_IS_NOT_SAVED}: {names}"
    if lost:
        # What of its training state is lost is not for want of an argument.
        cause = f"{lost[0].cause}, and {lacks}" if names else lost[0].cause
        yield replace(lost[0], cause=cause, details=(*details, *lost[0].details))
        yield from lost[1:]
        return
    yield Finding(
        Kind.TRAINING_CHANGED,
        "loss",
        cause=_CANNOT if raises else f"{_CAUSE}, as {lacks}" if names else _CAUSE,
        blame=blame_of_unsaved(changing_training(unsaved)) if names else Blame.LOADER,
        details=details,
    )


def _details(trial: LiveTrial, reloaded: Mapping[str, Any], *, is_half: bool) -> Iterator[tuple[str, str]]:
    if reloaded.get("error"):
        yield "evaluated", f"the reloaded model raises on a batch: {reloaded['error'].splitlines()[0][:300]}"
        return
    rtol = _RTOL_OF_HALF if is_half else _RTOL
    evaluated = [*_differences(trial.evaluated, reloaded.get("evaluated", {}), rtol)]
    stepped = [*_differences(trial.step, reloaded.get("step", {}), max(rtol, _RTOL_OF_STEP))]
    if evaluated or stepped:
        yield "evaluated", "\n".join((*evaluated, *stepped))
        yield "targets", "of option 'train'" if trial.is_given else "derived from the model's outputs and its loss"


def _differences(saved: Mapping[str, Any], now: Mapping[str, Any], rtol: float) -> Iterator[str]:
    for name in saved:
        if name in now and not _is_close(saved[name], now[name], rtol):
            yield f"{name}: was {_figure(saved[name])}, is {_figure(now[name])}"


def _is_close(was: Any, now: Any, rtol: float) -> bool:
    if isinstance(was, list) or isinstance(now, list):
        both = isinstance(was, list) and isinstance(now, list) and len(was) == len(now)
        return both and all(_is_close(one, other, rtol) for one, other in zip(was, now, strict=True))
    return math.isclose(was, now, rel_tol=rtol, abs_tol=_ATOL) or (was != was and now != now)  # noqa: PLR0124


def _figure(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_figure, value[:4]))}{', ...' if len(value) > 4 else ''}]"
    return f"{value:.6g}"
