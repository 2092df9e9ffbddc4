"""Loading without the compile configuration: where it is asked for, and once more where a load has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess

pytestmark = pytest.mark.needs_tensorflow

FEATURES = np.ones((2, 3), np.float32)
# The first time it is rebuilt it raises, after that it ends the process.
FATAL = """
import os
import tensorflow as tf

TIMES = []

class Fatal(tf.keras.layers.Layer):
    @classmethod
    def from_config(cls, config):
        TIMES.append(config)
        if len(TIMES) > 1:
            os._exit(3)
        raise ValueError("the first time")
"""


def own_loss(true: Any, predicted: Any) -> Any:
    return tf.reduce_mean(true - predicted)


def model(loss: Any, keras: Any = tf.keras, *layers: Any) -> Any:
    built = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones"), *layers])
    built.compile("sgd", loss=loss)
    return built


def job(artifact: Path, **options: Any) -> Job:
    options = {"inputs": FEATURES, "keras": "keras", "declared": Declarations(), "retry_uncompiled": True, **options}
    return Job(artifact, artifact.suffix[1:] or "saved_model", **options)


@pytest.mark.parametrize("format_", ["h5", "keras"])
class TestOfAModelFile:
    def test_it_is_tried_where_the_load_fails(self, loader: LoaderProcess, tmp_path: Path, format_: str) -> None:
        path = tmp_path / f"model.{format_}"
        built = model(own_loss)
        built.save(path)
        loaded = loader.run(job(path))
        assert (loaded.succeeded, loaded.stage, loaded.process_exit.code) == (False, "load", 0)
        again = loaded.uncompiled
        assert again is not None
        assert again.succeeded
        assert np.array_equal(next(iter(again.routes[""].values())), built.predict(FEATURES, verbose=0))
        assert len(again.weights) == 2

    def test_it_is_not_tried_where_the_load_succeeds(self, loader: LoaderProcess, tmp_path: Path, format_: str) -> None:
        path = tmp_path / f"model.{format_}"
        model(tf.keras.losses.MeanSquaredError()).save(path)
        loaded = loader.run(job(path, training=True))
        assert loaded.succeeded
        assert loaded.uncompiled is None
        assert "uncompiled" not in loaded.timings
        assert loaded.training is not None

    def test_it_is_not_tried_where_nothing_was_compiled(
        self, loader: LoaderProcess, tmp_path: Path, format_: str
    ) -> None:
        path = tmp_path / f"model.{format_}"
        model(own_loss).save(path)
        loaded = loader.run(job(path, retry_uncompiled=False))
        assert not loaded.succeeded
        assert loaded.uncompiled is None

    def test_it_is_the_only_load_where_it_is_asked_for(
        self, loader: LoaderProcess, tmp_path: Path, format_: str
    ) -> None:
        path = tmp_path / f"model.{format_}"
        model(own_loss).save(path)
        loaded = loader.run(job(path, compile_model=False, retry_uncompiled=False, training=True))
        assert loaded.succeeded
        assert loaded.training is None

    def test_a_process_that_dies_of_it_still_says_why_the_load_failed(
        self, loader: LoaderProcess, tmp_path: Path, format_: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "fatal.py").write_text(FATAL)
        monkeypatch.syspath_prepend(str(tmp_path))
        namespace: dict[str, Any] = {}
        exec("from fatal import Fatal", namespace)  # noqa: S102 - imported as the loader does it
        path = tmp_path / f"model.{format_}"
        model("mean_squared_error", tf.keras, namespace["Fatal"]()).save(path)
        loaded = loader.run(job(path, declared=Declarations({"Fatal": ("fatal", "Fatal")})))
        assert loaded.error is not None
        assert "the first time" in loaded.error["message"]
        assert loaded.process_exit.code == 0
        assert loaded.uncompiled is not None
        assert (loaded.uncompiled.stage, loaded.uncompiled.process_exit.code) == ("load", 3)


def test_keras_2_loads_a_saved_model_so_too(loader: LoaderProcess, tmp_path: Path) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    path = tmp_path / "model"
    built = tf_keras.Sequential([tf_keras.Input((3,)), tf_keras.layers.Dense(2)])
    built.compile("sgd", loss=own_loss)
    built.save(path, save_format="tf")
    inputs = {"serving_default": FEATURES}
    options = {"inputs": inputs, "per_signature": True, "saved_model_loaders": ("tf_keras",), "retry_uncompiled": False}
    assert loader.run(job(path, **options)).other_results["tf_keras"].error is not None
    assert loader.run(job(path, **options, compile_model=False)).other_results["tf_keras"].succeeded
