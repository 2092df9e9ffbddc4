"""Between the rows of a run and the observations that are committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.observed import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_LOADED = -1
# So much of a digest tells the artifacts of one name in two runs apart.
DIGEST = 6


def observations(rows: list[dict[str, Any]], by_reader: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """One writer's observations, ready to be written.

    Args:
        rows: its artifacts, as of `make.make`.
        by_reader: reader -> digest -> result.
    """
    rows = sorted(rows, key=lambda row: (row["format"], row["kind"], row["name"]))
    names = sorted({name for row in rows for name in row["constructs"]})
    number_of = {name: number for number, name in enumerate(names)}
    kinds: dict[tuple[str, str, str], int] = {}
    readers: dict[str, list[int]] = {}
    for reader, results in by_reader.items():
        codes = [
            kinds.setdefault(kind_of(results[row["id"]]), len(kinds)) if row["id"] in results else NOT_LOADED
            for row in rows
        ]
        if any(code != NOT_LOADED for code in codes):
            readers[reader] = _runs(codes)
    return {
        "constructs": names,
        "artifacts": _artifacts(rows, number_of),
        "digests": "".join(row["id"][:DIGEST] for row in rows),
        "kinds": [list(kind) for kind in kinds],
        "readers": readers,
    }


def kind_of(result: Mapping[str, Any]) -> tuple[str, str, str]:
    """A result as outcome, stage and text, without what differs between files."""
    return result["outcome"], result.get("stage") or "", normal(result.get("text") or "")


def _artifacts(rows: list[dict[str, Any]], number_of: dict[str, int]) -> list[list[Any]]:
    """Each as `[name, kind, format, added, removed]`, the constructs as what differs from the one before."""
    found: list[list[Any]] = []
    before: set[int] = set()
    for row in rows:
        numbers = {number_of[name] for name in row["constructs"]}
        found.append([row["name"], row["kind"], row["format"], sorted(numbers - before), sorted(before - numbers)])
        before = numbers
    return found


def _runs(codes: list[int]) -> list[int]:
    """Codes as pairs of a code and how many times it stands there."""
    found: list[int] = []
    for code in codes:
        if found and found[-2] == code:
            found[-1] += 1
        else:
            found += [code, 1]
    return found


def codes_of(runs: list[int]) -> list[int]:
    """What `_runs` was made of."""
    return [code for code, count in zip(runs[::2], runs[1::2], strict=True) for _ in range(count)]


def artifacts_of(data: dict[str, Any]) -> list[tuple[str, str, str, frozenset[str]]]:
    """Name, kind, format and constructs of each artifact of a writer's observations."""
    found, numbers = [], set[int]()
    for name, kind, form, added, removed in data.get("artifacts", ()):
        numbers = (numbers | set(added)) - set(removed)
        found.append((name, kind, form, frozenset(data["constructs"][number] for number in numbers)))
    return found


def known_outcomes(data: dict[str, Any], reader: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What a reader made of each artifact of a writer's observations, by name, format and the beginning of its digest.

    What a trial makes may change from one version of the sweep to the next: the same name is not yet the same artifact.
    """
    digests = data.get("digests", "")
    found = outcomes_of(data, reader)
    return {
        (each[0], each[2], digests[place * DIGEST : (place + 1) * DIGEST]): found[each[0], each[2]]
        for place, each in enumerate(data["artifacts"] if digests else ())
        if (each[0], each[2]) in found
    }


def outcomes_of(data: dict[str, Any], reader: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What a reader made of each artifact of a writer's observations, by its name and format."""
    if reader not in data.get("readers", {}):
        return {}
    kinds = [dict(zip(("outcome", "stage", "text"), kind, strict=True)) for kind in data["kinds"]]
    pairs = zip(data["artifacts"], codes_of(data["readers"][reader]), strict=True)
    return {(each[0], each[2]): kinds[code] for each, code in pairs if code != NOT_LOADED}
