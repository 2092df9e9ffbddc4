"""Merging: what a run of a choice of trials has seen takes the place of what was seen of them before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.summary import DIGEST, artifacts_of, observations, outcomes_of
from sweep.writer.choice import is_chosen

if TYPE_CHECKING:
    from collections.abc import Collection

# Of artifacts that were seen before digests were kept: no digest has it, so that they are loaded again.
_NO_DIGEST = "-" * DIGEST
_MISSING = ("left_out", "not_saved")


def merged(before: dict[str, Any], now: dict[str, Any], only: Collection[str]) -> dict[str, Any]:
    """One writer's observations, those of a choice of trials from now, and all others from before.

    Of what no model was made only the class is known: where a kind is chosen, what was left out before stays listed.

    Args:
        before: all observations of the writer; empty where there are none.
        now: those of a run of the trials that were chosen.
        only: the choice, as of `is_chosen`.
    """
    kept = [row for row in _rows(before, "before") if not is_chosen(row["name"], row["kind"], only)]
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for data, rows in ((before, kept), (now, new := _rows(now, "now"))):
        for reader in data.get("readers", {}):
            seen = outcomes_of(data, reader)
            of_reader = results.setdefault(reader, {})
            of_reader.update((row["id"], seen[key]) for row in rows if (key := (row["name"], row["format"])) in seen)
    missing = {
        key: sorted({*(each for each in before.get(key, ()) if not is_chosen(each, "", only)), *now.get(key, ())})
        for key in _MISSING
    }
    return {**observations([*kept, *new], dict(sorted(results.items()))), **missing}


def _rows(data: dict[str, Any], run: str) -> list[dict[str, Any]]:
    """Each artifact of some observations as a row, whose `id` begins with what is known of its digest."""
    digests = data.get("digests", "")
    rows = []
    for place, (name, kind, form, found) in enumerate(artifacts_of(data)):
        start = digests[place * DIGEST : (place + 1) * DIGEST] or _NO_DIGEST
        row = {"name": name, "kind": kind, "format": form, "constructs": found, "id": f"{start}{run}{place}"}
        rows.append(row)
    return rows
