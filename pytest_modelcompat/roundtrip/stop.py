"""What stops a target before its outputs can be compared, as a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts import BrokenArtifactError
from pytest_modelcompat.comparison.criterion import UnfitComparisonError
from pytest_modelcompat.comparison.own_function import OwnFunctionError
from pytest_modelcompat.results.finding import Finding, Kind
from pytest_modelcompat.roundtrip.inputs.how_to_give import how_to_give_inputs
from pytest_modelcompat.roundtrip.inputs.values import InputsNeededError
from pytest_modelcompat.roundtrip.model import NotAModelError
from pytest_modelcompat.roundtrip.tolerances import UnknownOutputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


class TargetStoppedError(Exception):
    """The target cannot go on; `findings` say why; `called` is the live model that failed in a call, and its inputs."""

    def __init__(self, *findings: Finding, called: tuple[ModelUnderTest, Any] | None = None) -> None:
        super().__init__(findings[0].cause)
        self.findings = findings
        self.called = called


class NotApplicableError(Exception):
    """The test names no formats, and its model has no such one; the message says why, and which one it has."""


_EXPECTED = (
    BrokenArtifactError,
    NotAModelError,
    UnfitComparisonError,
    OwnFunctionError,
    UnknownOutputError,
)


def stop_on_failure(case: Case, kind: Kind, step: Callable[[], Any]) -> Any:
    """What a step gives; an exception it is known to raise becomes the finding that stops the target."""
    try:
        return step()
    except InputsNeededError as error:
        fix = how_to_give_inputs(case, error.example)
        raise TargetStoppedError(Finding(kind, case.title, cause=str(error), fix=fix)) from None
    except _EXPECTED as error:
        raise TargetStoppedError(Finding(kind, case.title, cause=str(error))) from None
