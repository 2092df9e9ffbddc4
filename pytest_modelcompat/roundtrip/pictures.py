"""The differences of a target's outputs that fail it, binned for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.leaves import expanded_leaf
from pytest_modelcompat.comparison.pictures import picture_of
from pytest_modelcompat.comparison.samples import STOCHASTIC
from pytest_modelcompat.golden.golden import GoldenError
from pytest_modelcompat.roundtrip.golden_check import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.comparison.differences import Drift
    from pytest_modelcompat.comparison.pictures import Picture
    from pytest_modelcompat.comparison.routes import Outputs
    from pytest_modelcompat.roundtrip.attempt import Attempt
    from pytest_modelcompat.roundtrip.outcome import CheckOutcome
    from pytest_modelcompat.roundtrip.session_context import SessionContext

_MOST = 2


def pictures_of(outcome: CheckOutcome, context: SessionContext, attempt: Attempt) -> tuple[Picture, ...]:
    """Pictures of the outputs that are furthest from what was expected, at most two.

    Args:
        outcome: how the target compares.
        context: what the session's targets share.
        attempt: the load.
    """
    failing = [*_failing(outcome.drifts, "saved"), *_failing(outcome.golden_drifts, "golden")]
    found = []
    for drift, against in sorted(failing, key=lambda pair: -pair[0].allowance_used)[:_MOST]:
        is_golden = against == "golden" or attempt.subject.outputs is None
        pair = _golden_pair if is_golden else _reloaded_pair
        leaves = pair(drift.output, context, attempt)
        if leaves is not None:
            actual, expected = (expanded_leaf(each) for each in leaves)
            found.append(picture_of(drift.output, "golden" if is_golden else "saved", actual, expected))
    return tuple(each for each in found if each is not None)


def _failing(drifts: Sequence[Drift], against: str) -> Iterator[tuple[Drift, str]]:
    for drift in drifts:
        if not drift.holds and (drift.own is None or drift.own.by != STOCHASTIC):
            yield drift, against


def _reloaded_pair(output: str, _: SessionContext, attempt: Attempt) -> tuple[object, object] | None:
    """What the reloaded model gave and what the saved one did; a drift names the signature where there are several."""
    expected = attempt.subject.outputs or {}
    routes: Mapping[str, Outputs] = attempt.routes
    for route, outputs in routes.items():
        name = output.removesuffix(f" (signature {route})") if len(routes) > 1 else output
        if (len(routes) == 1 or name != output) and name in outputs and name in expected:
            return outputs[name], expected[name]
    return None


def _golden_pair(output: str, context: SessionContext, attempt: Attempt) -> tuple[object, object] | None:
    """What the model gave and what its golden holds."""
    try:
        expected = unpacked(context.store.read(attempt.case.golden).outputs)
    except GoldenError:
        return None
    if output in attempt.outputs and output in expected:
        return attempt.outputs[output], expected[output]
    return None
