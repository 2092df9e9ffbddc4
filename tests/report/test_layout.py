"""Findings of which the same is to say: one block for all of them, and none for what differs in any fact shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_modelcompat.report.layout import finding_lines, together
from pytest_modelcompat.results.finding import Finding, Kind, Severity

FIRST = Finding(Kind.UNKNOWN_LAYER, "Scale", ('"scale"', '"scale_1"'), "it is not there", ("declare it",))
OTHER = replace(FIRST, subject="LongerName", where=('"other"',))


def test_subjects_and_places_stand_below_each_other() -> None:
    assert list(finding_lines(FIRST, alike=[OTHER])) == [
        "UNKNOWN LAYER: Scale, LongerName",
        "",
        '  where      Scale       "scale"; "scale_1"',
        '             LongerName  "other"',
        "  because    it is not there",
        "  fix        declare it",
        "",
    ]


def test_one_alone_is_as_it_was() -> None:
    assert list(finding_lines(FIRST))[2:4] == ['  where      "scale"', '             "scale_1"']


def test_what_no_block_shows_keeps_none_apart() -> None:
    counted = replace(OTHER, details=(("count", "2"),))
    assert together([FIRST, counted]) == [[FIRST, counted]]


@pytest.mark.parametrize(
    "other",
    [
        replace(OTHER, kind=Kind.UNKNOWN_OBJECT),
        replace(OTHER, cause="it moved"),
        replace(OTHER, fix=("declare another",)),
        replace(OTHER, severity=Severity.NOTE),
        replace(OTHER, source="a/thread#1"),
        replace(OTHER, details=(("value", "3"),)),
    ],
)
def test_what_differs_in_anything_shown_stays_apart(other: Finding) -> None:
    assert together([FIRST, other]) == [[FIRST], [other]]


def test_the_order_is_that_of_the_first_of_each() -> None:
    apart = replace(FIRST, cause="it moved")
    assert together([apart, FIRST, OTHER]) == [[apart], [FIRST, OTHER]]
