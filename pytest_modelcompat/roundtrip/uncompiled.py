"""What an artifact that does not load is without its compile configuration, after the loader has tried that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis import diagnose
from pytest_modelcompat.diagnosis.declarations import UNCOMPILED_LEAD
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.roundtrip.compare import compare_attempt
from pytest_modelcompat.roundtrip.load_failure import diagnosis_context
from pytest_modelcompat.roundtrip.static_check import option_syntax

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.runtimes.protocol import OtherLoadResult
    from pytest_modelcompat.settings.settings import Settings

_LABEL = "compile"
_IT_LOADS = "without its compile configuration the file loads"


def with_uncompiled(found: tuple[Finding, ...], attempt: Attempt, context: SessionContext) -> tuple[Finding, ...]:
    """The findings of a failed load, the first with what the artifact is without its compile configuration.

    Args:
        found: why it does not load.
        attempt: the load that failed.
        context: what the session's targets share.
    """
    other = attempt.loaded.uncompiled
    if other is None or other.stage == "load":
        return found
    sentence, passes = _judged(attempt, other, context)
    option = option_syntax(attempt).write("compile_model", value=False)
    said = replace(found[0], details=(*found[0].details, (_LABEL, sentence)))
    findings = (said, *found[1:])
    if not passes or "training" in attempt.case.settings.checks:
        return tuple(_without_option(each, option) for each in findings)
    if any(option in line for line in said.fix):
        return findings
    lead = f"or, {UNCOMPILED_LEAD}" if said.fix else UNCOMPILED_LEAD
    return (replace(said, fix=(*said.fix, f"{lead}{option}")), *findings[1:])


def _without_option(finding: Finding, option: str) -> Finding:
    """A finding without the advice to set an option that has been tried and does not help."""
    return replace(finding, fix=tuple(line for line in finding.fix if option not in line))


def _judged(attempt: Attempt, other: OtherLoadResult, context: SessionContext) -> tuple[str, bool]:
    """What comes of the load without the compile configuration, in words; and whether the target would pass so."""
    again = _attempt_again(attempt, other)
    if not other.succeeded:
        diagnosed = diagnose(again.loaded, diagnosis_context(again), attempt.case.extensions.known_failures)
        return f"{_IT_LOADS}, and cannot be called: {diagnosed.quote or diagnosed.cause}", False
    if attempt.subject.uncallable is not None:
        return f"{_IT_LOADS}; it was not called", True
    outcome = compare_attempt(replace(context, updating=False), again)
    errors = [each for each in outcome.findings if each.severity is Severity.ERROR]
    without_golden = any(each.kind is Kind.GOLDEN_MISSING for each in errors)
    failing = next((each for each in errors if each.kind is not Kind.GOLDEN_MISSING), None)
    if failing is not None and failing.kind is Kind.PREDICTIONS_DRIFTED:
        return f"{_IT_LOADS}, and predicts something else: {failing.cause}", False
    if failing is not None:
        return f"{_IT_LOADS}, and fails with {failing.kind.value}: {failing.cause or failing.subject}", False
    if attempt.is_given and without_golden:
        return f"{_IT_LOADS} and predicts; there is no golden to hold that against", True
    return f"{_IT_LOADS}, and its predictions hold", True


def _attempt_again(attempt: Attempt, other: OtherLoadResult) -> Attempt:
    """The load without the compile configuration, as if it had been the only one."""
    loaded = replace(
        attempt.loaded,
        process_exit=other.process_exit,
        stage=other.stage,
        error=other.error,
        routes=other.routes,
        weights=other.weights,
        uncompiled=None,
    )
    case = replace(attempt.case, settings=_settings_again(attempt.case.settings))
    return replace(attempt, case=case, loaded=loaded)


def _settings_again(settings: Settings) -> Settings:
    checks = [each for each in settings.checks if each != "training"]
    return replace(settings, compile_model=False, checks=tuple(dict.fromkeys(("predictions", *checks))))
