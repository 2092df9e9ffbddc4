"""From observations to facts: what each construct becomes, from which writer, in which reader.

    python -m sweep.facts [--observed FOLDER]

writes `pytest_modelcompat/profiles/data/facts.json.gz`.
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

FORMATS = ("h5", "keras")


def cells(data: dict[str, Any]) -> dict[tuple[str, str], list[Observation]]:
    """One writer's observations by format and reader."""
    artifacts = artifacts_of(data)
    kinds: list[Kind] = [(outcome, stage, text) for outcome, stage, text in data.get("kinds", ())]
    found: dict[tuple[str, str], list[Observation]] = {}
    for reader, runs in data.get("readers", {}).items():
        if NOT_LOADED in codes_of(runs):
            continue  # what is not finished would blame what it has not seen load
        for (_, _, form, constructs), code in zip(artifacts, codes_of(runs), strict=True):
            found.setdefault((form, reader), []).append((constructs, kinds[code]))
    return found


def compiled(by_writer: dict[str, dict[tuple[str, str], list[Observation]]]) -> tuple[dict[str, Any], dict[str, int]]:
    """The facts, ready to be written, and how many artifacts of each writer they do not explain.

    Args:
        by_writer: writer -> `cells`.
    """
    versions = every_keras()
    texts: dict[Kind, int] = {}
    data: dict[str, Any] = {"versions": versions, "formats": {}}
    unexplained: dict[str, int] = {}
    for form in FORMATS:
        known: set[str] = set()
        measured: list[list[int]] = []
        told: dict[str, dict[tuple[int, int], int]] = {}
        for writer, readers in by_writer.items():
            for (each, reader), observations in sorted(readers.items()):
                if each != form:
                    continue
                place = versions.index(writer), versions.index(reader)
                measured.append(list(place))
                known.update(*(constructs for constructs, _ in observations))
                result: Blamed = blamed(observations)
                unexplained[writer] = unexplained.get(writer, 0) + result.unexplained
                for construct, kind in result.constructs.items():
                    told.setdefault(construct, {})[place] = texts.setdefault(kind, len(texts))
        data["formats"][form] = {
            "measured": sorted(measured),
            "observed": sorted(known),
            "facts": {construct: _ranges(places) for construct, places in sorted(told.items())},
        }
    data["kinds"] = [list(kind) for kind in texts]
    return data, unexplained


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
    data, unexplained = compiled(by_writer)
    size = facts.write(data)
    counts = {form: len(part["facts"]) for form, part in data["formats"].items()}
    artifacts = sum(kind[0] != LOADS for each in by_writer.values() for found in each.values() for _, kind in found)
    print(f"{size:,} bytes; constructs with facts: {counts}; texts: {len(data['kinds'])}")
    print(f"not explained: {sum(unexplained.values()):,} of {artifacts:,} failures and changes")


if __name__ == "__main__":
    main()
