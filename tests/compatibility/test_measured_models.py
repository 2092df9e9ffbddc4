"""What was measured, on real models of the Keras at hand: it happens, is predicted, and what is printed helps."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.fixes import declared_as
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.facts import read_data
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.runtimes.names import runtime_name_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs_tensorflow
PYTHON = "3.13"


@pytest.fixture
def runtime() -> str:
    """The runtime at hand; what was not measured in it cannot be held against it."""
    keras = ".".join(tf.keras.__version__.split(".")[:2])
    data = read_data("h5")
    place = data["versions"].index(keras) if keras in data["versions"] else None
    if [place, place] not in data["measured"]:
        pytest.skip(f"nothing was measured of Keras {keras}")
    return runtime_name_of({"tensorflow": tf.__version__, "keras": keras, "python": PYTHON})


def predicted(path: Path) -> Any:
    return tf.keras.models.load_model(path)(np.eye(2, 4, dtype="float32")).numpy()


def test_a_softmax_over_all_axes_changes_in_an_h5_file_and_the_printed_format_keeps_it(
    tmp_path: Path, runtime: str
) -> None:
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Softmax(axis=None)])
    right = model(np.eye(2, 4, dtype="float32")).numpy()
    model.save(tmp_path / "model.h5")
    assert not np.allclose(predicted(tmp_path / "model.h5"), right)

    result = check_compatibility(read_inventory(tmp_path / "model.h5"), load_profile(runtime))
    (finding,) = result.findings
    assert (result.compatibility, finding.subject) == (Compatibility.CHANGED, "Softmax.axis=null")
    assert finding.fix == ("save the model as .keras",)

    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(predicted(tmp_path / "model.keras"), right)
    again = check_compatibility(read_inventory(tmp_path / "model.keras"), load_profile(runtime))
    assert again.compatibility is Compatibility.LOADS


def test_a_layer_that_does_not_come_back_has_no_version_recommended(tmp_path: Path, runtime: str) -> None:
    layers = tf.keras.layers
    layer = layers.Normalization(axis=None)
    layer.adapt(np.arange(4.0))
    tf.keras.Sequential([layers.Input((4,)), layer]).save(tmp_path / "model.h5")
    with pytest.raises(ValueError, match="Shape mismatch"):
        tf.keras.models.load_model(tmp_path / "model.h5")
    result = check_compatibility(read_inventory(tmp_path / "model.h5"), load_profile(runtime))
    assert result.compatibility is Compatibility.FAILS
    assert [finding.fix for finding in result.findings] == [("save the model as .keras",)]


def test_a_private_layer_of_keras_2_loads_once_it_is_declared_as_printed(tmp_path: Path) -> None:
    """Keras 2 takes the class for a text, whatever module the file names."""
    keras = pytest.importorskip("tf_keras")
    convnext = importlib.import_module("tf_keras.src.applications.convnext")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, convnext.LayerScale(0.5, 4)(inputs))
    model.save(tmp_path / "model.keras")
    with pytest.raises(TypeError, match="'str' object is not callable"):
        keras.models.load_model(tmp_path / "model.keras")

    minor = keras.__version__.split(".")[1]
    result = check_compatibility(read_inventory(tmp_path / "model.keras"), load_profile(f"tf2.{minor}+tf_keras"))
    (finding,) = result.findings
    ((name, path),) = declared_as(finding.fix[0]).items()
    declared = eval(path, {"tf_keras": importlib.import_module("tf_keras")})  # noqa: S307 - what was printed
    again = keras.models.load_model(tmp_path / "model.keras", custom_objects={name: declared})
    np.testing.assert_allclose(again(np.eye(2, 4)), model(np.eye(2, 4)))
