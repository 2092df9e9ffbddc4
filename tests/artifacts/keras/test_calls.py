"""Whose outputs a layer is called with, as Keras 2 and Keras 3 write it."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.artifacts.keras.calls import sources_of

TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "keras_history": ["dense", 0, 0]}}


@pytest.mark.parametrize(
    ("stored", "sources"),
    [
        ([[["dense", 0, 0, {}]]], ["dense"]),
        ([[["a", 0, 0, {}], ["b", 0, 1, {}]], [["a", 1, 0, {}]]], ["a", "b", "a"]),
        ([["a", 0, 0, {"mask": ["b", 0, 0]}]], ["a", "b"]),
        ([{"args": [TENSOR], "kwargs": {"mask": TENSOR}}], ["dense", "dense"]),
        ([], []),
        (None, []),
        ([["dense", "no number", 0]], []),
        ([["dense", 0]], []),
        ([[5, 0, 0]], []),
    ],
)
def test_sources(stored: Any, sources: list[str]) -> None:
    assert list(sources_of(stored)) == sources


def test_what_is_nested_too_deep_is_not_read() -> None:
    stored: list[Any] = ["dense", 0, 0]
    for _ in range(1000):
        stored = [stored]
    assert list(sources_of(stored)) == []
