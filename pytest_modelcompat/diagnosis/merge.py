"""What was raised, what could not be resolved and what is recorded of a runtime, merged into one list of findings."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

# That there is nothing of a name is all that looking it up tells.
_LOOKED_UP = (Kind.UNKNOWN_LAYER, Kind.UNKNOWN_OBJECT)
# That something failed, and no more.
_VAGUE = (Kind.LOAD_FAILED, Kind.PREDICTION_FAILED)


def merge_findings(
    raised: Finding,
    unresolved: Sequence[Finding],
    recorded: Sequence[Finding] = (),
    others: Sequence[Finding] = (),
    *,
    is_local: bool = False,
) -> tuple[Finding, ...]:
    """Why an artifact did not load, each thing once: what the exception is about comes first, with its words.

    Of one thing the source that knows most about it tells: the exception, where its text has one certain cause (in
    another runtime only if nothing recorded explains it); what the loader could not resolve of the user's own, whose
    places and modules it knows; what is recorded of the runtime's versions; what else the loader could not resolve;
    last an exception that says only that something failed.

    Args:
        raised: the diagnosis of the exception.
        unresolved: what the loader could not resolve or rebuild, and the user could declare or mend.
        recorded: what is recorded of the versions that keeps the artifact from getting past this stage.
        others: what else the loader could not resolve.
        is_local: whether the runtime is the one that pytest runs in, which also wrote what it loads.
    """
    words = {*re.findall(r"\w+", raised.quote)}
    found = _each_once(unresolved, recorded, others)
    unresolved = (*unresolved, *others)
    if _knows_most(raised, unresolved, () if is_local else recorded, words):
        where = next((each.where for each in unresolved if each.identity == raised.identity), raised.where)
        rest = (each for each in found if not (_is_about(each, raised.subject) or _is_quoted(each, words)))
        return (replace(raised, where=where), *rest)
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
    alike = [each for each in unresolved if each.kind is raised.kind]
    return not alike or (raised.kind in _LOOKED_UP and any(each.subject == raised.subject for each in alike))


def _is_about(finding: Finding, subject: str) -> bool:
    """Whether it is about a thing: as its subject, or as the one place where that is (a loss in `compile()`)."""
    return finding.subject == subject or finding.where == (subject,)


def _is_quoted(finding: Finding, words: set[str]) -> bool:
    """Whether the exception names both a class and the argument of it that the finding is about."""
    owner, argument, _ = finding.subject.partition("(")
    return bool(argument) and {owner, finding.word} <= words


def _each_once(*sources: Sequence[Finding]) -> list[Finding]:
    """Of each thing what the first source says: what one calls an unknown layer, another may call a moved module."""
    found: list[Finding] = []
    for source in sources:
        known = {finding.subject for finding in found}
        found += [finding for finding in source if finding.subject not in known]
    return found
