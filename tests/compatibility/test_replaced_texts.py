"""Texts of an .h5 file that are the names of something declared: Keras 3 puts that in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse
from pytest_modelcompat.compatibility.rules.replaced_texts import replaced_texts
from pytest_modelcompat.results.finding import Finding, Kind
from tests.compatibility.judging import before

TEXTS = LayerUse("TextVectorization", ("texts",), config={"name": "clean", "standardize": "clean"})
ACTIVATED = LayerUse("Dense", ("dense",), config={"activation": "clean", "kernel_initializer": "clean"})
COUNTED = ObjectUse("metric", "MeanMetricWrapper", ("compile",), config={"name": "rmse", "fn": "rmse"})


def found(
    *uses: LayerUse | ObjectUse, runtime: str = "tf2.21", format_: str = "h5", custom: str = "clean"
) -> list[Finding]:
    layers = tuple(use for use in uses if isinstance(use, LayerUse))
    objects = tuple(use for use in uses if isinstance(use, ObjectUse))
    inventory = Inventory(Path(f"model.{format_}"), format_, layers=layers, objects=objects)
    return list(replaced_texts(before(inventory, runtime, *filter(None, [custom]))))


def test_a_text_of_a_layer() -> None:
    (finding,) = found(TEXTS)
    assert (finding.kind, finding.subject) == (Kind.CONFIG_CHANGED, "TextVectorization(standardize='clean')")
    assert finding.where == ('"texts"',)
    assert finding.fix == ("save the model as .keras or SavedModel",)


def test_the_function_of_a_metric() -> None:
    (finding,) = found(COUNTED, custom="rmse")
    assert (finding.kind, finding.subject) == (Kind.COMPILE_NOT_READ, "MeanMetricWrapper(fn='rmse')")
    assert "compile=False" in finding.fix[0]


@pytest.mark.parametrize(
    ("uses", "more"),
    [
        ((TEXTS,), {"runtime": "tf2.15"}),
        ((TEXTS,), {"format_": "keras"}),
        ((TEXTS,), {"custom": ""}),
        ((TEXTS,), {"custom": "lower"}),
        ((ACTIVATED,), {}),
        ((LayerUse("Lambda", ("half",), config={"function": "clean"}),), {}),
        ((LayerUse("clean", ("own",), config={"how": "clean"}),), {}),
    ],
)
def test_nothing_else(uses: tuple[LayerUse, ...], more: dict[str, str]) -> None:
    assert not found(*uses, **more)
