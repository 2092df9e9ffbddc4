"""Bisection over layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.reproduction.search import smallest

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = [f"layer_{number}" for number in range(50)]


@pytest.mark.parametrize("broken", [0, 1, 24, 25, 48, 49])
def test_one_layer_is_found_in_a_few_steps(broken: int) -> None:
    tried: list[Sequence[str]] = []

    def fails(names: Sequence[str]) -> bool:
        tried.append(names)
        return f"layer_{broken}" in names

    assert smallest(NAMES, fails, gaps=True) == [f"layer_{broken}"]
    assert len(tried) <= 14


def test_two_that_fail_together_are_found_and_what_is_between_them_left_out() -> None:
    both = {"layer_3", "layer_20"}
    assert smallest(NAMES, lambda names: both <= set(names), gaps=True) == ["layer_3", "layer_20"]
    assert smallest(NAMES, lambda names: both <= set(names), gaps=False) == NAMES[3:21]


def test_what_is_left_fails_however_it_behaves() -> None:
    """Of a failure that comes and goes with the number of layers, nothing that holds is taken."""

    def fails(names: Sequence[str]) -> bool:
        return "layer_30" in names and len(names) % 3 != 1

    assert fails(smallest(NAMES, fails, gaps=True))
