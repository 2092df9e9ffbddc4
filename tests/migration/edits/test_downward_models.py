"""Models that a real Keras 3 saves, edited and loaded in a real Keras 2: they predict what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.operations import tensor_functions
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import DraftPlan, plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.edits.keras3_models import MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft

pytestmark = pytest.mark.needs_tensorflow
READER = "tf2.21+tf_keras"


def saved(name: str, path: Path) -> tuple[Path, Any, list[np.ndarray]]:
    """A model of Keras 3 in a file, what it is called with, and what it gives; every weight is of its own."""
    keras = pytest.importorskip("keras", minversion="3")
    keras.utils.set_random_seed(1)
    model, inputs = MODELS[name](keras)
    for number, weight in enumerate(model.weights):
        if weight.dtype == "float32":
            least = 0.1 if "variance" in weight.path else -0.5
            weight.assign(np.random.default_rng(number).uniform(least, 0.6, weight.shape))
    model.save(path)
    return path, inputs, flat(model(inputs, training=False))


def flat(outputs: Any) -> list[np.ndarray]:
    """Every output, by name or position."""
    import tensorflow as tf

    return [np.asarray(each) for each in tf.nest.flatten(outputs)]


def planned(path: Path) -> DraftPlan:
    """What is planned for a file."""
    inventory = read_inventory(path)
    return plan_edits(inventory, Target(load_profile(READER), dict(inventory.saved_by)))


def outputs_in_keras_2(plan: DraftPlan, inputs: Any, path: Path) -> list[np.ndarray]:
    """What the edited file gives in Keras 2."""
    tf_keras = pytest.importorskip("tf_keras")
    write(Rewrite.of(plan.draft), path)
    return flat(tf_keras.models.load_model(path)(inputs, training=False))


@pytest.mark.parametrize("form", ["h5", "keras"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_predicts_the_same(name: str, form: str, tmp_path: Path) -> None:
    path, inputs, expected = saved(name, tmp_path / f"new.{form}")
    plan = planned(path)
    assert plan.findings
    assert not plan.left
    found = outputs_in_keras_2(plan, inputs, tmp_path / f"old.{form}")
    assert [each.dtype for each in found] == [each.dtype for each in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def without_slope(draft: Draft) -> None:
    """LeakyReLU with the slope that Keras 2 gives it by itself."""
    for node in draft.layers("LeakyReLU"):
        del node.config["alpha"]


def with_first_outputs(draft: Draft) -> None:
    """The first output of a model where the second one is meant."""
    outer = next(draft.layers("Functional"))
    for end in outer.config["output_layers"]:
        end[2] = 0


@pytest.mark.parametrize(("name", "breaks"), [("sequential", without_slope), ("shared", with_first_outputs)])
def test_an_edit_that_is_wrong_is_seen_in_what_the_model_predicts(name: str, breaks: Any, tmp_path: Path) -> None:
    path, inputs, expected = saved(name, tmp_path / "new.h5")
    plan = planned(path)
    breaks(plan.draft)
    assert differs(outputs_in_keras_2(plan, inputs, tmp_path / "old.h5"), expected)


def test_a_function_that_is_another_is_seen_in_what_the_model_predicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, inputs, expected = saved("operators", tmp_path / "new.h5")
    other = tensor_functions.FUNCTIONS["Minimum"]
    monkeypatch.setitem(tensor_functions.FUNCTIONS, "Maximum", other)
    assert differs(outputs_in_keras_2(planned(path), inputs, tmp_path / "old.h5"), expected)


def test_a_mask_that_is_left_out_is_seen_in_what_the_model_predicts(tmp_path: Path) -> None:
    """Keras 2 would find the mask itself, so that an explicit None is what is wrong."""
    path, inputs, expected = saved("masked", tmp_path / "new.h5")
    plan = planned(path)
    for node in plan.draft.layers("Functional"):
        for layer in node.config["layers"]:
            for call in layer["inbound_nodes"]:
                for tensor in call if isinstance(call[0], list) else ():
                    tensor[3].update({"mask": None} if "mask" in tensor[3] else {})
    assert differs(outputs_in_keras_2(plan, inputs, tmp_path / "old.h5"), expected)


def differs(found: list[np.ndarray], expected: list[np.ndarray]) -> bool:
    """Whether any output is another."""
    return any(not np.allclose(one, other, atol=1e-4) for one, other in zip(found, expected, strict=True))
