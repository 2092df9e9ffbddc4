"""Weights moved to where Keras 3 looks for them: loaded there, and held against the model that was saved."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.edits import weights
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.handmade import dense, layer, sequential, write_keras

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.plan import DraftPlan

DEPENDENCIES = "_layer_checkpoint_dependencies"


def plan_of(path: Path, runtime: str = "tf2.21") -> DraftPlan:
    """What the edits of weights make of a file."""
    inventory = read_inventory(path)
    return plan_edits(inventory, Target(load_profile(runtime), dict(inventory.saved_by)), weights.EDITS)


def as_keras_2_13(path: Path, groups: dict[str, str]) -> Path:
    """A .keras file with the weights, and the version, of Keras 2.13; the model in it is one that Keras 3 reads."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    inner = io.BytesIO(members["model.weights.h5"])
    with h5py.File(inner, "r+") as file:
        for before, after in groups.items():
            file.move(f"layers/{before}", f"{DEPENDENCIES}/{after}")
    metadata = {**json.loads(members["metadata.json"]), "keras_version": "2.13.1"}
    members |= {"model.weights.h5": inner.getvalue(), "metadata.json": json.dumps(metadata).encode()}
    target = path.with_name("old.keras")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


@pytest.fixture
def saved(tensorflow: None, tmp_path: Path) -> tuple[Path, Any]:
    """A model of three layers of one shape with the weights of Keras 2.13, and the model."""
    from tensorflow import keras

    model = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(3, activation="tanh") for _ in range(3))])
    model.save(tmp_path / "new.keras")
    groups = {"dense": "dense", "dense_1": "dense_2", "dense_2": "dense_4"}
    return as_keras_2_13(tmp_path / "new.keras", groups), model


def outputs(path: Path) -> Any:
    """What the file's model predicts."""
    from tensorflow import keras

    return keras.models.load_model(path, compile=False)(np.eye(3, dtype="float32")).numpy()


def test_weights_of_keras_2_13_are_read_by_keras_3(saved: tuple[Path, Any], tmp_path: Path) -> None:
    """Without the edit they are not found."""
    path, model = saved
    with pytest.raises(ValueError, match=r"dense_2|objects could not be loaded"):
        outputs(path)
    plan = plan_of(path)
    assert [each.name for each in plan.edits] == ["move-weights"]
    assert plan.left == ()
    write(Rewrite.of(plan.draft), tmp_path / "migrated.keras")
    assert np.array_equal(outputs(tmp_path / "migrated.keras"), model(np.eye(3, dtype="float32")).numpy())


def test_weights_at_another_layer_predict_otherwise(saved: tuple[Path, Any], tmp_path: Path) -> None:
    """The edit applied wrongly: shapes agree, the model loads, and the numbers show it."""
    path, model = saved
    draft = plan_of(path).draft
    moved = {before: after.replace("dense_1/", "x/") for before, after in draft.moved.items() if after}
    moved = {before: after.replace("dense_2/", "dense_1/") for before, after in moved.items()}
    draft.moved = {before: after.replace("x/", "dense_2/") for before, after in moved.items()}
    write(Rewrite.of(draft), tmp_path / "wrong.keras")
    expected = model(np.eye(3, dtype="float32")).numpy()
    assert not np.allclose(outputs(tmp_path / "wrong.keras"), expected, atol=1e-3)


def test_what_cannot_be_known_is_left(tmp_path: Path) -> None:
    """A subclassed model has no list of layers in its configuration."""
    root = {"module": "shop", "class_name": "Net", "config": {}, "registered_name": "shop>Net"}
    path = write_keras(tmp_path / "a.keras", root, {f"tower/{DEPENDENCIES}/dense_2/vars/0": np.eye(3)}, keras="2.13.1")
    plan = plan_of(path)
    assert plan.edits == ()
    assert "WEIGHTS MOVED" in [each.kind.value for each in plan.left]


def test_files_that_load_are_left(tmp_path: Path) -> None:
    """Keras 2.15 names groups as Keras 3 does."""
    path = write_keras(tmp_path / "a.keras", sequential(dense()), {"layers/dense/vars/0": np.eye(3)}, keras="3.3.3")
    assert plan_of(path).edits == ()


def test_files_of_layers_move_with_the_weights(tmp_path: Path) -> None:
    """A vocabulary lies in a folder of the same name."""
    lookups = [layer("StringLookup", name, vocabulary=None) for name in "ab"]
    path = write_keras(
        tmp_path / "a.keras",
        sequential(*lookups, dense(), dense()),
        {f"{DEPENDENCIES}/dense/vars/0": np.eye(2), f"{DEPENDENCIES}/dense_2/vars/0": np.eye(2)},
        {f"assets/{DEPENDENCIES}/string_lookup_1/vocabulary.txt": "x"},
        keras="2.13.1",
    )
    draft: Draft = plan_of(path).draft
    write(Rewrite.of(draft), tmp_path / "b.keras")
    assert [each.path for each in read_inventory(tmp_path / "b.keras").assets] == [
        "assets/layers/string_lookup_1/vocabulary.txt"
    ]
