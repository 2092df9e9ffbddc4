"""Shapes: what a configuration tells of the dimensions that each layer is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.compatibility.constructs import constructs
from pytest_modelcompat.compatibility.input_shapes import input_ranks, input_shapes, models_of
from pytest_modelcompat.compatibility.rules.axes import lost_axes
from pytest_modelcompat.results.finding import Severity
from tests.compatibility.judging import before


def node(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **config}}


def sequential(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(nodes)}}


def tensor(*shape: int | None) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"shape": list(shape), "keras_history": ["a", 0, 0]}}


def ranks(root: dict[str, Any]) -> dict[str, int]:
    found = input_ranks([((), root["config"])])
    return {path[-1]: rank for path, rank in found.items()}


IMAGE = node("InputLayer", "in", batch_shape=[None, 8, 8, 3])
PROBE = node("BatchNormalization", "probe")


class TestSequential:
    @pytest.mark.parametrize(
        ("before_it", "rank"),
        [
            ((IMAGE,), 4),
            ((node("InputLayer", "in", batch_input_shape=[None, 4]),), 2),
            ((IMAGE, node("Conv2D", "a")), 4),
            ((IMAGE, node("Flatten", "a")), 2),
            ((IMAGE, node("GlobalAveragePooling2D", "a")), 2),
            ((IMAGE, node("GlobalAveragePooling2D", "a", keepdims=True)), 4),
            ((IMAGE, node("Flatten", "a"), node("Reshape", "b", target_shape=[2, 3, 4])), 4),
            ((node("InputLayer", "in", batch_shape=[None, 5]), node("Embedding", "a")), 3),
            ((node("InputLayer", "in", batch_shape=[None, 5]), node("RepeatVector", "a")), 3),
            ((node("LSTM", "a", batch_shape=[None, 5, 3]),), 2),
            ((node("LSTM", "a", batch_shape=[None, 5, 3], return_sequences=True),), 3),
            (
                (
                    node("InputLayer", "in", batch_shape=[None, 5, 3]),
                    node("Bidirectional", "a", layer=node("GRU", "b", return_sequences=True)),
                ),
                3,
            ),
            # A class that takes one rank alone says it, whatever stands before it.
            ((node("Conv1D", "a"),), 3),
            ((node("Conv3DTranspose", "a"),), 5),
            ((node("Scale", "a"), node("MaxPooling2D", "b"), node("Dropout", "c")), 4),
        ],
    )
    def test_goes_from_layer_to_layer(self, before_it: tuple[dict[str, Any], ...], rank: int) -> None:
        assert ranks(sequential(*before_it, PROBE))["probe"] == rank

    @pytest.mark.parametrize(
        "before_it",
        [(), (IMAGE, node("Scale", "a")), (IMAGE, {"class_name": "Odd"}), (IMAGE, node("SomethingElse2D", "a"))],
    )
    def test_is_not_known_after_what_may_give_any(self, before_it: tuple[dict[str, Any], ...]) -> None:
        assert "probe" not in ranks(sequential(*before_it, PROBE))


class TestFunctional:
    def test_is_what_each_layer_is_called_with(self) -> None:
        calls = [{"args": [tensor(None, 4)], "kwargs": {}}]
        both = [{"args": [[tensor(None, 8, 8, 3), tensor(None, 8, 8, 1)]], "kwargs": {}}]
        nodes = {**PROBE, "inbound_nodes": calls}, {**node("Concatenate", "joined"), "inbound_nodes": both}
        assert ranks(sequential(IMAGE, *nodes)) == {"in": 4, "probe": 2, "joined": 4}

    def test_is_what_the_layer_gives_that_keras_2_names(self) -> None:
        calls = [[["in", 0, 0, {}]]]
        flat = {**node("Flatten", "flat"), "inbound_nodes": calls}
        nodes = flat, {**PROBE, "inbound_nodes": [[["flat", 0, 0, {}]], calls[0]]}
        assert ranks(sequential(IMAGE, *nodes)) == {"in": 4, "flat": 4, "probe": 2}

    @pytest.mark.parametrize(
        "calls",
        [
            [[["other", 0, 0, {}]]],
            [[["in", 0, 0, {}], ["in", 0, 0, {}]]],
            [[[]]],
            [[[1]]],
            [],
            [{"args": []}],
            [{"args": ["text"]}],
            [{}],
            None,
        ],
    )
    def test_is_not_known_where_the_calls_give_no_shape(self, calls: Any) -> None:
        assert ranks(sequential(IMAGE, {**PROBE, "inbound_nodes": calls})) == {"in": 4}


def test_models_inside_models_have_their_own() -> None:
    inner = sequential(IMAGE, PROBE)["config"]
    inventory = Inventory(
        Path("m"), "keras", root=sequential(), layers=(LayerUse("Sequential", ("inner",), config=inner),)
    )
    assert input_ranks(models_of(inventory)) == {("inner", "in"): 4, ("inner", "probe"): 4}
    assert list(models_of(Inventory(Path("m"), "keras", root={"config": ["a list"]}))) == []


def test_sizes_are_known_behind_what_keeps_them_and_where_a_call_has_them() -> None:
    dense, conv = node("Dense", "dense"), node("Conv2D", "conv")
    found = input_shapes([((), sequential(IMAGE, PROBE, conv, dense)["config"])])
    assert found["probe",] == found["conv",] == (None, 8, 8, 3)
    assert found["dense",] == (None, None, None, None)
    column, lookup = node("InputLayer", "in", batch_shape=[None, 1]), node("IntegerLookup", "lookup", output_mode="int")
    encoded = node("Hashing", "hashed", output_mode="one_hot")
    found = input_shapes([((), sequential(column, lookup, encoded, dense)["config"])])
    assert found["hashed",] == (None, 1)
    assert ("dense",) not in found
    called = {**dense, "inbound_nodes": [{"args": [tensor(None, 1)], "kwargs": {}}]}
    assert input_shapes([((), sequential(IMAGE, called)["config"])])["dense",] == (None, 1)


class TestLastAxis:
    @pytest.mark.parametrize(("axis", "kind"), [(3, "<0"), (-1, "<0"), (1, "int")])
    def test_is_the_same_construct_however_it_is_written(self, axis: int, kind: str) -> None:
        probe = node("BatchNormalization", "probe", axis=axis)
        layer = LayerUse("BatchNormalization", ("probe",), config=probe["config"])
        inventory = Inventory(Path("m"), "h5", root=sequential(IMAGE, probe), layers=(layer,))
        texts = [each.text for each in constructs(inventory, lambda _: False)]
        assert f"layer BatchNormalization.axis={kind}" in texts

    @pytest.mark.parametrize(("axis", "severities"), [(3, []), (-1, []), (1, [Severity.ERROR])])
    def test_is_not_lost_in_an_h5_file(self, axis: int, severities: list[Severity]) -> None:
        probe = node("BatchNormalization", "probe", axis=axis)
        layer = LayerUse("BatchNormalization", ("probe",), config=probe["config"])
        inventory = Inventory(Path("m"), "h5", {"keras": "3.3.0"}, root=sequential(IMAGE, probe), layers=(layer,))
        assert [each.severity for each in lost_axes(before(inventory, "tf2.16"))] == severities


@pytest.mark.needs_tensorflow
def test_are_those_of_the_layers_of_a_real_model(tmp_path: Path) -> None:
    import tensorflow as tf

    layers = tf.keras.layers
    inputs = tf.keras.Input((8, 8, 3), name="in")
    value = layers.BatchNormalization(axis=3, name="probe")(layers.Conv2D(2, 3, name="conv")(inputs))
    value = layers.Reshape((36, 2), name="rows")(value)
    outputs = layers.Dense(2, name="last")(layers.Flatten(name="flat")(layers.LSTM(2, name="lstm")(value)))
    model = tf.keras.Model(inputs, outputs)
    expected = {layer.name: len(layer.input.shape) for layer in model.layers if layer.name != "in"}
    model(np.ones((1, 8, 8, 3), "float32"))
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        found = input_ranks(models_of(read_inventory(tmp_path / name)))
        assert {path[-1]: rank for path, rank in found.items()} == {"in": 4, **expected}
