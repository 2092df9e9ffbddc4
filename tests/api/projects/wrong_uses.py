"""Wrong uses, which a type checker must refuse: one on each marked line."""

from __future__ import annotations

from typing import Any

from pytest_modelcompat import ModelRoundtrip, NoSuchName  # wrong: no such name


def build() -> Any: ...


def test_ranker(model_roundtrip: ModelRoundtrip) -> None:
    model_roundtrip(build, atoll=1e-5)  # wrong: a misspelt option
    model_roundtrip(build, seed="three")  # wrong: a type
    result = model_roundtrip(build, formats=["h5"])
    first = result[0]  # wrong: a target has a name
    verdict = result["h5"].verdicts  # wrong: a misspelt attribute
    assert [first, verdict, NoSuchName]
