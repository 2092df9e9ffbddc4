"""What a live model gives for the same inputs again and again: the same, but for what is declared to be random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.comparison.routes import compare_routes
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.roundtrip import evaluation
from pytest_modelcompat.roundtrip.declarations import options_with_more
from pytest_modelcompat.roundtrip.draws.findings import unsteady
from pytest_modelcompat.roundtrip.inputs.live_model import CalledInputs, call_on
from pytest_modelcompat.roundtrip.stop import TargetStoppedError, stop_on_failure
from pytest_modelcompat.roundtrip.tolerances import tolerances

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


def steady_outputs(case: Case, model: ModelUnderTest, called: CalledInputs) -> dict[str, Any]:
    """The live model's outputs by name, with samples over many calls of those that draw random numbers.

    Args:
        case: the case.
        model: its live model.
        called: its inputs, and what it gave for them.

    Raises:
        TargetStoppedError: a second call gives others where none are declared to be random, or an option does not fit.
    """
    first = model.named_outputs(called.outputs)

    def call() -> dict[str, Any]:
        return model.named_outputs(call_on(case, model, called.values, called.derived))

    second = call()
    allowed = stop_on_failure(
        case, Kind.BAD_OPTION, lambda: tolerances(case.settings, model.dtypes(), list(first), case.extensions.compare)
    )
    random = case.settings.stochastic
    if random:
        _refuse_unsampled(case, first)
    steady = stop_on_failure(
        case,
        Kind.BAD_OPTION,
        lambda: compare_routes({"": _without(second, random)}, _without(first, random), allowed),
    )
    if any(not drift.holds for drift in steady.drifts):
        found = evaluation.nondeterminism_finding(
            steady,
            model.nondeterministic_layers(),
            OptionSyntax(case.declared_in, declared=options_with_more(case.settings)),
        )
        raise TargetStoppedError(unsteady(found, model, called.values), called=(model, called.values))
    return _with_samples(case, first, call) if random else first


def _without(outputs: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: leaf for name, leaf in outputs.items() if name not in names}


def _refuse_unsampled(case: Case, outputs: Mapping[str, Any]) -> None:
    from pytest_modelcompat.comparison.leaves import describe
    from pytest_modelcompat.loader import samples

    for name in case.settings.stochastic:
        if not samples.is_sampled(outputs[name]):
            raise TargetStoppedError(
                Finding(
                    Kind.BAD_OPTION,
                    name,
                    cause=f"stochastic has output {name!r}, which is {describe(outputs[name])}: only dense outputs of "
                    "numbers have a mean and a spread",
                )
            )


def _with_samples(case: Case, first: dict[str, Any], call: Any) -> dict[str, Any]:
    from pytest_modelcompat.loader import samples

    try:
        sampled = samples.over_calls({"": first}, lambda: {"": call()}, case.settings.stochastic)
    except samples.ShapeVariesError as error:
        raise TargetStoppedError(Finding(Kind.NOT_DETERMINISTIC, "stochastic", cause=str(error))) from None
    return sampled[""]


def never_varied(outputs: Mapping[str, Any]) -> Iterator[Finding]:
    """A warning for each output that is declared to draw random numbers, and was the same in all calls.

    Args:
        outputs: the live model's outputs by name.
    """
    from pytest_modelcompat.loader.tensors import Sampled

    for name, leaf in outputs.items():
        if isinstance(leaf, Sampled) and not leaf.pairs.any() and (leaf.calls == leaf.calls[:1]).all():
            yield Finding(
                Kind.NOT_DETERMINISTIC,
                name,
                cause=f"stochastic has output {name!r}, which was the same in all {len(leaf.calls)} calls; leave it "
                "out, so that each of its elements is compared",
                severity=Severity.WARNING,
            )
