"""Findings that follow from an argument which is not saved: they refer to its finding, which has the one fix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.results.finding import AS_ABOVE, Finding, Kind, Severity
from pytest_modelcompat.roundtrip.evaluation import BLAME_HERE
from pytest_modelcompat.roundtrip.unsaved.findings import (
    OF_PREDICTIONS,
    WHAT_IS_NOT_SAVED,
    blame_of_unsaved,
    subject_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument

_MOST_NAMED = 3
# They are about a difference that nobody knows the cause of; no tolerance accepts what a fix removes.
_OF_UNKNOWN_CAUSE = ("blame", "passes at", "look for", "compared")


def with_consequences(
    found: Sequence[Finding],
    unsaved: Sequence[UnsavedArgument],
    decisive: Callable[[], Sequence[UnsavedArgument]],
) -> list[Finding]:
    """Findings of a round trip, of which those that follow from another one refer to it and have no fix of their own.

    Args:
        found: the findings, those of arguments that are not saved before those that follow.
        unsaved: the arguments.
        decisive: gives those by which alone predictions differ; asked where they do, since it takes time.
    """
    lost = {each.subject: each for each in found if each.kind is Kind.ARGUMENT_NOT_SAVED}
    failing = [each for each in found if each.kind in OF_PREDICTIONS and each.severity is Severity.ERROR]
    found = [_after_training(each, failing) if each.kind is Kind.TRAINING_CHANGED and lost else each for each in found]
    if not lost or not failing:
        return found
    causes = [each for each in decisive() if subject_of(each) in lost]
    if causes:
        return [_following(each, causes) if each in failing else each for each in found]
    return [_with_one_fix(each, [*lost.values()], unsaved) if each in failing else each for each in found]


def _after_training(finding: Finding, failing: Sequence[Finding]) -> Finding:
    """A finding that a model does not train as it did, which the fix of what it lacks removes, too."""
    if WHAT_IS_NOT_SAVED not in finding.cause:
        return finding
    # Who only predicts with it cannot leave it either, where it predicts something else.
    only = finding.fix if not failing else ()
    return replace(finding, fix=(AS_ABOVE, *(f"or, {line}" for line in only)))


def _following(finding: Finding, causes: Sequence[UnsavedArgument]) -> Finding:
    """What is proven to follow from arguments."""
    names = listed([subject_of(each) for each in causes], _MOST_NAMED, "and")
    are, them = ("is", "it") if len(causes) == 1 else ("are", "them")
    places = tuple(dict.fromkeys(place for each in causes for place in each.places))
    return replace(
        finding,
        cause=f"{names} {are} not saved, see above: made again with {them}, the model predicts as before",
        where=(),
        fix=(AS_ABOVE,),
        blame=blame_of_unsaved(causes),
        details=(
            *(each for each in finding.details if each[0] not in _OF_UNKNOWN_CAUSE),
            ("blame", f"the configuration of {listed(places, _MOST_NAMED, 'and')}"),
        ),
    )


def _with_one_fix(finding: Finding, lost: Sequence[Finding], unsaved: Sequence[UnsavedArgument]) -> Finding:
    """What is not proven to follow: the same code is printed once, and what is not saved is no more than a guess."""
    if finding.fix and any(_code(finding) == _code(each) for each in lost):
        return replace(finding, fix=(AS_ABOVE,))
    suspects = [subject_of(each) for each in unsaved if each.predicts]
    if not suspects or finding.fix:
        return finding
    guess = f"{BLAME_HERE}, or {listed(suspects, _MOST_NAMED, 'or')}, which is not saved: a guess"
    details = ((label, guess if text == BLAME_HERE else text) for label, text in finding.details)
    return replace(finding, details=tuple(details))


def _code(finding: Finding) -> tuple[str, ...]:
    lines = finding.fix[1:] if finding.fix[0].startswith("in class ") else finding.fix
    return tuple(line.replace("'", '"') for line in lines)
