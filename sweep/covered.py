"""Which known changes the facts say too: `python -m sweep.covered --out FOLDER [--every N]`.

For each rule of the table of known changes: how many loads of a run get another verdict without it, how many of these
verdicts are right with the rule, and how many without. A rule that no verdict needs may go, if those versions were
swept that it is about.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from pytest_modelcompat.compatibility.rules import known_changes
from pytest_modelcompat.profiles.facts import Facts, load_facts
from sweep.crossvalidation import context_of, is_drawn, result_of, verdict_of
from sweep.forks import in_forks
from sweep.outcomes import loads_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.rule import Rule
    from sweep.outcomes import Load

FOUND, OTHERWISE, RIGHT_WITH, RIGHT_WITHOUT = "found", "otherwise", "right with it", "right without it"
COLUMNS = (FOUND, OTHERWISE, RIGHT_WITH, RIGHT_WITHOUT)
SHARES = 16
NAMES = [f"{rule.kind.value} {rule.subject}: {rule.cause}" for rule in known_changes.RULES]


def weighed(load: Load, facts: Facts) -> Counter[tuple[int, str]]:
    """What each rule does for the verdict on a load, by its place in the table."""
    found: Counter[tuple[int, str]] = Counter()
    context = context_of(load, facts)
    for place, rule in enumerate(known_changes.RULES):
        if not rule.applies(context) or not rule.where(context):
            continue
        verdict, without = verdict_of(result_of(load, facts)), _without(rule, load, facts)
        found[place, FOUND] += 1
        if without != verdict:
            found[place, OTHERWISE] += 1
            found[place, RIGHT_WITH] += verdict == load.seen
            found[place, RIGHT_WITHOUT] += without == load.seen
    return found


def _without(rule: Rule, load: Load, facts: Facts) -> str:
    others = tuple(each for each in known_changes.RULES if each is not rule)
    with mock.patch.object(known_changes, "RULES", others):
        return verdict_of(result_of(load, facts))


def lines_of(found: Counter[tuple[int, str]]) -> Iterator[str]:
    """A table: those first that no verdict needs, last those of which no artifact tells."""
    yield f"| {' | '.join(COLUMNS)} | rule |"
    yield f"|{'---|' * (len(COLUMNS) + 1)}"
    for place in sorted(range(len(NAMES)), key=lambda place: (not found[place, FOUND], found[place, OTHERWISE], place)):
        yield f"| {' | '.join(f'{found[place, column]:,}' for column in COLUMNS)} | {NAMES[place]} |"


def _of_share(share: int, loads: list[Load]) -> Counter[tuple[int, str]]:
    """What rules do for one of `SHARES` of the artifacts."""
    total: Counter[tuple[int, str]] = Counter()
    for load in loads:
        facts = load_facts(load.form)
        if facts and int(load.row["id"], 16) % SHARES == share:
            total += weighed(load, facts)
    return total


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of a run")
    parser.add_argument("--every", type=int, default=1, help="of how many artifacts one is judged; default: all are")
    options = parser.parse_args()
    loads = [load for load in loads_of(options.out) if is_drawn(load, options.every)]
    found = in_forks(partial(_of_share, loads=loads), range(SHARES))
    print(*lines_of(sum(found, Counter())), sep="\n")


if __name__ == "__main__":
    main()
