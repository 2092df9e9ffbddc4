"""The layers that give a model's outputs, as its configuration tells."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.compatibility.model_ends import ends_of

TENSOR = ["dense", 0, 0]


def sequential(*names: str) -> dict[str, Any]:
    return {"layers": [{"class_name": "Dense", "config": {"name": name}} for name in names]}


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        ([TENSOR], {"dense"}),
        (TENSOR, {"dense"}),
        ([TENSOR, ["other", 0, 0]], {"dense", "other"}),
        ({"scores": TENSOR}, {"dense"}),
        ([["dense", 0, 1], ["dense", 1, 0]], {"dense"}),
    ],
)
def test_of_a_functional_model(outputs: object, names: set[str]) -> None:
    assert ends_of({(): {"output_layers": outputs}}) == frozenset((name,) for name in names)


def test_of_a_sequential_is_the_last_layer() -> None:
    assert ends_of({(): sequential("first", "last")}) == frozenset({("last",)})


def test_in_a_model_at_the_end_are_ends_too() -> None:
    models = {(): sequential("first", "tower"), ("tower",): {"output_layers": [TENSOR]}, ("first",): sequential("a")}
    assert ends_of(models) == frozenset({("tower",), ("tower", "dense")})


def test_of_what_is_nested_without_end_are_found_without_recursion() -> None:
    outputs: list[object] = ["dense", 0, 0]
    for _ in range(100_000):
        outputs = [outputs]
    assert ends_of({(): {"output_layers": outputs}}) == frozenset({("dense",)})


@pytest.mark.parametrize("config", [{}, {"units": 2}, {"layers": []}, {"layers": ["text"]}, {"layers": [{}]}])
def test_of_another_model_are_not_known(config: dict[str, Any]) -> None:
    assert ends_of({(): config}) is None
