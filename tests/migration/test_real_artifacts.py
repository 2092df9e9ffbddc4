"""Real files that others saved: what edits make of them loads here, and predicts what is documented of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.conftest import ARTIFACTS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.plan import DraftPlan

pytestmark = pytest.mark.skipif(not (ARTIFACTS / "index.json").is_file(), reason="the real artifacts are not at hand")
RNN = "h5_simple_rnn_keras2.1/simple_rnn_tf_keras_2"
BY_EDITS = (
    "h5_conv_batchnorm_keras2.1/cnn_batch_norm.h5",
    "h5_conv1d_keras2.3/conv1d_k2_s1_d1_cf_same_model.h5",
    f"{RNN}_model.h5",
    "h5_tensorflow_op_layer_keras2.2/tfop_0.h5",
    "h5_depthwise_conv_keras2.14/str_ww_ref_model.h5",
    "keras_mlp_keras2.15/model.keras",
)


def planned(name: str) -> DraftPlan:
    inventory = read_inventory(ARTIFACTS / name)
    return plan_edits(inventory, Target(load_profile("tf2.21"), dict(inventory.saved_by)))


def migrated(name: str, folder: Path) -> Any:
    import keras

    plan = planned(name)
    assert plan.left == ()
    path = folder / f"new.{plan.draft.format}"
    write(Rewrite.of(plan.draft), path)
    return keras.saving.load_model(path)


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize("name", BY_EDITS)
def test_edits_make_it_load(name: str, tmp_path: Path) -> None:
    assert migrated(name, tmp_path).layers


@pytest.mark.needs_tensorflow
def test_predictions_are_those_that_came_with_the_file(tmp_path: Path) -> None:
    import h5py

    folder = ARTIFACTS / "h5_conv_batchnorm_keras2.1"
    found = migrated(BY_EDITS[0], tmp_path).predict(np.load(folder / "input.npy"), verbose=0)
    np.testing.assert_allclose(found, np.load(folder / "predictions.npy"), rtol=0, atol=2e-6)
    with h5py.File(ARTIFACTS / f"{RNN}_inputs_and_outputs.h5") as file:
        (given,), (wanted,) = ([dataset[:] for dataset in file[group].values()] for group in ("inputs", "predictions"))
    found = migrated(BY_EDITS[2], tmp_path).predict(given, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6)


def test_one_loads_already_and_one_names_the_class_that_it_lacks() -> None:
    assert planned("keras_mlp_keras3.1/diabetes.keras").findings == ()
    (left,) = planned("h5_addons_layer_keras2.2/test.h5").needs
    assert left.way == "code"
    assert any("class AdaptiveAveragePooling2D" in line for line in left.paste)
