"""The sweep: what each version of Keras reads back, measured.

    python -m sweep --out FOLDER [--minutes 40] [--saved-models] [KERAS...]

makes each writer's artifacts, loads them in its readers, and writes `sweep/observed/`. It goes on where it stopped:
what FOLDER has is not made again, and what was observed is not loaded again. Without FOLDER's content it goes on from
what is committed.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.loads import Results, interpreter_for, load_all
from sweep.make import folder_of, left_out_of, make
from sweep.plan import FILES, SAVED_MODELS, plan_of
from sweep.summary import observations, outcomes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = dict[str, list[dict[str, Any]]]

AT_ONCE = 2
# Readers that several writers have are started once for all of these.
WRITERS_IN_A_ROUND = 4


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where artifacts and results go; several gigabytes")
    parser.add_argument("--minutes", type=float, default=40.0, help="after how many minutes it stops; default: 40")
    parser.add_argument("--saved-models", action="store_true", help="SavedModels of each TensorFlow, instead of files")
    parser.add_argument("--observed", type=Path, help="default: sweep/observed, sweep/observed/saved_models")
    parser.add_argument("keras", nargs="*", metavar="KERAS", help="writers, such as 2.15; default: all")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.plan = plan_of(SAVED_MODELS if options.saved_models else FILES)
    options.observed = options.observed or observed.folder_of(options.plan.what)
    unknown = sorted(set(options.keras) - set(options.plan.writers))
    if unknown:
        parser.error(f"no such writer: {', '.join(unknown)}; known are {', '.join(options.plan.writers)}")
    return options


def main() -> None:
    """Makes, loads, and writes what was observed, some writers at a time."""
    options = arguments()
    end = time.monotonic() + 60 * options.minutes
    writers = options.keras or options.plan.writers
    left = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(writers), WRITERS_IN_A_ROUND):
            rows: Rows = {}
            list(pool.map(partial(_make, options, rows, end), writers[start : start + WRITERS_IN_A_ROUND]))
            readers = list(dict.fromkeys(reader for writer in rows for reader in options.plan.readers_of(writer)))
            left += sum(pool.map(partial(_load, options, rows, end), readers))
            for writer in rows:
                _write(options, writer, rows[writer])
            left_out = writers[start + len(rows) :]
            if time.monotonic() > end:
                break
    print(f"loads left: {left:,}; writers left: {', '.join(left_out) or 'none'}")


def _make(options: argparse.Namespace, rows: Rows, end: float, writer: str) -> None:
    if time.monotonic() < end:
        started = time.monotonic()
        rows[writer] = make(writer, options.out, options.plan.what)
        print(f"{writer}: {len(rows[writer]):,} artifacts, {time.monotonic() - started:.0f} s", flush=True)


def _load(options: argparse.Namespace, rows: Rows, end: float, reader: str) -> int:
    """Loads what one reader is to load; how many loads are left."""
    results = _results(options, reader)
    asked: dict[str, dict[str, Any]] = {}
    for writer, artifacts in rows.items():
        if reader in options.plan.readers_of(writer):
            known = outcomes_of(observed.read(writer, options.observed), reader)
            found = [dict(known[key], id=row["id"]) for row in artifacts if (key := _key(row)) in known]
            results.add(each for each in found if each["id"] not in results.by_digest)
            asked.update((row["id"], row) for row in artifacts if row["id"] not in results.by_digest)
    started = time.monotonic()
    load_all(
        interpreter_for(reader), _without_constructs(list(asked.values())), results, lambda: time.monotonic() > end
    )
    left = sum(digest not in results.by_digest for digest in asked)
    if asked:
        print(f"{reader}: {len(asked) - left:,} loads, {time.monotonic() - started:.0f} s", flush=True)
    return left


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row["name"], row["format"]


def _without_constructs(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "constructs"} for row in rows]


def _results(options: argparse.Namespace, reader: str) -> Results:
    return Results(options.out / "results" / f"{reader.replace(' ', '-')}.jsonl")


def _write(options: argparse.Namespace, writer: str, rows: list[dict[str, Any]]) -> None:
    by_reader = {reader: _results(options, reader).by_digest for reader in options.plan.readers_of(writer)}
    missing = left_out_of(folder_of(writer, options.out, options.plan.what))
    size = observed.write(writer, {**observations(rows, by_reader), **missing}, options.observed)
    print(f"{writer}: {size:,} bytes observed", flush=True)


if __name__ == "__main__":
    main()
