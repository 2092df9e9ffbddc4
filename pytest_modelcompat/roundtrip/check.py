"""The main job: save, read, load, compare, evaluate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.results.result import Result, ResultContext
from pytest_modelcompat.roundtrip.compare import compare_attempt, record_of
from pytest_modelcompat.roundtrip.declarations import import_paths
from pytest_modelcompat.roundtrip.freeze import subject_of_frozen
from pytest_modelcompat.roundtrip.inputs.artifact_attempt import ArtifactAttempts
from pytest_modelcompat.roundtrip.inputs.recorded import recorded_inputs
from pytest_modelcompat.roundtrip.inventory_summary import inventory_summary
from pytest_modelcompat.roundtrip.kept_failure import with_reproduction
from pytest_modelcompat.roundtrip.load import load
from pytest_modelcompat.roundtrip.load_failure import explain_changes, explain_drawn_weights, explain_load_failure
from pytest_modelcompat.roundtrip.load_job import loader_of, not_run
from pytest_modelcompat.roundtrip.migrated_copy import held_by_copy, migrated_copy
from pytest_modelcompat.roundtrip.migration_advice import with_migration
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.outcome import CheckOutcome, most_severe_first
from pytest_modelcompat.roundtrip.pictures import pictures_of
from pytest_modelcompat.roundtrip.static_check import predict_load
from pytest_modelcompat.roundtrip.stop import TargetStoppedError
from pytest_modelcompat.roundtrip.subject import Subject, prepare_subject
from pytest_modelcompat.roundtrip.uncompiled import with_uncompiled
from pytest_modelcompat.roundtrip.unsafe_content import unsaid
from pytest_modelcompat.roundtrip.workspace import (
    artifact_folder,
    artifact_name,
    golden_folder,
    relative,
    without_folders,
)
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def check_target(case: Case, context: SessionContext) -> Result:
    """Run one target of a case: save or take its artifact, reload it in a fresh process, compare.

    What the user's own builder raises is passed on as it is; everything else ends in the result's findings.

    Args:
        case: the case, in this target.
        context: what the session's targets share.

    Raises:
        NotApplicableError: a model of this kind does not have the format, and the test does not ask for it.
    """
    if case.frozen is not None:
        case = case.of_release(context.freezer.store.where_now(case.frozen))
    with artifact_folder(case, context) as folder:
        try:
            attempt = _attempt(case, context, folder)
        except TargetStoppedError as stopped:
            result = _result(case, context, CheckOutcome(tuple(_in_project(stopped.findings, folder, context.root))))
            return with_reproduction(result, case, context, stopped=stopped)
        except (LoaderUnavailableError, NoSpaceError) as error:
            return with_reproduction(
                _result(case, context, CheckOutcome((not_run(case, context, error),))), case, context
            )
        if context.attempts is not None:
            context.attempts.append(attempt)
        outcome = _outcome(context, attempt)
        if case.frozen is not None and outcome.failed:
            outcome, attempt = _of_copy(outcome, context, attempt)
        result = _result(case, context, _frozen(outcome, context, attempt), attempt)
        return with_reproduction(result, case, context, attempt)


def _in_project(findings: Iterable[Finding], folder: Path, root: Path) -> Iterator[Finding]:
    """Findings that name files as the project does."""
    for finding in findings:
        cause, *fix = (without_folders(text, folder, root) for text in (finding.cause, *finding.fix))
        yield replace(finding, cause=cause, fix=tuple(fix))


def _attempt(case: Case, context: SessionContext, folder: Path) -> Attempt:
    """Save or take the artifact, and load it."""
    loader = loader_of(case, context)
    return load(case, context, _prepared_subject(case, folder, context), loader)


def _prepared_subject(case: Case, folder: Path, context: SessionContext) -> Subject:
    if case.frozen is not None:
        return subject_of_frozen(case.frozen, context.freezer.store)
    in_order = context.in_order or not context.loaders.of(case.runtime).forks
    return prepare_subject(case, folder, context.saves, lambda: recorded_inputs(case, context), in_order=in_order)


def _outcome(context: SessionContext, attempt: Attempt) -> CheckOutcome:
    """Why the artifact did not load, or how it compares."""
    case, other_loaders = attempt.case, OtherLoaders(attempt)
    if not attempt.loaded.succeeded:
        explained = other_loaders.with_other_loaders(explain_load_failure(attempt))
        explained = with_migration(with_uncompiled(explained, attempt, context), attempt, context)
        return CheckOutcome((*explained, *unsaid(attempt.subject.notes, explained)))
    if attempt.subject.uncallable is not None:
        refusals = other_loaders.load_refusals()
        return CheckOutcome((attempt.subject.uncallable, *refusals, *attempt.subject.notes))
    drawn = explain_drawn_weights(attempt)
    if drawn:
        # There is nothing to compare: a golden of such outputs would hold for one load.
        return CheckOutcome((*drawn, *attempt.subject.notes))
    compared = compare_attempt(context, attempt)
    found = [*compared.findings]
    if compared.failed and attempt.is_elsewhere:
        found = [*explain_changes(attempt), *found]
    if case.settings.loads_in:
        found.extend(predict_load(attempt, context.root))
    pictures = pictures_of(compared, context, attempt) if context.reports and compared.failed else ()
    return replace(compared, findings=most_severe_first(found), pictures=pictures)


def _of_copy(outcome: CheckOutcome, context: SessionContext, attempt: Attempt) -> tuple[CheckOutcome, Attempt]:
    """What becomes of a release that fails: its migrated copy is held to the same golden, where there is one."""
    copy = migrated_copy(attempt)
    if copy is None:
        return outcome, attempt
    case = replace(attempt.case, frozen=copy, artifact=copy.artifact)
    inventory = read_inventory(copy.artifact)
    subject = subject_of_frozen(copy, context.freezer.store)
    again = ArtifactAttempts(case, context, inventory, loader_of(case, context)).load(subject)
    judged = _outcome(context, again)
    if judged.failed:
        return judged, again
    notes = held_by_copy(outcome.findings, copy, context.root)
    return replace(judged, findings=(*judged.findings, *notes)), again


def _frozen(outcome: CheckOutcome, context: SessionContext, attempt: Attempt) -> CheckOutcome:
    """The outcome after its artifact was kept as that of a release, where that is asked for and it passed."""
    freezer = context.freezer
    if not freezer.label or outcome.failed or attempt.case.frozen is not None or not attempt.records:
        return outcome
    problem = freezer.freeze(attempt, record_of(attempt))
    if problem is not None:
        return replace(outcome, findings=(problem, *outcome.findings))
    return replace(outcome, frozen=freezer.label)


def _result(case: Case, context: SessionContext, outcome: CheckOutcome, attempt: Attempt | None = None) -> Result:
    """How the check ended, with its circumstances; without an attempt nothing was loaded."""
    runtime = context.loaders.runtimes.get(case.runtime) if attempt is not None else None
    facts = ResultContext(
        artifact=artifact_name(case, context),
        saved_by=attempt.saved_by if attempt is not None else {},
        loaded_by=attempt.loaded.versions if attempt is not None else {},
        custom_objects=import_paths(case.settings),
        imports=tuple(dict.fromkeys((*(runtime.imports if runtime is not None else ()), *case.settings.imports))),
        golden=relative(golden_folder(case, context), context.root),
        golden_made_by=outcome.golden_made_by,
        accept=case.accept,
    )
    return Result(
        case.title,
        str(case.golden),
        case.format,
        case.runtime,
        outcome.findings,
        facts,
        outcome.drifts,
        outcome.golden,
        outcome.moved,
        outcome.frozen,
        timings=attempt.loaded.timings if attempt is not None else {},
        peak_memory=attempt.loaded.peak_memory if attempt is not None else 0,
        release=case.target.frozen,
        golden_drifts=outcome.golden_drifts,
        pictures=outcome.pictures,
        inventory=inventory_summary(attempt.inventory) if attempt is not None and context.reports else {},
    )
