"""Which names are Keras' own, and what they stand for."""

from __future__ import annotations

import pytest

from pytest_modelcompat.profiles.known_names import is_keras_name, loss_and_metric_class


@pytest.mark.parametrize(
    ("role", "name", "known"),
    [
        ("layer", "Dense", True),
        ("layer", "LocallyConnected1D", True),
        ("layer", "Scale", False),
        ("layer", "GetItem", False),
        ("model", "Functional", True),
        ("model", "Ranker", False),
        ("class", "Dense", True),
        ("class", "Adam", True),
        ("class", "GetItem", False),
        ("class", "relu", True),
        ("object", "GetItem", True),
        ("object", "nothing of Keras", False),
        ("loss", "bce", True),
        ("loss", "accuracy", False),
        ("metric", "accuracy", True),
        ("metric", "ce", True),
        ("metric", "my_metric", False),
        ("no role of ours", "Dense", False),
    ],
)
def test_a_name(role: str, name: str, known: bool) -> None:
    assert is_keras_name(role, name) is known


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("mse", "MeanSquaredError"),
        ("MAPE", "MeanAbsolutePercentageError"),
        ("kld", "KLDivergence"),
        ("kullback_leibler_divergence", "KLDivergence"),
        ("cosine_similarity", "CosineSimilarity"),
        ("bce", "BinaryCrossentropy"),
        ("MeanSquaredError", "MeanSquaredError"),
        ("accuracy", ""),
        ("huber", ""),
        ("my_loss", ""),
    ],
)
def test_the_class_that_is_both_loss_and_metric(name: str, stands_for: str) -> None:
    assert loss_and_metric_class(name) == stands_for
