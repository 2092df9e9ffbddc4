"""Why an artifact did not load, or not as it was, from what was read, resolved, raised and recorded."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose, unresolved
from pytest_modelcompat.profiles import known_names
from pytest_modelcompat.profiles.op_packages import package_called, package_of
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.static_check import findings_for, profile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.runtimes.protocol import LoadResult


_ARGUMENT = re.compile(r"\((\w+)=")


def explain_load_failure(attempt: Attempt) -> tuple[Finding, ...]:
    """Why an artifact did not load: everything that is known to explain it, else the diagnosis of the exception.

    Args:
        attempt: the one that failed.
    """
    loaded, context = attempt.loaded, diagnosis_context(attempt)
    diagnosed = diagnose(loaded, context, attempt.case.extensions.known_failures)
    if loaded.process_exit.code != 0 or loaded.stage not in ("load", "predict"):
        return (diagnosed,)
    judged = unresolved.unresolved_findings(attempt.inventory, loaded, context.syntax)
    if attempt.case.target.is_local:
        return _local_findings(judged, diagnosed, loaded)
    return _remote_findings(_of_user_code(judged, attempt.inventory), _known(attempt), diagnosed)


def diagnosis_context(attempt: Attempt) -> DiagnosisContext:
    """What the diagnosis of a load needs to know besides the loader's answer.

    Args:
        attempt: the one that failed.
    """
    case, subject = attempt.case, attempt.subject
    return DiagnosisContext(
        artifact=subject.artifact.name,
        format=subject.format,
        inventory=attempt.inventory,
        versions=attempt.loaded.versions,
        timeout=case.settings.timeout,
        syntax=OptionSyntax(case.declared_in, subject.defining_modules),
        runtime=case.runtime,
        declared=attempt.loaded.declared,
        package_of=package_of,
        package_called=package_called,
    )


def explain_changes(attempt: Attempt) -> tuple[Finding, ...]:
    """Why an artifact that loads in another runtime is not the same there, as far as that is known.

    Args:
        attempt: the one that loaded.
    """
    known = _predicted(attempt)
    return tuple(replace(each, severity=Severity.ERROR) for each in known if each.severity is Severity.CHANGE)


def _local_findings(judged: tuple[Finding, ...], diagnosed: Finding, loaded: LoadResult) -> tuple[Finding, ...]:
    """What could not be resolved, in the runtime whose Keras wrote the artifact."""
    if loaded.stage == "predict":
        judged = tuple(finding for finding in judged if finding.kind is Kind.PYTHON_FUNCTION)
    if not judged:
        return (diagnosed,)
    if diagnosed.is_specific and all(finding.kind is not diagnosed.kind for finding in judged):
        return (diagnosed, *(finding for finding in judged if finding.subject != diagnosed.subject))
    judged = tuple(_with_catalogue_cause(finding, diagnosed) for finding in judged)
    return _quoting(judged, diagnosed)


def _with_catalogue_cause(judged: Finding, diagnosed: Finding) -> Finding:
    """What the catalogue knows of an unknown layer (one that Keras itself has dropped, say), at the places read."""
    about_it = (judged.kind, judged.subject) == (Kind.UNKNOWN_LAYER, diagnosed.subject)
    return replace(diagnosed, where=judged.where) if diagnosed.is_specific and about_it else judged


def _of_user_code(judged: Sequence[Finding], inventory: Inventory) -> tuple[Finding, ...]:
    """Of what could not be resolved, what the user could declare: no Keras brings it along."""
    foreign = {name for use in third_party_uses(inventory) for name in (use.name, use.registered_name)}
    foreign |= {op.op for op in inventory.ops if known_names.first_tensorflow_with(op.op) is None}
    return tuple(finding for finding in judged if finding.subject in foreign)


def _known(attempt: Attempt) -> tuple[Finding, ...]:
    """Everything recorded of the runtime's versions that keeps the artifact from getting past this stage."""
    errors = [each for each in _predicted(attempt) if each.severity is Severity.ERROR]
    at_call = attempt.loaded.stage == "predict"
    return tuple(each for each in errors if (each.stage is Stage.FIRST_CALL) is at_call)


def _predicted(attempt: Attempt) -> tuple[Finding, ...]:
    profile = profile_of(attempt.loaded.versions)
    return findings_for(attempt, profile) if profile is not None else ()


def _remote_findings(users: tuple[Finding, ...], known: tuple[Finding, ...], diagnosed: Finding) -> tuple[Finding, ...]:
    """In another runtime what is recorded of its versions says more than its Keras did, all of it at once.

    What Keras stumbled over comes first; of what it would stumble over next it says nothing.
    """
    unopened = tuple(finding for finding in known if finding.stage is Stage.OPEN)
    if unopened:
        # Whatever was said of a file that is read as something else is not about this file.
        return _quoting(unopened, diagnosed)
    named = {finding.subject for finding in users}
    found = (*users, *(finding for finding in known if finding.subject not in named))
    met = tuple(finding for finding in found if finding.kind is diagnosed.kind or _is_quoted(finding, diagnosed.quote))
    if diagnosed.is_specific and not met and not _is_vague(diagnosed):
        return (diagnosed, *(finding for finding in found if finding.subject != diagnosed.subject))
    if not found:
        return (diagnosed,)
    return _quoting((*met, *(finding for finding in found if finding not in met)), diagnosed)


def _is_vague(diagnosed: Finding) -> bool:
    return diagnosed.kind in (Kind.LOAD_FAILED, Kind.PREDICTION_FAILED)


def _is_quoted(finding: Finding, said: str) -> bool:
    """Whether an exception's text speaks of what a finding is about: its argument, else its subject."""
    argument = _ARGUMENT.search(finding.subject)
    name = argument[1] if argument else finding.subject.rpartition(".")[2]
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _quoting(found: tuple[Finding, ...], diagnosed: Finding) -> tuple[Finding, ...]:
    """What was found, first of all what the exception names, with its words."""
    first = next((finding for finding in found if _is_quoted(finding, diagnosed.quote)), found[0])
    others = (finding for finding in found if finding is not first)
    return (replace(first, quote=diagnosed.quote, log=diagnosed.log), *others)
