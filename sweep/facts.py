"""From observations to facts: what each construct becomes, from which writer, in which reader.

    python -m sweep.facts [--observed FOLDER]

writes `pytest_modelcompat/profiles/data/facts_h5.json.gz` and `facts_keras.json.gz`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pytest_modelcompat.profiles import facts
from sweep import observed
from sweep.blame import LOADS, Blamed, Kind, Observation, blamed
from sweep.plan import every_keras
from sweep.summary import NOT_LOADED, artifacts_of, codes_of

PAIR_KIND = "pair"
FORMATS = ("h5", "keras")
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


def compiled(form: str, by_writer: ByWriter) -> tuple[dict[str, Any], int]:
    """The facts about a format, ready to be written, and how many failures and changes they do not explain.

    Args:
        form: the format.
        by_writer: writer -> `cells`.
    """
    versions = every_keras()
    kinds: dict[Kind, int] = {}
    known: set[str] = set()
    measured: list[tuple[int, int]] = []
    found: dict[str, dict[tuple[int, int], int]] = {}
    unexplained = 0
    for writer, readers in by_writer.items():
        for (_, reader), observations in sorted(each for each in readers.items() if each[0][0] == form):
            place = versions.index(writer), versions.index(reader)
            measured.append(place)
            known.update(*(constructs for constructs, _ in observations))
            result: Blamed = blamed(observations)
            unexplained += result.unexplained
            for construct, kind in result.constructs.items():
                found.setdefault(construct, {})[place] = kinds.setdefault(kind, len(kinds))
    ranges = {construct: _ranges(places) for construct, places in found.items()}
    return facts.data_of(versions, list(kinds), measured, known, ranges), unexplained


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
    for form in FORMATS:
        data, unexplained = compiled(form, by_writer)
        seen = [
            kind for each in by_writer.values() for (of, _), found in each.items() if of == form for _, kind in found
        ]
        wrong = sum(kind[0] != LOADS for kind in seen)
        print(
            f"{form}: {facts.write(form, data):,} bytes; {len(data['facts']):,} constructs do not come back the same; "
            f"{len(seen):,} loads, {wrong:,} fail or change, {unexplained:,} of them not explained"
        )


if __name__ == "__main__":
    main()
