"""A save that failed becomes findings: as the exception says, or as the live model shows better."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.diagnosis import save_failed
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip.classes.config import class_troubles, own_classes, with_declarations
from pytest_modelcompat.roundtrip.declarations import options_with_more
from pytest_modelcompat.roundtrip.draws.random_draws import draws_of_saved_model
from pytest_modelcompat.roundtrip.draws.texts import fixes, places, why_not_held
from pytest_modelcompat.roundtrip.inputs.traced_dtype import FailsAsFloat, fails_as_float
from pytest_modelcompat.settings.checks import plain_name

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest

# What `tf.saved_model.save()` says of a function that reads what no attribute of the model leads to.
_OUT_OF_REACH = ("'untracked' resource", "not reachable from root")


def why_not_saved(case: Case, model: ModelUnderTest, inputs: Any, error: BaseException) -> tuple[Finding, ...]:
    """The findings for a save that raised.

    Args:
        case: the case.
        model: its live model.
        inputs: nested inputs that the model takes.
        error: what the save raised.
    """
    failed = save_failed(FORMATS[case.format].method, error)
    if any(text in str(error) for text in _OUT_OF_REACH):
        return (_out_of_reach(failed, case, model, inputs),)
    if failed.kind is not Kind.CANNOT_REBUILD:
        fails = fails_as_float(model, inputs) if case.format in ("saved_model", "export") else None
        return (failed if fails is None else _called_with_float(failed, fails, case),)
    syntax = OptionSyntax(
        case.declared_in,
        model.defining_modules(),
        test_module=case.test_module,
        declared=options_with_more(case.settings),
        keras=model.keras or "keras",
    )
    found = with_declarations(class_troubles(model), syntax, own_classes(model))
    return tuple(replace(each, quote=failed.quote, log=failed.log) for each in found) or (failed,)


def _called_with_float(failed: Finding, fails: FailsAsFloat, case: Case) -> Finding:
    return replace(
        failed, subject=fails.cls, cause=fails.cause, fix=fails.fix(case), blame=Blame.MODEL, is_specific=True
    )


def _exported(case: Case) -> tuple[str, ...]:
    """The fix for a model that is meant to draw: `model.export()` keeps the seed generators of its layers."""
    others = [name for name in map(plain_name, case.settings.formats) if name not in ("saved_model", "export")]
    return (
        "save it with model.export(), whose SavedModel has the seed generator:",
        OptionSyntax(case.declared_in).formats((*others, "export")),
    )


def _out_of_reach(failed: Finding, case: Case, model: ModelUnderTest, inputs: Any) -> Finding:
    """The layers whose seed generators a SavedModel cannot hold, where it is these."""
    draws = draws_of_saved_model(model, inputs, is_exported=case.format == "export")
    if not draws:
        return failed
    return replace(
        failed,
        subject=draws[0].path or failed.subject,
        where=places(draws),
        cause=why_not_held(draws),
        fix=_exported(case) if case.settings.stochastic and case.format == "saved_model" else fixes(draws),
        blame=Blame.MODEL,
        is_specific=True,
    )
