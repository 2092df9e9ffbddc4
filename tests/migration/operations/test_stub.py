"""What is left is named, with a layer that computes it in Keras 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.operations.own_layers import layer_stub, symbol_of
from pytest_modelcompat.migration.operations.remains import left_operations
from pytest_modelcompat.migration.output.rewrite import Rewrite, write
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.operations.test_refused import entry, given, model


def test_each_operation_that_is_left_is_named_with_its_reason() -> None:
    config = model(given(), entry("op", "math.bessel_i0", ["x", 0, 0, {}]))

    found = left_operations([config], load_profile("tf2.21"), lambda _: False)

    assert found == {"op": ("tf.math.bessel_i0", "no operation of Keras 3 is known here for math.bessel_i0")}


@pytest.mark.parametrize(
    ("layer", "symbol"),
    [
        ({"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "Betainc"}}}, "tf.raw_ops.Betainc"),
        ({"class_name": "InstanceMethod", "config": {"attr_name": "to_tensor"}}, "to_tensor"),
        ({"class_name": "Dense", "config": {}}, "Dense"),
    ],
)
def test_an_operation_has_the_name_that_its_author_wrote(layer: dict[str, Any], symbol: str) -> None:
    assert symbol_of(layer) == symbol


@pytest.mark.needs_tensorflow
def test_the_layer_that_is_printed_takes_the_place_of_the_operation(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf
    import tf_keras

    x, y = tf_keras.Input((3,)), tf_keras.Input((3,))
    model = tf_keras.Model([x, y], tf.math.igamma(x, x=y) * 2.0)
    model.save(tmp_path / "old.h5", save_format="h5")
    inventory = read_inventory(tmp_path / "old.h5")
    target = Target(load_profile("tf2.21"), dict(inventory.saved_by), frozenset({"legacy>TfMathIgamma"}))
    plan = plan_edits(inventory, target)
    write(Rewrite.of(plan.draft), tmp_path / "new.h5")
    names: dict[str, Any] = {}
    exec("\n".join(layer_stub("tf.math.igamma", "legacy")), names)  # noqa: S102 - the text that is printed
    given = [np.full((1, 3), 0.5, "float32"), np.array([[0.1, 1, 2]], "float32")]

    found = keras.saving.load_model(tmp_path / "new.h5")(given)

    assert plan.left == ()
    np.testing.assert_allclose(found, model(given))


def test_the_need_has_the_layer_and_the_options_that_hand_it_over() -> None:
    root = {"class_name": "Functional", "config": model(given(), entry("op", "math.bessel_i0", ["x", 0, 0, {}]))}
    bare = Inventory(Path("m.h5"), "h5", {"keras": "2.8.0"}, root=root, model_class="Functional")
    source = Draft.of(bare).inventory()
    target = Target(load_profile("tf2.21"), dict(source.saved_by))

    (need,) = plan_edits(source, target).needs

    assert need.paste == layer_stub("tf.math.bessel_i0", "legacy")
    assert ("--custom", "legacy>TfMathBesselI0") in need.options
