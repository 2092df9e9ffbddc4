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
from sweep.blame import LOADS, Kind, Observation, blamed
from sweep.plan import every_keras
from sweep.summary import NOT_LOADED, artifacts_of, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAIR_KIND = "pair"
FORMATS = ("h5", "keras")
# What a construct is where it came back the same.
SOUND: Kind = (LOADS, "", "")
ByWriter = dict[str, dict[tuple[str, str], list[Observation]]]


def cells(data: dict[str, Any]) -> dict[tuple[str, str], list[Observation]]:
    """One writer's observations by format and reader."""
    artifacts = artifacts_of(data)
    kinds: list[Kind] = [(outcome, stage, text) for outcome, stage, text in data.get("kinds", ())]
    found: dict[tuple[str, str], list[Observation]] = {}
    for reader, runs in data.get("readers", {}).items():
        if NOT_LOADED in codes_of(runs):
            continue  # what is not finished would blame what it has not seen load
        for (_, kind, form, constructs), code in zip(artifacts, codes_of(runs), strict=True):
            if kind == PAIR_KIND:
                continue  # by these it is seen how well the facts predict
            found.setdefault((form, reader), []).append((constructs, kinds[code]))
    return found


def compiled(by_writer: ByWriter) -> dict[str, dict[str, Any]]:
    """The facts about each format, ready to be written.

    A construct of which there is a fact has its place in both formats, and in each pair of versions in which some
    artifact with it came back the same: where nothing is blamed on it, something else may have hidden it.

    Args:
        by_writer: writer -> `cells`.
    """
    results = {place: blamed(observations) for place, observations in _by_place(by_writer).items()}
    constructs = {construct for result in results.values() for construct in result.constructs}
    found = {}
    for form in FORMATS:
        here = {place: observations for place, observations in _by_place(by_writer).items() if place[0] == form}
        kinds: dict[Kind, int] = {SOUND: 0}
        known: set[str] = set()
        rows: dict[str, dict[tuple[int, int], int]] = {}
        for place, observations in here.items():
            known.update(*(each for each, _ in observations))
            for construct, kind in results[place].constructs.items():
                rows.setdefault(construct, {})[place[1:]] = kinds.setdefault(kind, len(kinds))
            for construct in _sound(constructs - results[place].constructs.keys(), observations):
                rows.setdefault(construct, {})[place[1:]] = kinds[SOUND]
        ranges = {construct: _ranges(places) for construct, places in rows.items()}
        measured = [(writer, reader) for _, writer, reader in here]
        found[form] = facts.data_of(every_keras(), list(kinds), measured, known, ranges)
    return found


def _by_place(by_writer: ByWriter) -> dict[tuple[str, int, int], list[Observation]]:
    """Observations by format and the places of writer and reader among all versions."""
    versions = every_keras()
    return {
        (form, versions.index(writer), versions.index(reader)): observations
        for writer, readers in by_writer.items()
        for (form, reader), observations in sorted(readers.items())
    }


def _sound(constructs: Iterable[str], observations: Iterable[Observation]) -> Iterator[str]:
    """Those of some constructs that an artifact has which came back the same."""
    same = [each for each, kind in observations if kind[0] == LOADS]
    every = frozenset().union(*same)
    for construct in constructs:
        parts = construct.split(facts.PAIR)
        if every.issuperset(parts) and (len(parts) == 1 or any(each.issuperset(parts) for each in same)):
            yield construct


def _ranges(places: dict[tuple[int, int], int]) -> list[list[Any]]:
    """Places as `[kind, writers, readers]`, those of the same kind and readers together."""
    by_writer: dict[tuple[int, int], list[int]] = {}
    for (writer, reader), kind in sorted(places.items()):
        by_writer.setdefault((writer, kind), []).append(reader)
    together: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for (writer, kind), readers in by_writer.items():
        together.setdefault((kind, tuple(readers)), []).append(writer)
    return [[kind, writers, list(readers)] for (kind, readers), writers in sorted(together.items())]


def main() -> None:
    """Compiles and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observed", type=Path, default=observed.FOLDER)
    options = parser.parse_args()
    by_writer = {keras: cells(observed.read(keras, options.observed)) for keras in every_keras()}
    for form, data in compiled(by_writer).items():
        seen = [found for each in by_writer.values() for (of, _), found in each.items() if of == form]
        wrong = sum(kind[0] != LOADS for found in seen for _, kind in found)
        unexplained = sum(blamed(found).unexplained for found in seen)
        print(
            f"{form}: {facts.write(form, data):,} bytes; facts about {len(data['facts']):,} constructs; "
            f"{sum(map(len, seen)):,} loads, {wrong:,} fail or change, {unexplained:,} of them not explained"
        )


if __name__ == "__main__":
    main()
