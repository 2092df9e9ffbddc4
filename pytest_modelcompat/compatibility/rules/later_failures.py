"""What a file loads with and fails on later: `predict()`, `evaluate()` and `fit()` of a model that was loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility.fixes import COMPILE_FIX
from pytest_modelcompat.results.finding import MEASURED, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext

_ARGUMENT = "steps_per_execution"


def steps_of_none(context: CompatibilityContext) -> Iterator[Finding]:
    """A note where Keras 3 takes a None of Keras 2 for the number of batches that one step runs."""
    training = context.inventory.training
    is_read = context.reader_major == 3 and context.inventory.format == "keras"
    if is_read and _ARGUMENT in training and training[_ARGUMENT] is None:
        yield Finding(
            Kind.PREDICTION_FAILED,
            subject=_ARGUMENT,
            cause=f"it is None in the compile configuration, which Keras 2 takes for 1 and {context.reader_name} takes "
            "for a number: predict(), evaluate() and fit() fail until the model is compiled again",
            fix=COMPILE_FIX,
            severity=Severity.NOTE,
            stage=Stage.FIRST_CALL,
            source=MEASURED,
        )
