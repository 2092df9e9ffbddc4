"""What decides by the option `compare`: each comparison passes what another refuses, and the reverse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.criterion import UnfitComparisonError
from pytest_modelcompat.comparison.own_function import OwnFunctionError
from pytest_modelcompat.comparison.tolerance import OwnComparison
from pytest_modelcompat.loader.tensors import Ragged
from pytest_modelcompat.settings.comparisons import ComparisonError, read_comparisons
from tests.comparison.comparisons import FLOAT32, compared, drift_of, float32, strings

ALL = ("tolerance", "quantile(0.9)", "cosine(0.999)", "topk(1)", "psnr(30)")


def criterion(value: Any) -> Any:
    (found,) = read_comparisons({"score": value}).values()
    return replace(found, source="marker")


def drift(value: Any, actual: Any, expected: Any) -> Any:
    return drift_of(actual, expected, replace(FLOAT32, own=criterion(value)))


ROWS = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


def one_outlier() -> Any:
    actual = ROWS.copy()
    at = np.unravel_index(ROWS.argmax(), ROWS.shape)
    actual[at] += 1000
    return actual


def swapped_best() -> Any:
    """The two greatest scores of each row, almost equal, in the other order."""
    expected = ROWS.copy()
    order = expected.argsort(axis=1)
    rows = np.arange(len(expected))
    expected[rows, order[:, -2]] = expected[rows, order[:, -1]] - 1e-4
    actual = expected.copy()
    actual[rows, order[:, -2]], actual[rows, order[:, -1]] = expected[rows, order[:, -1]], expected[rows, order[:, -2]]
    return actual, expected


NOISE = (0.01 * np.random.default_rng(1).normal(size=ROWS.shape)).astype(np.float32)
OFFSET = ROWS + np.float32(0.02)
# Which of ALL pass an output beside the expected one.
OUTPUTS: dict[str, tuple[Any, Any, set[str]]] = {
    "equal": (ROWS, ROWS, set(ALL)),
    "scaled": (ROWS * 3, ROWS, {"cosine(0.999)", "topk(1)"}),
    "outlier": (one_outlier(), ROWS, {"quantile(0.9)", "topk(1)"}),
    "offset": (OFFSET, ROWS, {"cosine(0.999)", "topk(1)", "psnr(30)"}),
    "swapped": (*swapped_best(), {"cosine(0.999)", "psnr(30)"}),
    "within": (ROWS + np.float32(1e-6), ROWS, set(ALL)),
    "other": (-ROWS, ROWS, set()),
    "a tenth": (np.where(np.arange(8) == 0, ROWS * 0 + 9, ROWS), ROWS, set()),
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("value", ALL)
def test_what_each_comparison_passes(value: str, name: str) -> None:
    actual, expected, passing = OUTPUTS[name]
    assert drift(value, actual.astype(np.float32), expected).holds == (value in passing)


def test_each_comparison_passes_what_another_refuses_and_the_reverse() -> None:
    for one in ALL[1:]:
        passed = {name for name, (_, _, passing) in OUTPUTS.items() if one in passing}
        refused = set(OUTPUTS) - passed
        assert any("tolerance" not in OUTPUTS[name][2] for name in passed), one
        assert any(len(OUTPUTS[name][2] - {one}) for name in refused), one


@pytest.mark.parametrize(
    ("value", "text", "passes_at"),
    [
        ("quantile(0.999)", "99.75 % of the elements are within the tolerance, and 99.9 % must be", "quantile(0.9975)"),
        ("cosine", "the cosine similarity is 0.", "cosine(0."),
        ("psnr(100)", "the peak signal-to-noise ratio is ", "psnr("),
    ],
)
def test_what_is_reached_is_said_and_passes(value: str, text: str, passes_at: str) -> None:
    found = drift(value, one_outlier(), ROWS)
    assert not found.holds
    assert text in found.own.because
    if value != "psnr(100)":
        assert found.own.passes_at.startswith(passes_at)
        assert drift(found.own.passes_at, one_outlier(), ROWS).holds


def test_the_ratio_that_is_reached_passes() -> None:
    found = drift("psnr(90, 10)", ROWS + NOISE, ROWS)
    assert found.own.because.startswith("the peak signal-to-noise ratio is ")
    assert " dB for a peak of 10, and must be at least 90 dB" in found.own.because
    assert drift(found.own.passes_at, ROWS + NOISE, ROWS).holds
    mean = float(((ROWS + NOISE).astype(float) - ROWS.astype(float)).__pow__(2).mean())
    reached = 20 * np.log10(10) - 10 * np.log10(mean)
    assert drift(f"psnr({reached - 0.01}, 10)", ROWS + NOISE, ROWS).holds
    assert not drift(f"psnr({reached + 0.01}, 10)", ROWS + NOISE, ROWS).holds


def test_the_share_of_rows_that_is_reached_passes() -> None:
    actual = ROWS.copy()
    actual[:3] = -actual[:3]
    found = drift("topk(2)", actual, ROWS)
    assert found.own.because == (
        "the 2 greatest scores are the same as expected in 47 of 50 rows, and must be in 100 % of them"
    )
    assert drift(found.own.passes_at, actual, ROWS).holds
    assert drift("topk(2,0.94)", actual, ROWS).holds
    assert not drift("topk(2,0.95)", actual, ROWS).holds


@pytest.mark.parametrize("value", ALL)
def test_nan_on_one_side_never_holds(value: str) -> None:
    actual = ROWS.copy()
    actual[0, 0] = np.nan
    assert not drift(value, actual, ROWS).holds
    assert drift(value, actual, actual.copy()).holds


@pytest.mark.parametrize("value", ["topk(1)", "topk(3)", "cosine(0.9)", "psnr(20)", "quantile(0.5)"])
def test_an_output_that_became_constant_never_holds(value: str) -> None:
    assert not drift(value, np.zeros_like(ROWS), ROWS).holds


@pytest.mark.parametrize(
    ("value", "output", "message"),
    [
        (
            "topk(8)",
            ROWS,
            "compare is 'topk(8)' for output 'score', which has 8 scores in a row: choose fewer than that",
        ),
        ("topk", strings("a"), "compare is 'topk(1)' for output 'score', which holds strings: choose"),
        ("cosine", strings("a"), "which holds strings: choose 'tolerance' or 'quantile'"),
        ("topk", Ragged(np.zeros(2), (np.array([0, 2]),)), "which has no rows of scores"),
        ("topk", np.float32(1.0), "which has no rows of scores"),
    ],
)
def test_what_an_output_cannot_be_compared_by(value: str, output: Any, message: str) -> None:
    with pytest.raises(UnfitComparisonError) as raised:
        compared(output, output, replace(FLOAT32, own=criterion(value)))
    assert message in str(raised.value)
    # Where it is for all outputs, those that it does not fit are compared by tolerance.
    (for_all,) = read_comparisons(value).values()
    assert compared(output, output, replace(FLOAT32, own=for_all)).drifts[0].own is None


def test_strings_by_their_share() -> None:
    assert drift("quantile(0.5)", strings("a", "b"), strings("a", "c")).holds
    assert not drift("quantile(0.6)", strings("a", "b"), strings("a", "c")).holds


def test_a_function_decides_by_itself_or_by_its_place() -> None:
    def far(actual: Any, expected: Any) -> Any:
        return np.abs(actual - expected).max() < 5

    assert drift(far, float32(1.0), float32(3.0)).holds
    assert not drift(far, float32(1.0), float32(30.0)).holds
    by_place = drift("numpy:allclose", float32(1.0), float32(1.0 + 1e-6))
    assert (by_place.holds, by_place.own.by) == (True, "numpy:allclose")
    assert drift(lambda *_: OwnComparison(False, "too far"), float32(1.0), float32(1.0)).own.because == "too far"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("numpy:alclose", "compare: there is no 'alclose' in 'numpy'; did you mean 'allclose'?"),
        ("no_such_module:same", "compare: module 'no_such_module' cannot be imported: ModuleNotFoundError"),
        ("numpy:pi", "compare: numpy:pi is no function but float"),
        ("numpy:subtract", "compare: numpy:subtract gave ndarray; it must give True, False or an OwnComparison"),
        ("math:sqrt", "compare: math:sqrt raised TypeError: "),
    ],
)
def test_a_function_that_does_not_decide(value: str, message: str) -> None:
    with pytest.raises(OwnFunctionError) as raised:
        drift(value, float32(1.0, 2.0), float32(1.0, 2.0))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("topk(5)", {"": "topk(5)"}),
        ("topk( 5 , 0.9 )", {"": "topk(5, 0.9)"}),
        ("cosine", {"": "cosine(0.9999)"}),
        ("logits=topk(5)", {"logits": "topk(5)"}),
        (
            ["logits=topk(5,0.9)", "a/b=psnr", "tolerance"],
            {"logits": "topk(5, 0.9)", "a/b": "psnr(40)", "": "tolerance"},
        ),
        ({"logits": "quantile"}, {"logits": "quantile(0.99)"}),
        ("boxes=shop.metrics:same.boxes", {"boxes": "shop.metrics:same.boxes"}),
        ({}, {}),
    ],
)
def test_how_it_is_written(value: Any, written: dict[str, str]) -> None:
    assert {name: str(each) for name, each in read_comparisons(value).items()} == written


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("quantil(0.9)", "unknown comparison 'quantil'; did you mean 'quantile'?"),
        ("zzz", "unknown comparison 'zzz'; known are tolerance, quantile, cosine, topk, psnr, module:function"),
        (
            "cosine>=0.99",
            "'cosine>=0.99' is not written as a comparison is: 'cosine' takes a similarity above -1 and up to 1",
        ),
        ("topk:5", "'topk:5' is not written as a comparison is: 'topk' takes a whole number"),
        ("psnr(40", "'psnr(40' is not written as a comparison is: 'psnr' takes decibels"),
        ("(5)", "'(5)' is not written as topk(5) or module:function is"),
        ("shop:5", "'shop:5' is not written as module:function"),
        ("quantile(1.5)", "'quantile' takes a share above 0 and up to 1: quantile(0.99); it is given 1.5"),
        ("topk(0)", "'topk' takes a whole number"),
        ("topk(1.5)", "'topk' takes a whole number"),
        ("topk(5, 2)", "'topk' takes a whole number"),
        ("cosine(2)", "'cosine' takes a similarity"),
        ("cosine(nan)", "'cosine' takes a similarity"),
        ("psnr(-1)", "'psnr' takes decibels"),
        ("psnr(x)", "'psnr' takes decibels and, after a comma, the peak: psnr(40) or psnr(40, 255); 'x' is no number"),
        ("tolerance(1)", "'tolerance' takes no number; it is given 1"),
        ("topk(5", "'topk(5' is not written as a comparison is: 'topk' takes"),
        ("shop.metrics:", "'shop.metrics:' is not written as module:function, such as shop.metrics:same_boxes"),
        (["topk", "cosine"], "has two comparisons for all outputs"),
        (["a=topk", "a=cosine"], "has two comparisons for output 'a'"),
        (5, 'takes "cosine(0.999)", or a dict'),
        ({5: "topk"}, "5 is no name of an output"),
        ({"a": 5}, ", not 5"),
        ("", "'' is not written as topk(5)"),
    ],
)
def test_what_is_not_written_as_a_comparison_is(value: Any, message: str) -> None:
    with pytest.raises(ComparisonError) as raised:
        read_comparisons(value)
    assert message in str(raised.value)
