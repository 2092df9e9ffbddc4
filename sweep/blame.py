"""Which constructs a failure or a change is of: those that no artifact has that loads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOADS, CHANGED = "loads", "changed"
PAIR = " & "

Kind = tuple[str, str, str]
Observation = tuple[frozenset[str], Kind]


@dataclass
class Blamed:
    """What one reader's results on one writer's artifacts say.

    Args:
        constructs: construct, or two that only together do it -> what becomes of it, as outcome, stage and text.
        unexplained: how many artifacts have nothing that an artifact which loads does not have.
    """

    constructs: dict[str, Kind] = field(default_factory=dict)
    unexplained: int = 0


def blamed(observations: Sequence[Observation]) -> Blamed:
    """What failures and changes are of.

    A construct of an artifact that loads is innocent. What is left of an artifact that does not is to blame: its
    classes, or else its arguments. Where nothing is left, two constructs may fail together that load apart.

    Args:
        observations: constructs and result of each artifact.
    """
    found = Blamed()
    votes: dict[str, Counter[Kind]] = {}
    loaded = [constructs for constructs, kind in observations if kind[0] in (LOADS, CHANGED)]
    unchanged = [constructs for constructs, kind in observations if kind[0] == LOADS]
    innocent = {True: frozenset().union(*loaded), False: frozenset().union(*unchanged)}
    often = Counter(construct for constructs, _ in observations for construct in constructs)
    for constructs, kind in observations:
        if kind[0] == LOADS:
            continue
        fails = kind[0] != CHANGED
        suspects = _most_general(constructs - innocent[fails])
        suspects = suspects or _pair(constructs, loaded if fails else unchanged, often)
        found.unexplained += not suspects
        for suspect in suspects:
            votes.setdefault(suspect, Counter())[kind] += 1
    found.constructs = {suspect: max(kinds.items(), key=_weight)[0] for suspect, kinds in votes.items()}
    return found


def _weight(item: tuple[Kind, int]) -> tuple[int, Kind]:
    return item[1], item[0]


def _most_general(suspects: Iterable[str]) -> list[str]:
    """The classes among suspects; the arguments where there are none."""
    every = sorted(suspects)
    return [each for each in every if "=" not in each] or every


def _pair(constructs: frozenset[str], sound: Sequence[frozenset[str]], often: Counter[str]) -> list[str]:
    """Two constructs that no sound artifact has together, the rarest ones; none where every two are in one."""
    rare = sorted(constructs, key=lambda each: (often[each], each))
    for first in rare:
        together: set[str] = set().union(*(each for each in sound if first in each))
        for second in rare:
            if second != first and second not in together:
                return [PAIR.join(sorted((first, second)))]
    return []
