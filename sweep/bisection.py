"""Which versions between two that were tried are tried too, of the artifacts that the two make something else of.

A writer's artifacts are read by few versions. Where two of these, one after the other in the line of versions, make the
same of an artifact, those between them are taken to do so; where they do not, the one in the middle is tried, until the
two are beside each other.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sweep.plan import lines
from sweep.summary import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep.blame import Kind

    Outcome = Mapping[str, Any]


def followed(
    artifact: str, readers: Iterable[str], results: Mapping[str, Mapping[str, Outcome]]
) -> tuple[set[str], set[str]]:
    """The readers of one artifact beside those of the plan: those that have tried it, and those that are to.

    Args:
        artifact: its digest.
        readers: those of the plan.
        results: reader -> digest -> result.
    """
    have: set[str] = set()
    asked: set[str] = set()
    for line in lines():
        known = {
            line.index(reader): kind_of(results[reader][artifact])
            for reader in readers
            if reader in line and artifact in results[reader]
        }
        while middles := _middles(known):
            found = {place for place in middles if artifact in results[line[place]]}
            asked |= {line[place] for place in middles - found}
            have |= {line[place] for place in found}
            if not found:
                break
            known.update({place: kind_of(results[line[place]][artifact]) for place in found})
    return have, asked - have


def _middles(known: Mapping[int, Kind]) -> set[int]:
    """The places halfway between two neighbours that differ."""
    return {
        (one + other) // 2 for one, other in pairwise(sorted(known)) if other - one > 1 and known[one] != known[other]
    }
