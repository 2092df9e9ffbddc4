"""A user's test file, as type checkers see it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat import (
    Drift,
    Finding,
    Kind,
    KnownFailure,
    ModelCompatError,
    ModelRoundtrip,
    OwnComparison,
    Result,
    RoundTripResult,
    Tolerance,
)


def pytest_modelcompat_known_failures() -> list[KnownFailure]:
    return [KnownFailure(r"Unknown layer: '(?P<name>Shop\w+)'", Kind.UNKNOWN_LAYER, "$name", cause="it has moved")]


def pytest_modelcompat_compare(output: str, actual: Any, expected: Any, tolerance: Tolerance) -> OwnComparison | None:
    return OwnComparison(holds=True) if tolerance.atol and output == "angle" else None


def build() -> Any: ...


class Scale: ...


def test_ranker(model_roundtrip: ModelRoundtrip) -> None:
    result: RoundTripResult = model_roundtrip(
        build, inputs=[[1.0]], custom_objects={"Scale": Scale}, formats=["h5", "keras"], rtol=1e-5, atol={"score": 0.0}
    )
    one: Result = result["h5"]
    drift: Drift = one.drift
    assert drift.max_abs < 1e-7
    assert len(result) == 2
    assert [each.verdict for each in result] == ["passed", "passed"]


def test_what_fails(model_roundtrip: ModelRoundtrip) -> None:
    result = model_roundtrip(build, check=False, checks=["predictions"], timeout=60)
    findings: tuple[Finding, ...] = result["h5"].errors
    assert findings[0].kind is Kind.UNKNOWN_LAYER
    assert findings[0].subject == "Scale"


def test_raises(model_roundtrip: ModelRoundtrip) -> None:
    with pytest.raises(ModelCompatError) as caught:
        model_roundtrip(build, safe_mode=False, compile_model=False)
    assert caught.value.results[0].failed
