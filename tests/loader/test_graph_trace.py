"""What the layers of a SavedModel give, found in its graph: as those of its source, bit for bit, until one differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.comparison.layers import LayerTrace, layer_trace
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.roundtrip.divergence.details import place_details
from pytest_modelcompat.roundtrip.divergence.graph_place import graph_place
from pytest_modelcompat.roundtrip.divergence.live_trace import trace_of
from pytest_modelcompat.roundtrip.divergence.saved_model_source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_modelcompat.roundtrip.divergence.place import Place

pytestmark = pytest.mark.needs_tensorflow

UNITS = 4
TOLERANCE = Tolerance(1.3e-6, 1e-5, "dtype float32")
INPUTS = np.random.default_rng(0).normal(size=(3, UNITS)).astype(np.float32)


def dense(name: str) -> Any:
    import keras

    return keras.layers.Dense(UNITS, activation="tanh", name=name)


def functional() -> Any:
    """Names that Keras numbers, a layer that is called twice, one without ops, one without a name scope of a layer."""
    import keras

    inputs = x = keras.Input((UNITS,))
    for name in ("dense", "dense_1", "dense_2"):
        x = dense(name)(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.5, name="drop")(x)
    shared = dense("shared")
    x = shared(shared(x)) * 2.0
    return keras.Model(inputs, {"score": keras.layers.Add(name="sum")([x, inputs]), "other": dense("last")(x)})


def nested() -> Any:
    import keras

    inner = y = keras.Input((UNITS,))
    for name in ("dense", "dense_1"):
        y = dense(name)(y)
    block = keras.Model(inner, y, name="block")
    inputs = keras.Input((UNITS,))
    return keras.Model(inputs, dense("last")(block(block(inputs))))


def sequential() -> Any:
    import keras

    return keras.Sequential([keras.Input((UNITS,)), *map(dense, ("dense", "dense_1", "last"))])


def subclassed() -> Any:
    import keras

    class Ranker(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [dense(name) for name in ("dense", "dense_1", "last")]
            self.memory = keras.layers.LSTM(3, name="memory")

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return {"score": x, "memory": self.memory(x[:, None, :])}

    model = Ranker()
    model(INPUTS)
    return model


MODELS = {"functional": functional, "nested": nested, "sequential": sequential, "subclassed": subclassed}


def export(model: Any, folder: Path) -> None:
    model.export(str(folder), verbose=False)


def save(model: Any, folder: Path) -> None:
    import tensorflow as tf

    tf.saved_model.save(model, str(folder))


def loaded(model: Any, folder: Path, write: Callable[[Any, Path], None] = export) -> Any:
    import tensorflow as tf

    write(model, folder)
    return tf.saved_model.load(str(folder))


def traces(model: Any, reloaded: Any, *, alone: bool = False, inputs: Any = INPUTS) -> tuple[LayerTrace, LayerTrace]:
    """What the layers of a model give, and those found in the graph of a SavedModel."""
    from pytest_modelcompat.loader import graph_trace

    live = trace_of(model, inputs)
    assert live is not None
    outputs = model(inputs)
    names = list(outputs) if isinstance(outputs, dict) else ["output_0"]
    source = {"classes": {}} if alone else source_of(live, names)
    job = {"per_signature": False, "input_names": [], "source": source}
    recorded, samples = graph_trace.trace_of(reloaded, inputs, job)
    return live, layer_trace({**recorded, "samples": samples})


def place(live: LayerTrace, found: LayerTrace, *, same_runtime: bool = True) -> Place | None:
    return graph_place(live, found, lambda *_: TOLERANCE, same_runtime=same_runtime)


def moved(reloaded: Any, number: int, by: float = 1e-3) -> None:
    """Change a number in one of the kernels that a SavedModel holds."""
    function = reloaded.signatures["serving_default"]
    kernels = [each for each in function.graph.variables if each.name.split(":")[0].endswith("/kernel")]
    value = kernels[number].numpy()
    value[1, 1] += by
    kernels[number].assign(value)


@pytest.mark.parametrize("write", [export, save])
@pytest.mark.parametrize("kind", MODELS)
def test_every_layer_of_an_equal_model_is_found_and_equal(
    tmp_path: Path, kind: str, write: Callable[[Any, Path], None]
) -> None:
    model = MODELS[kind]()
    live, found = traces(model, loaded(model, tmp_path / "model", write))
    there = {each.key: each for each in found.outputs}
    # At inference, what a dropout gives is what it is given.
    assert [each.key for each in live.outputs if each.key not in there] == (["drop"] if kind == "functional" else [])
    assert [each.key for each in live.outputs if each.path and each.key in there] == [
        each.key for each in found.outputs if each.path
    ]
    mine = [each for each in live.outputs if each.key in there]
    assert [there[each.key].digest for each in mine] == [each.digest for each in mine]
    assert [there[each.key].inputs for each in mine] == [each.inputs for each in mine]
    for path, state in found.state.items():
        expected = {each["sha256"] for each in live.state[path]["weights"]}
        assert {each["sha256"] for each in state["weights"]} == expected
    assert place(live, found) is None


@pytest.mark.parametrize(
    ("kind", "number", "name"),
    [
        *(
            ("functional", number, name)
            for number, name in enumerate(["dense", "dense_1", "dense_2", "shared", "last"])
        ),
        *(("nested", number, name) for number, name in enumerate(["block/dense", "block/dense_1", "last"])),
        *(("sequential", number, name) for number, name in enumerate(["dense", "dense_1", "last"])),
        *(("subclassed", number, name) for number, name in enumerate(["dense", "dense_1", "last", "memory"])),
    ],
)
def test_the_layer_with_another_weight_is_the_first(tmp_path: Path, kind: str, number: int, name: str) -> None:
    model = MODELS[kind]()
    reloaded = loaded(model, tmp_path / "model")
    moved(reloaded, number)
    live, found = traces(model, reloaded)
    shown = place(live, found)
    assert shown is not None
    assert shown.first is not None
    assert shown.first.expected.path == name
    assert shown.first.expected.call == 1
    assert shown.first.has_equal_inputs
    assert [each.rpartition("/")[2] for each in shown.weights or ()] == ["kernel"]
    elsewhere = place(live, found, same_runtime=False)
    assert elsewhere is not None
    assert elsewhere.first is not None
    assert elsewhere.first.expected.path == name


def test_half_precision_is_as_exact(tmp_path: Path) -> None:
    import keras

    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model = functional()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    reloaded = loaded(model, tmp_path / "model")
    live, found = traces(model, reloaded)
    assert {each.dtype for each in found.outputs} == {"float16"}
    assert place(live, found) is None
    moved(reloaded, 2, by=0.1)
    shown = place(*traces(model, reloaded))
    assert shown is not None
    assert shown.first is not None
    assert shown.first.expected.path == "dense_2"


def test_a_layer_that_computes_something_else_in_a_graph_is_named_without_weights(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    class Scale(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x * (3.0 if tf.executing_eagerly() else 2.0)

    model = keras.Sequential([keras.Input((UNITS,)), dense("first"), Scale(name="scale"), dense("last")])
    shown = place(*traces(model, loaded(model, tmp_path / "model")))
    assert shown is not None
    assert shown.first is not None
    assert shown.first.expected.path == "scale"
    assert shown.is_of_layer_alone
    text = dict(place_details(shown, TOLERANCE))["moved"]
    assert text == 'first in "scale" (Scale): its inputs are the same bit for bit, its output is not\nit has no weights'


def test_what_is_not_found_before_the_first_layer_that_differs_is_said(tmp_path: Path) -> None:
    model = sequential()
    reloaded = loaded(model, tmp_path / "model")
    moved(reloaded, 1)
    live, found = traces(model, reloaded)
    without = LayerTrace(tuple(each for each in found.outputs if each.path != "dense_1"), found.state)
    shown = place(live, without)
    assert shown is not None
    text = dict(place_details(shown, TOLERANCE))["moved"].splitlines()[0]
    assert text.startswith('first in "last" (Dense): the first that is seen to differ; ')
    assert text.endswith('"dense_1" (Dense) before it is not found in the graph')


def test_a_model_without_its_source_has_its_name_scopes_for_layers(tmp_path: Path) -> None:
    model = nested()
    reloaded = loaded(model, tmp_path / "model")
    _, before = traces(model, reloaded, alone=True)
    assert [(each.path, each.class_name) for each in before.outputs] == [
        (path, "name scope")
        for path in (
            *("block_1/dense_1", "block_1/dense_1_2", "block_1"),
            *("block_3/dense_1", "block_3/dense_1_2", "block_3", "last_1"),
        )
    ]
    moved(reloaded, 1)
    shown = place(before, traces(model, reloaded, alone=True)[1])
    assert shown is not None
    assert shown.first is not None
    assert shown.first.expected.path == "block_1/dense_1_2"
    assert shown.first.has_equal_inputs


def test_what_a_function_calls_is_found_in_it(tmp_path: Path) -> None:
    import tensorflow as tf

    model = sequential()

    @tf.function(input_signature=[tf.TensorSpec([None, UNITS], tf.float32)])  # type: ignore[untyped-decorator]
    def inner(x: Any) -> Any:
        return model(x, training=False)

    @tf.function(input_signature=[tf.TensorSpec([None, UNITS], tf.float32)])  # type: ignore[untyped-decorator]
    def outer(x: Any) -> Any:
        return {"output_0": tf.nn.relu(inner(x))}

    module = tf.Module()
    module.model, module.outer = model, outer
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=outer)
    reloaded = tf.saved_model.load(str(tmp_path / "model"))
    moved(reloaded, 1)
    shown = place(*traces(model, reloaded))
    assert shown is not None
    assert shown.first is not None
    assert shown.first.expected.path == "dense_1"
    assert shown.first.has_equal_inputs
