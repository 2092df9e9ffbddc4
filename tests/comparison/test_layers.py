"""Layers' outputs compared: which is the first to diverge, and what rounding is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.layers import LayerOutput, LayerTrace, compare_layers, first_to_diverge
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.loader import sketches

TOLERANCE = Tolerance(1.3e-6, 1e-5, "dtype float32")
SIZE = (8, 16)


def output(path: str, values: Any, *, sampled: bool = True, **changes: Any) -> LayerOutput:
    array = np.asarray(values)
    return LayerOutput(
        **{
            "path": path,
            "class_name": "Dense",
            "dtype": "string" if array.dtype.kind == "O" else array.dtype.name,
            "shape": array.shape,
            "digest": sketches.digest_of([array]),
            "sketch": tuple(float(f"{each:.7g}") for each in sketches.sketch_of(array)),
            "sample": sketches.sample_of(array) if sampled else None,
            **changes,
        }
    )


def numbers(seed: int, dtype: str = "float32") -> Any:
    return np.random.default_rng(seed).normal(size=SIZE).astype(dtype)


def moved(values: Any, relative: float) -> Any:
    """The same numbers, each moved by up to a share of their size, up or down."""
    signs = np.random.default_rng(9).uniform(-1, 1, values.shape)
    return (values + np.abs(values).max() * relative * signs).astype(values.dtype)


def first(
    relative: list[float],
    *,
    same_runtime: bool,
    sampled: bool = True,
    dtype: str = "float32",
    other_weights: tuple[str, ...] = (),
) -> str:
    """The first to diverge of layers whose outputs have moved so much."""
    expected = [output(f"d{place}", numbers(place, dtype), sampled=sampled) for place in range(len(relative))]
    actual = [
        output(f"d{place}", moved(numbers(place, dtype), each) if each else numbers(place, dtype))
        for place, each in enumerate(relative)
    ]
    drifts = compare_layers(LayerTrace(tuple(expected)), LayerTrace(tuple(actual)), lambda *_: TOLERANCE)
    found = first_to_diverge(drifts, same_runtime=same_runtime, other_weights=other_weights)
    return found.expected.path if found is not None else ""


@pytest.mark.parametrize("sampled", [True, False])
def test_in_the_same_runtime_any_other_bit_is_a_difference(sampled: bool) -> None:
    assert first([0, 0, 2e-6, 4e-6], same_runtime=True, sampled=sampled) == "d2"
    assert first([0, 0, 0, 0], same_runtime=True, sampled=sampled) == ""
    assert first([0, 2e-7, 2e-7, 2e-7], same_runtime=True, sampled=sampled) == "d1"


@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.parametrize("same_runtime", [True, False])
def test_rounding_before_a_layer_that_moves_much_more_is_not_the_first(same_runtime: bool, sampled: bool) -> None:
    rounded = [2e-7, 4e-7, 6e-7]
    assert first([*rounded, 1e-3, 2e-3], same_runtime=same_runtime, sampled=sampled) == "d3"


def test_a_layer_with_other_weights_is_the_first_however_little_it_moves() -> None:
    assert first([2e-7, 4e-7, 1e-4], same_runtime=True, other_weights=("d0",)) == "d0"


def test_rounding_that_grows_in_another_runtime_has_no_first_layer() -> None:
    assert first([1e-7 * place for place in range(1, 21)], same_runtime=False) == ""


def test_the_rounding_that_was_measured_is_no_change() -> None:
    """The figures beside the bounds: the first layer of DenseNet121, and the last one of NASNetMobile."""
    epsilon = 1.2e-7
    assert first([0, 10 * epsilon, 15 * epsilon], same_runtime=False) == ""
    assert first([0, 11 * epsilon, 64 * epsilon], same_runtime=False) == ""
    assert first([0, 25 * epsilon, 25 * epsilon], same_runtime=False) == "d1"
    assert first([0, 11 * epsilon, 150 * epsilon], same_runtime=False) == "d2"


def test_what_is_rounding_follows_the_least_precise_dtype_so_far() -> None:
    assert first([0, 5e-3, 5e-3], same_runtime=False) == "d1"
    assert first([0, 5e-3, 5e-3], same_runtime=False, dtype="float16") == ""


def drift(expected: Any, actual: Any, *, sampled: bool = True) -> Any:
    (found,) = compare_layers(
        LayerTrace((output("a", expected, sampled=sampled),)), LayerTrace((output("a", actual),)), lambda *_: TOLERANCE
    )
    return found


def test_the_greatest_difference_and_its_share_of_the_tolerance() -> None:
    expected = np.array([[1.0, 10.0]], np.float32)
    found = drift(expected, expected + np.array([[0.0, 1e-3]], np.float32))
    assert found.difference == pytest.approx(1e-3, rel=1e-2)
    assert found.share == pytest.approx(1e-3 / (1e-5 + 1.3e-5), rel=1e-2)
    assert not found.is_estimated


@pytest.mark.parametrize("size", [10, 1000, 50_000])
def test_a_sketch_estimates_the_root_of_the_mean_square(size: int) -> None:
    expected = np.random.default_rng(0).normal(size=size).astype(np.float32)
    moved_by = np.random.default_rng(1).normal(size=size).astype(np.float32) * 1e-2
    found = drift(expected, expected + moved_by, sampled=False)
    assert found.is_estimated
    assert 0.3 < found.difference / math.sqrt(float((moved_by**2).mean())) < 2


@pytest.mark.parametrize(
    ("expected", "actual", "other"),
    [
        (np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32), "was float32 (2, 3), is float32 (2, 4)"),
        (np.zeros(2, np.float32), np.zeros(2, np.float16), "was float32 (2,), is float16 (2,)"),
        (np.array([b"a"], object), np.array([b"b"], object), "holds other values"),
        (np.array([1.0, np.nan]), np.array([np.nan, 1.0]), "holds other values"),
    ],
)
def test_what_cannot_be_compared_is_other(expected: Any, actual: Any, other: str) -> None:
    found = drift(expected, actual)
    assert found.other == other
    assert found.is_beyond_rounding


def test_nothing_but_the_sign_of_a_zero_is_no_difference() -> None:
    assert drift(np.array([0.0, 1.0]), np.array([-0.0, 1.0])).is_equal
    assert not drift(np.array([0.0, 1.0]), np.array([0.0, 1.0 + 2.3e-16])).is_equal


def test_layers_are_paired_in_order_where_the_classes_are_the_same_since_names_are_numbered() -> None:
    expected = LayerTrace((output("dense_4", numbers(0)), output("dense_5", numbers(1))))
    actual = LayerTrace((output("dense", numbers(0)), output("dense_1", numbers(2))))
    drifts = compare_layers(expected, actual, lambda *_: TOLERANCE)
    assert [(each.expected.path, each.is_equal) for each in drifts] == [("dense_4", True), ("dense_5", False)]


def test_else_layers_are_paired_by_name_call_and_position() -> None:
    expected = LayerTrace((output("a", numbers(0)), output("b", numbers(1)), output("b", numbers(2), call=2)))
    actual = LayerTrace((output("b", numbers(1)), output("b", numbers(3), call=2), output("c", numbers(4))))
    drifts = compare_layers(expected, actual, lambda *_: TOLERANCE)
    assert [(each.expected.key, each.is_equal) for each in drifts] == [("b", True), ("b#2", False)]


def test_what_another_call_gives_otherwise_is_not_compared() -> None:
    noisy = LayerTrace((output("noise", numbers(0)), output("dense", numbers(1))))
    steady = noisy.steady_in(LayerTrace((output("noise", numbers(5)), output("dense", numbers(1)))))
    drifts = compare_layers(
        steady, LayerTrace((output("noise", numbers(6)), output("dense", numbers(2)))), lambda *_: TOLERANCE
    )
    assert [each.expected.path for each in drifts] == ["dense"]


def test_of_a_large_tensor_a_sample_is_kept_and_the_digest_tells_the_rest() -> None:
    large = np.arange(5 * sketches.MOST_SAMPLED, dtype=np.float32)
    assert sketches.sample_of(large).size == sketches.MOST_SAMPLED
    other = large.copy()
    other[1] += 1
    assert not drift(large, other).is_equal


def given(*values: Any) -> tuple[tuple[float, ...], ...]:
    return tuple((each.size, *sketches.sketch_of(each)) for each in values)


@pytest.mark.parametrize(
    ("mine", "other", "is_like"),
    [
        (given(numbers(1)), given(moved(numbers(1), 1e-7)), True),
        (given(numbers(1)), given(numbers(1)), True),
        (given(numbers(1)), given(moved(numbers(1), 1e-3)), False),
        (given(numbers(1), numbers(2)), given(numbers(1), numbers(2)), True),
        (given(numbers(1), numbers(2)), given(numbers(1), numbers(3)), False),
        (given(numbers(1)), given(numbers(1), numbers(2)), False),
        (given(np.zeros(4)), given(np.zeros(5)), False),
        (((4,),), ((4,),), False),
        (((),), ((),), False),
        ((), given(numbers(1)), False),
        (given(numbers(1)), (), False),
    ],
)
def test_inputs_are_the_same_but_for_rounding(mine: Any, other: Any, is_like: bool) -> None:
    """What neither is known nor of the same size is not said to be the same."""
    first, second = output("a", numbers(0), given=mine), output("a", moved(numbers(0), 1e-2), given=other)
    (found,) = compare_layers(LayerTrace((first,)), LayerTrace((second,)), lambda *_: TOLERANCE)
    assert found.has_like_inputs is is_like
    assert found.knows_inputs is (bool(mine) and bool(other))
    equal = replace(found, expected=replace(first, inputs="ab"), actual=replace(second, inputs="ab"))
    assert equal.has_equal_inputs
    assert equal.has_like_inputs
    assert not found.has_equal_inputs


def test_what_no_sample_shows_is_no_difference_beyond_rounding_and_not_equal() -> None:
    zeros = np.zeros(5 * sketches.MOST_SAMPLED, np.float32)
    other = zeros.copy()
    other[np.setdiff1d(np.arange(zeros.size), sketches.sample_of(np.arange(zeros.size)))[0]] = 1.0
    found = drift(zeros, other)
    assert (found.is_equal, found.difference, found.share, found.relative) == (False, 0.0, 0.0, 0.0)
    assert not found.is_beyond_rounding


def test_what_has_no_sketch_is_other() -> None:
    words = [np.array([each], object) for each in (b"a", b"b")]
    assert drift(*words, sampled=False).other == "holds other values"


def test_how_many_numbers_were_compared_is_known_where_that_is_not_all() -> None:
    most = sketches.MOST_SAMPLED
    for size, sampled in ((most - 1, 0), (most, 0), (most + 1, most)):
        values = np.arange(size, dtype=np.float32)
        assert drift(values, values + 1).sampled == sampled
        assert drift(values, values + 1, sampled=False).sampled == 0
    # A sparse tensor has fewer numbers than its shape says, and all of them were compared.
    few = output("a", np.arange(5.0), shape=(most, 9))
    (found,) = compare_layers(LayerTrace((few,)), LayerTrace((replace(few, digest="other"),)), lambda *_: TOLERANCE)
    assert found.sampled == 0


def test_sketches_do_not_change_from_one_version_of_the_plugin_to_the_next() -> None:
    found = sketches.sketch_of(np.arange(10_000, dtype=np.float32))
    assert found[:2] == [4999.5, pytest.approx(2886.751331514372)]
    assert found[2:] == [209354.0, 298838.0, 383186.0, -162216.0, -587104.0]
