"""The other ways in to a SavedModel, in a real loader: what they give, and how each can fail by itself."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf

from pytest_modelcompat.loader import tensors
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from tests.loader import saved_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult, OtherLoadResult

pytestmark = pytest.mark.needs_tensorflow

FEATURES = np.arange(8, dtype=np.float32).reshape(2, 4) - 3
BFLOAT16 = tf.bfloat16.as_numpy_dtype
WORDS = np.array([b"a", b"who", b"zero\0"], dtype=object)


class Odd(tf.Module):  # type: ignore[misc]
    """What a session takes and gives in other ways than functions do."""

    def __init__(self) -> None:
        super().__init__()
        known = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64))
        self.table = tf.lookup.StaticHashTable(known, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])  # type: ignore[untyped-decorator]
    def words(self, words: Any) -> Any:
        return {"ids": self.table.lookup(words), "same": words, "known": self.table.lookup(words) >= 0}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.bool)])  # type: ignore[untyped-decorator]
    def flip(self, flags: Any) -> Any:
        return {"flipped": tf.logical_not(flags)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.bfloat16)])  # type: ignore[untyped-decorator]
    def short(self, x: Any) -> Any:
        return {"doubled": x * tf.cast(2, tf.bfloat16)}

    @tf.function(input_signature=[tf.TensorSpec([1], tf.float32)])  # type: ignore[untyped-decorator]
    def one(self, x: Any) -> Any:
        return {"doubled": x * 2.0}

    @tf.function(input_signature=[])  # type: ignore[untyped-decorator]
    def constant(self) -> Any:
        return {"text": tf.constant(b"ends in a zero\0"), "number": tf.constant(3)}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return saved_models.save_plain(tmp_path / "plain")


def job(artifact: Path, *loaders: str, **options: Any) -> Job:
    options = {"inputs": {"serving_default": FEATURES}, "per_signature": True, "keras": "keras", **options}
    return Job(artifact, "saved_model", declared=Declarations(), saved_model_loaders=loaders, **options)


def other(loaded: LoadResult, name: str = "graph") -> OtherLoadResult:
    assert loaded.succeeded
    return loaded.other_results[name]


def same(one: Any, another: Any) -> bool:
    """Whether two loaders' outputs are the same, dtypes and names included.

    A signature's outputs come in any order: it is a map of a protocol buffer, which has none.
    """
    left, right = dict(tensors.paths(one)), dict(tensors.paths(another))
    return left.keys() == right.keys() and all(
        left[path].dtype == right[path].dtype and np.array_equal(left[path], right[path]) for path in left
    )


def test_the_graph_loader_gives_what_the_object_loader_gives(loader: LoaderProcess, tmp_path: Path) -> None:
    module = Odd()
    functions = {name: getattr(module, name) for name in ("words", "flip", "short", "constant")}
    tf.saved_model.save(module, str(tmp_path / "odd"), signatures=functions)
    inputs = {"words": WORDS, "flip": [True, False], "short": np.array([1.5, 2], BFLOAT16), "constant": {}}
    loaded = loader.run(job(tmp_path / "odd", "graph", inputs=inputs))
    routes = other(loaded).routes
    assert same(routes, loaded.routes)
    assert routes["words"]["ids"].tolist() == [1, -1, -1]
    assert routes["short"]["doubled"].dtype == BFLOAT16
    assert routes["constant"]["text"].item() == b"ends in a zero\0"


def test_inputs_and_outputs_go_by_the_live_models_names(loader: LoaderProcess, tmp_path: Path) -> None:
    keras = tf.keras
    first, second = keras.Input((2,), name="first"), keras.Input((2,), name="second")
    model = keras.Model([second, first], [second - first, first * 2.0])
    model.export(tmp_path / "two", verbose=False)
    inputs = [np.full((1, 2), 5, np.float32), np.full((1, 2), 1, np.float32)]
    names = {"input_names": ("second", "first"), "output_names": ("difference", "double")}
    loaded = loader.run(job(tmp_path / "two", "graph", "tfsm_layer", inputs=inputs, per_signature=False, **names))
    routes = other(loaded).routes
    assert routes["serving_default"]["difference"].tolist() == [[4, 4]]
    assert routes["serving_default"]["double"].tolist() == [[2, 2]]
    assert same(routes, loaded.routes)
    layer = other(loaded, "tfsm_layer").routes
    assert same(layer["serve"], loaded.routes["serve"])


def test_inputs_of_another_shape_than_the_signature_tells_are_taken(loader: LoaderProcess, tmp_path: Path) -> None:
    """As `tf.saved_model.load` and TensorFlow Serving take them; only `Session.run()` in Python does not."""
    module = Odd()
    tf.saved_model.save(module, str(tmp_path / "one"), signatures={"serving_default": module.one})
    loaded = loader.run(job(tmp_path / "one", "graph", inputs={"serving_default": {"x": np.ones(3, np.float32)}}))
    assert other(loaded).routes["serving_default"]["doubled"].tolist() == [2, 2, 2]
    assert same(other(loaded).routes, loaded.routes)


def test_a_graph_that_is_not_for_serving_is_loaded_by_its_own_tags(loader: LoaderProcess, plain: Path) -> None:
    saved_models.edit(plain, saved_models.for_training_only)
    loaded = loader.run(job(plain, "graph"))
    assert same(other(loaded).routes, loaded.routes)


@pytest.mark.parametrize(
    ("change", "stage", "says"),
    [
        (saved_models.needs_newer, "load", "GraphDef min consumer version 99999 above current version"),
        (saved_models.point_nowhere, "predict", "'nowhere'"),
    ],
)
def test_what_only_the_graph_loader_minds(
    loader: LoaderProcess, plain: Path, change: Callable[[Any], None], stage: str, says: str
) -> None:
    saved_models.edit(plain, change)
    refused = other(loader.run(job(plain, "graph")))
    assert not refused.succeeded
    assert refused.stage == stage
    assert refused.error is not None
    assert says in refused.error["message"]


def test_the_graph_loader_is_tried_where_the_object_loader_fails(loader: LoaderProcess, plain: Path) -> None:
    saved_models.edit(plain, saved_models.two_graphs)
    loaded = loader.run(job(plain, "graph"))
    assert not loaded.succeeded
    assert loaded.stage == "load"
    assert loaded.other_results["graph"].succeeded
    assert loaded.other_results["graph"].routes["serving_default"]["shifted"].tolist() == (FEATURES + 1).tolist()


def test_a_death_there_leaves_what_the_object_loader_found(loader: LoaderProcess, plain: Path) -> None:
    before = loader.run(job(plain))
    saved_models.edit(plain, saved_models.abort_at_start)
    loaded = loader.run(job(plain, "graph"))
    assert loaded.succeeded
    assert same(loaded.routes, before.routes)
    assert loaded.other_results["graph"].process_exit.code == -signal.SIGABRT
    assert not loaded.other_results["graph"].succeeded
    assert loaded.peak_memory > 0


def test_each_loader_has_its_time(loader: LoaderProcess, plain: Path) -> None:
    loaded = loader.run(job(plain, "graph", "tfsm_layer"))
    assert list(loaded.other_results) == ["graph", "tfsm_layer"]
    assert loaded.timings["graph"] > 0
    assert loaded.timings["tfsm_layer"] > 0


def test_what_is_not_to_be_called_is_only_loaded(loader: LoaderProcess, plain: Path) -> None:
    loaded = loader.run(job(plain, "graph", inputs=None, call=False))
    assert other(loaded).succeeded
    assert other(loaded).routes == {}


def test_tfsm_layer_says_what_it_cannot_call(loader: LoaderProcess, tmp_path: Path) -> None:
    module = Odd()
    tf.saved_model.save(module, str(tmp_path / "none"), signatures={"serving_default": module.constant})
    refused = other(loader.run(job(tmp_path / "none", "tfsm_layer", inputs={"serving_default": {}})), "tfsm_layer")
    assert refused.stage == "predict"
    assert refused.error is not None
    assert "signature 'serving_default' takes 0: none" in refused.error["message"]


class TestKeras2:
    def test_it_gives_its_own_model_the_same_outputs(self, loader: LoaderProcess, tmp_path: Path) -> None:
        tf_keras = pytest.importorskip("tf_keras")
        model = tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2, name="score")])
        model.save(tmp_path / "model", save_format="tf")
        loaded = loader.run(job(tmp_path / "model", "tf_keras", "graph"))
        expected = loaded.routes["serving_default"]["score"].tolist()
        assert other(loaded, "tf_keras").routes["serving_default"]["score"].tolist() == expected
        assert other(loaded, "graph").routes["serving_default"]["score"].tolist() == expected

    def test_of_anything_else_it_makes_no_model(self, loader: LoaderProcess, plain: Path) -> None:
        pytest.importorskip("tf_keras")
        refused = other(loader.run(job(plain, "tf_keras")), "tf_keras")
        assert refused.error is not None
        assert refused.error["message"].startswith("the SavedModel holds no model of Keras 2")

    def test_a_runtime_may_not_have_it(
        self, loader: LoaderProcess, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "without_keras_2.py").write_text("import sys\nsys.modules['tf_keras'] = None\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        without = replace(job(plain, "tf_keras"), declared=Declarations(imports=("without_keras_2",)))
        assert other(loader.run(without), "tf_keras").unavailable.startswith("tf_keras is not installed there, and ")
