"""The tolerance of each output: the case's own, else that of its dtype; and what compares it instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.comparison.tolerance import Tolerance, output_tolerance

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.routes import Tolerances
    from pytest_modelcompat.comparison.tolerance import Compare
    from pytest_modelcompat.settings.settings import Settings


class UnknownOutputError(Exception):
    """An option names an output the model does not have; the message names both."""


def tolerances(
    settings: Settings, compute_dtypes: Sequence[str], outputs: Sequence[str], own: Compare | None = None
) -> Tolerances:
    """The tolerance of each output: the case's own where it gives one, else by the least precise dtype.

    Args:
        settings: the case's options.
        compute_dtypes: the dtypes its model computes in.
        outputs: names of its outputs.
        own: the project's own comparison, which is asked where the option `compare` says nothing of an output.

    Raises:
        UnknownOutputError: an option is given for an output that does not exist.
    """
    _refuse_unknown(settings, outputs)

    def tolerance(output: str, dtype: str) -> Tolerance:
        compare = _comparison(settings, output, own)
        default = output_tolerance(dtype, compute_dtypes)
        rtol, atol = _given_tolerance(settings.rtol, output), _given_tolerance(settings.atol, output)
        if rtol is None and atol is None:
            return replace(default, own=compare)
        source = str(settings.sources.get("rtol", "default"))
        rtol, atol = default.rtol if rtol is None else rtol, default.atol if atol is None else atol
        return Tolerance(rtol, atol, source, compare)

    return tolerance


def _refuse_unknown(settings: Settings, outputs: Sequence[str]) -> None:
    named = {
        "rtol": settings.rtol,
        "atol": settings.atol,
        "compare": [name for name in settings.compare if name],
        "stochastic": settings.stochastic,
    }
    for option, given in named.items():
        unknown = sorted(set(given) - set(outputs)) if isinstance(given, Mapping | Sequence) else []
        if unknown:
            near = did_you_mean(unknown[0], outputs, "")
            raise UnknownOutputError(
                f"{option} is given for output {unknown[0]!r}, and the model's outputs are {', '.join(outputs)}"
                + (f"; {near}" if near else "")
            )


def _comparison(settings: Settings, output: str, own: Compare | None) -> Compare | None:
    criterion = settings.compare.get(output, settings.compare.get(""))
    if criterion is None:
        return own
    return replace(criterion, source=str(settings.sources.get("compare", "default")))


def _given_tolerance(given: float | Mapping[str, float] | None, output: str) -> float | None:
    return given.get(output) if isinstance(given, Mapping) else given
