"""Layer names that Keras 3 refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.compatibility.rules.layer_names import refused_names
from pytest_modelcompat.results.finding import Kind, Stage
from tests.compatibility.judging import before, h5, keras_file

if TYPE_CHECKING:
    from pathlib import Path


def named(name: str) -> LayerUse:
    return LayerUse("Dense", (name,), config={"name": name}, position=1, siblings=2)


@pytest.mark.parametrize("inventory", [h5, keras_file])
def test_a_slash_is_refused_by_keras_3(inventory: type) -> None:
    held = inventory("2.15.0", layers=(named("conv1/bn"), named("plain")))
    (finding,) = refused_names(before(held, "tf2.16"))
    assert (finding.kind, finding.subject, finding.stage) == (Kind.CONFIG_CHANGED, "name", Stage.CONFIG)
    assert finding.where == ('"conv1/bn", first of 2 layers',)
    assert finding.fix[:2] == (
        "give the layers names without a slash, and save the model again",
        "or load it with Keras 2 there: pip install tf_keras, and set TF_USE_LEGACY_KERAS=1",
    )
    for runtime in ("tf2.15", "tf2.21+tf_keras"):
        assert not list(refused_names(before(held, runtime)))


def test_the_name_of_the_model_is_one_too() -> None:
    root = {"class_name": "Sequential", "config": {"name": "a/b", "layers": []}}
    (finding,) = refused_names(before(h5(root=root), "tf2.21"))
    assert finding.where == ("the model",)


def test_names_without_one_are_taken() -> None:
    assert not list(refused_names(before(h5(layers=(named("conv1_bn"),)), "tf2.21")))


@pytest.mark.needs_tensorflow
def test_keras_3_says_what_the_finding_says(tmp_path: Path) -> None:
    import tensorflow as tf

    (finding,) = refused_names(before(h5(layers=(named("conv1/bn"),)), "tf2.21"))
    with pytest.raises((TypeError, ValueError), match="Argument") as caught:
        tf.keras.layers.Dense.from_config({"name": "conv1/bn", "units": 2})
    assert finding.cause.partition("refuses: ")[2] in str(caught.value)
