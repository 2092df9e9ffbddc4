"""The tolerance of each output: the case's own, else that of its dtype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.comparison.tolerance import Tolerance, output_tolerance

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.routes import Tolerances
    from pytest_modelcompat.comparison.tolerance import Compare
    from pytest_modelcompat.settings.settings import Settings


class UnknownOutputError(Exception):
    """rtol or atol names an output the model does not have; the message names both."""


def tolerances(
    settings: Settings, compute_dtypes: Sequence[str], outputs: Sequence[str], own: Compare | None = None
) -> Tolerances:
    """The tolerance of each output: the case's own where it gives one, else by the least precise dtype.

    Args:
        settings: the case's options.
        compute_dtypes: the dtypes its model computes in.
        outputs: names of its outputs.
        own: the project's own comparison.

    Raises:
        UnknownOutputError: rtol or atol is given for an output that does not exist.
    """
    for option, given in (("rtol", settings.rtol), ("atol", settings.atol)):
        unknown = sorted(set(given) - set(outputs)) if isinstance(given, Mapping) else []
        if unknown:
            raise UnknownOutputError(
                f"{option} is given for output {unknown[0]!r}, and the model's outputs are {', '.join(outputs)}"
            )

    def tolerance(output: str, dtype: str) -> Tolerance:
        default = output_tolerance(dtype, compute_dtypes)
        rtol, atol = _given_tolerance(settings.rtol, output), _given_tolerance(settings.atol, output)
        if rtol is None and atol is None:
            return replace(default, own=own)
        source = str(settings.sources.get("rtol", "default"))
        rtol, atol = default.rtol if rtol is None else rtol, default.atol if atol is None else atol
        return Tolerance(rtol, atol, source, own)

    return tolerance


def _given_tolerance(given: float | Mapping[str, float] | None, output: str) -> float | None:
    return given.get(output) if isinstance(given, Mapping) else given
