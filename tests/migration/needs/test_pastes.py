"""Pastes: every one that is printed is run, completed where it says so, and takes its place in a migrated file."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.artifact_plan import plan_artifact
from pytest_modelcompat.migration.custom import custom_of
from pytest_modelcompat.migration.output.place import OutputPlace
from pytest_modelcompat.migration.request import MigrationRequest
from pytest_modelcompat.profiles.store import load_profile
from tests.compatibility.models import K213, stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.results.migration import Plan

pytestmark = pytest.mark.needs_tensorflow


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which `legacy` is imported; what it registers is forgotten afterwards."""
    import keras
    import tf_keras

    # Keras 2 has its own optimizers in there, which other tests load.
    registries = [keras.saving.get_custom_objects(), tf_keras.utils.get_custom_objects()]
    before = [dict(each) for each in registries]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for registry, known in zip(registries, before, strict=True):
        registry.clear()
        registry.update(known)
    sys.modules.pop("legacy", None)


def planned(path: Path, *options: tuple[str, str], profile: str = "tf2.21") -> tuple[Plan, Path]:
    """The plan of a file for the Keras of this process's TensorFlow, and what it wrote where it is complete."""
    custom = custom_of(
        [value for option, value in options if option == "--custom"],
        [value for option, value in options if option == "--import"],
    )
    request = MigrationRequest(profile, load_profile(profile), custom=custom.names, declared=custom.declared)
    made = plan_artifact(read_inventory(path), request, OutputPlace(path.parent, "new"))
    if made.plan.is_complete and made.write is not None:
        made.write(made.plan.target)
    return made.plan, made.plan.target


def pasted(here: Path, path: Path, body: str = "") -> Path:
    """What is written once the pastes of a plan are in `legacy.py`, completed with a body."""
    plan, _ = planned(path)
    assert plan.needs
    lines = [line for need in plan.needs for line in need.paste]
    completed = [_completed(line, body) for line in lines]
    assert (completed != lines) is bool(body)
    (here / "legacy.py").write_text("\n".join(completed), encoding="utf-8")
    again, target = planned(path, *(option for need in plan.needs for option in need.options))
    assert again.needs == ()
    importlib.import_module("legacy")
    return target


def _completed(line: str, body: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}{body}" if line.lstrip().startswith("raise NotImplementedError(") and body else line


def sequences() -> Any:
    return np.random.default_rng(0).normal(size=(6, 3, 4)).astype(np.float32)


def test_hard_sigmoid_of_keras_2(here: Path) -> None:
    import keras
    import tf_keras

    model = tf_keras.Sequential(
        [
            tf_keras.layers.Activation("hard_sigmoid", input_shape=(3, 4)),
            tf_keras.layers.Dense(5, activation="hard_sigmoid"),
        ]
    )
    model.save(here / "old.h5")
    loaded = keras.models.load_model(pasted(here, here / "old.h5"))
    x = sequences() * 3
    np.testing.assert_allclose(loaded(x), model(x), atol=1e-6)
    assert np.abs(np.clip(0.2 * x + 0.5, 0, 1) - keras.activations.hard_sigmoid(x)).max() > 0.01


def test_hard_sigmoid_of_keras_3(here: Path) -> None:
    import keras
    import tf_keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="hard_sigmoid")])
    model.save(here / "old.h5")
    profile = "tf2.21+tf_keras"
    plan, _ = planned(here / "old.h5", profile=profile)
    (need,) = plan.needs
    # `tensorflow.keras` is Keras 2 where TF_USE_LEGACY_KERAS is set, as it is not in this process.
    text = "\n".join(need.paste).replace("from tensorflow import keras", "import tf_keras as keras")
    (here / "legacy.py").write_text(text, encoding="utf-8")
    importlib.import_module("legacy")
    again, target = planned(here / "old.h5", *need.options, profile=profile)
    assert again.needs == ()
    x = sequences()[0] * 3
    np.testing.assert_allclose(tf_keras.models.load_model(target)(x), model(x), atol=1e-6)


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("returns", [{}, {"return_sequences": True}])
def test_time_major(here: Path, layer: str, returns: dict[str, bool]) -> None:
    import keras
    import tf_keras

    given = tf_keras.Input(batch_shape=(6, 3, 4))
    outputs = getattr(tf_keras.layers, layer)(5, time_major=True, **returns)(given)
    model = tf_keras.Model(given, outputs)
    model.save(here / "old.h5")
    loaded = keras.models.load_model(pasted(here, here / "old.h5"))
    x = sequences()
    np.testing.assert_allclose(loaded(x), model(x), atol=1e-6)
    as_usual = getattr(keras.layers, layer)(5, **returns)
    as_usual.build(x.shape)
    as_usual.set_weights(model.get_weights())
    assert as_usual(x).shape != loaded(x).shape or np.abs(as_usual(x) - loaded(x)).max() > 0.01


def test_an_argument_that_is_gone(here: Path) -> None:
    import keras

    config = {"axis": [1], "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True, "renorm": True}
    layer = K213.layer("BatchNormalization", "norm", [(4,)] * 4, **config, renorm_clipping=None, renorm_momentum=0.9)
    K213.h5(here / "old.h5", stack(K213, layer))
    plan, _ = planned(here / "old.h5", profile="tf2.16")
    (need,) = [each for each in plan.needs if each.finding.subject == "BatchNormalization(renorm=…)"]
    body = "return super().call(inputs, **kwargs)"
    lines = [_completed(line, body) for line in need.paste]
    assert (here / "legacy.py").write_text("\n".join(lines), encoding="utf-8")
    legacy = importlib.import_module("legacy")
    made = legacy.BatchNormalization(renorm=True)
    assert isinstance(made, keras.layers.BatchNormalization)
    np.testing.assert_allclose(made(np.ones((1, 4))), 1 / np.sqrt(1.001), rtol=1e-6)
    assert made.get_config()["renorm"] is True
    again, _ = planned(here / "old.h5", *need.options, profile="tf2.16")
    assert "use-declared-class" in [each.name for each in again.edits]
    assert need.finding.subject not in [each.finding.subject for each in again.needs]


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_lambda(here: Path, suffix: str) -> None:
    import keras

    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2 + 1, name="double-it", output_shape=(4,))]
    )
    model.save(here / f"old.{suffix}")
    loaded = keras.models.load_model(pasted(here, here / f"old.{suffix}", "return inputs * 2 + 1"))
    np.testing.assert_allclose(loaded(np.ones((1, 4))), 3.0)


LAYER = """
import keras


@keras.utils.register_keras_serializable(package="shop")
class Scale(keras.layers.Layer):
    def __init__(self, factor, inner=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.inner = factor, inner

    def build(self, input_shape):
        self.offset = self.add_weight(name="offset", shape=(4,), initializer="ones")

    def call(self, inputs):
        return self.inner(inputs) * self.factor + self.offset

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "factor": self.factor, "inner": inner}

    @classmethod
    def from_config(cls, config):
        config["inner"] = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**config)
"""


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_layer_of_the_users_own(here: Path, suffix: str) -> None:
    import keras

    scope: dict[str, Any] = {"__name__": "shop"}
    exec(LAYER, scope)  # noqa: S102 - a class of a module that is gone when the file is loaded
    layer = scope["Scale"](3.0, keras.layers.ReLU(), name="scale")
    keras.Sequential([keras.Input((4,)), layer]).save(here / f"old.{suffix}")
    keras.saving.get_custom_objects().clear()
    plan, _ = planned(here / f"old.{suffix}")
    (need,) = plan.needs
    assert need.options == (("--custom", "legacy.py:Scale"),)
    weight = "offset" if suffix == "h5" else "weight_0"
    body = f"return self.inner(inputs) * self.factor + self.{weight}"
    (here / "legacy.py").write_text("\n".join(_completed(line, body) for line in need.paste), encoding="utf-8")
    importlib.import_module("legacy")
    loaded = keras.models.load_model(here / f"old.{suffix}")
    np.testing.assert_allclose(loaded(np.array([[1.0, -1, 2, 0]])), [[4, 1, 7, 1]])
    assert planned(here / f"old.{suffix}", *need.options)[0].findings == ()


def test_an_activation_of_the_users_own(here: Path) -> None:
    import keras

    def clipped(x: Any) -> Any:
        return keras.ops.clip(x, 0, 2)

    keras.saving.register_keras_serializable("Custom")(clipped)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Activation(clipped)])
    model.save(here / "old.keras")
    keras.saving.get_custom_objects().clear()
    plan, _ = planned(here / "old.keras")
    (need,) = plan.needs
    text = "\n".join(_completed(line, "return keras.ops.clip(x, 0, 2)") for line in need.paste)
    (here / "legacy.py").write_text(text, encoding="utf-8")
    importlib.import_module("legacy")
    np.testing.assert_allclose(keras.models.load_model(here / "old.keras")(np.full((1, 4), 9.0)), 2.0)
    assert planned(here / "old.keras", *need.options)[0].findings == ()


@pytest.mark.parametrize(
    "terms",
    [["Bern", "Köln"], ["[UNK]", "Bern", "Köln"]],
    ids=["terms alone", "as get_vocabulary gives them"],
)
def test_a_vocabulary(here: Path, terms: list[str]) -> None:
    import keras
    import tensorflow as tf

    layer = keras.layers.StringLookup(name="city")
    layer.adapt(tf.constant(["Bern", "Bern", "Köln"]))
    model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
    model.save(here / "old.h5")
    plan, _ = planned(here / "old.h5")
    assert plan.needs[0].options == (("--vocabulary", "city=city.txt"),)
    (here / "city.txt").write_text("\n".join(terms) + "\n", encoding="utf-8")
    request = MigrationRequest("tf2.21", load_profile("tf2.21"), vocabulary={"city": here / "city.txt"})
    made = plan_artifact(read_inventory(here / "old.h5"), request, OutputPlace(here, "new"))
    assert made.write is not None
    made.write(here / "new.h5")
    x = tf.constant([["Köln"], ["Bern"], ["Rome"]])
    np.testing.assert_array_equal(keras.models.load_model(here / "new.h5")(x), model(x))
