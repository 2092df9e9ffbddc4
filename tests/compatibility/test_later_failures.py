"""What a file loads with and fails on later."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.compatibility.rules.later_failures import steps_of_none
from pytest_modelcompat.results.finding import Kind, Severity, Stage
from tests.compatibility.judging import before, h5, judged, keras_file

OLD, NEW = "tf2.15", "tf2.21"
NONE: dict[str, Any] = {"steps_per_execution": None}


def test_none_of_keras_2_is_noted() -> None:
    (found,) = steps_of_none(before(keras_file("2.15.0", training=NONE), NEW))
    assert (found.kind, found.severity, found.stage) == (Kind.PREDICTION_FAILED, Severity.NOTE, Stage.FIRST_CALL)
    assert "predict(), evaluate() and fit() fail" in found.cause
    assert found in judged(keras_file("2.15.0", training=NONE), NEW)


@pytest.mark.parametrize("training", [{}, {"steps_per_execution": 1}, {"jit_compile": None}])
def test_a_file_that_predicts_has_no_note(training: dict[str, Any]) -> None:
    assert not list(steps_of_none(before(keras_file("2.15.0", training=training), NEW)))


def test_keras_2_takes_none_for_one() -> None:
    assert not list(steps_of_none(before(keras_file("2.15.0", training=NONE), OLD)))


def test_an_h5_file_is_compiled_without_it() -> None:
    assert not list(steps_of_none(before(h5("2.15.0", training=NONE), NEW)))
