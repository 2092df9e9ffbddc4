"""Expected failures as data: targets that are known to fail, each with its kind and a reason, some until a date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.results.finding import Finding, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.results.target import Target

EXPECTED_FAILURES_TABLE = "[[tool.modelcompat.expected_failures]]"
OPTION = "expected_failures"
_KEYS = ("target", "kind", "reason", "until")
_EXAMPLE = '{"target": "keras-tf2.4", "kind": "FORMAT NOT READ", "reason": "Keras 2.4 has no .keras"}'
_NEEDED = {"kind": "FORMAT NOT READ", "reason": "Keras 2.4 has no .keras"}
_NEEDED_IN_FILE = {"test": "tests/test_models.py::*", **_NEEDED}


class ExpectedFailureError(Exception):
    """An expected failure is not written as one is; the message is the end of a sentence that names where."""


@dataclass(frozen=True)
class ExpectedFailure:
    """One or more targets that are known to fail.

    Args:
        target: a pattern for the targets, `keras-tf2.4` or `h5*-tf2.*`; `*` stands for anything, `?` for one character.
        kind: the kind they fail with.
        reason: why that is, for who reads it later.
        until: the last day on which that is accepted; None for as long as it lasts.
        test: a pattern for the test's id without its target; that of a marker is for its own test.
        source: the file it is written in; empty for an option of the test.
    """

    target: str
    kind: Kind
    reason: str
    until: dt.date | None = None
    test: str = "*"
    source: str = ""

    def is_about(self, case_id: str, target: Target) -> bool:
        """Whether it speaks of a target of a test."""
        return _matches(self.test, case_id) and _matches(self.target, str(target))

    def __str__(self) -> str:
        until = f", until {self.until}" if self.until is not None else ""
        return f"{self.kind.value}{until} ({self.reason})"


def read_expected(entries: Any, source: str = "") -> tuple[ExpectedFailure, ...]:
    """Expected failures as they are written, checked.

    Args:
        entries: a list of tables.
        source: the file they are written in, where each names its test too; empty for an option of the test.

    Raises:
        ExpectedFailureError: one of them is not written as it should be.
    """
    if isinstance(entries, (str, Mapping)) or not isinstance(entries, Sequence):
        raise ExpectedFailureError(f"takes a list of tables, such as [{_EXAMPLE}], not {entries!r}")
    return tuple(_read(entry, source) for entry in entries)


def _read(entry: Any, source: str) -> ExpectedFailure:
    if isinstance(entry, ExpectedFailure):
        return entry
    if not isinstance(entry, Mapping):
        raise ExpectedFailureError(f"takes tables such as {_EXAMPLE}, not {entry!r}")
    known = ("test", *_KEYS) if source else _KEYS
    for key in entry:
        if key not in known:
            raise ExpectedFailureError(f"unknown key {key!r}; {did_you_mean(str(key), known)}")
    for key, example in (_NEEDED_IN_FILE if source else _NEEDED).items():
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ExpectedFailureError(f'an entry needs {key!r}, a text such as "{example}": {dict(entry)!r}')
    target = entry.get("target", "*")
    if not isinstance(target, str) or not target:
        raise ExpectedFailureError(f"'target' takes a pattern such as \"keras-tf2.4\", not {target!r}")
    until, test = _date(entry.get("until")), entry.get("test", "*")
    return ExpectedFailure(target, _kind(entry["kind"]), entry["reason"], until, test, source)


def _kind(text: str) -> Kind:
    kinds = {kind.value: kind for kind in Kind if kind is not Kind.UNEXPECTED_PASS}
    found = kinds.get(text.strip().upper().replace("_", " "))
    if found is None:
        otherwise = "a kind is the heading of a failure, such as 'UNKNOWN LAYER'"
        raise ExpectedFailureError(f"unknown kind {text!r}; {did_you_mean(text.upper(), kinds, otherwise)}")
    return found


def _date(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ExpectedFailureError(f"'until' takes a day such as \"2027-01-31\", not {value!r}") from None


def _matches(pattern: str, text: str) -> bool:
    # Parameters stand in brackets, which must not be sets of characters as in fnmatch.
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def apply_expected_failures(
    result: Result, expected: Sequence[ExpectedFailure], today: dt.date | None = None
) -> Result:
    """What a target came to, in the light of how it was expected to fail.

    Args:
        result: its result.
        expected: those that speak of it.
        today: the day to go by; by default this one.

    Returns:
        The result; `expected` says why where it failed as it had to. Passing fails it, and a failure of another kind,
        or after the day it was accepted until, stays one that says so.
    """
    if not expected:
        return result
    day = today or dt.date.today()  # noqa: DTZ011 - a day on the user's own calendar
    current = [each for each in expected if each.until is None or day <= each.until]
    if not result.failed:
        return replace(result, findings=(*(_obsolete(each, day) for each in expected[:1]), *result.findings))
    for each in current:
        if each.kind is result.errors[0].kind:
            return replace(result, expected=each.reason)
    sentence = "to fail with " + "; or ".join(
        str(each) + ("" if each in current else ", which is over") for each in expected
    )
    return replace(result, facts=replace(result.facts, expected=sentence))


def _obsolete(expected: ExpectedFailure, day: dt.date) -> Finding:
    over = expected.until is not None and day > expected.until
    return Finding(
        Kind.UNEXPECTED_PASS,
        expected.kind.value,
        cause=f"it is expected to fail with {expected.kind.value}, and it passes",
        fix=(f"remove the entry from {_place(expected)}",),
        details=(("reason", expected.reason), *((("until", f"{expected.until}, which is over"),) if over else ())),
    )


def _place(expected: ExpectedFailure) -> str:
    if expected.source:
        return f"{EXPECTED_FAILURES_TABLE} of {expected.source}: test = {expected.test!r}, target = {expected.target!r}"
    return f"the test's option {OPTION}: target = {expected.target!r}"
