"""The three comparisons of an attempt: reloaded with saved, saved with golden, weights with weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.routes import RouteComparison, compare_routes
from pytest_modelcompat.diagnosis import unresolved
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.golden_check import TargetRecord, check_or_update_golden
from pytest_modelcompat.roundtrip.other_loaders import OtherLoaders
from pytest_modelcompat.roundtrip.tolerances import UnknownOutputError, tolerances

if TYPE_CHECKING:
    from pytest_modelcompat.results.result import Result
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.session_context import SessionContext


def compare_attempt(result: Result, context: SessionContext, attempt: Attempt) -> Result:
    """The result of a target whose artifact loaded, with its drifts, findings and golden.

    Args:
        result: what is known of it before anything is compared.
        context: what the session's targets share.
        attempt: the load.
    """
    case, subject, loaded = attempt.case, attempt.subject, attempt.loaded
    checks, other_loaders = case.settings.checks, OtherLoaders(attempt)
    try:
        allowed = tolerances(
            case.settings, attempt.inventory.compute_dtypes, list(attempt.outputs), case.extensions.compare
        )
    except UnknownOutputError as error:
        return replace(result, findings=(Finding(Kind.BAD_OPTION, "tolerance", cause=str(error)),))
    found = [*subject.notes, *_python_functions(attempt)]
    reloaded = ""
    if subject.outputs is not None:
        rerun = compare_routes(attempt.routes, subject.outputs, allowed)
        result = replace(result, drifts=rerun.drifts)
        found.extend(evaluation.serialization_findings(rerun, checks, elsewhere=attempt.is_elsewhere))
        if "weights" in checks:
            found.extend(evaluation.lost_weights(subject.weights, loaded.weights))
        if "training" in checks and subject.format != "saved_model":
            found.extend(evaluation.lost_training(subject.training, loaded.training))
        reloaded = _reloaded_sentence(rerun)
    found.extend((*other_loaders.load_refusals(), *other_loaders.output_differences(allowed)))
    result = replace(result, findings=most_severe_first(found))
    if case.frozen is not None:
        made_by = case.frozen.saved_by
        facts = replace(result.facts, golden_made_by=made_by)
        return replace(result, facts=facts, golden="" if result.failed else "matched")
    rule = evaluation.GoldenCriteria(allowed, checks, reloaded, is_artifact=attempt.is_given, records=attempt.records)
    return check_or_update_golden(result, case, context.store, record_of(attempt), rule, context.updating)


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


def _reloaded_sentence(rerun: RouteComparison) -> str:
    if rerun.identical:
        return "equals the model that was saved, bit for bit: serialization is innocent"
    if rerun.holds:
        return "equals the model that was saved, within tolerance: serialization is innocent"
    return "differs from the model that was saved, see above"


def _python_functions(attempt: Attempt) -> tuple[Finding, ...]:
    """Python functions the graph holds though the signatures got by without calling one."""
    judged = unresolved.unresolved_findings(attempt.inventory, attempt.loaded, OptionSyntax())
    return tuple(replace(each, severity=Severity.NOTE) for each in judged if each.kind is Kind.PYTHON_FUNCTION)


def most_severe_first(found: list[Finding]) -> tuple[Finding, ...]:
    """Findings in their order, those that fail the target first."""
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
