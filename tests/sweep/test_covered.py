"""Which rules a verdict needs, and which the facts make superfluous."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from pytest_modelcompat.compatibility.rules.known_changes import RULES
from pytest_modelcompat.profiles.facts import Facts, data_of
from sweep.covered import COLUMNS, FOUND, OTHERWISE, RIGHT_WITH, RIGHT_WITHOUT, lines_of, weighed
from sweep.outcomes import Load
from sweep.plan import every_keras
from tests.compatibility.models import K215, h5, hard

PLACE = next(place for place, rule in enumerate(RULES) if rule.subject == "hard_sigmoid")


def loaded(tmp_path: Path, seen: str) -> Load:
    path = h5(K215, hard(K215))(tmp_path)
    row = {"path": str(path), "format": "h5", "name": "hard", "kind": "layer", "declared": [], "is_code": False}
    return Load("2.15", "3.15", row, (seen, "", ""))


def knowing(construct: str) -> Facts:
    pair = every_keras().index("2.15"), every_keras().index("3.15")
    facts = {construct: [[0, [pair[0]], [pair[1]]]]}
    return Facts(data_of(every_keras(), [["changed", "", "the outputs differ"]], [pair], [construct], facts))


def test_a_rule_is_needed_where_no_fact_says_as_much(tmp_path: Path) -> None:
    found = weighed(loaded(tmp_path, "changed"), knowing("layer Other"))
    assert found == Counter({(PLACE, FOUND): 1, (PLACE, OTHERWISE): 1, (PLACE, RIGHT_WITH): 1})


def test_a_rule_that_is_wrong_is_better_left_out(tmp_path: Path) -> None:
    found = weighed(loaded(tmp_path, "loads"), knowing("layer Other"))
    assert found[PLACE, RIGHT_WITHOUT] == 1


def test_a_rule_is_not_needed_where_a_fact_says_as_much(tmp_path: Path) -> None:
    found = weighed(loaded(tmp_path, "changed"), knowing("activation hard_sigmoid"))
    assert found == Counter({(PLACE, FOUND): 1})


def test_those_that_no_verdict_needs_stand_first() -> None:
    counts = {(0, FOUND): 3, (0, OTHERWISE): 2, (1, FOUND): 1200}
    heading, _, *lines = lines_of(Counter(counts))
    assert heading == f"| {' | '.join(COLUMNS)} | rule |"
    assert lines[0].startswith("| 1,200 | 0 | 0 | 0 | ")
    assert lines[1].startswith("| 3 | 2 | 0 | 0 | ")
    assert lines[-1].startswith("| 0 | 0 | 0 | 0 | ")
