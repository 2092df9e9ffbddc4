"""Which known changes the facts say too: `python -m sweep.covered --out FOLDER [--every N]`.

For each rule of the table of known changes: how many loads of a run get another verdict without it, how many of these
verdicts are right with the rule, and how many without. A rule that no verdict needs may go, if those versions were
swept that it is about.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from pytest_modelcompat.compatibility.rules import known_changes
from pytest_modelcompat.profiles.facts import Facts, load_facts
from sweep.crossvalidation import is_drawn, result_of, verdict_of
from sweep.outcomes import loads_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.compatibility.rule import Rule
    from pytest_modelcompat.results.finding import Finding
    from sweep.outcomes import Load

AT_ONCE = 2
FOUND, OTHERWISE, RIGHT_WITH, RIGHT_WITHOUT = "found", "otherwise", "right with it", "right without it"
COLUMNS = (FOUND, OTHERWISE, RIGHT_WITH, RIGHT_WITHOUT)
NAMES = [f"{rule.kind.value} {rule.subject}: {rule.cause}" for rule in known_changes.RULES]


def weighed(load: Load, facts: Facts) -> Counter[tuple[int, str]]:
    """What each rule does for the verdict on a load, by its place in the table."""
    found: Counter[tuple[int, str]] = Counter()
    result = result_of(load, facts)
    for place, rule in enumerate(known_changes.RULES):
        if not any(_is_of(rule, finding) for finding in result.findings):
            continue
        verdict, without = verdict_of(result), _without(rule, load, facts)
        found[place, FOUND] += 1
        if without != verdict:
            found[place, OTHERWISE] += 1
            found[place, RIGHT_WITH] += verdict == load.seen
            found[place, RIGHT_WITHOUT] += without == load.seen
    return found


def _is_of(rule: Rule, finding: Finding) -> bool:
    """Whether a rule has made a finding: two of them may have the same kind and subject."""
    cause = re.sub(r"\\{(reader|writer)\\}", ".*", re.escape(rule.cause))
    return finding.identity == (rule.kind, rule.subject) and bool(re.fullmatch(cause, finding.cause))


def _without(rule: Rule, load: Load, facts: Facts) -> str:
    others = tuple(each for each in known_changes.RULES if each is not rule)
    with mock.patch.object(known_changes, "RULES", others):
        return verdict_of(result_of(load, facts))


def lines_of(found: Counter[tuple[int, str]]) -> Iterator[str]:
    """A table, those first that no verdict needs."""
    yield f"| {' | '.join(COLUMNS)} | rule |"
    yield f"|{'---|' * (len(COLUMNS) + 1)}"
    for place in sorted(range(len(NAMES)), key=lambda place: (found[place, OTHERWISE], place)):
        yield f"| {' | '.join(f'{found[place, column]:,}' for column in COLUMNS)} | {NAMES[place]} |"


def _of_some(loads: list[Load]) -> Counter[tuple[int, str]]:
    total: Counter[tuple[int, str]] = Counter()
    for load in loads:
        facts = load_facts(load.form)
        total += weighed(load, facts) if facts else Counter()
    return total


def _parts(loads: Iterable[Load]) -> Iterator[list[Load]]:
    by_artifact: dict[str, list[Load]] = {}
    for load in loads:
        by_artifact.setdefault(load.row["path"], []).append(load)
    yield from by_artifact.values()


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of a run")
    parser.add_argument("--every", type=int, default=1, help="of how many artifacts one is judged; default: all are")
    options = parser.parse_args()
    loads = [load for load in loads_of(options.out) if is_drawn(load, options.every)]
    with ProcessPoolExecutor(AT_ONCE, mp_context=multiprocessing.get_context("fork")) as pool:
        print(*lines_of(sum(pool.map(_of_some, _parts(loads), chunksize=50), Counter())), sep="\n")


if __name__ == "__main__":
    main()
