"""Versions, also those of nightly builds, release candidates and builds of one's own."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.versions import (
    NO_VERSION,
    dotted,
    has_fix,
    major_version,
    minor_text,
    minor_version,
    parse_version,
    version_order,
)

ASCENDING = [
    "none at all",
    "2.4.0-tf",
    "2.15.1",
    "2.21.0",
    "2.21.0.post1",
    "2.22.0-dev20260101",
    "2.22.0rc0",
    "2.22.0-rc1",
    "2.22",
    "2.22.0+cpu",
    "3.9.2",
    "3.15.1",
    "3.16.0.dev2026010103",
    "3.16.0",
]


@pytest.mark.parametrize(
    ("version", "backported", "has"),
    [
        *(("3.13.1", "3.12.1", False), ("3.13.2", "3.12.1", True), ("3.14.0", "3.12.1", True)),
        *(("3.12.0", "3.12.1", False), ("3.12.1", "3.12.1", True), ("3.11.9", "3.12.1", False)),
        *(("3.12.1", "", False), ("3.13.2", "", True), ("no version", "", False)),
    ],
)
def test_a_fix_that_an_older_series_may_have_too(version: str, backported: str, has: bool) -> None:
    assert has_fix(version, "3.13.2", backported) is has


def test_order() -> None:
    backwards = ASCENDING[::-1]
    assert sorted(backwards, key=version_order) == ASCENDING


@pytest.mark.parametrize(
    ("text", "minor", "major"),
    [
        ("2.22.0rc0", (2, 22), 2),
        ("2.22.0-rc1", (2, 22), 2),
        ("2.22rc0", (2, 22), 2),
        ("3.16.0.dev2026010103", (3, 16), 3),
        ("2.21.0.post1", (2, 21), 2),
        ("2.15.0+nv23.11", (2, 15), 2),
        ("2.2.4-tf", (2, 2), 2),
        ("2.15.0-of-ours", (2, 15), 2),
        ("3.13.0t", (3, 13), 3),
        ("2.15", (2, 15), 2),
        ("3", NO_VERSION, 3),
        ("", NO_VERSION, 0),
        ("unknown", NO_VERSION, 0),
    ],
)
def test_parts(text: str, minor: tuple[int, int], major: int) -> None:
    assert (minor_version(text), major_version(text)) == (minor, major)
    assert minor_text(text) == ("" if minor == NO_VERSION else dotted(minor))


def test_what_is_no_version() -> None:
    assert parse_version("unknown") is None
    assert str(parse_version("2.4.0-tf")) == "2.4.0"
