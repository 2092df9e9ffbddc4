"""How much was made and loaded, and what became of it: `python -m sweep.counts [--observed FOLDER]` prints tables."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.plan import FILES, SAVED_MODELS, plan_of
from sweep.summary import NOT_LOADED, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COLUMNS = ("artifacts", "loads", "fails", "changed", "trains otherwise", "crashes", "hangs")


def counts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and column of everything that one writer's observations count."""
    kinds = [each[1] for each in data["artifacts"]]
    yield from ((kind, "artifacts") for kind in kinds)
    for runs in data["readers"].values():
        for kind, code in zip(kinds, codes_of(runs), strict=True):
            if code == NOT_LOADED:
                continue
            outcome, stage, _ = data["kinds"][code]
            yield kind, "loads"
            if outcome != "loads":
                yield kind, "trains otherwise" if stage == "training" else outcome


def table(rows: Iterable[tuple[str, Counter[str]]], first: str) -> Iterator[str]:
    """Counts as a table of Markdown.

    Args:
        rows: what each row is of, with its counts.
        first: the heading of the first column.
    """
    yield f"| {first} | {' | '.join(COLUMNS)} |"
    yield f"|---|{'---|' * len(COLUMNS)}"
    total: Counter[str] = Counter()
    for name, found in rows:
        total += found
        yield f"| {name} | {' | '.join(f'{found[column]:,}' for column in COLUMNS)} |"
    yield f"| all | {' | '.join(f'{total[column]:,}' for column in COLUMNS)} |"


def main() -> None:
    """Prints a table by kind, one by version, and what is missing of the plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saved-models", action="store_true", help="those of SavedModels, instead of files")
    parser.add_argument("--observed", type=Path, help="default: sweep/observed, sweep/observed/saved_models")
    options = parser.parse_args()
    plan = plan_of(SAVED_MODELS if options.saved_models else FILES)
    folder = options.observed or observed.folder_of(plan.what)
    by_kind: dict[str, Counter[str]] = {}
    by_writer: dict[str, Counter[str]] = {}
    missing: list[str] = []
    for writer in plan.writers:
        data = observed.read(writer, folder)
        finished = [reader for reader, runs in data.get("readers", {}).items() if NOT_LOADED not in codes_of(runs)]
        missing += [f"{writer} > {reader}" for reader in plan.readers_of(writer) if reader not in finished]
        for kind, column in counts(data) if data else ():
            by_kind.setdefault(kind, Counter())[column] += 1
            by_writer.setdefault(writer, Counter())[column] += 1
    print("\n".join([*table(sorted(by_kind.items()), "kind"), "", *table(by_writer.items(), "saved by Keras")]))
    print(f"\n{len(missing)} of {sum(len(plan.readers_of(writer)) for writer in plan.writers)} pairs are not finished")


if __name__ == "__main__":
    main()
