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
from sweep.plan import FILES, SAVED_MODELS, every_keras, plan_of
from sweep.summary import NOT_LOADED, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep.plan import Plan

README = Path(__file__).resolve().parent / "README.md"
# What a model may be made of.
ROLES = frozenset({*NAMED, "dtype policy", "layer", "schedule"})
MOST_VERSIONS = 4
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


def named_in(constructs: Iterable[str]) -> set[tuple[str, str]]:
    """The role and name of every class that some constructs name: as themselves, or as the value of an argument."""
    found: set[tuple[str, str]] = set()
    for construct in constructs:
        head, _, value = construct.partition("=")
        names = re.findall(r"\w+", head.partition(".")[0])
        found.update((role, name) for role in _roles_of(construct) for name in names)
        found.update((role, name) for role in ROLES for name in re.findall(r"<(\w+)>", value))
    return found


def _roles_of(construct: str) -> list[str]:
    """The roles that a construct may be of: an optimizer's, by what compile() was given; a schedule is in one."""
    return [role for role in ROLES if construct.removeprefix("compiled ").startswith(f"{role} ")]


def without_construct(plan: Plan, folder: Path) -> dict[str, dict[str, list[str]]]:
    """The classes of the vocabulary that no construct names: role -> name -> the writers that have none."""
    found: dict[str, dict[str, list[str]]] = {}
    for writer in plan.writers:
        data = observed.read(writer, folder)
        named = named_in(data["constructs"]) if data else ()
        for each in vocabulary(writer)["objects"] if data else ():
            if each["is_class"] and each["role"] in ROLES and (each["role"], each["name"]) not in named:
                found.setdefault(each["role"], {}).setdefault(each["name"], []).append(writer)
    return found


def lines_of(plan: Plan, folder: Path) -> Iterator[str]:
    """A table by kind, one by version, what has no construct, and what is missing of the plan."""
    by_kind: dict[str, Counter[str]] = {}
    by_writer: dict[str, Counter[str]] = {}
    pairs = everywhere = 0
    for writer in plan.writers:
        data = observed.read(writer, folder)
        left = _left(data)
        pairs += sum(reader in left and not left[reader] for reader in plan.readers_of(writer))
        everywhere += sum(left[reader].isdisjoint(plan.everywhere) for reader in every_keras() if reader in left)
        for kind, column in counts(data) if data else ():
            by_kind.setdefault(kind, Counter())[column] += 1
            by_writer.setdefault(writer, Counter())[column] += 1
    all_pairs = sum(len(plan.readers_of(writer)) for writer in plan.writers)
    yield f"{len(by_writer)} of {len(plan.writers)} writers, {pairs} of {all_pairs} pairs."
    if not by_writer:
        return
    if plan.everywhere:
        yield f"Of models, states and wrappers: {everywhere} of {len(plan.writers) * len(every_keras())} pairs."
    yield from ("", *table(sorted(by_kind.items()), "kind"), "", *table(by_writer.items(), "saved by Keras"))
    if plan.what == FILES:
        yield from ("", "Classes without a construct, with the versions in which they have none:", "")
        for role, names in sorted(without_construct(plan, folder).items()):
            listed = (f"{name} ({_span(versions)})" for name, versions in sorted(names.items()))
            yield f"- {role}: {', '.join(listed)}"


def _left(data: dict[str, Any]) -> dict[str, set[str]]:
    """The kinds of artifacts of which a reader has not loaded all; nothing of one that has loaded none."""
    kinds = [each[1] for each in data.get("artifacts", ())]
    return {
        reader: {kind for kind, code in zip(kinds, codes_of(runs), strict=True) if code == NOT_LOADED}
        for reader, runs in data.get("readers", {}).items()
    }


def _span(versions: list[str]) -> str:
    return ", ".join(versions) if len(versions) < MOST_VERSIONS else f"{len(versions)} of them, {versions[0]} first"


def put_into(text: str, lines: Iterable[str], what: str) -> str:
    """A text with these lines between the two comments that name what they are of."""
    begin, end = (f"<!-- {what}: {word} -->\n" for word in ("begin", "end"))
    before, is_begun, rest = text.partition(begin)
    if not is_begun or end not in rest:
        raise SystemExit(f"{README}: the comments {begin.strip()} and {end.strip()} are not there")
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
