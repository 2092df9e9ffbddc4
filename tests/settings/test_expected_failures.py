"""Expected failures: reading them as they are written, and holding a result against them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.results.result import Result, ResultContext
from pytest_modelcompat.results.target import Target
from pytest_modelcompat.settings.expected_failures import (
    ExpectedFailure,
    ExpectedFailureError,
    apply_expected_failures,
    read_expected,
)

TODAY = dt.date(2026, 6, 15)


def entry(**changes: Any) -> dict[str, Any]:
    return {"target": "h5-tf2.4", "kind": "UNKNOWN LAYER", "reason": "old", **changes}


def result(*kinds: Kind) -> Result:
    findings = tuple(Finding(kind, "Scale", cause="why") for kind in kinds)
    return Result("test_m[h5]", "tests/test_m", "h5", "local", findings, ResultContext("model.h5"))


class TestReading:
    def test_as_it_is_written(self) -> None:
        (read,) = read_expected([entry(until="2027-01-31")])
        assert read == ExpectedFailure("h5-tf2.4", Kind.UNKNOWN_LAYER, "old", dt.date(2027, 1, 31))

    def test_a_date_of_toml(self) -> None:
        assert read_expected([entry(until=TODAY)])[0].until == TODAY

    def test_a_kind_in_any_case(self) -> None:
        assert read_expected([entry(kind="unknown_op")])[0].kind is Kind.UNKNOWN_OP

    @pytest.mark.parametrize(
        ("entries", "said"),
        [
            ("h5", "takes a list of tables"),
            (entry(), "takes a list of tables"),
            (["h5"], "takes tables such as"),
            ([entry(kind="UNKNWN LAYER")], "did you mean 'UNKNOWN LAYER'?"),
            ([entry(kind="nonsense")], "the heading of a failure"),
            ([entry(kind="UNEXPECTED PASS")], "unknown kind"),
            ([entry(reason=" ")], "needs 'reason'"),
            ([{"target": "h5", "reason": "old"}], "needs 'kind'"),
            ([entry(untill="2027-01-31")], "did you mean 'until'?"),
            ([entry(until="soon")], "takes a day"),
            ([entry(until=dt.datetime(2027, 1, 1))], "takes a day"),  # noqa: DTZ001 - a local one, as TOML may hold
            ([entry(target="")], "'target' takes a pattern"),
            ([entry(test="a")], "unknown key 'test'"),
        ],
    )
    def test_what_is_wrong_is_named(self, entries: Any, said: str) -> None:
        with pytest.raises(ExpectedFailureError, match=r"^[^\n]+$") as raised:
            read_expected(entries)
        assert said in str(raised.value)

    def test_in_a_file_each_names_its_test(self) -> None:
        (read,) = read_expected([entry(test="tests/test_m.py::*")], "pyproject.toml")
        assert read.test == "tests/test_m.py::*"
        with pytest.raises(ExpectedFailureError, match=r"^an entry needs 'test', a text such as \"tests/.*::\*\": \{"):
            read_expected([entry()], "pyproject.toml")


class TestWhatItIsAbout:
    @pytest.mark.parametrize(
        ("test", "target", "is_about"),
        [
            ("*", "h5-tf2.4", True),
            ("*", "h5*", True),
            ("*", "h5", False),
            ("*", "keras-*", False),
            ("*", "h5-tf2.?", True),
            ("tests/test_m.py::test_m[[a]b]", "*", True),
            ("tests/test_m.py::test_m*", "*", True),
            ("tests/test_m.py::test_n*", "*", False),
        ],
    )
    def test_patterns(self, test: str, target: str, is_about: bool) -> None:
        expected = ExpectedFailure(target, Kind.UNKNOWN_LAYER, "old", test=test)
        assert expected.is_about("tests/test_m.py::test_m[[a]b]", Target("h5", "tf2.4")) is is_about

    def test_a_frozen_artifact(self) -> None:
        expected = ExpectedFailure("h5:v1*", Kind.UNKNOWN_LAYER, "old")
        assert expected.is_about("t", Target("h5", "tf2.4", "v1.2"))
        assert not expected.is_about("t", Target("h5", "tf2.4"))


class TestHeldAgainst:
    def test_of_the_kind_it_is_expected(self) -> None:
        judged = apply_expected_failures(result(Kind.UNKNOWN_LAYER), read_expected([entry()]), TODAY)
        assert judged.expected == "old"
        assert judged.failed

    def test_the_last_day_counts(self) -> None:
        assert apply_expected_failures(result(Kind.UNKNOWN_LAYER), read_expected([entry(until=TODAY)]), TODAY).expected

    def test_after_the_day_it_is_a_failure_that_says_so(self) -> None:
        judged = apply_expected_failures(result(Kind.UNKNOWN_LAYER), read_expected([entry(until="2026-06-14")]), TODAY)
        assert not judged.expected
        assert judged.facts.expected == "to fail with UNKNOWN LAYER, until 2026-06-14 (old), which is over"

    def test_of_another_kind_first_it_is_a_failure_that_says_so(self) -> None:
        judged = apply_expected_failures(result(Kind.UNKNOWN_OP, Kind.UNKNOWN_LAYER), read_expected([entry()]), TODAY)
        assert not judged.expected
        assert judged.verdict == "UNKNOWN OP"
        assert judged.facts.expected == "to fail with UNKNOWN LAYER (old)"

    def test_passing_is_a_failure(self) -> None:
        judged = apply_expected_failures(result(), read_expected([entry(until="2026-06-14")]), TODAY)
        assert judged.verdict == "UNEXPECTED PASS"
        assert ("until", "2026-06-14, which is over") in judged.errors[0].details

    def test_one_of_several(self) -> None:
        expected = read_expected([entry(kind="UNKNOWN OP"), entry(reason="new")])
        assert apply_expected_failures(result(Kind.UNKNOWN_LAYER), expected, TODAY).expected == "new"

    def test_without_any_it_is_as_it_was(self) -> None:
        failed = result(Kind.UNKNOWN_LAYER)
        assert apply_expected_failures(failed, (), TODAY) is failed
