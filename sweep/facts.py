"""From observations to facts: what each construct becomes, from which writer, in which reader.

    python -m sweep.facts [--observed FOLDER]

writes `pytest_modelcompat/profiles/data/facts_h5.json.gz` and `facts_keras.json.gz`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.profiles import facts
from sweep import observed
from sweep.blame import LOADS, OF_PYTHON, UNKNOWN, Kind, Observation, blamed
from sweep.plan import every_keras
from sweep.tables import Table, filled, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sweep.blame import Blamed

    Blame = Callable[[Sequence[Observation]], Blamed]

FORMATS = ("h5", "keras")
# What a construct is where it came back the same.
SOUND: Kind = (LOADS, "", "")
Place = tuple[str, int, int]


def compiled(by_writer: Mapping[str, Mapping[str, Table]], blame: Blame = blamed) -> dict[str, dict[str, Any]]:
    """The facts about each format, ready to be written.

    A construct of which there is a fact has its place in both formats, and in each pair of versions in which some
    artifact with it came back the same: where nothing is blamed on it, something else may have hidden it.

    Args:
        by_writer: writer -> format -> what became of its artifacts.
        blame: says which constructs failures and changes are of.
    """
    versions = every_keras()
    cells = dict(_cells(by_writer))
    results = {place: blame(observations) for place, observations in cells.items()}
    constructs = {construct for result in results.values() for construct in result.constructs}
    found = {}
    for form in FORMATS:
        here = {place: observations for place, observations in cells.items() if place[0] == form}
        kinds: dict[Kind, int] = {SOUND: 0}
        known: set[str] = set()
        rows: dict[str, dict[tuple[int, int], int]] = {}
        for place, observations in here.items():
            known.update(*(each for each, _ in observations))
            for construct, (outcome, stage, text) in results[place].constructs.items():
                kind = outcome, stage, observed.as_said(construct, text)
                rows.setdefault(construct, {})[place[1:]] = kinds.setdefault(kind, len(kinds))
            for construct in _sound(constructs - results[place].constructs.keys(), observations):
                rows.setdefault(construct, {})[place[1:]] = kinds[SOUND]
        ranges = {construct: _ranges(places) for construct, places in rows.items()}
        measured = [
            (versions.index(writer), versions.index(reader))
            for writer, tables in by_writer.items()
            for reader in (tables[form].measured() if form in tables else ())
        ]
        between = {place[1:] for place in here} - set(measured)
        found[form] = facts.data_of(versions, list(kinds), measured, known, ranges, between)
    return found


def _cells(by_writer: Mapping[str, Mapping[str, Table]]) -> Iterator[tuple[Place, list[Observation]]]:
    """Observations by format and the places of writer and reader among all versions, those between included."""
    versions = every_keras()
    for writer, tables in by_writer.items():
        for form, table in tables.items():
            for reader, column in filled(table).items():
                every = [(each, kind or UNKNOWN) for each, kind in zip(table.artifacts, column, strict=True)]
                yield (form, versions.index(writer), versions.index(reader)), every


def _sound(constructs: Iterable[str], observations: Iterable[Observation]) -> Iterator[str]:
    """Those of some constructs that an artifact has which came back the same."""
    same = [each for each, kind in observations if kind[0] == LOADS]
    every = frozenset().union(*same)
    for construct in constructs:
        parts = construct.split(facts.PAIR)
        if every.issuperset(parts) and (len(parts) == 1 or any(each.issuperset(parts) for each in same)):
            yield construct


def _ranges(places: dict[tuple[int, int], int]) -> list[facts.Row]:
    """Places as kind, writers and readers, those of the same kind and readers together."""
    by_writer: dict[tuple[int, int], list[int]] = {}
    for (writer, reader), kind in sorted(places.items()):
        by_writer.setdefault((writer, kind), []).append(reader)
    together: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for (writer, kind), readers in by_writer.items():
        together.setdefault((kind, tuple(readers)), []).append(writer)
    return [(kind, writers, [*readers]) for (kind, readers), writers in sorted(together.items())]


def main() -> None:
    """Compiles and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observed", type=Path, default=observed.FOLDER)
    options = parser.parse_args()
    by_writer = {keras: tables_of(observed.read(keras, options.observed)) for keras in every_keras()}
    seen = {form: [tables[form] for tables in by_writer.values() if form in tables] for form in FORMATS}
    for form, data in compiled(by_writer).items():
        columns = [(table.artifacts, table.readers[reader]) for table in seen[form] for reader in table.measured()]
        kinds = [list(zip(artifacts, column, strict=True)) for artifacts, column in columns]
        known = [[(constructs, kind) for constructs, kind in each if kind] for each in kinds]
        wrong = sum(kind[0] not in (LOADS, OF_PYTHON[0]) for each in known for _, kind in each)
        unexplained = sum(blamed(each).unexplained for each in known)
        print(
            f"{form}: {facts.write(form, data):,} bytes; facts about {len(data['facts']):,} constructs; "
            f"{sum(map(len, known)):,} loads, {wrong:,} fail or change, {unexplained:,} of them not explained"
        )


if __name__ == "__main__":
    main()
