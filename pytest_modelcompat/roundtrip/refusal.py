"""A load that safe mode refused: what would keep it from loading without, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.declarations import UNSAFE
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.roundtrip.static_check import findings_for, option_syntax, profile_of

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.attempt import Attempt

_REFUSED = (Kind.LAMBDA_REFUSED, Kind.SAFE_MODE_REFUSED)


def with_what_is_behind(found: tuple[Finding, ...], attempt: Attempt) -> tuple[Finding, ...]:
    """The findings of a failed load, and where safe mode refused it, those of a load without safe mode.

    Where the content that was refused cannot run, the advice to allow it goes.

    Args:
        found: why it failed.
        attempt: the load.
    """
    profile = profile_of(attempt.loaded.versions)
    if profile is None or not any(each.kind in _REFUSED for each in found):
        return found
    known = {each.identity for each in found}
    predicted = findings_for(attempt, profile, safe_mode=False)
    behind = tuple(each for each in predicted if each.severity is Severity.ERROR and each.identity not in known)
    if not any(each.kind is Kind.PYTHON_BYTECODE for each in behind):
        return found
    allow = option_syntax(attempt).write(UNSAFE.option, UNSAFE.value)
    return (*(replace(each, fix=tuple(line for line in each.fix if allow not in line)) for each in found), *behind)
