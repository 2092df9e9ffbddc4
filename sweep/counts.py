"""How much was made and loaded, and what became of it.

    python -m sweep.counts [--saved-models | --write]

prints tables, or writes them into `sweep/README.md`.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import observed
from sweep.make import NAMED, vocabulary
from sweep.plan import FILES, SAVED_MODELS, plan_of
from sweep.summary import NOT_LOADED, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.plan import Plan

README = Path(__file__).resolve().parent / "README.md"
# What a model may be made of.
ROLES = frozenset({*NAMED, "dtype policy", "layer", "schedule"})
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


def named_in(constructs: Iterable[str]) -> set[str]:
    """Every class and function that some constructs name: as themselves, or as a value."""
    found: set[str] = set()
    for construct in constructs:
        head, _, value = construct.partition("=")
        found.update(re.findall(r"\w+", f"{head.partition('.')[0]} {value}"))
    return found


def without_construct(plan: Plan, folder: Path) -> dict[str, dict[str, list[str]]]:
    """The classes of the vocabulary that no construct names: role -> name -> the writers that have them."""
    found: dict[str, dict[str, list[str]]] = {}
    for writer in plan.writers:
        data = observed.read(writer, folder)
        named = named_in(data["constructs"]) if data else set()
        for each in vocabulary(writer)["objects"] if data else ():
            if each["is_class"] and each["role"] in ROLES and each["name"] not in named:
                found.setdefault(each["role"], {}).setdefault(each["name"], []).append(writer)
    return found


def lines_of(plan: Plan, folder: Path) -> Iterator[str]:
    """A table by kind, one by version, what has no construct, and what is missing of the plan."""
    by_kind: dict[str, Counter[str]] = {}
    by_writer: dict[str, Counter[str]] = {}
    missing = 0
    for writer in plan.writers:
        data = observed.read(writer, folder)
        finished = [reader for reader, runs in data.get("readers", {}).items() if NOT_LOADED not in codes_of(runs)]
        missing += sum(reader not in finished for reader in plan.readers_of(writer))
        for kind, column in counts(data) if data else ():
            by_kind.setdefault(kind, Counter())[column] += 1
            by_writer.setdefault(writer, Counter())[column] += 1
    pairs = sum(len(plan.readers_of(writer)) for writer in plan.writers)
    yield f"{len(by_writer)} of {len(plan.writers)} writers, {pairs - missing} of {pairs} pairs."
    yield from ("", *table(sorted(by_kind.items()), "kind"), "", *table(by_writer.items(), "saved by Keras"))
    if plan.what == FILES:
        yield from ("", "Classes without a construct, with the versions that have them:", "")
        for role, names in sorted(without_construct(plan, folder).items()):
            listed = (f"{name} ({_span(versions)})" for name, versions in sorted(names.items()))
            yield f"- {role}: {', '.join(listed)}"


def _span(versions: list[str]) -> str:
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def put_into(text: str, lines: Iterable[str], what: str) -> str:
    """A text with these lines between the two comments that name what they are of."""
    begin, end = (f"<!-- {what}: {word} -->\n" for word in ("begin", "end"))
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{chr(10).join(lines)}\n{end}{rest.partition(end)[2]}"


def main() -> None:
    """Prints what was counted, or writes it into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saved-models", action="store_true", help="those of SavedModels, instead of files")
    parser.add_argument("--observed", type=Path, help="default: sweep/observed, sweep/observed/saved_models")
    parser.add_argument("--write", action="store_true", help="write both into sweep/README.md")
    options = parser.parse_args()
    if options.write:
        text = README.read_text(encoding="utf-8")
        for what in (FILES, SAVED_MODELS):
            text = put_into(text, lines_of(plan_of(what), observed.folder_of(what)), what)
        README.write_text(text, encoding="utf-8")
        return
    plan = plan_of(SAVED_MODELS if options.saved_models else FILES)
    print("\n".join(lines_of(plan, options.observed or observed.folder_of(plan.what))))


if __name__ == "__main__":
    main()
