"""Weights: those of both models held against each other, bit for bit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts.weight_digest import WeightDigest

_MOST_NAMED = 3


@dataclass(frozen=True)
class WeightAgreement:
    """How the weights agree: what was compared, in words, and what does not, in one sentence (empty: nothing)."""

    words: str
    problem: str = ""


def weight_agreement(old: Sequence[WeightDigest], new: Sequence[WeightDigest]) -> WeightAgreement:
    """Hold the weights of two models against each other.

    Versions of Keras give weights other names, so each array of the old model must be among those of the new one, and
    where both have one under the same name, in that place. Counters and states of random generators, which are whole
    numbers and differ between versions, are left out.

    Args:
        old: digests of the artifact as it is.
        new: of the written one.
    """
    mine, theirs = ([each for each in digests if _is_learned(each)] for digests in (old, new))
    missing = Counter(each.content for each in mine) - Counter(each.content for each in theirs)
    if missing:
        named = [each.path for each in mine if each.content in missing]
        lost = f"{missing.total()} of {len(mine)} weights are not those of the old model: {_listed(named)}"
        return WeightAgreement("", lost)
    moved = _moved(mine, theirs)
    if moved:
        return WeightAgreement("", f"weights have changed places: {_listed(moved)}")
    if len(theirs) > len(mine):
        extra = Counter(each.content for each in theirs) - Counter(each.content for each in mine)
        named = [each.path for each in theirs if each.content in extra]
        return WeightAgreement("", f"the new model has {extra.total()} weights more than the old one: {_listed(named)}")
    if not mine:
        return WeightAgreement("neither model has weights")
    return WeightAgreement(f"{len(mine)} {'array' if len(mine) == 1 else 'arrays'}, equal bit for bit")


def _is_learned(digest: WeightDigest) -> bool:
    return not digest.dtype.startswith(("int", "uint"))


def _moved(mine: Sequence[WeightDigest], theirs: Sequence[WeightDigest]) -> list[str]:
    """Paths that both have, once each, with other values."""
    old, new = _unique(mine), _unique(theirs)
    return [path for path, each in old.items() if path in new and new[path].content != each.content]


def _unique(digests: Sequence[WeightDigest]) -> dict[str, WeightDigest]:
    stems = Counter(each.path.split("#")[0] for each in digests)
    return {each.path: each for each in digests if stems[each.path.split("#")[0]] == 1}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
