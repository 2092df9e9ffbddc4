"""What was raised, what could not be resolved and what is recorded of a runtime, merged into one list of findings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

# That something failed, and no more.
_VAGUE = (Kind.LOAD_FAILED, Kind.PREDICTION_FAILED)


def merge_findings(
    raised: Finding, unresolved: Sequence[Finding], recorded: Sequence[Finding] = ()
) -> tuple[Finding, ...]:
    """Why an artifact did not load, each thing once: what the exception is about comes first, with its words.

    Of one thing the source that knows most about it tells: the exception, where its text has one certain cause that
    nothing recorded explains; what the loader could not resolve, which knows the user's own classes and their places;
    what is recorded of the runtime's versions; last an exception that says only that something failed.

    Args:
        raised: the diagnosis of the exception.
        unresolved: what the loader could not resolve or rebuild.
        recorded: what is recorded of the versions that keeps the artifact from getting past this stage.
    """
    words = {*re.findall(r"\w+", raised.quote)}
    if _knows_most(raised, unresolved, recorded, words):
        found = _each_once((raised,), unresolved, recorded)
        return tuple(replace(each, where=_where(raised, unresolved)) if each is raised else each for each in found)
    found = _each_once(unresolved, recorded)
    if not found:
        return (raised,)
    # Keras stops at the first thing that it cannot do; of what it would stop at next it says nothing.
    met = [each for each in found if each.kind is raised.kind or each.word in words]
    first = next((each for each in found if each.word in words), (met or found)[0])
    ordered = [first, *(each for each in met if each is not first)]
    ordered += [each for each in found if each not in ordered]
    return (replace(first, quote=raised.quote, log=raised.log), *ordered[1:])


def _knows_most(raised: Finding, unresolved: Sequence[Finding], recorded: Sequence[Finding], words: set[str]) -> bool:
    """Whether the exception tells more than everything else."""
    if not raised.is_specific or (recorded and raised.kind in _VAGUE):
        return False
    if any(each.kind is raised.kind or each.word in words for each in recorded):
        return False
    return any(each.identity == raised.identity for each in unresolved) or all(
        each.kind is not raised.kind for each in unresolved
    )


def _where(raised: Finding, unresolved: Sequence[Finding]) -> tuple[str, ...]:
    """The places of what was raised: as the loader met them, else as they were read."""
    return next((each.where for each in unresolved if each.identity == raised.identity), raised.where)


def _each_once(*sources: Sequence[Finding]) -> list[Finding]:
    """Of each thing what the first source says: what one calls an unknown layer, another may call a moved module."""
    found: list[Finding] = []
    for source in sources:
        known = {finding.subject for finding in found}
        found += [finding for finding in source if finding.subject not in known]
    return found
