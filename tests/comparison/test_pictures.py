"""Binned differences: what is counted, of what, and how large it can be."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.comparison import pictures
from pytest_modelcompat.comparison.leaves import expanded_leaf
from pytest_modelcompat.comparison.pictures import picture_of
from pytest_modelcompat.loader.tensors import Ragged, Sparse

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.pictures import Picture


def of(actual: Any, expected: Any) -> Picture | None:
    return picture_of("score", "golden", expanded_leaf(actual), expanded_leaf(expected))


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_equal_outputs_and_strings_have_none() -> None:
    same = normal(4, 3)
    assert of(same, same.copy()) is None
    assert of(np.array([b"a"], object), np.array([b"b"], object)) is None
    assert of(np.zeros((0, 3)), np.zeros((0, 3))) is None


def test_the_heat_map_shows_where() -> None:
    expected = np.zeros((32, 64), "float32")
    actual = expected.copy()
    actual[5, 40] = 0.25
    found = of(actual, expected)
    assert found is not None
    assert found.heat_map is not None
    heat_map = found.heat_map
    assert (heat_map.axes, heat_map.grid.x, heat_map.grid.y) == ((0, 1), (0, 64), (0, 32))
    # Of 64 columns two share a bin.
    assert [(place, row.index("0")) for place, row in enumerate(heat_map.grid.rows) if "0" in row] == [(5, 20)]
    assert (max(heat_map.by_row), heat_map.by_row.index(0.25), heat_map.by_column.index(0.25)) == (0.25, 5, 20)
    assert heat_map.grid.levels == (0.25,)


def test_of_an_image_the_two_longest_axes_are_shown() -> None:
    expected = np.zeros((4, 16, 24, 3), "float32")
    actual = expected.copy()
    actual[3, 9, 23, 2] = 1
    found = of(actual, expected)
    assert found is not None
    assert found.heat_map is not None
    assert found.heat_map.axes == (1, 2)
    assert (found.heat_map.by_row.index(1), found.heat_map.by_column.index(1)) == (9, 23)


@pytest.mark.parametrize(("shape", "rows", "columns"), [((50,), 1, 32), ((1, 7), 1, 7), ((3, 100), 3, 32)])
def test_a_heat_map_is_of_bounded_size(shape: tuple[int, ...], rows: int, columns: int) -> None:
    found = of(normal(*shape), normal(*shape, seed=1))
    assert found is not None
    assert found.heat_map is not None
    assert (len(found.heat_map.by_row), len(found.heat_map.by_column)) == (rows, columns)


def test_the_histogram_counts_every_pair() -> None:
    expected = np.array([1, 1, 1, 1, 1, np.nan, np.inf, 1], "float64")
    actual = np.array([1, 1.001, 1.01, 1.1, 2, np.nan, np.inf, np.nan], "float64")
    found = of(actual, expected)
    assert found is not None
    histogram = found.histogram
    assert histogram is not None
    assert (sum(histogram.counts), histogram.equal, histogram.not_finite) == (4, 3, 1)
    assert list(histogram.edges) == sorted(histogram.edges)
    assert histogram.edges[0] <= 0.001
    assert histogram.edges[-1] > 1


@pytest.mark.parametrize("difference", [1.0, 0.1, 1e-300, 3e300, 5e-324])
def test_any_one_difference_is_in_a_bin(difference: float) -> None:
    found = of(np.array([0.0, difference]), np.zeros(2))
    assert found is not None
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 1


def test_a_nan_alone_has_no_histogram_and_is_seen() -> None:
    found = of(np.array([1.0, np.nan]), np.array([1.0, 1.0]))
    assert found is not None
    assert found.histogram is None
    assert found.heat_map is not None
    assert found.heat_map.grid.rows == (".!",)
    assert found.heat_map.by_column[1] == float("inf")


def test_values_and_errors() -> None:
    expected = np.linspace(0, 8, 800)
    found = of(expected * 1.5, expected)
    assert found is not None
    assert found.errors is not None
    assert found.values is not None
    assert (found.errors.x, found.errors.y, found.values.x) == ((0, 8), (0, 4), (0, 12))
    # The error rises with the value: the first row of bins has the least of both.
    assert found.errors.rows[0].startswith("0")
    assert found.errors.rows[-1].endswith("0")
    assert found.errors.rows[-1].startswith(".")
    assert [each.count for each in found.by_value] == [100] * 8
    assert found.by_value[-1].greatest == 4
    assert found.by_value[0].mean_error == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "pair",
    [
        (np.array([1, 2, 3]), np.array([1, 2, 4])),
        (np.array([True, False]), np.array([True, True])),
        (np.array([1 + 1j, 2]), np.array([1 + 1j, 3])),
        (np.array([1.7e308, -1.7e308]), np.array([-1.7e308, 1.7e308])),
    ],
)
def test_other_numbers(pair: tuple[Any, Any]) -> None:
    found = of(*pair)
    assert found is not None
    assert found.histogram is not None
    assert sum(found.histogram.counts) + found.histogram.equal == len(pair[0])


def test_ragged_and_sparse_outputs_have_no_heat_map() -> None:
    splits = (np.array([0, 2, 3]),)
    ragged = of(Ragged(np.array([1.0, 2, 3]), splits), Ragged(np.array([1.0, 2, 4]), splits))
    indices = np.array([[0, 1], [1, 0]])
    sparse = of(Sparse(indices, np.array([1.0, 2]), (2, 2)), Sparse(indices, np.array([1.0, 3]), (2, 2)))
    for found in (ragged, sparse):
        assert found is not None
        assert found.heat_map is None
        assert found.histogram is not None


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = normal(37, 53), normal(37, 53, seed=1)
    whole = of(*pair)
    monkeypatch.setattr(pictures, "_CHUNK", 100)
    assert whole == of(*pair)


def test_of_very_many_elements_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_CHUNK", 100)
    monkeypatch.setattr(pictures, "_MOST_READ", 1000)
    found = of(normal(100, 100), normal(100, 100, seed=1))
    assert found is not None
    assert (found.taken, found.total) == (1000, 10_000)
    assert found.histogram is not None
    assert sum(found.histogram.counts) + found.histogram.equal == 1000


def test_a_picture_is_a_few_kilobytes_of_builtins() -> None:
    found = of(normal(200, 300), normal(200, 300, seed=1))
    assert found is not None
    assert len(json.dumps(asdict(found))) < 6000
