"""Which constructs a failure or a change is of: the fewest that explain it, of those that nothing has that loads."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_modelcompat.profiles.facts import HOLDS, PAIR
from pytest_modelcompat.profiles.handed_on import HANDED_ON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# What holds the others, and is named first where it fails whenever they do.
_OUTER = ("model ", "layer ")
LOADS, CHANGED, TRAINING = "loads", "changed", "training"

Kind = tuple[str, str, str]
# What nobody has tried may load, and is blamed on nothing.
UNKNOWN: Kind = ("unknown", "", "")
# What fails for a reason that may lie in Python, and says nothing about the constructs, neither good nor bad.
OF_PYTHON: Kind = ("of Python", "", "")
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

    A construct of an artifact that loads is innocent. Of the others those are to blame that the text of a failure
    names: an argument, or else a wrapper with what it holds, or else a class; not one that fails more often for another
    reason. Where it names none, it is the one that most artifacts have that do not load,
    and so on until all are explained: where everything fails, it is the model around it, and not each layer. Of several
    alike it is the class. Where an artifact has nothing else, two constructs may fail together that load apart.

    Args:
        observations: constructs and result of each artifact.
    """
    found = Blamed()
    observations = [each for each in observations if each[1] != OF_PYTHON]
    may_be_sound = (LOADS, UNKNOWN[0])
    loaded = [constructs for constructs, kind in observations if kind[0] in (*may_be_sound, CHANGED)]
    unchanged = [constructs for constructs, kind in observations if kind[0] in may_be_sound]
    failed = [each for each in observations if each[1][0] not in (*may_be_sound, CHANGED)]
    changed = [each for each in observations if each[1][0] == CHANGED]
    for wrong, sound in ((failed, loaded), (changed, unchanged)):
        _blame(wrong, sound, found)
    return found


def _blame(wrong: Sequence[Observation], sound: Sequence[frozenset[str]], found: Blamed) -> None:
    innocent: frozenset[str] = frozenset().union(*sound)
    often = Counter(construct for constructs in (*sound, *(each for each, _ in wrong)) for construct in constructs)
    by_kind: dict[Kind, list[frozenset[str]]] = {}
    for constructs, kind in wrong:
        if constructs - innocent:
            by_kind.setdefault(kind, []).append(constructs - innocent)
    left: list[Observation] = []
    frequent = _most_frequent_kinds(by_kind)
    for kind, alike in by_kind.items():
        words = frozenset(re.findall(r"\w+", kind[2]))
        # What fails more often for another reason, such as the model around it, is not what this text is about.
        relevant = (frozenset(each for each in suspects if kind in frequent[each]) for suspects in alike)
        named = (_named(suspects, words, often) for suspects in relevant)
        culprits = _culprits([(suspects, kind) for suspects in named if suspects])
        found.constructs.update(dict.fromkeys(culprits, kind))
        left += [(suspects, kind) for suspects in alike if suspects.isdisjoint(culprits)]
    for culprit, kinds in _culprits(left).items():
        found.constructs.setdefault(culprit, _most_frequent(kinds))
    _blame_pairs(wrong, sound, innocent, found)


def _most_frequent_kinds(by_kind: Mapping[Kind, Sequence[frozenset[str]]]) -> dict[str, set[Kind]]:
    """How artifacts with a construct fail most often: one kind, or several that are as frequent."""
    counts: dict[str, Counter[Kind]] = {}
    for kind, alike in by_kind.items():
        for construct in (each for suspects in alike for each in suspects):
            counts.setdefault(construct, Counter())[kind] += 1
    most = {construct: max(kinds.values()) for construct, kinds in counts.items()}
    return {
        construct: {kind for kind, count in kinds.items() if count == most[construct]}
        for construct, kinds in counts.items()
    }


def _named(suspects: frozenset[str], words: frozenset[str], often: Counter[str]) -> frozenset[str]:
    """Those that a text names: by their argument, or where it names none, by their class.

    What a text says of an `activation` may be of `recurrent_activation`: of several the one is meant that fewest of all
    artifacts have, since it is what was tried. A text that names a wrapper and what it holds is of the two together.
    """
    arguments = [each for each in suspects if _argument(each) in words or _handed_on(each) in words]
    if arguments:
        fewest = min(often[each] for each in arguments)
        return frozenset(each for each in arguments if often[each] == fewest)
    classes = frozenset(each for each in suspects if "=" not in each and each.rpartition(" ")[2] in words)
    held = frozenset(each for each in classes if HOLDS in each and words.issuperset(_chain(each)))
    return held or classes


def _chain(construct: str) -> list[str]:
    """The wrappers that a construct names, and what they hold."""
    return construct.partition(" ")[2].split(HOLDS)


def _handed_on(construct: str) -> str:
    """What an argument is that layers hand on, as Keras calls it: `activation` for `recurrent_activation`."""
    last = _argument(construct).rpartition("_")[2]
    return last if last in HANDED_ON else ""


def _culprits(left: Sequence[Observation]) -> dict[str, list[Kind]]:
    """The fewest constructs that all of these have, with what became of the artifacts that each explains."""
    found: dict[str, list[Kind]] = {}
    left = list(left)
    while left:
        often = Counter(construct for suspects, _ in left for construct in suspects)
        most = max(often.values())
        alike = (construct for construct, count in often.items() if count == most)
        culprit = min(alike, key=lambda each: ("=" in each, not each.startswith(_OUTER), each))
        found[culprit] = [kind for suspects, kind in left if culprit in suspects]
        left = [each for each in left if culprit not in each[0]]
    return found


def _blame_pairs(
    wrong: Sequence[Observation], sound: Sequence[frozenset[str]], innocent: frozenset[str], found: Blamed
) -> None:
    together = [(constructs, kind) for constructs, kind in wrong if not constructs - innocent]
    pairs: dict[str, list[Kind]] = {}
    often = Counter(construct for constructs, _ in wrong for construct in constructs)
    for constructs, kind in together:
        pair = _pair(constructs, sound, often) if kind[1] != TRAINING else ""
        if pair and not _belong_together(pair, kind[2]):
            pair = ""
        found.unexplained += not pair
        if pair:
            pairs.setdefault(pair, []).append(kind)
    found.constructs.update({pair: _most_frequent(kinds) for pair, kinds in pairs.items()})


def _belong_together(pair: str, text: str) -> bool:
    """Whether two are of one class, or the text names one: others only happen to stand in the same artifacts."""
    heads = [each.partition("=")[0].partition(".")[0] for each in pair.split(PAIR)]
    if heads[0] == heads[1]:
        return True
    names = {*(head.rpartition(" ")[2] for head in heads), *map(_argument, pair.split(PAIR))} - {""}
    return not names.isdisjoint(re.findall(r"\w+", text))


def _argument(construct: str) -> str:
    """The argument that a construct is of; empty for a class."""
    return construct.partition("=")[0].rpartition(".")[2] if "=" in construct else ""


def _most_frequent(kinds: Iterable[Kind]) -> Kind:
    return max(Counter(kinds).items(), key=lambda item: (item[1], item[0]))[0]


def _pair(constructs: frozenset[str], sound: Sequence[frozenset[str]], often: Counter[str]) -> str:
    """Two constructs that no sound artifact has together, the rarest ones; empty where every two are in one."""
    rare = sorted(constructs, key=lambda each: (often[each], each))
    for first in rare:
        together: set[str] = set().union(*(each for each in sound if first in each))
        for second in rare:
            if second != first and second not in together:
                return PAIR.join(sorted((first, second)))
    return ""
