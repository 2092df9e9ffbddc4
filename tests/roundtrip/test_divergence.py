"""The first layer with which two models part: in every kind of model, at every depth, from arrays and from a golden."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts.weight_digest import weight_digests
from pytest_modelcompat.comparison.layers import LayerTrace
from pytest_modelcompat.comparison.tolerance import Tolerance
from pytest_modelcompat.golden.golden import Golden, GoldenName, digest_changes
from pytest_modelcompat.golden.serialization import serialize_golden
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.roundtrip.divergence.details import place_details
from pytest_modelcompat.roundtrip.divergence.findings import of_golden, of_reloaded
from pytest_modelcompat.roundtrip.divergence.golden_layers import golden_layers, golden_trace
from pytest_modelcompat.roundtrip.divergence.live_trace import trace_of
from pytest_modelcompat.roundtrip.divergence.place import Place, place_of
from pytest_modelcompat.roundtrip.evaluation import RELOADED_DIFFERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.needs_tensorflow

DEPTH, UNITS = 20, 16
TOLERANCE = Tolerance(1.3e-6, 1e-5, "dtype float32")
VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0"}
INPUTS = np.random.default_rng(0).normal(size=(8, UNITS)).astype(np.float32)
LOUD = [2.0, 20.0, 2000.0]


def dense(number: int) -> Any:
    import keras

    return keras.layers.Dense(UNITS, activation="tanh", name=f"dense_{number}")


def functional() -> Any:
    import keras

    inputs = x = keras.Input((UNITS,))
    for number in range(DEPTH):
        x = dense(number)(x)
    return keras.Model(inputs, {"score": x})


def sequential() -> Any:
    import keras

    return keras.Sequential([keras.Input((UNITS,)), *map(dense, range(DEPTH))])


def nested() -> Any:
    import keras

    inputs = x = keras.Input((UNITS,))
    for start in range(0, DEPTH, 5):
        inner = y = keras.Input((UNITS,))
        for number in range(start, start + 5):
            y = dense(number)(y)
        x = keras.Model(inner, y, name=f"block_{start}")(x)
    return keras.Model(inputs, x)


@cache
def ranker_class() -> Any:
    import keras

    class Ranker(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [dense(number) for number in range(DEPTH)]

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return {"score": x}

    return Ranker


def subclassed() -> Any:
    model = ranker_class()()
    model(INPUTS)
    return model


MODELS = {"functional": functional, "sequential": sequential, "nested": nested, "subclassed": subclassed}


def built(make: Callable[[], Any], seed: int = 0) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    return make()


def trace(model: Any) -> LayerTrace:
    found = trace_of(model, INPUTS)
    assert found is not None
    return found


def layer_of(model: Any, name: str) -> Any:
    from pytest_modelcompat.loader.layers import layers

    return next(layer for path, layer in layers(model) if path.rpartition("/")[2] == name)


def loudness(traces: Sequence[LayerTrace]) -> float:
    """By how many tolerances the outputs of two models differ, which are those of their last layers."""
    first, second = (each.outputs[-1].sample for each in traces)
    assert first is not None
    assert second is not None
    return float((np.abs(second - first) / (TOLERANCE.atol + TOLERANCE.rtol * np.abs(first))).max())


def perturbed(make: Callable[[], Any], name: str, loud: float) -> tuple[LayerTrace, LayerTrace]:
    """The traces of a model, and of the same with one weight of a layer that moves its output so many tolerances."""
    model = built(make)
    before = trace(model)
    kernel = layer_of(model, name).kernel
    weights = np.asarray(kernel)
    delta = 1e-3
    for _ in range(12):
        moved = weights.copy()
        moved[1, 1] += delta
        kernel.assign(moved)
        after = trace(model)
        found = loudness((before, after))
        if 0.8 * loud < found < 1.25 * loud:
            return before, after
        delta *= min(max(loud / max(found, 1e-9), 0.01), 100.0)
    pytest.fail(f"{name} does not move the output by {loud} tolerances, but by {found}")


def as_golden(recorded: LayerTrace, **changes: Any) -> Golden:
    """What a golden keeps of it, read from its text."""
    section = json.loads(json.dumps(golden_layers(recorded, VERSIONS)))
    digests = {each["path"]: each for path, state in recorded.state.items() for each in state["weights"]}
    golden = Golden({}, ({}, {}), ({}, {}), weights=weight_digests(digests.values()), layers=section)
    return replace(golden, **changes)


def place(before: LayerTrace, after: LayerTrace, *, same_runtime: bool = True) -> Place:
    return place_of(before, after, lambda *_: TOLERANCE, same_runtime=same_runtime)


def place_in_golden(before: LayerTrace, after: LayerTrace, *, same_runtime: bool = True) -> Place:
    golden = as_golden(before)
    expected = golden_trace(golden)
    assert expected is not None
    changed = digest_changes(golden.weights, as_golden(after).weights).changed
    weights = {
        path: [each["path"] for each in state["weights"] if each["path"] in changed]
        for path, state in after.state.items()
    }
    return place_of(expected, after, lambda *_: TOLERANCE, same_runtime=same_runtime, other_weights=weights)


def named(found: Place) -> str:
    return found.first.expected.path.rpartition("/")[2] if found.first is not None else ""


def text(found: Place) -> str:
    return "\n".join(value for _, value in place_details(found, TOLERANCE))


@pytest.mark.parametrize("loud", LOUD)
@pytest.mark.parametrize("number", [0, 10, 19])
@pytest.mark.parametrize("kind", MODELS)
def test_the_layer_with_another_weight_is_the_first(kind: str, number: int, loud: float) -> None:
    before, after = perturbed(MODELS[kind], f"dense_{number}", loud)
    for found in (place(before, after), place_in_golden(before, after)):
        assert named(found) == f"dense_{number}", text(found)
        assert found.first is not None
        assert found.first.has_equal_inputs
        assert [each.rpartition("/")[2] for each in found.weights or ()] == ["kernel"]
    # Of another runtime, whose rounding hides what is no more than that.
    elsewhere = [place(before, after, same_runtime=False), place_in_golden(before, after, same_runtime=False)]
    assert {named(each) for each in elsewhere} <= {f"dense_{number}"} | ({""} if loud < 20 else set())


def scale_class(factor: float) -> Any:
    import keras

    class Scale(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="scale")
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * self.factor

    return Scale()


def scaled(factor: float) -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential([keras.Input((UNITS,)), layers.Dense(8), scale_class(factor), layers.Dense(2)])


def drifted(**changes: Any) -> Finding:
    finding = Finding(
        Kind.PREDICTIONS_DRIFTED,
        "score",
        cause=RELOADED_DIFFERS,
        blame=Blame.LOADER,
        details=(("mismatch", "all"), ("blame", "serialization: the writer or the loader")),
    )
    return replace(finding, **changes)


def test_a_layer_with_the_same_inputs_and_weights_is_to_blame_itself() -> None:
    found = place(trace(built(lambda: scaled(3.0))), trace(built(lambda: scaled(2.0))))
    assert named(found) == "scale"
    assert list(map(str, found.values)) == ["factor was 3.0 and is 2.0"]
    explained = of_reloaded(drifted(), found, elsewhere=False)
    assert explained.cause == (
        '"scale" (Scale) gives another output for the same inputs and weights once it is loaded: '
        "its factor was 3.0 and is 2.0"
    )
    assert explained.blame is Blame.MODEL
    assert dict(explained.details)["blame"] == 'the code or the configuration of "scale" (Scale)'


def test_what_has_other_weights_is_the_writers_or_the_loaders_as_before() -> None:
    before, after = perturbed(functional, "dense_3", 20)
    finding = drifted()
    assert of_reloaded(finding, place(before, after), elsewhere=False) is finding


def test_other_weights_are_not_for_want_of_what_a_fresh_process_lacks() -> None:
    before, after = perturbed(functional, "dense_3", 20)
    compared = (("compared", "it predicts as it did"), ("blame", "serialization"))
    finding = drifted(details=compared, fix=("look at what Own reads", "or save it as a SavedModel"))
    found = of_reloaded(finding, place(before, after), elsewhere=False)
    assert found.fix == ("save it as a SavedModel",)
    assert found.details == (
        ("compared", "it predicts as it did; it is the weights in the file, or how the layer saves and loads them"),
        ("blame", "serialization"),
    )
    explained = replace(finding, cause="another")
    assert of_reloaded(explained, place(before, after), elsewhere=False) is explained


def test_a_layer_of_the_golden_is_to_blame_under_the_same_versions_alone() -> None:
    found = place_in_golden(trace(built(lambda: scaled(3.0))), trace(built(lambda: scaled(2.0))))
    finding = drifted(cause="the numerics changed", blame=Blame.NUMERICS, details=(("look for", "another processor"),))
    assert of_golden(finding, found, same_runtime=False) is finding
    explained = of_golden(finding, found, same_runtime=True)
    assert explained.blame is Blame.MODEL
    assert explained.cause.startswith('the model has the golden\'s weights, and "scale" (Scale) gives another output')
    assert "look for" not in dict(explained.details)


def test_less_than_a_hundredth_may_be_another_processor() -> None:
    found = place_in_golden(trace(built(lambda: scaled(3.0))), trace(built(lambda: scaled(3.001))))
    finding = drifted(cause="the numerics changed", blame=Blame.NUMERICS)
    assert named(found) == "scale"
    assert of_golden(finding, found, same_runtime=True) is finding


def test_the_text_names_the_layer_and_shows_how_the_difference_grows() -> None:
    shown = text(place(*perturbed(nested, "dense_10", 20)))
    lines = shown.splitlines()
    assert lines[0] == 'first in "block_10/dense_10" (Dense): its inputs are the same bit for bit, its output is not'
    assert lines[1] == "of its weights dense_10/kernel is not the same"
    rows = [line.split() for line in lines[3:]]
    assert rows[0] == ["block_5/dense_9", "Dense", "equal"]
    assert rows[1][:2] == ["block_10/dense_10", "Dense"]
    assert rows[1][-5:] == ["x", "<-", "first", "to", "diverge"]
    assert rows[-1][0] == "block_15/dense_19"
    assert len(rows) <= 8


def test_a_shared_layer_is_named_with_the_call_in_which_it_differs() -> None:
    import keras

    def model(offset: float) -> Any:
        inputs = keras.Input((UNITS,))
        shared = keras.layers.Dense(UNITS, name="shared")
        shift = keras.layers.Rescaling(1.0, offset=offset, name="shift")
        return keras.Model(inputs, shared(shift(shared(inputs))))

    before, after = (trace(built(partial(model, offset))) for offset in (0.0, 1.0))
    assert [each.key for each in before.outputs] == ["shared", "shift", "shared#2", ""]
    assert named(place(before, after)) == "shift"
    without = [
        LayerTrace(tuple(each for each in one.outputs if each.path != "shift"), one.state) for one in (before, after)
    ]
    assert text(place(*without)).startswith('first in "shared" (Dense, call 2): its inputs differ')


def test_what_the_models_own_code_computes_is_the_models() -> None:
    import keras

    class Doubled(keras.Model):  # type: ignore[misc]
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.dense, self.factor = keras.layers.Dense(2), factor

        def call(self, x: Any) -> Any:
            return self.dense(x) * self.factor

    def called(factor: float) -> Any:
        model = Doubled(factor)
        model(INPUTS)
        return model

    found = place(trace(built(lambda: called(2.0))), trace(built(lambda: called(3.0))))
    assert text(found).startswith("first in the model itself (Doubled): its inputs are the same bit for bit")


def test_layers_that_draw_numbers_are_not_compared() -> None:
    import keras

    class Noise(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x + keras.random.normal(keras.ops.shape(x))

    def model() -> Any:
        inputs = keras.Input((UNITS,))
        dense = keras.layers.Dense(3, name="steady")(inputs)
        return keras.Model(inputs, [dense, Noise(name="noise")(inputs)])

    found = trace(built(model))
    assert {each.path: each.is_steady for each in found.outputs if each.path} == {"steady": True, "noise": False}
    assert list(golden_layers(found, VERSIONS)["outputs"]) == ["steady"]


def test_a_model_is_left_as_it_was() -> None:
    from pytest_modelcompat.loader.layers import layers

    model = built(nested)
    trace(model)
    assert all("call" not in vars(each) for each in (model, *(layer for _, layer in layers(model))))


def test_cells_are_left_out_and_a_layer_with_several_outputs_has_them_all() -> None:
    import keras

    inputs = keras.Input((4, 4))
    outputs = keras.layers.LSTM(3, return_state=True, name="lstm")(inputs)
    found = trace_of(keras.Model(inputs, outputs), np.ones((2, 4, 4), np.float32))
    assert found is not None
    assert [each.key for each in found.outputs if each.path] == ["lstm", "lstm:1", "lstm:2"]


def test_a_model_that_cannot_be_called_once_more_has_no_trace() -> None:
    assert trace_of(built(functional), np.ones((2, 3), np.float32)) is None


def test_of_a_hundred_layers_a_golden_has_at_most_20_kilobytes_more() -> None:
    import keras

    inputs = x = keras.Input((UNITS,))
    for number in range(50):
        x = keras.layers.Dense(UNITS, name=f"encoder_block_{number}_dense")(x)
        x = keras.layers.BatchNormalization(name=f"encoder_block_{number}_normalization")(x)
    with_layers = as_golden(trace(keras.Model(inputs, x)))
    sizes = [len(_json(each)) for each in (with_layers, replace(with_layers, layers={}))]
    assert len(with_layers.layers["outputs"]) == 100
    assert sizes[0] - sizes[1] <= 20_000


def _json(golden: Golden) -> bytes:
    files = serialize_golden(GoldenName((), "large"), golden)
    return files["golden.json"]


@pytest.mark.parametrize("key", ["a", "a/b", "a#2", "a:1", "a/b#12:3"])
def test_the_name_of_an_output_in_a_golden_is_read_again(key: str) -> None:
    layers = {"outputs": {key: ["Dense", "float32 (2, 3)", "00000000", "11111111", [0.0, 1.0, 2.0]]}}
    found = golden_trace(Golden({}, ({}, {}), ({}, {}), layers=layers))
    assert found is not None
    assert [(each.key, each.shape) for each in found.outputs] == [(key, (2, 3))]


def wide(offset: float) -> Any:
    """A model of an output of 80,000 numbers, of which one alone is moved that is in no sample."""
    import keras

    from pytest_modelcompat.loader import sketches

    numbers = np.arange(8 * 10_000)
    unseen = np.setdiff1d(numbers, sketches.sample_of(numbers))[0]
    moved = ((numbers == unseen) * offset).reshape(8, -1).astype("float32")
    inputs = keras.Input((UNITS,))
    x = keras.layers.Dense(10_000, name="wide")(inputs)
    return keras.Model(inputs, keras.layers.Lambda(lambda x: x + moved, output_shape=(10_000,), name="moved")(x))


def test_where_a_sample_was_compared_the_table_says_so() -> None:
    """What is seen of a sample is no less than the least of what all numbers have moved."""
    import keras

    def scaled_wide(factor: float) -> Any:
        inputs = keras.Input((UNITS,))
        x = keras.layers.Dense(10_000, name="wide")(inputs)
        return keras.Model(inputs, keras.layers.Rescaling(factor, name="scale")(x))

    shown = text(place(*(trace(built(partial(scaled_wide, factor))) for factor in (1.0, 2.0))))
    assert "that is; >= where a sample of 8,192 numbers was compared" in shown
    (row,) = [line.split() for line in shown.splitlines() if line.startswith("scale ")]
    assert row[2] == row[4] == ">="
    before, after = (trace(built(partial(wide, offset))) for offset in (0.0, 1.0))
    (row,) = [line.split() for line in text(place(before, after)).splitlines() if line.startswith("moved ")]
    assert " ".join(row[2:]) == "not in the sample <- first to diverge"
    assert ">=" not in text(place(*perturbed(functional, "dense_3", 20)))
