"""Operations of a real Keras 2 model, migrated and loaded in Keras 3, compute what TensorFlow computes of the same."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.operations.cases import EQUAL, MODELS, build, values

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow
# It drifts as float16 does.
OF_OTHERS = {"mixed precision"}
READER = "tf2.21"
# `EVERY_OPERATION=1 pytest tests/migration/operations` tries each in a model of its own, too.
ALONE = list(EQUAL) if os.environ.get("EVERY_OPERATION") else list(EQUAL)[::16]
TOGETHER = list(dict.fromkeys(inputs for inputs, _ in EQUAL.values()))


@pytest.mark.parametrize("name", ALONE)
def test_an_operation_computes_the_same_in_keras_3(name: str, tmp_path: Path) -> None:
    import tensorflow as tf
    import tf_keras

    inputs, function = EQUAL[name]
    given = values(np, inputs)
    model = build(tf, tf_keras, inputs, function)
    expected = function(tf, tf_keras, *(tf.constant(each) for each in given))

    assert_same(migrated(model, tmp_path)(given), expected)


@pytest.mark.parametrize("inputs", TOGETHER, ids=str)
def test_operations_of_the_same_inputs_compute_the_same_in_keras_3(inputs: Any, tmp_path: Path) -> None:
    """All of them are outputs of one model."""
    import tensorflow as tf
    import tf_keras

    given = values(np, inputs)
    cases = {name: function for name, (wanted, function) in EQUAL.items() if wanted == inputs}
    model = build(tf, tf_keras, inputs, lambda *to: [end for case in cases.values() for end in as_outputs(case(*to))])
    found = as_list(migrated(model, tmp_path)(given))
    for function in cases.values():
        expected = as_outputs(function(tf, tf_keras, *(tf.constant(each) for each in given)))
        assert_same(found[: len(expected)], expected)
        del found[: len(expected)]
    assert found == []


def as_outputs(tensors: Any) -> list[Any]:
    """Whatever a case gives, as a list."""
    return [*tensors] if isinstance(tensors, list | tuple) else [tensors]


def migrated(model: Any, folder: Path) -> Any:
    """A model of Keras 2, saved, migrated, and loaded in Keras 3."""
    import keras

    model.save(folder / "old.h5", save_format="h5")
    inventory = read_inventory(folder / "old.h5")
    plan = plan_edits(inventory, Target(load_profile(READER), dict(inventory.saved_by)))
    assert plan.left == ()
    write(Rewrite.of(plan.draft), folder / "new.h5")
    return keras.saving.load_model(folder / "new.h5")


def assert_same(found: Any, expected: Any) -> None:
    pairs = zip(as_list(found), as_list(expected), strict=True)
    for one, other in pairs:
        assert one.dtype == other.dtype
        tolerance = 1e-3 if one.dtype == np.float16 else 2e-6
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def as_list(tensors: Any) -> list[Any]:
    return [np.asarray(each) for each in (tensors if isinstance(tensors, list | tuple) else [tensors])]


@pytest.mark.parametrize("name", sorted(MODELS.keys() - OF_OTHERS))
def test_a_model_of_layers_and_operations_computes_the_same_in_keras_3(name: str, tmp_path: Path) -> None:
    import tensorflow as tf
    import tf_keras

    inputs, function = MODELS[name]
    given = values(np, inputs)
    model = build(tf, tf_keras, inputs, function)

    assert_same(migrated(model, tmp_path)(given), model(given))
