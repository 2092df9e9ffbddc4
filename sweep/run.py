"""A run: writers' artifacts are made, loaded in their readers, and what was seen is written; some writers at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.bisection import followed
from sweep.loads import Results, interpreter_for, load_all
from sweep.make import folder_of, left_out_of, make
from sweep.merging import merged
from sweep.plan import FILES, every_keras
from sweep.summary import DIGEST, known_outcomes, observations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweep.plan import Plan

    Rows = dict[str, list[dict[str, Any]]]
    Asked = dict[str, dict[str, dict[str, Any]]]

AT_ONCE = 2


@dataclass
class Run:
    """A run of a plan, as far as its time goes.

    Args:
        plan: who saves and who reads.
        out: where artifacts and results go, and are found again.
        observed: where observations are, and go.
        end: when it stops, by `time.monotonic`.
        only: the kinds and classes that trials are made of; none for all.
        every: of how many trials one is made. What is drawn so is not loaded: it is there to be judged.
    """

    plan: Plan
    out: Path
    observed: Path
    end: float
    only: Sequence[str] = ()
    every: int = 1
    _results: dict[str, Results] = field(default_factory=dict)

    def is_over(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self.end

    def writers(self, writers: Sequence[str]) -> tuple[list[str], int]:
        """Makes and loads what some writers save, and writes what was seen.

        Args:
            writers: their keys.

        Returns:
            The writers whose artifacts were made, and how many loads are left.
        """
        rows: Rows = {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(partial(self._make, rows), writers))
            if self.every > 1:
                return list(rows), 0
            self._recall(rows)
            asked = self._asked(rows)
            while asked and not self.is_over():
                list(pool.map(self._load, asked.items()))
                asked = self._asked(rows)
        for writer in rows:
            self._write(writer, rows[writer])
        return list(rows), sum(map(len, asked.values()))

    def results(self, reader: str) -> Results:
        """What is known of a reader's loads."""
        if reader not in self._results:
            self._results[reader] = Results(self.out / "results" / f"{reader.replace(' ', '-')}.jsonl")
        return self._results[reader]

    def _make(self, rows: Rows, writer: str) -> None:
        if not self.is_over():
            started = time.monotonic()
            rows[writer] = make(writer, self.out, self.plan.what, self.only, self.every)
            print(f"{writer}: {len(rows[writer]):,} artifacts, {time.monotonic() - started:.0f} s", flush=True)

    def _recall(self, rows: Rows) -> None:
        """Takes what was observed before, and is not among the results."""
        for writer, artifacts in rows.items():
            before = observed.read(writer, self.observed)
            for reader in before.get("readers", {}):
                results, known = self.results(reader), known_outcomes(before, reader)
                found = [dict(known[key], id=row["id"]) for row in artifacts if (key := _key(row)) in known]
                results.add(each for each in found if each["id"] not in results.by_digest)

    def _asked(self, rows: Rows) -> Asked:
        """What is to be loaded next: what the plan has, and then what lies between."""
        return self._planned(rows) or self._bisected(rows)

    def _planned(self, rows: Rows) -> Asked:
        """What the plan's readers have not loaded yet."""
        asked: Asked = {}
        for writer, artifacts in rows.items():
            for row in artifacts:
                for reader in self.plan.readers_for(writer, row["kind"]):
                    if row["id"] not in self.results(reader).by_digest:
                        asked.setdefault(reader, {})[row["id"]] = row
        return asked

    def _bisected(self, rows: Rows) -> Asked:
        """What is to be loaded between readers that differ; SavedModels are read by neighbours only."""
        asked: Asked = {}
        if self.plan.what != FILES:
            return asked
        results = {reader: self.results(reader).by_digest for reader in every_keras()}
        for writer, artifacts in rows.items():
            for row in artifacts:
                for reader in followed(row["id"], self.plan.readers_for(writer, row["kind"]), results)[1]:
                    asked.setdefault(reader, {})[row["id"]] = row
        return asked

    def _load(self, asked: tuple[str, dict[str, dict[str, Any]]]) -> None:
        reader, rows = asked
        started, results = time.monotonic(), self.results(reader)
        load_all(interpreter_for(reader), _without_constructs(list(rows.values())), results, self.is_over)
        loaded = sum(digest in results.by_digest for digest in rows)
        print(f"{reader}: {loaded:,} loads, {time.monotonic() - started:.0f} s", flush=True)

    def _write(self, writer: str, rows: list[dict[str, Any]]) -> None:
        missing = left_out_of(folder_of(writer, self.out, self.plan.what))
        seen = {**observations(rows, self._by_reader(writer, rows)), **missing}
        if self.only:
            seen = merged(observed.read(writer, self.observed), seen, self.only)
        size = observed.write(writer, seen, self.observed)
        print(f"{writer}: {size:,} bytes observed", flush=True)

    def _by_reader(self, writer: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
        """A writer's results: all of the plan's readers, and those of the readers between them that were asked."""
        readers = self.plan.readers_of(writer)
        found = {reader: self.results(reader).by_digest for reader in readers}
        if self.plan.what != FILES:
            return found
        # What another writer's artifact of the same content was tried in is not part of this one's.
        every = {reader: self.results(reader).by_digest for reader in every_keras()}
        between: dict[str, dict[str, dict[str, Any]]] = {reader: {} for reader in every_keras()}
        for row in rows:
            asked = self.plan.readers_for(writer, row["kind"])
            for reader in {*asked, *followed(row["id"], asked, every)[0]} - {*readers}:
                if row["id"] in every[reader]:
                    between[reader][row["id"]] = every[reader][row["id"]]
        return {**{reader: known for reader, known in between.items() if known}, **found}


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["name"], row["format"], row["id"][:DIGEST]


def _without_constructs(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "constructs"} for row in rows]
