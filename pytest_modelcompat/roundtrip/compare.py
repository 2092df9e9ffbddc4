"""The three comparisons of an attempt: reloaded with saved, saved with golden, weights with weights."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.criterion import UnfitComparisonError
from pytest_modelcompat.comparison.own_function import OwnFunctionError
from pytest_modelcompat.comparison.routes import RouteComparison, Tolerances, compare_routes
from pytest_modelcompat.diagnosis import unresolved
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.divergence.comparisons import current_trace, golden_with_place, reloaded_with_place
from pytest_modelcompat.roundtrip.divergence.golden_layers import golden_layers
from pytest_modelcompat.roundtrip.golden_check import GoldenCheck, TargetRecord
from pytest_modelcompat.roundtrip.lora import with_lora
from pytest_modelcompat.roundtrip.origin import with_origin
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.outcome import CheckOutcome, most_severe_first
from pytest_modelcompat.roundtrip.static_check import option_syntax
from pytest_modelcompat.roundtrip.tolerances import UnknownOutputError, tolerances
from pytest_modelcompat.roundtrip.trained.findings import training_findings
from pytest_modelcompat.roundtrip.unsaved.consequences import with_consequences
from pytest_modelcompat.roundtrip.unsaved.findings import with_unsaved_first
from pytest_modelcompat.roundtrip.unsaved.restoration import predicts_as
from pytest_modelcompat.roundtrip.workspace import golden_folder, relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def compare_attempt(context: SessionContext, attempt: Attempt) -> CheckOutcome:
    """How a target compares whose artifact loaded, its golden included.

    Args:
        context: what the session's targets share.
        attempt: the load.
    """
    elements = sum(getattr(output, "size", 0) for output in attempt.outputs.values())
    try:
        with context.waits.on(f"comparing {attempt.case.title}, {elements:,} elements"):
            return _compared(context, attempt)
    except (UnfitComparisonError, OwnFunctionError) as error:
        return CheckOutcome((Finding(Kind.BAD_OPTION, "compare", cause=str(error)),))


def _compared(context: SessionContext, attempt: Attempt) -> CheckOutcome:
    case = attempt.case
    try:
        allowed = tolerances(
            case.settings, attempt.inventory.compute_dtypes, list(attempt.outputs), case.extensions.compare
        )
    except UnknownOutputError as error:
        return CheckOutcome((Finding(Kind.BAD_OPTION, "tolerance", cause=str(error)),))
    rerun = None
    if attempt.subject.outputs is not None:
        rerun = compare_routes(attempt.routes, attempt.subject.outputs, allowed)
    reloaded = _reloaded(attempt, rerun, allowed)
    found = reloaded_with_place(reloaded.findings, context, attempt, allowed)
    reloaded = replace(reloaded, findings=_with_unsaved(found, attempt, allowed))
    if case.frozen is not None:
        return replace(reloaded, golden="" if reloaded.failed else "matched", golden_made_by=attempt.saved_by)
    criteria = evaluation.GoldenCriteria(
        allowed,
        case.settings.checks,
        _reloaded_sentence(rerun),
        is_artifact=attempt.is_given,
        records=attempt.records,
    )
    where = relative(golden_folder(case, context), context.root)
    record = replace(record_of(attempt), layers=lambda: golden_layers(current_trace(context, attempt), attempt.made_by))
    golden = GoldenCheck(case, context.store, record, criteria, where)
    if not context.updating or not (attempt.records or golden.is_missing):
        compared, live = golden.compare(), attempt.subject.live
        if live is not None:
            compared = with_origin(compared, lambda: live.origin(case))
        compared = replace(compared, findings=tuple(golden_with_place(compared.findings, context, attempt, allowed)))
        return reloaded.with_golden(compared)
    # Only what held its round trip is worth recording.
    return reloaded if reloaded.failed else reloaded.with_golden(golden.update())


def _reloaded(attempt: Attempt, rerun: RouteComparison | None, allowed: Tolerances) -> CheckOutcome:
    """How the reloaded model compares with the one that was saved, and its loaders with each other."""
    subject, loaded, checks = attempt.subject, attempt.loaded, attempt.case.settings.checks
    found = [*subject.notes, *_python_functions(attempt)]
    if rerun is not None:
        lost_weights = [*evaluation.lost_weights(subject.weights, loaded.weights)]
        differing = [*evaluation.serialization_findings(rerun, checks, elsewhere=attempt.is_elsewhere)]
        if "weights" in checks:
            differing += lost_weights
        found.extend(_explained(each, attempt, loses_weights=bool(lost_weights)) for each in differing)
        if "training" in checks and subject.format != "saved_model":
            lost = [*evaluation.lost_training(subject.training, loaded.training)]
            is_half = any("16" in dtype for dtype in attempt.inventory.compute_dtypes)
            trained = training_findings(lost, subject.trial, loaded.trial, subject.unsaved, is_half=is_half)
            found.extend(replace(each, fix=(_unless_it_trains(attempt),)) for each in trained)
    other_loaders = OtherLoaders(attempt)
    found.extend((*other_loaders.load_refusals(), *other_loaders.output_differences(allowed)))
    return CheckOutcome(most_severe_first(found), rerun.drifts if rerun is not None else ())


def _with_unsaved(found: Sequence[Finding], attempt: Attempt, allowed: Tolerances) -> tuple[Finding, ...]:
    """Findings with those of arguments that are not saved before what follows from them."""
    subject, settings = attempt.subject, attempt.case.settings
    live, outputs = subject.live, subject.outputs
    if live is None or outputs is None or not subject.unsaved:
        return most_severe_first(found)
    first = with_unsaved_first(found, subject.unsaved)
    agrees = partial(predicts_as, outputs, settings.stochastic, allowed)
    return most_severe_first(with_consequences(first, subject.unsaved, lambda: live.decisive(subject.unsaved, agrees)))


def _unless_it_trains(attempt: Attempt) -> str:
    others = [check for check in attempt.case.settings.checks if check != "training"]
    option = option_syntax(attempt).write("checks", others or ["predictions"])
    return f"if you only predict with it, check the rest: {option}"


def _explained(finding: Finding, attempt: Attempt, *, loses_weights: bool) -> Finding:
    live = attempt.subject.live
    if live is not None:
        finding = live.explained(finding, attempt.case, option_syntax(attempt), loses_weights=loses_weights)
    return with_lora(finding, attempt)


def record_of(attempt: Attempt) -> TargetRecord:
    """A target's part of its case's golden."""
    return TargetRecord(
        inputs=attempt.subject.inputs,
        outputs=attempt.outputs,
        weights=attempt.weights,
        inventory=attempt.inventory,
        made_by=attempt.made_by,
        format=attempt.case.format,
    )


def _reloaded_sentence(rerun: RouteComparison | None) -> str:
    if rerun is None:
        return ""
    if rerun.identical:
        return "equals the model that was saved, bit for bit: serialization is not the cause"
    if rerun.holds:
        return "equals the model that was saved, within tolerance: serialization is not the cause"
    return "differs from the model that was saved, see above"


def _python_functions(attempt: Attempt) -> tuple[Finding, ...]:
    """Python functions the graph holds though the signatures got by without calling one."""
    judged = unresolved.unresolved_findings(attempt.inventory, attempt.loaded, OptionSyntax())
    return tuple(replace(each, severity=Severity.NOTE) for each in judged if each.kind is Kind.PYTHON_FUNCTION)
