"""What is said about the texts of failures, and which of them are open."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.outcomes import Load
from sweep.summary import kind_of
from sweep.texts import EXPLAINED, MEASURED, OPEN, Said, lines_of, said_of, sample_of, worst_of
from tests.compatibility.models import K33, small, stack


def failed(path: Path, text: str, reader: str = "3.3") -> Load:
    row = {"path": str(path), "format": "h5", "name": "Dense", "kind": "layer", "declared": [], "is_code": False}
    return Load("3.3", reader, row, kind_of({"outcome": "fails", "stage": "load", "text": text}))


def failed_with(path: Path, text: str) -> tuple[Load, str]:
    return failed(path, text), text


class TestSaid:
    def test_is_explained_where_the_catalogue_knows_the_text(self, tmp_path: Path) -> None:
        path = K33.h5(tmp_path / "model.h5", small(K33))
        assert said_of(failed_with(path, "ValueError: Unknown layer: 'Scale'. Please ensure …")).how == EXPLAINED

    def test_is_explained_where_a_rule_knows_the_artifact(self, tmp_path: Path) -> None:
        path = K33.h5(tmp_path / "model.h5", stack(K33, K33.layer("Unheard", "mine")))
        assert said_of(failed_with(path, "TypeError: it is not one that anybody has seen")).how == EXPLAINED

    def test_is_open_where_nothing_knows_either(self, tmp_path: Path) -> None:
        path = K33.h5(tmp_path / "model.h5", small(K33))
        said = said_of(failed_with(path, "TypeError: it is not one that anybody has seen 7 times"))
        assert said == Said("TypeError: it is not one that anybody has seen N times", OPEN, "h5 of 3.3 in 3.3: Dense")


def test_of_loads_that_are_alike_a_few_are_judged() -> None:
    loads = [failed(Path("m.h5"), f"TypeError: no {number}") for number in range(9)]
    loads += [failed(Path("m.h5"), "TypeError: no 1", "3.4")]
    assert Counter(load.reader for load in sample_of(loads)) == {"3.3": 4, "3.4": 1}


def test_a_text_is_what_the_worst_of_its_loads_is() -> None:
    said = [
        Said("one", EXPLAINED, "a"),
        Said("one", MEASURED, "b"),
        Said("one", EXPLAINED, "c"),
        Said("two", OPEN, "d"),
    ]
    assert worst_of(said) == {"one": said[1], "two": said[3]}


def test_the_open_ones_are_listed_the_most_frequent_first() -> None:
    said = [Said("rare | `a`", OPEN, "a"), Said("often", OPEN, "b"), Said("known", EXPLAINED, "c")]
    lines = list(lines_of(said, Counter({"often": 5, "rare | `a`": 1})))
    assert lines[-2:] == ["| 5 | b | `often` |\n", "| 1 | a | `rare \\| 'a'` |\n"]
