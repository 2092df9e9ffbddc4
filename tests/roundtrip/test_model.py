"""The live model: what it is, how it is called, what it is made of."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import weights
from pytest_modelcompat.loader.calls import SignatureMismatchError
from pytest_modelcompat.roundtrip.model import NotAModelError, as_model_under_test
from pytest_modelcompat.roundtrip.save import save

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow

keras = tf.keras
L = keras.layers


class Minus(tf.Module):  # type: ignore[misc]
    @tf.function(input_signature=[tf.TensorSpec([None], name="z"), tf.TensorSpec([None], name="a")])  # type: ignore[untyped-decorator]
    def subtract(self, whole: Any, part: Any) -> Any:
        return whole - part


class Both(Minus):
    @tf.function(input_signature=[tf.TensorSpec([None])])  # type: ignore[untyped-decorator]
    def __call__(self, values: Any) -> Any:
        return values * 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the test returned nothing"),
        ("model.h5", "str"),
        (L.Dense(1), r"returned a layer \(Dense\), which cannot be saved on its own"),
        (tf.Module(), "tf.Module Module has no signature to save"),
    ],
)
def test_what_is_no_model(value: Any, message: str) -> None:
    with pytest.raises(NotAModelError, match=message):
        as_model_under_test(value)


def test_signatures_of_modules() -> None:
    assert list(as_model_under_test(Minus()).signatures) == ["serving_default"]
    assert sorted(as_model_under_test(Both()).signatures) == ["serving_default", "subtract"]


FIVE, ONE = np.full(1, 5.0), np.full(1, 1.0)


@pytest.mark.parametrize("arguments", [[FIVE, ONE], (FIVE, ONE), {"part": ONE, "whole": FIVE}])
def test_arguments_of_one_shape_are_not_swapped(arguments: Any) -> None:
    model = as_model_under_test(Minus())
    inputs = {"serving_default": arguments}
    assert model.call(inputs)["serving_default"]["output_0"].tolist() == [4.0]
    sent = model.sent(inputs)["serving_default"]
    assert {name: leaf.tolist() for name, leaf in sent.items()} == {"z": [5.0], "a": [1.0]}


@pytest.mark.parametrize("arguments", [[FIVE], {"whole": FIVE}, {"z": FIVE, "a": ONE}])
def test_arguments_that_do_not_fit(arguments: Any) -> None:
    with pytest.raises(SignatureMismatchError, match="takes whole, part; give a dict of these names, or a list"):
        as_model_under_test(Minus()).call({"serving_default": arguments})


def test_names_dtypes_and_layers() -> None:
    b, a = keras.Input((2,), name="b"), keras.Input((2,), name="a")
    tower = keras.Sequential([keras.Input((2,)), L.Dense(2, dtype="mixed_float16", name="inner")], name="tower")
    model = as_model_under_test(keras.Model([b, a], [L.Add(name="sum")([b, a]), tower(b)]))
    assert model.input_names() == ("b", "a")
    assert model.dtypes() == ["float16", "float32"]
    assert "tower/inner" in [path for path, _ in model.layers()]
    assert as_model_under_test(Minus()).input_names() == ()


class Tracked(tf.__internal__.tracking.AutoTrackable):  # type: ignore[misc]
    """What there was before `tf.Module`, and `tf.saved_model.save` still takes: it has no `variables`."""

    def __init__(self) -> None:
        self.by = tf.Variable([2.0], name="by")
        self.parts = {"offset": tf.Variable(1.0, name="offset")}

    @tf.function(input_signature=[tf.TensorSpec([None])])  # type: ignore[untyped-decorator]
    def scale(self, values: Any) -> Any:
        return values * self.by + self.parts["offset"]


def test_a_trackable_object_that_is_no_module_is_saved_with_its_variables(tmp_path: Path) -> None:
    model = as_model_under_test(Tracked())
    assert [digest.path for digest in model.weights()] == ["by", "offset"]
    saved = save(model, "saved_model", tmp_path)
    reloaded = weights.of_saved_object(tf.saved_model.load(str(saved.artifact)))
    assert sorted(entry["sha256"] for entry in reloaded) == sorted(digest.sha256 for digest in model.weights())
    assert not saved.changes


PACKAGES = [name for name in ("keras", "tf_keras") if importlib.util.find_spec(name)]


@pytest.mark.parametrize("package", PACKAGES)
def test_layers_are_found_wherever_they_are_held(package: str) -> None:
    layers = importlib.import_module(package).layers

    class Holder(layers.Layer):  # type: ignore[misc,name-defined]  # Keras comes without types
        def __init__(self) -> None:
            super().__init__(name="holder")
            self.layers = {"a": layers.Dense(2, name="in_dict")}
            self.other = layers.Dropout(0.5, name="drop")
            self.again = self.other

        def call(self, inputs: Any) -> Any:
            return self.other(self.layers["a"](inputs))

    class Owner(importlib.import_module(package).Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="owner")
            self.step = layers.TimeDistributed(layers.Dense(2, dtype="mixed_float16", name="inner"), name="each")
            self.memory = layers.LSTM(1, name="memory")
            self.holder = Holder()
            self.holder.parent = self

        def call(self, inputs: Any) -> Any:
            return self.memory(self.holder(self.step(inputs)))

    model = as_model_under_test(Owner())
    model.call(np.ones((1, 2, 3), np.float32))
    paths = [path for path, _ in model.layers()]
    assert len(paths) == 7
    assert set(paths) >= {"each/inner", "holder/drop", "holder/in_dict", "memory/lstm_cell"}
    assert model.dtypes() == ["float16", "float32"]
    assert sorted(map(str, model.nondeterministic_layers())) == [
        f"holder (Holder, of {__name__})",
        "holder/drop (Dropout, draws random numbers)",
    ]
    assert "Holder" in model.defining_modules()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_input_of_a_sequential_model_is_no_layer_of_it(package: str) -> None:
    layers = importlib.import_module(package).layers
    model = as_model_under_test(
        importlib.import_module(package).Sequential([layers.Input((2,)), layers.Dense(1, dtype="float64")])
    )
    assert model.dtypes() == ["float64"]


@pytest.mark.parametrize("layers", [3, [L.Dense(1)], {"a": 1}])
def test_layers_of_a_module_are_its_own_business(layers: Any) -> None:
    module = Minus()
    module.layers = layers
    model = as_model_under_test(module)
    assert (list(model.layers()), model.dtypes(), model.defining_modules(), model.nondeterministic_layers()) == (
        [],
        [],
        {},
        [],
    )


def test_layers_that_can_make_predictions_unsteady() -> None:
    model = as_model_under_test(keras.Sequential([keras.Input((2,)), L.Dense(1), L.GaussianNoise(0.1, name="noise")]))
    assert [*map(str, model.nondeterministic_layers())] == ["noise (GaussianNoise, draws random numbers)"]
    rnn = keras.Sequential([keras.Input(batch_shape=(1, 2, 3)), L.LSTM(1, stateful=True, name="memory")])
    # It is reset before each call.
    assert as_model_under_test(rnn).nondeterministic_layers() == []
    assert as_model_under_test(rnn).is_stateful
