"""The main job: save, read, load, compare, evaluate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.result import Result, ResultContext
from pytest_modelcompat.roundtrip.attempt import Attempt
from pytest_modelcompat.roundtrip.compare import compare_attempt, most_severe_first, record_of
from pytest_modelcompat.roundtrip.declarations import import_paths
from pytest_modelcompat.roundtrip.freeze import subject_of_frozen
from pytest_modelcompat.roundtrip.load_failure import explain_changes, explain_load_failure
from pytest_modelcompat.roundtrip.load_job import job_of, loader_of, not_run
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.static_check import predict_load
from pytest_modelcompat.roundtrip.stop import TargetStoppedError, stop_on_failure
from pytest_modelcompat.roundtrip.subject import Subject, prepare_subject
from pytest_modelcompat.roundtrip.workspace import (
    artifact_folder,
    artifact_name,
    golden_folder,
    relative,
    without_folders,
)
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def check_target(case: Case, context: SessionContext) -> Result:
    """Run one target of a case: save or take its artifact, reload it in a fresh process, compare.

    What the user's own builder raises is passed on as it is; everything else ends in the result's findings.

    Args:
        case: the case, in this target.
        context: what the session's targets share.
    """
    with artifact_folder(case, context) as folder:
        result = _result(case, context)
        try:
            attempt = _attempt(case, context, folder)
        except TargetStoppedError as stopped:
            cause = without_folders(stopped.finding.cause, folder, context.root)
            return replace(result, findings=(replace(stopped.finding, cause=cause),))
        except (LoaderUnavailableError, NoSpaceError) as error:
            return replace(result, findings=(not_run(case, context, error),))
        return _evaluated(_with_attempt(result, attempt, context), context, attempt)


def _attempt(case: Case, context: SessionContext, folder: Path) -> Attempt:
    """Save or take the artifact, read it, load it."""
    loader = loader_of(case, context)
    subject = _prepared_subject(case, folder, context)
    inventory = stop_on_failure(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(subject.artifact))
    return Attempt(case, subject, inventory, loader.run(job_of(case, context, subject, inventory)))


def _prepared_subject(case: Case, folder: Path, context: SessionContext) -> Subject:
    if case.frozen is not None:
        return subject_of_frozen(case.frozen, context.freezer.store)
    return prepare_subject(case, folder, context.saves)


def _result(case: Case, context: SessionContext) -> Result:
    """What is known of a target's result before anything is saved."""
    facts = ResultContext(
        artifact=artifact_name(case, context),
        custom_objects=import_paths(case.settings),
        imports=case.settings.imports,
        golden=relative(golden_folder(case, context), context.root),
        accept=case.accept,
    )
    return Result(case.title, str(case.golden), case.format, case.runtime, (), facts, release=case.target.frozen)


def _with_attempt(result: Result, attempt: Attempt, context: SessionContext) -> Result:
    loaded, runtime = attempt.loaded, context.loaders.runtimes.get(attempt.case.runtime)
    imports = tuple(dict.fromkeys((*runtime.imports, *result.facts.imports)))
    facts = replace(result.facts, saved_by=attempt.saved_by, loaded_by=loaded.versions, imports=imports)
    return replace(result, facts=facts, timings=loaded.timings, peak_memory=loaded.peak_memory)


def _evaluated(result: Result, context: SessionContext, attempt: Attempt) -> Result:
    """The result with its findings: why the artifact did not load, or how it compares."""
    case, other_loaders = attempt.case, OtherLoaders(attempt)
    if not attempt.loaded.succeeded:
        explained = other_loaders.with_other_loaders(explain_load_failure(attempt))
        return replace(result, findings=(*explained, *attempt.subject.notes))
    if attempt.subject.uncallable is not None:
        return replace(result, findings=(attempt.subject.uncallable, *other_loaders.load_refusals()))
    compared = compare_attempt(result, context, attempt)
    found = [*compared.findings]
    if compared.failed and attempt.is_elsewhere:
        found = [*explain_changes(attempt), *found]
    if case.settings.loads_in:
        found.extend(predict_load(attempt, context.root))
    evaluated = replace(compared, findings=most_severe_first(found))
    if context.freezer.label and not evaluated.failed and case.frozen is None and attempt.records:
        return context.freezer.freeze(evaluated, attempt, record_of(attempt))
    return evaluated
