"""Outputs of another structure: what no tolerance can excuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.comparison import arrays
from pytest_modelcompat.comparison.differences import OutputComparison, StructureDifference
from pytest_modelcompat.comparison.leaves import describe
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.loader.tensors import Ragged, Sparse
from tests.comparison.comparisons import EXACT, compared, drift_of, float32, strings

if TYPE_CHECKING:
    from pytest_modelcompat.comparison.tolerance import Tolerance


def exactly(output: str, dtype: str) -> Tolerance:
    return EXACT


def difference_of(actual: Any, expected: Any) -> StructureDifference:
    comparison = compared(actual, expected)
    assert not comparison.holds
    assert not comparison.drifts
    assert len(comparison.structure) == 1
    return comparison.structure[0]


class TestStructure:
    def test_missing_and_unexpected_outputs(self) -> None:
        array = np.zeros((2, 1), np.float32)
        comparison = compare_outputs({"b": array, "c": array}, {"a": array, "b": array}, exactly)
        assert comparison.structure == (
            StructureDifference("a", "missing", "float32 (2, 1)", "none"),
            StructureDifference("c", "unexpected", "none", "float32 (2, 1)"),
        )
        assert [drift.output for drift in comparison.drifts] == ["b"]
        assert not comparison.holds

    def test_dtype_and_shape(self) -> None:
        assert difference_of(np.zeros(2, np.float64), np.zeros(2, np.float32)) == StructureDifference(
            "score", "dtype", "float32", "float64"
        )
        assert difference_of(np.zeros((2, 1)), np.zeros(2)) == StructureDifference("score", "shape", "(2,)", "(2, 1)")

    def test_shapes_that_would_broadcast_do_not_hold(self) -> None:
        assert difference_of(np.zeros((4, 1)), np.zeros((4, 4))).what == "shape"

    def test_kind(self) -> None:
        ragged = Ragged(np.zeros(2), (np.array([0, 2]),))
        assert difference_of(np.zeros((1, 2)), ragged) == StructureDifference(
            "score", "kind", "ragged float64 (1, None)", "float64 (1, 2)"
        )

    def test_nothing_at_all_does_not_hold(self) -> None:
        comparison = compare_outputs({}, {}, exactly)
        assert comparison.structure == (StructureDifference("outputs", "missing", "at least one output", "none"),)
        assert not comparison.holds
        assert not comparison.identical

    def test_a_comparison_of_nothing_does_not_hold(self) -> None:
        assert not OutputComparison((), ()).holds

    def test_outputs_without_any_element_do_not_hold(self) -> None:
        comparison = compared(np.zeros((0, 4)), np.zeros((0, 4)))
        assert comparison.structure[0].expected == "at least one element"
        assert not comparison.holds

    def test_one_empty_output_beside_a_full_one_holds(self) -> None:
        outputs = {"boxes": np.zeros((0, 4)), "score": np.ones(2)}
        assert compare_outputs(outputs, outputs, exactly).holds

    def test_identical_comparison(self) -> None:
        array = np.ones(3)
        assert compared(array.copy(), array).identical
        assert not compared(array + 1e-9, array).identical


class TestRagged:
    EXPECTED = Ragged(np.array([1.0, 2.0, 3.0, 4.0]), (np.array([0, 1, 1, 4]),))

    def test_values_compare_under_their_row(self) -> None:
        actual = self.EXPECTED._replace(values=np.array([1.0, 2.0, 9.0, 4.0]))
        drift = drift_of(actual, self.EXPECTED)
        assert (drift.shape, drift.total, drift.max_abs_at) == ((3, None), 4, (2, 1))

    def test_first_value_after_an_empty_row_is_in_the_row_that_holds_it(self) -> None:
        actual = self.EXPECTED._replace(values=np.array([1.0, 9.0, 3.0, 4.0]))
        assert drift_of(actual, self.EXPECTED).max_abs_at == (2, 0)

    def test_index_of_nested_rows_and_inner_dimensions(self) -> None:
        splits = (np.array([0, 2, 3]), np.array([0, 1, 3, 4]))
        expected = Ragged(np.zeros((4, 2)), splits)
        values = np.zeros((4, 2))
        values[2, 1] = 1.0
        drift = drift_of(Ragged(values, splits), expected)
        assert (drift.shape, drift.max_abs_at) == ((2, None, None, 2), (0, 1, 1, 1))

    def test_row_lengths(self) -> None:
        actual = self.EXPECTED._replace(row_splits=(np.array([0, 1, 2, 4]),))
        assert difference_of(actual, self.EXPECTED) == StructureDifference(
            "score", "row lengths", "1, 0, 3 in dimension 1", "1, 1, 2 in dimension 1"
        )

    def test_many_row_lengths_are_shortened(self) -> None:
        expected = Ragged(np.zeros(20), (np.arange(21),))
        actual = Ragged(np.zeros(21), (np.array([*range(20), 21]),))
        assert difference_of(actual, expected).expected == "1, 1, 1, 1, 1, 1, 1, 1, … (20 rows) in dimension 1"

    def test_number_of_rows_is_the_shape(self) -> None:
        actual = Ragged(np.zeros(4), (np.array([0, 4]),))
        assert difference_of(actual, self.EXPECTED).what == "shape"


class TestSparse:
    EXPECTED = Sparse(np.array([[0, 1], [2, 0]]), np.array([1.0, 2.0]), (3, 4))

    def test_order_of_the_values_does_not_matter(self) -> None:
        actual = Sparse(self.EXPECTED.indices[::-1], self.EXPECTED.values[::-1], (3, 4))
        assert compared(actual, self.EXPECTED, EXACT).identical

    def test_values_compare_under_their_dense_index(self) -> None:
        actual = Sparse(np.array([[2, 0], [0, 1]]), np.array([2.5, 1.0]), (3, 4))
        drift = drift_of(actual, self.EXPECTED)
        assert (drift.shape, drift.total, drift.max_abs_at) == ((3, 4), 2, (2, 0))
        assert (drift.worst[0].index, drift.worst[0].actual) == ((2, 0), 2.5)

    def test_places(self) -> None:
        moved = self.EXPECTED._replace(indices=np.array([[0, 1], [2, 1]]))
        assert difference_of(moved, self.EXPECTED) == StructureDifference(
            "score", "sparsity", "a value at [2, 0]", "a value at [2, 1]"
        )
        fewer = Sparse(self.EXPECTED.indices[:1], self.EXPECTED.values[:1], (3, 4))
        assert difference_of(fewer, self.EXPECTED) == StructureDifference("score", "sparsity", "2 values", "1 values")

    def test_dense_shape(self) -> None:
        assert difference_of(self.EXPECTED._replace(dense_shape=(3, 5)), self.EXPECTED).what == "shape"


class TestDegenerate:
    @pytest.mark.parametrize(
        ("leaf", "what"),
        [
            (np.full(3, np.nan), "all NaN"),
            (np.array([np.nan]), "all NaN"),
            (np.ones((2, 2)), "constant"),
            (np.zeros(3, np.int32), "constant"),
            (strings("a", "a"), "constant"),
            (np.ones(1), None),
            (np.array([1.0, 2.0]), None),
            (np.array([np.nan, 1.0]), None),
            (np.zeros(0), None),
            (Ragged(np.ones(2), (np.array([0, 2]),)), "constant"),
            (Sparse(np.array([[0], [1]]), np.array([1.0, 2.0]), (4,)), None),
        ],
    )
    def test_outputs(self, leaf: Any, what: str | None) -> None:
        assert arrays.array_degeneracy(getattr(leaf, "values", leaf)) == what

    def test_is_reported_beside_the_drift(self) -> None:
        comparison = compared(np.zeros(3, np.float32), float32(1, 2, 3))
        assert comparison.structure == (
            StructureDifference("score", "constant", "elements that vary", "every element is 0.0"),
        )
        assert len(comparison.drifts) == 1
        nan = compared(np.full(3, np.nan), np.array([1.0, 2.0, 3.0]))
        assert nan.structure[0].actual == "every element is NaN"

    def test_is_not_reported_where_the_expected_output_was_so_too(self) -> None:
        assert compared(np.zeros(3), np.ones(3)).structure == ()

    def test_is_not_reported_where_the_values_hold(self) -> None:
        comparison = compared(np.zeros(3), np.array([0.0, 1e-9, 0.0]))
        assert comparison.structure == ()
        assert comparison.holds


def test_describe() -> None:
    assert describe(strings("a")) == "string (1,)"
    assert describe(TestSparse.EXPECTED) == "sparse float64 (3, 4)"
