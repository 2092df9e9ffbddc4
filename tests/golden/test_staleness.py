"""Which goldens no test claims any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.golden.golden import GoldenName
from pytest_modelcompat.golden.staleness import CollectedClaims

if TYPE_CHECKING:
    from pathlib import Path

CLAIMS = CollectedClaims(
    names=frozenset({"tests/test_models/test_ranker", "tests/test_skips/test_named\udcff"}),
    uncertain=frozenset({"tests/test_calls"}),
    collected=frozenset({"tests/test_models", "tests/test_calls"}),
)


@pytest.mark.parametrize(
    ("name", "is_stale", "reason"),
    [
        ("tests/test_models/test_ranker", False, ""),
        ("tests/test_models/test_gone", True, ""),
        ("tests/test_calls/first", False, "a test in tests/test_calls uses the fixture model_roundtrip, and only"),
        ("tests/test_skips/test_any", False, "pytest collected no test in tests/test_skips.py"),
        ("tests/test_skips/test_named\udcff", False, ""),
        ("tests/test_removed/test_any", True, ""),
        ("models/kept.h5", False, ""),
        ("models/gone.h5", True, ""),
        ("shop.models:build", False, ""),
    ],
)
def test_a_golden(tmp_path: Path, name: str, is_stale: bool, reason: str) -> None:
    for file in ("tests/test_models.py", "tests/test_skips.py", "models/kept.h5"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    *folder, last = name.split("/")
    golden = GoldenName(tuple(folder), last)
    assert CLAIMS.is_stale(golden, tmp_path) is is_stale
    assert CLAIMS.uncertain_reason(golden, tmp_path).startswith(reason)
    assert bool(CLAIMS.uncertain_reason(golden, tmp_path)) is bool(reason)


def test_claims_are_read_back(tmp_path: Path) -> None:
    CLAIMS.write(tmp_path / "claims.json")
    assert CollectedClaims.read(tmp_path / "claims.json") == CLAIMS
