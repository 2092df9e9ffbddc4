"""Words for what everything shows: counts, lists, tables, near matches, long texts."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.text import (
    aligned,
    clause,
    counted,
    did_you_mean,
    first_few,
    listed,
    near_match,
    shorten,
)


@pytest.mark.parametrize(
    ("text", "short"), [("abcdef", "abcdef"), ("abcdefg", "abcd …"), ("abc efgh", "abc …"), ("a" * 9, "aaaa …")]
)
def test_shorten(text: str, short: str) -> None:
    assert shorten(text, 6) == short
    assert len(short) <= 6


def test_clause_is_one_line_that_steers_no_terminal() -> None:
    assert clause(ValueError("a\n  b\x1b[1m")) == "a b?[1m"
    assert clause("xy" * 300).endswith("xy …")


def test_counted() -> None:
    assert [counted(number, "golden") for number in (0, 1, 2000)] == ["0 goldens", "1 golden", "2,000 goldens"]


def test_first_few() -> None:
    assert first_few("abba") == ("a", "b")
    assert first_few("abcdef") == ("a", "b", "c", "d", "and 2 more")
    assert first_few("ab", total=1000) == ("a", "b", "and 998 more")


@pytest.mark.parametrize(
    ("items", "most", "conjunction", "words"),
    [
        ("", None, "", ""),
        ("", 2, "or", ""),
        ("a", None, "or", "a"),
        ("ab", 2, "or", "a or b"),
        ("abc", None, "and", "a, b and c"),
        ("abc", 3, "", "a, b, c"),
        ("abc", 2, "or", "a, b and 1 more"),
    ],
)
def test_listed(items: str, most: int | None, conjunction: str, words: str) -> None:
    assert listed(items, most, conjunction) == words


def test_aligned() -> None:
    rows = [("name", "size", "why"), ("a", "1", ""), ("longer", "100", "because")]
    assert list(aligned(rows, right=(1,))) == ["name    size  why", "a          1", "longer   100  because"]
    assert list(aligned(rows, widest=4)) == ["name  size  why", "a     1", "longer  100   because"]
    assert list(aligned([])) == []
    with pytest.raises(ValueError, match="shorter"):
        list(aligned([("a", "b"), ("c",)]))


def test_near_match() -> None:
    assert near_match("chek", ["inspect", "check"]) == "check"
    assert near_match("zzz", ["inspect", "check"]) == ""
    assert did_you_mean("chek", ["inspect", "check"]) == "did you mean 'check'?"
    assert did_you_mean("zzz", iter(["inspect", "check"])) == "known are inspect, check"
    assert did_you_mean("zzz", ["inspect", "check"], "see -h") == "see -h"
