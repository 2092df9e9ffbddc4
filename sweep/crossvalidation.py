"""How well facts predict what they were not made of.

    python -m sweep.crossvalidation --out FOLDER [--by version|class|pair] [--misses]

holds facts and rules against loads of a run that the facts do not know: those of one version after the other, those
of a fifth of the classes, or of models of two layers. Beside them stand the rules alone and two trivial predictors:
that everything loads, and that an artifact becomes what it becomes in the nearest pair of versions.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.facts import Facts
from pytest_modelcompat.profiles.store import load_profile
from sweep.bisection import followed
from sweep.facts import compiled
from sweep.loads import Results
from sweep.make import folder_of, made_before
from sweep.plan import every_keras, readers_of, runtime_of
from sweep.summary import kind_of
from sweep.tables import PAIR_KIND, Column, Table, about_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


FOLDS = 5
# Kinds of artifacts that are about one class.
_ALONE = frozenset({"layer", "loss", "metric", "optimizer", "schedule", "initializer", "regularizer", "constraint"})
AT_ONCE = 2
MOST_MISSES = 80
PREDICTORS = ("facts and rules", "rules alone", "everything loads", "as in the nearest versions")


@dataclass(frozen=True)
class Load:
    """One load of a run: what it is of, and what it came to.

    Args:
        writer: the version that wrote the artifact.
        reader: the version that read it.
        row: the artifact's, as of `make.make`.
        result: the reader's.
        is_planned: whether its reader is one of the plan; the others were asked where two of these differ.
    """

    writer: str
    reader: str
    row: dict[str, Any]
    result: dict[str, Any]
    is_planned: bool = True

    @property
    def seen(self) -> str:
        """`loads`, `changed` or `fails`; training is not predicted."""
        outcome: str = self.result["outcome"]
        if self.result.get("stage") == "training":
            return "loads"
        return outcome if outcome in ("loads", "changed") else "fails"

    @property
    def classes(self) -> set[str]:
        """The names of all classes and functions in it."""
        constructs: list[str] = self.row["constructs"]
        return {name for construct in constructs if "=" not in construct for name in construct.split(" ")[1:]}

    @property
    def of_class(self) -> str:
        """The class that it is about."""
        name: str = self.row["name"]
        return name.partition(".")[0]


def loads_of(out: Path) -> list[Load]:
    """Every load of a run, of pairs that are finished."""
    results = {
        reader: Results(out / "results" / f"{reader.replace(' ', '-')}.jsonl").by_digest for reader in every_keras()
    }
    found: list[Load] = []
    for writer in every_keras():
        if not made_before(folder_of(writer, out)):
            continue
        rows = made_before(folder_of(writer, out))
        finished = [reader for reader in readers_of(writer) if all(row["id"] in results[reader] for row in rows)]
        found += [Load(writer, reader, row, results[reader][row["id"]]) for reader in finished for row in rows]
        for row in rows:
            between = followed(row["id"], finished, results)[0]
            found += [Load(writer, reader, row, results[reader][row["id"]], is_planned=False) for reader in between]
    return found


def facts_of(loads: Iterable[Load]) -> dict[str, Facts]:
    """The facts that these loads give, by format."""
    by_table: dict[tuple[str, str], list[Load]] = {}
    for load in loads:
        by_table.setdefault((load.writer, load.row["format"]), []).append(load)
    by_writer: dict[str, dict[str, Table]] = {}
    for (writer, form), of_table in by_table.items():
        by_writer.setdefault(writer, {})[form] = _table(of_table)
    return {form: Facts(data) for form, data in compiled(by_writer).items()}


def _table(loads: Iterable[Load]) -> Table:
    """What became of one writer's artifacts of one format."""
    loads = list(loads)
    rows = {load.row["name"]: frozenset[str](load.row["constructs"]) for load in loads}
    place_of, constructs = {name: place for place, name in enumerate(rows)}, list(rows.values())
    readers: dict[str, Column] = {}
    for load in loads:
        column = readers.setdefault(load.reader, [None] * len(rows))
        place = place_of[load.row["name"]]
        column[place] = about_keras(constructs[place], kind_of(load.result))
    return Table(constructs, readers)


def judged(load: Load, facts: Facts) -> str:
    """The static verdict on a load."""
    found = check_compatibility(
        _inventory(load.row["path"]),
        load_profile(runtime_of(load.reader)),
        custom=load.row["declared"],
        safe_mode=not load.row["is_code"],
        facts=facts,
    ).compatibility
    return found.value if found in (Compatibility.LOADS, Compatibility.CHANGED) else "fails"


@cache
def _inventory(path: str) -> Any:
    return read_inventory(Path(path))


class Fold(NamedTuple):
    """What is held out, and what is known then.

    Args:
        name: what it is, in words.
        is_held_out: whether a load is predicted.
        is_known: whether facts are made of a load; some are neither.
    """

    name: str
    is_held_out: Callable[[Load], bool]
    is_known: Callable[[Load], bool]


def folds_by_version(loads: list[Load]) -> Iterator[Fold]:
    """Each version that read or wrote something, as what is held out."""
    for version in sorted({load.reader for load in loads} | {load.writer for load in loads}, key=every_keras().index):
        yield Fold(version, partial(_is_of_version, version), partial(_is_of_other_versions, version))


def _is_of_version(version: str, load: Load) -> bool:
    return version in (load.writer, load.reader)


def _is_of_other_versions(version: str, load: Load) -> bool:
    return version not in (load.writer, load.reader)


def folds_by_class(loads: list[Load]) -> Iterator[Fold]:
    """Each fifth of the classes, as what is held out; what has one of them beside others is not known either."""
    classes = sorted({load.of_class for load in loads})
    alone = {load.of_class for load in loads if load.row["kind"] in _ALONE}
    for number in range(FOLDS):
        held_out = frozenset(classes[number::FOLDS])
        names = frozenset(each.rpartition(" ")[2] for each in held_out & alone)
        known = partial(_has_none_of, held_out, names)
        yield Fold(f"fifth {number + 1} of the classes", partial(_is_of_classes, held_out), known)


def _is_of_classes(classes: frozenset[str], load: Load) -> bool:
    return load.of_class in classes


def _has_none_of(classes: frozenset[str], names: frozenset[str], load: Load) -> bool:
    return load.of_class not in classes and names.isdisjoint(load.classes)


def folds_of_pairs(_loads: list[Load]) -> Iterator[Fold]:
    """The models of two layers, as what is held out."""
    yield Fold("models of two layers", _is_pair, _is_no_pair)


def _is_pair(load: Load) -> bool:
    return bool(load.row["kind"] == PAIR_KIND)


def _is_no_pair(load: Load) -> bool:
    return not _is_pair(load)


def predictions(loads: list[Load], fold: Fold) -> list[tuple[Load, tuple[str, ...]]]:
    """Each load that is held out, with what each of `PREDICTORS` says of it."""
    known = [load for load in loads if fold.is_known(load)]
    facts, nothing, nearest = facts_of(known), facts_of(()), Nearest(known)
    found: list[tuple[Load, tuple[str, ...]]] = []
    for load in (each for each in loads if each.is_planned and fold.is_held_out(each)):
        form = load.row["format"]
        says = (judged(load, facts[form]), judged(load, nothing[form]), "loads", nearest.says(load))
        found.append((load, says))
    return found


FOLDS_BY = {"version": folds_by_version, "class": folds_by_class, "pair": folds_of_pairs}


class Nearest:
    """What an artifact of the same name became in the nearest pair of versions."""

    def __init__(self, known: list[Load]) -> None:
        self.by_name: dict[tuple[str, str], list[Load]] = {}
        for load in known:
            for name in {load.row["name"], load.of_class}:
                self.by_name.setdefault((name, load.row["format"]), []).append(load)

    def says(self, load: Load) -> str:
        """Its outcome there; `loads` where there is none."""
        order = every_keras()
        form = load.row["format"]
        alike = self.by_name.get((load.row["name"], form)) or self.by_name.get((load.of_class, form), [])

        def distance(other: Load) -> tuple[int, str]:
            readers = abs(order.index(other.reader) - order.index(load.reader))
            return readers + abs(order.index(other.writer) - order.index(load.writer)), other.writer

        return min(alike, key=distance).seen if alike else "loads"


def main() -> None:
    """Holds out, predicts, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of a run")
    parser.add_argument("--by", choices=tuple(FOLDS_BY), default="version", help="default: %(default)s")
    parser.add_argument("--misses", action="store_true", help="print what facts and rules miss")
    options = parser.parse_args()
    loads = loads_of(options.out)
    folds = list(FOLDS_BY[options.by](loads))
    with ProcessPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(partial(predictions, loads), folds))
    every = [each for fold in found for each in fold]
    print(f"{'held out':<24} {'predictor':<28} agreement  foreseen  real")
    for name, rows in [*zip([fold.name for fold in folds], found, strict=True), ("all of them", every)]:
        for number, predictor in enumerate(PREDICTORS):
            line = figures([(predicted[number], load.seen) for load, predicted in rows])
            print(f"{name:<24} {predictor:<28} {line}")
    if options.misses:
        _print_misses(every)


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
    return f"{_share(agree, len(pairs)):>9}  {_share(both, real):>8}  {_share(both, predicted):>5}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _print_misses(rows: list[tuple[Load, tuple[str, ...]]]) -> None:
    missed: dict[tuple[str, str, str, str], list[str]] = {}
    for load, (predicted, *_) in rows:
        if predicted != load.seen:
            key = (load.row["format"], predicted, load.seen, (load.result.get("text") or "")[:100])
            missed.setdefault(key, []).append(f"{load.writer} > {load.reader}: {load.row['name']}")
    for key, names in sorted(missed.items(), key=lambda item: -len(item[1]))[:MOST_MISSES]:
        print(len(names), *key, names[:3])


if __name__ == "__main__":
    main()
