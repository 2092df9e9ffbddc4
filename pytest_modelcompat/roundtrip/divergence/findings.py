"""A finding that a model predicts something else, with the layer where that begins, and the blame that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed
from pytest_modelcompat.results.finding import Blame, Kind
from pytest_modelcompat.roundtrip.divergence.details import layer_name, place_details
from pytest_modelcompat.roundtrip.divergence.layer_figures import layer_figures
from pytest_modelcompat.roundtrip.evaluation import RELOADED_DIFFERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_modelcompat.comparison.layers import LayerDrift
    from pytest_modelcompat.comparison.tolerance import Tolerance
    from pytest_modelcompat.results.finding import Finding
    from pytest_modelcompat.roundtrip.divergence.place import Place

_MOST_NAMED = 3
# Of a model that predicts as it did once it is made again in one process, see `rebuilt.findings`.
_COMPARED = "compared"
_OF_FILE = "it is the weights in the file, or how the layer saves and loads them"
# No processor rounds so that a layer's output moves by a hundredth.
_NO_ROUNDING = 1e-2


def explainable(findings: Sequence[Finding]) -> Finding | None:
    """The finding that a layer explains, of predictions rather than of weights; None where there is none."""
    kinds = (Kind.PREDICTIONS_DRIFTED, Kind.WEIGHTS_CHANGED)
    return next((each for kind in kinds for each in findings if each.kind is kind), None)


def with_place(
    findings: Sequence[Finding], place: Place | None, tolerance: Tolerance, explain: Callable[[Finding, Place], Finding]
) -> list[Finding]:
    """Findings of a comparison, the one that a layer explains with where the two models part.

    Args:
        findings: all of them.
        place: where the two models part; None where that is not known.
        tolerance: what differences are held against.
        explain: gives the cause and the blame that follow.
    """
    chosen = explainable(findings)
    if place is None or chosen is None:
        return list(findings)
    explained = explain(chosen, place)
    explained = replace(
        explained, details=(*explained.details, *place_details(place, tolerance)), layers=layer_figures(place)
    )
    return [explained if each is chosen else each for each in findings]


def of_reloaded(finding: Finding, place: Place, *, elsewhere: bool) -> Finding:
    """A finding of the round trip; where a layer alone is the cause, it is to blame, and no writer or loader.

    Args:
        finding: that the reloaded model predicts something else.
        place: where it does.
        elsewhere: whether another runtime reloaded it.
    """
    first = place.first
    if place.weights and finding.cause == RELOADED_DIFFERS:
        return _of_weights(finding)
    if first is None or not place.is_of_layer_alone or (elsewhere and place.is_of_keras):
        return finding
    if finding.cause != RELOADED_DIFFERS:
        is_of_code = finding.blame is Blame.MODEL
        return replace(finding, details=_blaming(finding, first)) if is_of_code else finding
    where = "in that runtime" if elsewhere else "once it is loaded"
    return replace(
        finding,
        cause=f"{layer_name(first)} gives another output for the same inputs and weights {where}{_values(place)}",
        blame=Blame.LOADER if place.is_of_keras else Blame.MODEL,
        details=_blaming(finding, first),
    )


def _of_weights(finding: Finding) -> Finding:
    """A finding whose layer comes back with other weights, which is not for want of what a fresh process lacks."""
    if _COMPARED not in dict(finding.details):
        return finding
    details = ((label, f"{text}; {_OF_FILE}" if label == _COMPARED else text) for label, text in finding.details)
    return replace(finding, details=tuple(details), fix=tuple(line.removeprefix("or ") for line in finding.fix[-1:]))


def of_golden(finding: Finding, place: Place, *, same_runtime: bool) -> Finding:
    """A finding of the comparison with the golden; under the same versions a layer is to blame, and no numerics.

    Args:
        finding: that the model predicts something else than its golden.
        place: where it does.
        same_runtime: whether the golden was recorded with the same TensorFlow and Keras.
    """
    first = place.first
    is_changed = first is not None and (bool(first.other) or first.relative > _NO_ROUNDING)
    if first is None or finding.blame is not Blame.NUMERICS or not (same_runtime and is_changed):
        return finding
    if not (place.is_of_layer_alone and first.has_equal_inputs):
        return finding
    return replace(
        finding,
        cause=f"the model has the golden's weights, and {layer_name(first)} gives another output for the same inputs: "
        "its code or its configuration changed",
        blame=Blame.MODEL,
        details=_blaming(finding, first),
    )


def _blaming(finding: Finding, first: LayerDrift) -> tuple[tuple[str, str], ...]:
    kept = tuple(each for each in finding.details if each[0] not in ("blame", "look for"))
    return (*kept, ("blame", f"the code or the configuration of {layer_name(first)}"))


def _values(place: Place) -> str:
    return f": its {listed(map(str, place.values), _MOST_NAMED, 'and')}" if place.values else ""
