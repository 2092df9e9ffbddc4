"""How well facts predict what they were not made of.

    python -m sweep.crossvalidation --out FOLDER [--by version|class|pair] [--every N] [--misses FILE]

holds facts and rules against loads of a run that the facts do not know: those of one version after the other, those
of a fifth of the classes, or of models of two layers. Beside them stand the rules alone and two trivial predictors:
what becomes of most artifacts, and what becomes of the same artifact, or class, in the nearest pair of versions.
"""

from __future__ import annotations

import argparse
import gc
from collections import Counter
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.facts import Facts
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Severity
from sweep.blame import blamed
from sweep.facts import compiled
from sweep.folds import FOLDS_BY
from sweep.forks import in_forks
from sweep.misses import Miss, lines_of
from sweep.outcomes import loads_of
from sweep.plan import every_keras, runtime_of
from sweep.tables import NOT_OF_FACTS, Column, Table, about_keras

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.compatibility.verdict import CompatibilityResult
    from sweep.folds import Fold
    from sweep.outcomes import Load

PREDICTORS = ("facts and rules", "rules alone", "as most artifacts", "as in the nearest versions")
# The inventories of artifacts that are judged one after the other, for all their readers.
_AT_HAND = 8
# What becomes of the artifacts of two versions is the same, whatever else is held out.
_blamed = lru_cache(3000)(blamed)


class Prediction(NamedTuple):
    """One load that was held out.

    Args:
        seen: its result.
        says: what each of `PREDICTORS` says of it.
        miss: how facts and rules are wrong about it, if they are.
    """

    seen: str
    says: tuple[str, ...]
    miss: Miss | None


def facts_of(loads: Iterable[Load]) -> dict[str, Facts]:
    """The facts that these loads give, by format."""
    by_table: dict[tuple[str, str], list[Load]] = {}
    for load in loads:
        if load.row["kind"] not in NOT_OF_FACTS:
            by_table.setdefault((load.writer, load.form), []).append(load)
    by_writer: dict[str, dict[str, Table]] = {}
    for (writer, form), of_table in by_table.items():
        by_writer.setdefault(writer, {})[form] = _table(of_table)
    found = compiled(by_writer, lambda observations: _blamed(tuple(observations)))
    return {form: Facts(data) for form, data in found.items()}


def _table(loads: Iterable[Load]) -> Table:
    """What became of one writer's artifacts of one format."""
    loads = list(loads)
    rows: dict[str, frozenset[str]] = {load.row["name"]: load.row["constructs"] for load in loads}
    place_of, constructs = {name: place for place, name in enumerate(rows)}, list(rows.values())
    readers: dict[str, Column] = {}
    for load in loads:
        column = readers.setdefault(load.reader, [None] * len(rows))
        place = place_of[load.row["name"]]
        column[place] = about_keras(constructs[place], load.kind)
    return Table(constructs, readers)


def result_of(load: Load, facts: Facts) -> CompatibilityResult:
    """The static verdict on a load, with what it rests on."""
    return check_compatibility(
        _inventory(load.row["path"]),
        load_profile(runtime_of(load.reader)),
        custom=load.row["declared"],
        safe_mode=not load.row["is_code"],
        facts=facts,
    )


def context_of(load: Load, facts: Facts) -> CompatibilityContext:
    """What rules are asked about a load."""
    profile = load_profile(runtime_of(load.reader))
    declared = frozenset[str](load.row["declared"])
    return CompatibilityContext(_inventory(load.row["path"]), profile, declared, not load.row["is_code"], facts)


def verdict_of(result: CompatibilityResult) -> str:
    """`loads`, `changed` or `fails`."""
    found = result.compatibility
    return found.value if found in (Compatibility.LOADS, Compatibility.CHANGED) else "fails"


@lru_cache(_AT_HAND)
def _inventory(path: str) -> Any:
    return read_inventory(Path(path))


def predictions(fold: Fold, every: int, everything: dict[str, Facts], loads: list[Load]) -> list[Prediction]:
    """The loads that are held out, with what is predicted of them.

    Args:
        fold: what is held out, and what is known.
        every: of how many artifacts one is judged.
        everything: what is known where nothing is held out, by which misses are explained.
        loads: all loads.
    """
    known = [load for load in loads if fold.is_known(load)]
    facts, nothing, nearest = facts_of(known), facts_of(()), Nearest(known)
    found: list[Prediction] = []
    for load in (each for each in loads if fold.is_held_out(each) and is_drawn(each, every)):
        result = result_of(load, facts[load.form])
        predicted = verdict_of(result)
        rules = verdict_of(result_of(load, nothing[load.form]))
        miss = _missed(load, predicted, result, everything[load.form]) if predicted != load.seen else None
        found.append(Prediction(load.seen, (predicted, rules, nearest.most, nearest.says(load)), miss))
    return found


def is_drawn(load: Load, every: int) -> bool:
    """Whether a load is one of those that are judged.

    Its artifact is there, and drawn by its digest, so always the same ones. Its reader is one of the plan: the others
    were asked where it is known that something happens.
    """
    return load.is_there and load.is_planned and int(load.row["id"], 16) % every == 0


def _missed(load: Load, predicted: str, result: CompatibilityResult, everything: Facts) -> Miss:
    """A wrong prediction, and what it comes of."""
    if predicted == "loads":
        about = everything.about(load.row["constructs"], load.writer, load.reader)
        reasons = sorted(fact.construct for fact in about if fact.stage != "training")
    else:
        weighs = (Severity.ERROR, Severity.CHANGE)
        reasons = sorted(f"{each.kind.name} {each.subject}" for each in result.findings if each.severity in weighs)
    return Miss(load.form, predicted, load.seen, load.kind[2], tuple(reasons), str(load))


class Nearest:
    """What an artifact of the same name became in the nearest pair of versions."""

    def __init__(self, known: list[Load]) -> None:
        self.by_name: dict[tuple[str, str], list[tuple[int, int, Load]]] = {}
        self.most = max(Counter(load.seen for load in known).items(), key=lambda item: item[1], default=("loads", 0))[0]
        place_of = _places()
        for load in known:
            for name in {load.row["name"], load.of_class}:
                place = (place_of[load.writer], place_of[load.reader], load)
                self.by_name.setdefault((name, load.form), []).append(place)

    def says(self, load: Load) -> str:
        """Its outcome there; that of most artifacts where there is none."""
        alike = self.by_name.get((load.row["name"], load.form)) or self.by_name.get((load.of_class, load.form), [])
        writer, reader = _places()[load.writer], _places()[load.reader]
        nearest = min(alike, key=lambda each: (abs(each[0] - writer) + abs(each[1] - reader), each[0]), default=None)
        return nearest[2].seen if nearest else self.most


@cache
def _places() -> dict[str, int]:
    return {keras: place for place, keras in enumerate(every_keras())}


def main() -> None:
    """Holds out, predicts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of a run")
    parser.add_argument("--by", choices=tuple(FOLDS_BY), default="version", help="default: %(default)s")
    parser.add_argument("--every", type=int, default=1, help="of how many artifacts one is judged; default: all are")
    parser.add_argument("--misses", type=Path, metavar="FILE", help="where each kind of wrong prediction is listed")
    options = parser.parse_args()
    loads = loads_of(options.out)
    folds = list(FOLDS_BY[options.by](loads))
    predict = partial(predictions, every=options.every, everything=facts_of(loads), loads=loads)
    # What the collector looks at is copied to each process.
    gc.freeze()
    found = in_forks(predict, folds)
    every = [each for fold in found for each in fold]
    names = [fold.name for fold in folds]
    print(*table([*zip(names, found, strict=True), ("all of them", every)]), sep="\n")
    if options.misses:
        options.misses.write_text("".join(lines_of(each.miss for each in every if each.miss)), encoding="utf-8")


def table(rows: Iterable[tuple[str, list[Prediction]]]) -> Iterator[str]:
    """For what is held out, and each predictor, the figures."""
    yield f"{'held out':<24} {'predictor':<28} {'loads':>8}  agreement  foreseen    real"
    for name, predicted in rows:
        for number, predictor in enumerate(PREDICTORS):
            line = figures([(each.says[number], each.seen) for each in predicted])
            yield f"{name:<24} {predictor:<28} {len(predicted):>8,}  {line}"


def figures(pairs: list[tuple[str, str]]) -> str:
    """The share that agrees, of what went wrong the share that was foreseen, and of what was foreseen the real share.

    Args:
        pairs: prediction and outcome of each load, `loads`, `changed` or `fails`.
    """
    count = Counter(pairs)
    agree = sum(count[each, each] for each in ("loads", "changed", "fails"))
    real = sum(number for (_, seen), number in count.items() if seen != "loads")
    predicted = sum(number for (predicted, _), number in count.items() if predicted != "loads")
    both = sum(number for (predicted, seen), number in count.items() if "loads" not in (predicted, seen))
    return f"{_percent(agree, len(pairs)):>9}  {_percent(both, real):>8}  {_percent(both, predicted):>6}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
