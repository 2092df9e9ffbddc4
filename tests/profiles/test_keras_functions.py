"""Functions of Keras that a model is made of, and those that it is not, in every version."""

from __future__ import annotations

import pytest

from pytest_modelcompat.profiles.keras_functions import has_no_place_in_models, is_of_models, is_only_elsewhere


@pytest.mark.parametrize(
    "path",
    [
        *("keras.utils.get_file", "keras.models.load_model", "keras.saving.load_model", "keras.utils.load_img"),
        *("keras.config.enable_unsafe_deserialization", "keras.config.set_backend", "keras.utils.save_img"),
        *("keras.datasets.mnist.load_data", "keras.layers.deserialize", "keras.backend.clear_session"),
        *("tf_keras.utils.get_file", "tensorflow.keras.utils.get_file", "keras.preprocessing.image.load_img"),
        *("keras.src.utils.python_utils.func_load", "tensorflow.python.keras.utils.data_utils.get_file"),
    ],
)
def test_what_loads_saves_or_sets_has_no_place_in_models(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert has_no_place_in_models(module, name)


@pytest.mark.parametrize(
    "path",
    [
        *("keras.activations.relu", "keras.ops.relu", "keras.losses.mean_squared_error", "keras.backend.l2_normalize"),
        *("keras.applications.resnet50.preprocess_input", "keras.utils.normalize", "keras.metrics.mae"),
        *("keras.src.ops.nn.relu", "tf_keras.backend.abs", "keras.utils.to_categorical", "keras.ops.image.resize"),
        *("keras.random.normal", "keras.src.losses.losses.binary_crossentropy", "keras.constraints.max_norm"),
    ],
)
def test_what_computes_has(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert not has_no_place_in_models(module, name)


def test_a_name_alone() -> None:
    assert is_of_models("relu")
    assert not is_of_models("eval")
    assert is_only_elsewhere("get_file")
    assert not is_only_elsewhere("relu")
    assert not is_only_elsewhere("discount")
