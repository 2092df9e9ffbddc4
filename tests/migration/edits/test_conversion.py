"""Files written in the other format: loaded in Keras 3, and held against the model that was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.edits import conversion
from pytest_modelcompat.migration.edits.conversion import convert
from pytest_modelcompat.migration.layouts.keras_groups import UnknownGroupError
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.handmade import dense, layer, sequential, write_h5, write_keras

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = np.linspace(-1, 1, 24, dtype="float32").reshape(2, 4, 3)
OTHER = {"h5": "keras", "keras": "h5"}
WEIGHTS = {"layers/dense/vars/0": np.ones((2, 2)), "layers/dense/vars/1": np.ones(2)}


def target_of(path: Path, runtime: str = "tf2.21") -> Target:
    """A runtime to which a file goes."""
    return Target(load_profile(runtime), dict(read_inventory(path).saved_by))


def converted(path: Path) -> Draft:
    """A file's draft in the other format."""
    draft = Draft.of(read_inventory(path))
    convert(draft, target_of(path), OTHER[draft.format])
    return draft


@pytest.fixture(scope="module")
def saved(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Files of both formats of a model with parts of many kinds, and what it predicts."""
    from tensorflow import keras

    keras.utils.set_random_seed(0)
    # Nothing that begins as zeros or ones may stay so, or its place would not matter.
    layers = keras.layers
    tower = keras.Sequential([keras.Input((4, 8)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(8)])
    inputs = keras.Input((4, 3))
    inner = layers.Bidirectional(layers.GRU(4, return_sequences=True))(inputs)
    inner = layers.MultiHeadAttention(2, 4)(inner, inner)
    outputs = layers.TimeDistributed(layers.Dense(2))(tower(layers.LayerNormalization()(inner)))
    model = keras.Model(inputs, outputs)
    random = np.random.default_rng(0)
    model.set_weights([value + random.uniform(0.1, 0.5, value.shape) for value in model.get_weights()])
    model.compile("adam", keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError()])
    folder = tmp_path_factory.mktemp("saved")
    # An .h5 save takes the optimizer from what the model says of `compile()`.
    for suffix in ("keras", "h5"):
        model.save(folder / f"model.{suffix}")
    return folder, np.asarray(model(INPUTS))


def outputs_of(path: Path) -> Any:
    """What the file's model predicts; it is compiled as well."""
    from tensorflow import keras

    model = keras.models.load_model(path)
    assert model.evaluate(INPUTS, np.zeros((2, 4, 2)), verbose=0)
    return np.asarray(model(INPUTS))


@pytest.mark.parametrize("suffix", OTHER)
def test_a_file_of_the_other_format_predicts_the_same(saved: tuple[Path, Any], tmp_path: Path, suffix: str) -> None:
    """Every weight is read by the layer that had it."""
    folder, expected = saved
    draft = converted(folder / f"model.{suffix}")
    target = tmp_path / f"b.{OTHER[suffix]}"
    write(Rewrite.of(draft), target)
    assert np.array_equal(outputs_of(target), expected)
    assert read_inventory(target).compiled


def place_of(draft: Draft, group: str) -> str:
    """The path in the source of what a .keras file has in a group."""
    return next(before for before, after in draft.moved.items() if group in (before, after))


@pytest.mark.parametrize("suffix", OTHER)
def test_two_weights_at_each_others_place_predict_otherwise(
    saved: tuple[Path, Any], tmp_path: Path, suffix: str
) -> None:
    """The edit applied wrongly: shapes agree, the model loads, and the numbers show it."""
    folder, expected = saved
    draft = converted(folder / f"model.{suffix}")
    gamma, beta = (place_of(draft, f"layers/layer_normalization/vars/{number}") for number in (0, 1))
    draft.moved[gamma], draft.moved[beta] = draft.moved[beta], draft.moved[gamma]
    target = tmp_path / f"b.{OTHER[suffix]}"
    write(Rewrite.of(draft), target)
    assert not np.allclose(outputs_of(target), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("class_name", "runtime", "edits"),
    [
        pytest.param("Normalization", "tf2.16", ["h5-to-keras"], id="what Keras 3.3 does not read from .h5"),
        pytest.param("Normalization", "tf2.21", [], id="a Keras that reads it"),
        pytest.param("Dense", "tf2.16", [], id="another layer"),
    ],
)
def test_h5_is_left_only_where_it_is_read_wrongly(
    tmp_path: Path, class_name: str, runtime: str, edits: list[str]
) -> None:
    """Every other finding is answered in the file as it is."""
    is_normal = class_name == "Normalization"
    names = ("mean", "variance", "count") if is_normal else ("kernel", "bias")
    node = layer("Normalization", "n", axis=-1, mean=None, variance=None) if is_normal else dense("n")
    path = write_h5(tmp_path / "a.h5", sequential(node), {f"n/{name}:0": np.ones(2) for name in names}, keras="3.15.0")
    inventory = read_inventory(path)
    plan = plan_edits(inventory, target_of(path, runtime), (*conversion.FIRST, *conversion.LAST))
    assert [each.name for each in plan.edits] == edits
    assert plan.draft.format == ("keras" if edits else "h5")


def test_keras_before_2_12_gets_an_h5_file(tmp_path: Path) -> None:
    """Its group of weights says the version, without which Keras 2 turns the weights as if they were of Keras 1."""
    path = write_keras(tmp_path / "a.keras", sequential(dense()), WEIGHTS, keras="2.15.0")
    plan = plan_edits(read_inventory(path), target_of(path, "tf2.10"), (*conversion.FIRST, *conversion.LAST))
    assert [each.name for each in plan.edits] == ["keras-to-h5"]
    write(Rewrite.of(plan.draft), tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        weights = file["model_weights"]
        assert weights.attrs["keras_version"] == file.attrs["keras_version"] == "2.15.0"
        assert weights.attrs["backend"] == "tensorflow"
        assert weights.attrs["layer_names"].tolist() == [b"dense"]
        assert weights["dense"].attrs["weight_names"].tolist() == [b"dense/dense/kernel:0", b"dense/dense/bias:0"]
        assert "layers" not in file


@pytest.mark.parametrize(
    ("weights", "name", "is_lost"),
    [
        pytest.param({}, "keras-to-h5", False, id="nothing to lose"),
        pytest.param({"optimizer/vars/0": 1}, "keras-to-h5-without-state", True, id="an optimizer's state"),
    ],
)
def test_a_lost_state_is_said_to_be(tmp_path: Path, weights: dict[str, int], name: str, is_lost: bool) -> None:
    """Only where there is one."""
    path = write_keras(tmp_path / "a.keras", sequential(dense()), {**WEIGHTS, **weights}, keras="2.15.0")
    (edit,) = plan_edits(read_inventory(path), target_of(path, "tf2.10"), conversion.FIRST).edits
    assert (edit.name, bool(edit.loses)) == (name, is_lost)


def test_what_is_not_known_keeps_its_format(tmp_path: Path) -> None:
    """A vocabulary in a file of its own has no place in an .h5 file."""
    path = write_keras(tmp_path / "a.keras", sequential(dense()), WEIGHTS, {"assets/x": "y"}, keras="2.15.0")
    with pytest.raises(UnknownGroupError):
        converted(path)
    plan = plan_edits(read_inventory(path), target_of(path, "tf2.10"), (*conversion.FIRST, *conversion.LAST))
    assert plan.edits == ()
    assert plan.draft.format == "keras"
