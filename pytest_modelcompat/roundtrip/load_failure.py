"""Why an artifact did not load, or not as it was, from what was read, resolved, raised and recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose, unresolved
from pytest_modelcompat.diagnosis.declarations import leave_h5
from pytest_modelcompat.diagnosis.merge import merge_findings
from pytest_modelcompat.diagnosis.misspelt import meant_by
from pytest_modelcompat.profiles import known_names
from pytest_modelcompat.profiles.op_packages import package_called, package_of
from pytest_modelcompat.profiles.third_party import third_party_uses
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage
from pytest_modelcompat.roundtrip.declarations import import_paths
from pytest_modelcompat.roundtrip.inputs.how_to_give import how_to_give_inputs
from pytest_modelcompat.roundtrip.refusal import with_what_is_behind
from pytest_modelcompat.roundtrip.static_check import advised, findings_for, holds_as_keras, option_syntax, profile_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.classes.config import ClassTrouble
    from pytest_modelcompat.runtimes.protocol import LoadResult


_NAMES = (Kind.UNKNOWN_LAYER, Kind.UNKNOWN_OBJECT, Kind.UNKNOWN_OP)


def explain_load_failure(attempt: Attempt) -> tuple[Finding, ...]:
    """Why an artifact did not load: everything that is known to explain it, else the diagnosis of the exception.

    Args:
        attempt: the one that failed.
    """
    return tuple(_with_inputs(finding, attempt) for finding in advised(_explained(attempt), attempt))


def _with_inputs(finding: Finding, attempt: Attempt) -> Finding:
    """A finding of a call that failed, with the inputs where nobody gave them, and how others are given."""
    derived = attempt.subject.derived
    if not derived or finding.kind is not Kind.PREDICTION_FAILED or finding.runtime:
        return finding
    fix = finding.fix or how_to_give_inputs(attempt.case)
    return replace(finding, details=(*finding.details, ("inputs", derived)), fix=fix)


def _explained(attempt: Attempt) -> tuple[Finding, ...]:
    loaded, context = attempt.loaded, diagnosis_context(attempt)
    diagnosed = diagnose(loaded, context, attempt.case.extensions.known_failures)
    by_isolation = diagnosed.kind is Kind.STOPPED_BY_ISOLATION
    if by_isolation or loaded.process_exit.code != 0 or loaded.stage not in ("load", "predict"):
        return (diagnosed,)
    users = _names_of_user_code(attempt)
    unknown = unresolved.unresolved_findings(attempt.inventory, loaded, context.syntax, users, context.custom_objects)
    live = attempt.subject.live
    unknown = _with_whole_classes(unknown, live.troubles if live is not None else ())
    own, recorded = tuple(each for each in unknown if each.subject in users), _recorded(attempt)
    unopened = tuple(finding for finding in recorded if finding.stage is Stage.OPEN)
    if unopened:
        # Whatever was raised about a file that is read as something else is not about this file.
        return merge_findings(replace(diagnosed, is_specific=False), (), unopened)
    if not attempt.case.target.is_local:
        return merge_findings(diagnosed, own, recorded)
    own = tuple(each for each in unknown if each in own or each.kind not in _NAMES)
    others = tuple(each for each in unknown if each not in own)
    found = merge_findings(diagnosed, _met_here(own, loaded), recorded, _met_here(others, loaded), is_local=True)
    found = with_what_is_behind(found, attempt)
    if live is not None:
        found = live.with_misfit(found, context.syntax)
    # A full disk or a damaged file is no matter of the format.
    is_of_the_format = diagnosed.kind is Kind.LOAD_FAILED or bool(recorded)
    return _with_another_format(found, attempt) if is_of_the_format else found


def _with_whole_classes(unknown: Sequence[Finding], live: Sequence[ClassTrouble]) -> tuple[Finding, ...]:
    """What the loader could not resolve or rebuild; of a class that is at hand, everything that it lacks."""
    whole = {name for each in live for name in each.names}
    places = {each.subject: each.where for each in unknown}
    others = (each for each in unknown if each.kind is not Kind.CANNOT_REBUILD or each.subject not in whole)
    return (*others, *(_placed(each, places) for each in live))


def _placed(trouble: ClassTrouble, places: Mapping[str, tuple[str, ...]]) -> Finding:
    where = tuple(place for name in trouble.names for place in places.get(name, ()))
    return replace(trouble.finding, where=where or trouble.finding.where)


def _with_another_format(found: tuple[Finding, ...], attempt: Attempt) -> tuple[Finding, ...]:
    """An .h5's findings, the first with the advice to leave .h5 where .keras would hold the model and none says so."""
    leave = leave_h5().line(option_syntax(attempt), {})
    if any(leave in line for each in found for line in each.fix) or not holds_as_keras(attempt):
        return found
    first, *others = found
    return (replace(first, fix=(*first.fix, f"or leave .h5: {leave}" if first.fix else leave)), *others)


def diagnosis_context(attempt: Attempt) -> DiagnosisContext:
    """What the diagnosis of a load needs to know besides the loader's answer.

    Args:
        attempt: the one that failed.
    """
    case, subject = attempt.case, attempt.subject
    declared, syntax = import_paths(case.settings), option_syntax(attempt)
    # What is declared under a misspelt name says where it is, too.
    known = {**meant_by(declared, attempt.inventory), **syntax.defining_modules}
    return DiagnosisContext(
        artifact=subject.artifact.name,
        format=subject.format,
        inventory=attempt.inventory,
        versions=attempt.loaded.versions,
        timeout=case.settings.timeout,
        syntax=replace(syntax, defining_modules=known),
        runtime=case.runtime,
        declared=attempt.loaded.declared,
        custom_objects=declared,
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


def explain_drawn_weights(attempt: Attempt) -> tuple[Finding, ...]:
    """Why a file that loads predicts something else after each load: the weights that it does not hold are drawn.

    Args:
        attempt: the one that loaded.
    """
    if not attempt.is_given:
        return ()
    known = (each for each in _predicted(attempt) if each.kind is Kind.WEIGHTS_DO_NOT_FIT)
    drawn = (each for each in known if each.severity is Severity.CHANGE and each.blame is Blame.WRITER)
    return tuple(replace(each, severity=Severity.ERROR) for each in drawn)


def _met_here(unknown: tuple[Finding, ...], loaded: LoadResult) -> tuple[Finding, ...]:
    """Of what could not be resolved, what a load in the runtime that wrote the artifact can fail of at this stage."""
    if loaded.stage == "predict":
        return tuple(finding for finding in unknown if finding.kind is Kind.PYTHON_FUNCTION)
    return unknown


def _names_of_user_code(attempt: Attempt) -> frozenset[str]:
    """Names of layers, objects and ops that the user could declare: no Keras brings them along.

    A class of the live model's may bear the name of one that Keras has for itself.
    """
    inventory, modules = attempt.inventory, attempt.subject.defining_modules
    live = (name for name, path in modules.items() if not is_of_keras(path))
    foreign = (name for use in third_party_uses(inventory) for name in (use.name, use.registered_name) if name)
    ops = (op.op for op in inventory.ops if known_names.first_tensorflow_with(op.op) is None)
    return frozenset((*live, *foreign, *ops))


def _recorded(attempt: Attempt) -> tuple[Finding, ...]:
    """Everything recorded of the runtime's versions that keeps the artifact from getting past this stage."""
    errors = [each for each in _predicted(attempt) if each.severity is Severity.ERROR]
    at_call = attempt.loaded.stage == "predict"
    return tuple(each for each in errors if (each.stage is Stage.FIRST_CALL) is at_call)


def _predicted(attempt: Attempt) -> tuple[Finding, ...]:
    profile = profile_of(attempt.loaded.versions)
    return findings_for(attempt, profile) if profile is not None else ()
