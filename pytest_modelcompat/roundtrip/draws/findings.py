"""Findings that outputs differ, explained by the layers that draw random numbers at inference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.formats import FORMATS
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.draws.random_draws import draws_at_inference, draws_of_saved_model
from pytest_modelcompat.roundtrip.draws.texts import fixes, places, why_other_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_modelcompat.roundtrip.model import ModelUnderTest


@dataclass(frozen=True)
class Drawing:
    """What there is to say of the layers of a saved model that draw random numbers at inference.

    Args:
        cause: why its outputs are others at every call.
        where: the layers.
        fix: what keeps them from it.
    """

    cause: str
    where: tuple[str, ...]
    fix: tuple[str, ...]


def drawing_of(model: ModelUnderTest, inputs: Any, format_: str) -> Drawing | None:
    """What draws random numbers in the SavedModel of a live model; None where nothing does, or it is no SavedModel.

    Args:
        model: the live model.
        inputs: nested inputs that it takes.
        format_: what it was saved as.
    """
    if FORMATS[format_].artifact != "saved_model":
        return None
    draws = draws_of_saved_model(model, inputs, is_exported=format_ == "export")
    return Drawing(why_other_outputs(draws), places(draws), fixes(draws)) if draws else None


def is_declared(finding: Finding, stochastic: Sequence[str]) -> bool:
    """Whether a finding is about an output that is declared to draw random numbers.

    Args:
        finding: the finding.
        stochastic: the outputs that are.
    """
    return finding.subject.partition(" (signature ")[0] in stochastic


def with_drawing(finding: Finding, drawing: Drawing | None) -> Finding:
    """A finding of the round trip, explained by what draws where it says that predictions differ.

    Args:
        finding: the finding.
        drawing: what draws random numbers in the artifact.
    """
    if drawing is None or finding.kind is not Kind.PREDICTIONS_DRIFTED:
        return finding
    # The blame that the details name is that of a model which predicts the same twice.
    details = tuple(each for each in finding.details if each[0] in ("output", "mismatch"))
    return replace(
        finding, cause=drawing.cause, where=drawing.where, fix=drawing.fix, blame=Blame.MODEL, details=details
    )


def unsteady(finding: Finding, model: ModelUnderTest, inputs: Any) -> Finding:
    """The finding that a live model does not predict the same twice, with the layers that draw where they are seen.

    Args:
        finding: with all layers that may.
        model: the live model.
        inputs: nested inputs that it takes.
    """
    draws = draws_at_inference(model, inputs)
    if not draws:
        return finding
    # The option that accepts random outputs stays last, whichever layers draw.
    accept = tuple(line for line in finding.fix if "stochastic" in line)
    return replace(finding, where=places(draws), fix=(*fixes(draws), *accept))
