"""A model that is not the one of its golden: whether anybody changed it, or how it is built gives another each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.golden_check import builder_differs
from pytest_modelcompat.roundtrip.model import as_model_under_test
from pytest_modelcompat.roundtrip.seed import seed_everything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest
    from pytest_modelcompat.roundtrip.outcome import CheckOutcome


@dataclass(frozen=True)
class Origin:
    """What is suspected of how a model is built.

    Args:
        suspect: one sentence; empty where the builder is known to give another model each time.
    """

    suspect: str = ""


def origin_of(model: ModelUnderTest, inputs: Any, case: Case) -> Origin | None:
    """Where a model comes from, having called its builder again; None where that gives the same model.

    Args:
        model: the live model.
        inputs: nested inputs that it takes.
        case: the case, with its builder.
    """
    assert case.build is not None  # noqa: S101 - a case with a live model has a builder
    fixture = next((each for each in case.fixtures if _holds(each.value, model.model)), None)
    if fixture is not None:
        shared = "" if fixture.scope == "function" else ", or another test that uses it changed the model"
        return Origin(
            f"the fixture {fixture.name!r}, which made the model: if nobody changed its code, it draws random numbers "
            f"that no seed reaches, as those of np.random.default_rng() without a seed{shared}"
        )
    try:
        seed_everything(case.settings.seed)
        again = as_model_under_test(case.build()[0])
        if again.model is model.model:
            return Origin("the model was made before its test ran, where nothing is seeded: build it in the test")
        again.call(inputs)
    except Exception:  # noqa: BLE001 - a builder that can be called once only says nothing here
        return None
    contents = [[digest.content for digest in each.weights()] for each in (model, again)]
    return Origin() if contents[0] != contents[1] else None


def _holds(value: Any, model: Any) -> bool:
    parts: Iterable[Any] = value if isinstance(value, (tuple, list)) else (value,)
    return any(each is model for each in parts)


def with_origin(outcome: CheckOutcome, ask: Callable[[], Origin | None]) -> CheckOutcome:
    """The comparison with a golden; where the model is another one, with what is suspected of how it is built.

    Args:
        outcome: of the comparison.
        ask: gives where the model comes from.
    """
    origin = ask() if any(map(_is_of_another_model, outcome.findings)) else None
    if origin is None:
        return outcome
    return replace(outcome, findings=tuple(_explained(each, origin) for each in outcome.findings))


def _is_of_another_model(finding: Finding) -> bool:
    return finding.kind is Kind.PREDICTIONS_DRIFTED and finding.blame is Blame.MODEL


def _explained(finding: Finding, origin: Origin) -> Finding:
    if not _is_of_another_model(finding):
        return finding
    if not origin.suspect:
        return builder_differs(finding)
    return replace(finding, details=(*finding.details, ("suspect", origin.suspect)))
