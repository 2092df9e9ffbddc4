"""Loading a case's artifact: read, judged, handed over, and its live model examined until the answer is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.keras.config import without_compile_config
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.examination import examine
from pytest_modelcompat.roundtrip.inputs.artifact_attempt import ArtifactAttempts
from pytest_modelcompat.roundtrip.stop import TargetStoppedError, stop_on_failure
from pytest_modelcompat.roundtrip.unsafe_content import Judgement, judge_unsafe_content
from pytest_modelcompat.runtimes.process import LoaderUnavailableError, NoSpaceError

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.examination import Examined
    from pytest_modelcompat.roundtrip.session_context import SessionContext
    from pytest_modelcompat.roundtrip.subject import SavedModel, Subject
    from pytest_modelcompat.runtimes.process import LoaderProcess, SubmittedJob


def load(case: Case, context: SessionContext, subject: Subject, loader: LoaderProcess) -> Attempt:
    """Read an artifact and load it, unless it can harm.

    Args:
        case: the case.
        context: what the session's targets share.
        subject: its artifact.
        loader: loads it.

    Raises:
        TargetStoppedError: it cannot be read, or can harm, or its live model cannot be examined.
        LoaderUnavailableError, NoSpaceError: see `LoaderProcess.run`.
    """
    if subject.unexamined is not None:
        return _load_unexamined(case, context, subject, loader, subject.unexamined)
    inventory, judged = _judged(case, context, subject)
    return ArtifactAttempts(case, context, inventory, loader).load(_with(subject, judged))


def _load_unexamined(
    case: Case, context: SessionContext, subject: Subject, loader: LoaderProcess, saved: SavedModel
) -> Attempt:
    try:
        inventory, judged = _judged(case, context, subject)
        attempts = ArtifactAttempts(case, context, inventory, loader)
        submitted = attempts.begin(_with(subject, judged))
    except (TargetStoppedError, LoaderUnavailableError, NoSpaceError):
        # What the examination has to say comes first, as it does in order.
        examine(case, saved.model, saved.called)
        raise
    found = _examined(saved, loader, submitted)
    attempt = attempts.end(_with(saved.completed(subject, found), judged), submitted)
    if attempt.loaded.succeeded and any(evaluation.lost_weights(found.weights, attempt.loaded.weights)):
        # A call may have changed them. In order, a model is saved as all calls leave it.
        return load(case, context, saved.subject(found), loader)
    return attempt


def _examined(saved: SavedModel, loader: LoaderProcess, submitted: SubmittedJob) -> Examined:
    try:
        return examine(saved.case, saved.model, saved.called)
    except BaseException:
        loader.discard(submitted)
        raise


def _judged(case: Case, context: SessionContext, subject: Subject) -> tuple[Inventory, Judgement]:
    inventory = stop_on_failure(case, Kind.ARTIFACT_BROKEN, lambda: read_inventory(subject.artifact))
    if not case.settings.compile_model:
        inventory = without_compile_config(inventory)
    judged = stop_on_failure(
        case, Kind.ARTIFACT_BROKEN, lambda: judge_unsafe_content(case, context, subject, inventory)
    )
    return inventory, judged


def _with(subject: Subject, judged: Judgement) -> Subject:
    return replace(subject, notes=(*subject.notes, *judged.notes), is_trusted=judged.is_trusted)
