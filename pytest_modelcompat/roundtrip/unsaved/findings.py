"""The findings for arguments that are not saved, and where they stand among the others of a target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.public_modules import public_path
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity
from pytest_modelcompat.roundtrip.unsaved.fixes import fix_of, line_of
from pytest_modelcompat.roundtrip.unsaved.parts import owner_of
from pytest_modelcompat.roundtrip.unsaved.values import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument

_MOST_PLACES = 4
WHAT_IS_NOT_SAVED = "it lacks what is not saved"
# Where one of these differs, a layer that was made with another argument comes before it.
OF_PREDICTIONS = frozenset({Kind.PREDICTIONS_DRIFTED, Kind.STRUCTURE_CHANGED})


def unsaved_findings(unsaved: Sequence[UnsavedArgument], syntax: OptionSyntax, *, trains: bool) -> Iterator[Finding]:
    """A finding for each argument: it fails a target that is to go on training, and is a warning elsewhere.

    Args:
        unsaved: the arguments.
        syntax: writes options where the case is written.
        trains: whether the case checks that.
    """
    for each in unsaved:
        given, subject = each.given, subject_of(each)
        owner = owner_of(type(each.held), "get_config")
        yield Finding(
            Kind.ARGUMENT_NOT_SAVED,
            subject,
            where=first_few(each.places, _MOST_PLACES),
            cause=f"{subject} is not saved: get_config() of {_path(owner, each)} does not return {given.name!r}, so a "
            f"load makes {_it(each)} with {given.name}={in_words(each.now)}",
            fix=fix_of(each, syntax),
            severity=Severity.ERROR if trains else Severity.WARNING,
            blame=blame_of_unsaved([each]),
            # The one line that a warning has room for; a failure shows the code.
            details=() if trains else (("add", line_of(each)),),
        )


def subject_of(unsaved: UnsavedArgument) -> str:
    """An argument as its finding names it: `Scale(factor=3.0)`."""
    return f"{type(unsaved.held).__name__}({unsaved.given.name}={in_words(unsaved.given.value)})"


def with_unsaved_first(found: Sequence[Finding], unsaved: Sequence[UnsavedArgument]) -> list[Finding]:
    """Findings of which those on layers fail their target and come first where its predictions do not hold.

    Args:
        found: the findings of a target.
        unsaved: the arguments that some of them are about.
    """
    if not any(each.kind in OF_PREDICTIONS and each.severity is Severity.ERROR for each in found):
        return list(found)
    layers = {f"{type(each.held).__name__}({each.given.name}=" for each in unsaved if each.predicts}
    first = [
        replace(each, severity=Severity.ERROR, details=())
        for each in found
        if each.kind is Kind.ARGUMENT_NOT_SAVED and each.subject.partition("=")[0] + "=" in layers
    ]
    moved = {each.subject for each in first}
    rest = (each for each in found if each.kind is not Kind.ARGUMENT_NOT_SAVED or each.subject not in moved)
    return [*first, *rest]


def blamed_for_training(unsaved: Sequence[UnsavedArgument]) -> str:
    """The arguments that change what a model trains with, in words; empty where all are saved."""
    return ", ".join(first_few(map(subject_of, changing_training(unsaved)), _MOST_PLACES))


def blame_of_unsaved(unsaved: Sequence[UnsavedArgument]) -> Blame:
    """Who does not save them: Keras, where all are of its own classes, else the user's code."""
    return Blame.WRITER if all(each.public for each in unsaved) else Blame.MODEL


def changing_training(unsaved: Sequence[UnsavedArgument]) -> list[UnsavedArgument]:
    """Those that a model trains with: not of initializers, whose numbers a load replaces."""
    return [each for each in unsaved if not any(".initializers" in base.__module__ for base in type(each.held).__mro__)]


def _path(owner: type, each: UnsavedArgument) -> str:
    return f"keras.{each.public}" if each.public else public_path(f"{owner.__module__}.{owner.__qualname__}", owner)


def _it(each: UnsavedArgument) -> str:
    return "it" if each.places[0] == "the model" else each.places[0]
