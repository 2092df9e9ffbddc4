from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison import arrays
from pytest_modelcompat.comparison.leaves import leaf_statistics
from pytest_modelcompat.comparison.outputs import compare_outputs
from pytest_modelcompat.comparison.tolerance import Tolerance, output_tolerance, tolerance_for
from tests.comparison.comparisons import EXACT, FLOAT32, drift_of, float32, strings


def place(values: Any) -> tuple[int, ...]:
    return tuple(int(at) for at in np.unravel_index(values.argmax(), values.shape))


class TestTolerance:
    @pytest.mark.parametrize(
        ("dtypes", "rtol", "atol", "source"),
        [
            (["float64"], 1e-7, 1e-7, "dtype float64"),
            (["float32"], 1.3e-6, 1e-5, "dtype float32"),
            (["float16"], 1e-3, 1e-3, "dtype float16"),
            (["bfloat16"], 1.6e-2, 1e-5, "dtype bfloat16"),
            (["float64", "float32", "int32"], 1.3e-6, 1e-5, "dtype float32"),
            (["float16", "bfloat16", "float32"], 1.6e-2, 1e-5, "dtype bfloat16"),
            (["complex64"], 1.3e-6, 1e-5, "dtype complex64"),
            (["complex128"], 1e-7, 1e-7, "dtype complex128"),
            (["int64"], 0.0, 0.0, "dtype int64"),
            (["string", "bool"], 0.0, 0.0, "dtype bool, string"),
            ([], 0.0, 0.0, "exact"),
        ],
    )
    def test_follows_the_least_precise_dtype(self, dtypes: list[str], rtol: float, atol: float, source: str) -> None:
        assert tolerance_for(dtypes) == Tolerance(rtol, atol, source)

    def test_of_an_output_follows_what_the_model_computes_in(self) -> None:
        assert output_tolerance("float32", ["float16", "float32"]).source == "dtype float16"
        assert output_tolerance("float32", []).source == "dtype float32"
        assert output_tolerance("complex64", ["float64"]).source == "dtype complex64"

    @pytest.mark.parametrize("dtype", ["int64", "bool", "string", "uint8"])
    def test_of_an_output_without_fractions_is_exact(self, dtype: str) -> None:
        assert output_tolerance(dtype, ["float16"]) == Tolerance(0.0, 0.0, f"dtype {dtype}")

    @pytest.mark.parametrize("bad", [-1e-9, float("nan"), float("inf")])
    def test_refuses_what_would_always_or_never_hold(self, bad: float) -> None:
        with pytest.raises(ValueError, match="rtol is"):
            Tolerance(bad, 0.0, "marker")
        with pytest.raises(ValueError, match="atol is"):
            Tolerance(0.0, bad, "marker")

    def test_is_asked_for_by_output_and_dtype(self) -> None:
        asked = []

        def tolerances(output: str, dtype: str) -> Tolerance:
            asked.append((output, dtype))
            return Tolerance(0.0, 1.0 if output == "loose" else 0.0, "marker")

        zeros, halves = np.zeros(2, np.float32), np.full(2, 0.5)
        comparison = compare_outputs(
            {"loose": zeros, "tight": halves}, {"loose": zeros + 1, "tight": halves + 1}, tolerances
        )
        assert asked == [("loose", "float32"), ("tight", "float64")]
        assert [drift.holds for drift in comparison.drifts] == [True, False]


class TestRule:
    @pytest.mark.parametrize(
        ("actual", "holds"), [(100.0, True), (110.5, True), (89.5, True), (110.6, False), (89.4, False)]
    )
    def test_is_atol_plus_rtol_of_the_expected(self, actual: float, holds: bool) -> None:
        tolerance = Tolerance(0.1, 0.5, "marker")
        assert drift_of(np.array([actual]), np.array([100.0]), tolerance).holds is holds

    def test_is_not_symmetric(self) -> None:
        tolerance = Tolerance(0.1, 0.0, "marker")
        assert drift_of(np.array([100.0]), np.array([110.0]), tolerance).holds
        assert not drift_of(np.array([110.1]), np.array([100.0]), tolerance).holds

    def test_nan_equals_nan_by_position(self) -> None:
        nan = np.array([np.nan, 1.0, 2.0])
        assert drift_of(nan.copy(), nan, EXACT).holds
        moved = drift_of(np.array([1.0, np.nan, 2.0]), nan, EXACT)
        assert (moved.mismatched, moved.nan_mismatched, moved.inf_mismatched) == (2, 2, 0)

    def test_infinity_equals_the_same_infinity(self) -> None:
        infinite = np.array([np.inf, -np.inf, 1.0, np.inf])
        assert drift_of(infinite.copy(), infinite, EXACT).holds
        other = drift_of(np.array([np.inf, np.inf, 1.0, 7.0]), infinite, Tolerance(1.0, 1e300, "marker"))
        assert (other.mismatched, other.nan_mismatched, other.inf_mismatched) == (2, 0, 2)

    def test_nan_is_no_infinity(self) -> None:
        drift = drift_of(np.array([np.nan, np.inf]), np.array([np.inf, np.nan]))
        assert (drift.nan_mismatched, drift.inf_mismatched) == (2, 0)

    def test_signs_of_zero_and_payloads_of_nan_hold_without_being_identical(self) -> None:
        other_nan = np.array([0x7FC00001], np.uint32).view(np.float32)
        for actual, expected in ((float32(-0.0), float32(0.0)), (other_nan, float32(np.nan))):
            drift = drift_of(actual, expected, EXACT)
            assert drift.holds
            assert not drift.identical
            assert drift.passing_atol == 0.0

    def test_identical_is_bit_for_bit(self) -> None:
        values = np.linspace(0, 1, 7, dtype=np.float32)
        assert drift_of(values.copy(), values).identical
        close = drift_of(np.nextafter(values, np.float32(2)), values)
        assert close.holds
        assert not close.identical


class TestFigures:
    def test_name_the_greatest_differences(self) -> None:
        expected = np.array([[100.0, 1.0], [0.0, 2.0]], np.float32)
        actual = np.array([[101.0, 1.5], [0.25, 2.0]], np.float32)
        drift = drift_of(actual, expected)
        assert (drift.output, drift.dtype, drift.shape, drift.total) == ("score", "float32", (2, 2), 4)
        assert drift.mismatched == 3
        assert (drift.max_abs, drift.max_abs_at) == (1.0, (0, 0))
        assert (drift.max_rel, drift.max_rel_at) == (0.5, (0, 1))
        assert drift.tolerance is FLOAT32
        assert drift.worst[0].index == (0, 0)
        assert (drift.worst[0].actual, drift.worst[0].expected, drift.worst[0].difference) == (
            101.0,
            100.0,
            1.0,
        )
        assert [bad.index for bad in drift.worst] == [(0, 0), (0, 1), (1, 0)]

    def test_are_of_held_elements_too(self) -> None:
        drift = drift_of(np.array([1.0, 2.5]), np.array([1.0, 2.0]), Tolerance(0.0, 1.0, "marker"))
        assert drift.holds
        assert (drift.max_abs, drift.max_abs_at, drift.allowance_used) == (0.5, (1,), 0.5)
        assert drift.worst == ()

    def test_are_not_contaminated_by_nan_and_infinity(self) -> None:
        expected = np.array([np.nan, np.inf, 1.0, np.nan, 5.0])
        actual = np.array([1.0, -np.inf, 1.5, np.nan, np.inf])
        drift = drift_of(actual, expected)
        assert (drift.max_abs, drift.max_abs_at, drift.max_rel) == (0.5, (2,), 0.5)
        assert (drift.mismatched, drift.nan_mismatched, drift.inf_mismatched) == (4, 1, 2)
        assert drift.passing_atol is None
        assert drift.passing_rtol is None
        worst = [(bad.actual, bad.expected, bad.difference) for bad in drift.worst]
        assert worst == [(1.0, "nan", None), ("-inf", "inf", None), ("inf", 5.0, None), (1.5, 1.0, 0.5)]

    def test_stay_finite_where_float64_overflows(self) -> None:
        drift = drift_of(np.array([1.7e308, 1e308]), np.array([-1.7e308, 1e-308]))
        assert drift.max_abs == sys.float_info.max
        assert drift.max_rel == sys.float_info.max

    def test_against_zero_have_no_relative_difference(self) -> None:
        drift = drift_of(np.array([0.0, 3.0]), np.array([0.0, 0.0]))
        assert (drift.max_rel, drift.max_rel_at, drift.passing_rtol) == (0.0, None, None)
        assert drift.passing_atol == 3.0

    def test_worst_are_the_five_furthest_beyond_the_allowance(self) -> None:
        expected = np.zeros(100_000)
        actual = np.zeros(100_000)
        actual[[7, 40_000, 70_000, 99_999, 3, 50_000]] = [1, 2, 3, 4, 5, 6]
        drift = drift_of(actual, expected)
        assert drift.mismatched == 6
        assert [bad.index for bad in drift.worst] == [(50_000,), (3,), (99_999,), (70_000,), (40_000,)]

    def test_worst_of_equals_are_the_first(self) -> None:
        drift = drift_of(np.ones(100_000), np.zeros(100_000))
        assert [bad.index for bad in drift.worst] == [(0,), (1,), (2,), (3,), (4,)]
        assert drift.max_abs_at == (0,)

    def test_values_read_as_their_dtype_writes_them(self) -> None:
        bad = drift_of(float32(0.1), float32(0.3)).worst[0]
        assert (bad.actual, bad.expected) == (0.1, 0.3)

    def test_of_a_scalar(self) -> None:
        drift = drift_of(np.array(1.0), np.array(2.0))
        assert (drift.shape, drift.total, drift.max_abs_at) == ((), 1, ())

    @pytest.mark.parametrize("seed", range(6))
    def test_passing_tolerances_pass_and_lesser_ones_do_not(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        expected = random.standard_normal(1000).astype(np.float32)
        actual = expected + random.standard_normal(1000).astype(np.float32) * 1e-3
        drift = drift_of(actual, expected)
        atol, rtol = drift.passing_atol, drift.passing_rtol
        assert atol is not None
        assert rtol is not None
        assert drift_of(actual, expected, Tolerance(FLOAT32.rtol, atol, "marker")).holds
        assert not drift_of(actual, expected, Tolerance(FLOAT32.rtol, atol * 0.99, "marker")).holds
        assert drift_of(actual, expected, Tolerance(rtol, FLOAT32.atol, "marker")).holds
        assert not drift_of(actual, expected, Tolerance(rtol * 0.99, FLOAT32.atol, "marker")).holds
        assert atol == float(f"{atol:.2e}")

    def test_passing_atol_is_what_rtol_leaves_over(self) -> None:
        drift = drift_of(np.array([115.0]), np.array([100.0]), Tolerance(0.125, 0.5, "marker"))
        assert drift.passing_atol == pytest.approx(2.5, abs=0.011)
        assert drift.passing_rtol == pytest.approx(0.145, abs=0.0011)

    @pytest.mark.parametrize("layout", ["C", "F", "strided"])
    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
    def test_in_chunks_equal_those_of_plain_numpy(self, dtype: str, layout: str) -> None:
        random = np.random.default_rng(5)
        shape = (311, 2 * 337)
        assert shape[0] * shape[1] > 5 * arrays._CHUNK
        expected = random.standard_normal(shape) + (1j * random.standard_normal(shape) if dtype == "complex64" else 0)
        actual = expected + random.standard_normal(shape) * random.choice([0, 0, 1e-6, 1e-2], shape)
        for array in (actual, expected):
            array[random.random(shape) < 0.01] = np.nan
            array[random.random(shape) < 0.01] = np.inf
            array[random.random(shape) < 0.01] = -np.inf
            array[random.random(shape) < 0.01] = 0
        actual, expected = (array.astype(dtype, order="F" if layout == "F" else "C") for array in (actual, expected))
        if layout == "strided":
            actual, expected = actual[::-1, ::2], expected[::-1, ::2]
        drift = drift_of(actual, expected)
        wide = np.complex128 if dtype == "complex64" else np.float64
        a, e = actual.astype(wide), expected.astype(wide)
        # Not `np.isclose`: before NumPy 2 it takes an infinite complex number for NaN.
        with np.errstate(all="ignore"):
            within = np.abs(a - e) <= FLOAT32.atol + FLOAT32.rtol * np.abs(e)
        close = (a == e) | (np.isnan(a) & np.isnan(e)) | (np.isfinite(a) & np.isfinite(e) & within)
        assert drift.mismatched == (~close).sum()
        assert drift.nan_mismatched == (np.isnan(a) != np.isnan(e)).sum()
        infinite = (np.isinf(a) | np.isinf(e)) & ~np.isnan(a) & ~np.isnan(e) & (a != e)
        assert drift.inf_mismatched == infinite.sum()
        with np.errstate(all="ignore"):
            difference = np.where(np.isfinite(a) & np.isfinite(e), np.abs(a - e), 0)
            relative = np.where((difference > 0) & (e != 0), difference / np.abs(e), 0)
        assert drift.max_abs == difference.max()
        assert drift.max_abs_at == place(difference)
        assert drift.max_rel == pytest.approx(relative.max(), rel=1e-15)
        assert drift.max_rel_at == place(relative)


class TestDtypes:
    @pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn"])
    def test_ml_dtypes_compare_in_a_wider_dtype(self, name: str) -> None:
        dtype = np.dtype(getattr(pytest.importorskip("ml_dtypes"), name))
        expected = np.array([1.0, 208.0, np.nan]).astype(dtype)
        actual = np.array([1.0, 192.0, np.nan]).astype(dtype)
        assert drift_of(expected.copy(), expected, EXACT).identical
        drift = drift_of(actual, expected, EXACT)
        difference = float(expected[1]) - float(actual[1])
        assert (drift.dtype, drift.mismatched, drift.max_abs) == (name, 1, difference)
        assert drift.worst[0].index == (1,)

    def test_four_bit_integers(self) -> None:
        int4 = np.dtype(pytest.importorskip("ml_dtypes").int4)
        drift = drift_of(np.array([-8, 1]).astype(int4), np.array([7, 1]).astype(int4), EXACT)
        assert (drift.mismatched, drift.max_abs, drift.worst[0].actual) == (1, 15.0, -8)

    @pytest.mark.parametrize(
        ("dtype", "actual", "expected", "difference"),
        [
            ("int8", 127, -128, 255.0),
            ("uint8", 0, 255, 255.0),
            ("int64", 2**63 - 1, -(2**63), 2.0**64),
            ("int64", -(2**63), 2**63 - 1, 2.0**64),
            ("uint64", 0, 2**64 - 1, 2.0**64),
            ("int64", 2**53 + 1, 2**53, 1.0),
            ("uint64", 2**64 - 1, 2**64 - 2, 1.0),
        ],
    )
    def test_integers_do_not_overflow(self, dtype: str, actual: int, expected: int, difference: float) -> None:
        drift = drift_of(np.array([actual], dtype), np.array([expected], dtype), EXACT)
        assert (drift.mismatched, drift.max_abs) == (1, difference)
        assert (drift.worst[0].actual, drift.worst[0].expected) == (actual, expected)

    def test_bool(self) -> None:
        drift = drift_of(np.array([True, False, True]), np.array([True, True, True]), EXACT)
        assert (drift.mismatched, drift.worst[0].actual, drift.worst[0].expected) == (1, False, True)

    def test_complex_by_magnitude(self) -> None:
        drift = drift_of(np.array([3 + 4j]), np.array([0j]), Tolerance(0.0, 4.9, "marker"))
        assert (drift.max_abs, drift.worst[0].actual, drift.passing_atol) == (5.0, "(3+4j)", 5.0)

    def test_strings(self) -> None:
        expected = strings("a", "ü", "c")
        assert drift_of(strings("a", "ü", "c"), expected, EXACT).identical
        drift = drift_of(strings("a", "b", "c"), expected, FLOAT32)
        assert (drift.dtype, drift.total, drift.mismatched, drift.max_abs) == ("string", 3, 1, 0.0)
        assert (drift.worst[0].index, drift.worst[0].actual, drift.worst[0].expected) == ((1,), "b", "ü")
        assert drift.worst[0].difference is None
        assert drift.passing_atol is None
        assert drift.passing_rtol is None

    def test_strings_no_tolerance_excuses(self) -> None:
        assert not drift_of(strings("a"), strings("b"), Tolerance(0.0, 2.0, "marker")).holds

    def test_bytes_that_are_no_text_and_endless_ones_are_shown_shortened(self) -> None:
        actual = strings("x")
        actual[0] = b"\xff" + b"y" * 500
        shown = drift_of(actual, strings("x"), EXACT).worst[0].actual
        assert isinstance(shown, str)
        assert shown.startswith("\\xffyy")
        assert len(shown) == 100


class TestStatistics:
    def test_are_of_finite_elements(self) -> None:
        leaf = float32(1, 2, 3, 4, np.nan, np.inf, -np.inf)
        assert leaf_statistics(leaf) == {
            "min": 1.0, "max": 4.0, "mean": 2.5, "std": 1.11803399, "nan": 1, "inf": 2
        }  # fmt: skip

    def test_of_many_chunks_equal_numpy(self) -> None:
        values = np.random.default_rng(0).standard_normal(4 * arrays._CHUNK + 5)
        found = leaf_statistics(values)
        for name in ("min", "max", "mean", "std"):
            assert found[name] == pytest.approx(getattr(np, name)(values), rel=0, abs=1e-8)

    @pytest.mark.parametrize("cuts", [[], [1], [0, 4096, 4096], [5, 4100, 9000, 9001], [*range(0, 9999, 7)]])
    def test_of_pieces_of_any_size_are_those_of_the_whole(self, cuts: list[int]) -> None:
        values = np.arange(10_000)
        found = list(arrays.rechunked(np.split(values, cuts)))
        assert [(start, chunk.tolist()) for start, chunk in found] == [
            (start, chunk.tolist()) for start, chunk in arrays.chunks(values)
        ]

    def test_do_not_show_the_rounding_of_a_sum_that_cancels(self) -> None:
        assert str(leaf_statistics(np.array([0.1, 0.2, -0.3]))["mean"]) == "0.0"
        assert str(leaf_statistics(np.array([-0.1, -0.2, 0.3]))["mean"]) == "0.0"

    @pytest.mark.parametrize(
        ("leaf", "found"),
        [
            (strings("a", "b", "a"), {"distinct": 2}),
            (np.array([np.nan]), {"min": None, "max": None, "mean": None, "std": None, "nan": 1, "inf": 0}),
            (np.array([True, False]), {"min": 0.0, "max": 1.0, "mean": 0.5, "std": 0.5, "nan": 0, "inf": 0}),
            (np.array([3 + 4j]), {"min": 5.0, "max": 5.0, "mean": 5.0, "std": 0.0, "nan": 0, "inf": 0}),
            (
                np.array([1.5e308, -1.5e308]),
                {"min": -1.5e308, "max": 1.5e308, "mean": 0.0, "std": None, "nan": 0, "inf": 0},
            ),
        ],
    )
    def test_of_other_dtypes(self, leaf: Any, found: dict[str, object]) -> None:
        assert leaf_statistics(leaf) == found
        json.dumps(leaf_statistics(leaf), allow_nan=False)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("change", [0.0, 1.0])
def test_memory_stays_below_a_fraction_of_one_copy(change: float, order: Any) -> None:
    expected = np.arange(20_000_000, dtype=np.float32).reshape((4000, 5000), order=order)
    actual = expected + np.float32(change)
    tracemalloc.start()
    try:
        drift = drift_of(actual, expected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert drift.holds is (change == 0.0)
    assert peak < expected.nbytes / 10


def test_import_takes_neither_numpy_nor_pytest() -> None:
    code = (
        "import sys, pytest_modelcompat.comparison.outputs, pytest_modelcompat.golden.store;"
        "sys.exit(bool({'numpy', 'pytest', 'tensorflow', 'filelock'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
