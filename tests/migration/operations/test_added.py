"""Losses and metrics that `add_loss` and `add_metric` put into a model of Keras 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.operations.test_equal import READER, assert_same, migrated

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow


def test_they_are_dropped_with_the_operations_that_only_they_use(tmp_path: Path) -> None:
    import tensorflow as tf
    import tf_keras

    x = tf_keras.Input((4,))
    hidden = tf_keras.layers.Dense(3)(x)
    model = tf_keras.Model(x, hidden * 2)
    model.add_loss(tf.reduce_mean(tf.square(hidden)))
    model.add_metric(tf.reduce_sum(hidden), name="total")
    given = np.ones((2, 4), "float32")

    new = migrated(model, tmp_path)

    assert_same(new(given), model(given))
    assert len(new.layers) == 2
    inventory = read_inventory(tmp_path / "old.h5")
    edits = plan_edits(inventory, Target(load_profile(READER), dict(inventory.saved_by))).edits
    assert any("add_loss" in each.loses for each in edits)


def test_one_whose_output_is_used_stays(tmp_path: Path) -> None:
    import tf_keras
    from tf_keras.src.engine.base_layer import AddLoss

    x = tf_keras.Input((4,))
    tf_keras.Model(x, tf_keras.layers.Dense(1)(AddLoss(unconditional=False)(x))).save(tmp_path / "old.h5")
    inventory = read_inventory(tmp_path / "old.h5")

    plan = plan_edits(inventory, Target(load_profile(READER), dict(inventory.saved_by)))

    assert {each.subject for each in plan.left} == {"AddLoss"}
