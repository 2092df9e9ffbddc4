"""The static verdicts held against a run: `python -m sweep.judged --out FOLDER [--rules]` prints where they differ."""

from __future__ import annotations

import argparse
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.store import load_profile
from sweep.loads import Results
from sweep.make import make
from sweep.plan import every_keras, readers_of, runtime_of

LOADED = (Compatibility.LOADS, Compatibility.CHANGED)
SHOWN = 60


def main() -> None:
    """Judges every artifact of a run, and prints what differs, the most frequent first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("keras", nargs="*")
    options = parser.parse_args()
    table: Counter[tuple[str, str]] = Counter()
    missed: dict[tuple[str, ...], list[str]] = {}
    for writer in options.keras or every_keras():
        if not (options.out / "artifacts" / writer.replace(" ", "-") / "rows.jsonl").exists():
            continue
        rows = make(writer, options.out)
        for reader in readers_of(writer):
            results = Results(options.out / "results" / f"{reader.replace(' ', '-')}.jsonl").by_digest
            for row in rows:
                if row["id"] in results:
                    _judge(row, reader, results[row["id"]], table, missed, writer)
    print(table)
    for key, names in sorted(missed.items(), key=lambda item: -len(item[1]))[:SHOWN]:
        print(len(names), *key, names[:3])


def _judge(row: dict[str, Any], reader: str, result: dict[str, Any], table: Any, missed: Any, writer: str) -> None:
    verdict = check_compatibility(
        _inventory(row["path"]), load_profile(runtime_of(reader)), custom=row["declared"], safe_mode=not row["is_code"]
    )
    told = verdict.compatibility
    seen = result["outcome"] if result.get("stage") != "training" else "loads"
    told_word = "fails" if told not in LOADED else told.value
    seen_word = seen if seen in ("loads", "changed") else "fails"
    table[told_word, seen_word] += 1
    if told_word != seen_word:
        words = next((f.cause for f in verdict.findings if f.severity.value in ("error", "change")), "")
        key = (row["format"], told_word, seen_word, (result.get("text") or "")[:110], words[:110])
        missed.setdefault(key, []).append(f"{writer}>{reader} {row['name']}")


@cache
def _inventory(path: str) -> Any:
    return read_inventory(Path(path))


if __name__ == "__main__":
    main()
