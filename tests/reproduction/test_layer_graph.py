"""Smaller models cut out of a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.reproduction.layer_graph import CannotCutError, LayerGraph

Node = dict[str, Any]


def tensor(layer: str, node: int = 0) -> Node:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [layer, node, 0]},
    }


def layer(name: str, *calls: Any, class_name: str = "Dense") -> Node:
    nodes = [{"args": [call], "kwargs": {"mask": None}} for call in calls]
    return {"class_name": class_name, "config": {"name": name}, "name": name, "inbound_nodes": nodes}


def given(name: str) -> Node:
    config = {"batch_shape": [None, 4], "dtype": "float32", "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


# x -> a -> b(x, a) -> shared -> c -> shared -> d, and y into c.
LAYERS = [
    given("x"),
    given("y"),
    layer("a", tensor("x")),
    layer("b", [tensor("x"), tensor("a")], class_name="Add"),
    layer("shared", tensor("b"), tensor("c")),
    layer("c", [tensor("shared"), tensor("y")], class_name="Add"),
    layer("d", tensor("shared", 1)),
]


def graph() -> LayerGraph:
    config = {"layers": LAYERS, "input_layers": [["x", 0, 0], ["y", 0, 0]], "output_layers": ["d", 0, 0]}
    return LayerGraph({"class_name": "Functional", "config": config}, {})


def test_an_input_stands_where_another_layer_was() -> None:
    cut = graph().cut(["b"])
    assert cut.layers == ("x", "a_given", "b")
    assert (cut.inputs, cut.outputs) == (("x/0/0", "a/0/0"), ("b/0/0",))
    config = cut.config["config"]
    assert config["input_layers"] == [["x", 0, 0], ["a_given", 0, 0]]
    assert config["output_layers"] == ["b", 0, 0]
    assert config["layers"][1]["config"]["batch_shape"] == [None, 4]
    first, second = config["layers"][2]["inbound_nodes"][0]["args"][0]
    assert (first["config"]["keras_history"], second["config"]["keras_history"]) == (["x", 0, 0], ["a_given", 0, 0])


def test_all_layers_are_the_model_itself() -> None:
    whole = graph()
    cut = whole.cut(whole.names)
    assert (cut.layers, cut.outputs) == (("x", "y", "a", "b", "shared", "c", "d"), ("d/0/0",))


def test_a_layer_that_is_called_twice_keeps_its_calls_where_both_are_known() -> None:
    cut = graph().cut(["shared"])
    assert (cut.inputs, cut.outputs) == (("b/0/0", "c/0/0"), ("shared/0/0", "shared/1/0"))


def test_a_call_whose_input_is_unknown_is_left_out_and_the_others_are_numbered_again() -> None:
    cut = graph().cut(["shared", "d"], {"c/0/0"})
    assert (cut.inputs, cut.outputs) == (("c/0/0",), ("d/0/0",))
    shared, last = cut.config["config"]["layers"][1:]
    assert len(shared["inbound_nodes"]) == 1
    assert last["inbound_nodes"][0]["args"][0]["config"]["keras_history"] == ["shared", 0, 0]
    with pytest.raises(CannotCutError, match="what layer 'a' takes is not known"):
        graph().cut(["a"], set())


def test_the_configuration_of_the_whole_is_left_as_it_is() -> None:
    before = repr(LAYERS)
    graph().cut(["shared", "c"])
    assert repr(LAYERS) == before


def row(**more: Any) -> LayerGraph:
    layers = [given("x"), *({**layer(name), **more} for name in "abc")]
    config = {"layers": layers, "build_input_shape": [None, 4]}
    return LayerGraph({"class_name": "Sequential", "config": config}, {})


def test_neighbours_in_a_row_get_an_input_before_them() -> None:
    whole = row(build_config={"input_shape": [None, 7]})
    cut = whole.cut(["b", "c"])
    assert (cut.layers, cut.inputs, cut.outputs) == (("a_given", "b", "c"), ("a/0/0",), ("c/0/0",))
    assert cut.config["config"]["layers"][0]["config"]["batch_shape"] == [None, 7]
    assert cut.config["config"]["build_input_shape"] == [None, 7]
    assert whole.cut(["a"]).layers == ("x", "a")


def test_what_cannot_be_cut_says_why() -> None:
    with pytest.raises(CannotCutError, match="the shape of what 'a' gives is not known"):
        row().cut(["b"])
    with pytest.raises(CannotCutError, match="it is a Ranker: only functional and sequential models"):
        LayerGraph({"class_name": "Ranker", "config": {}}, {})
    keras_2 = [given("x"), {**layer("a"), "inbound_nodes": [[["x", 0, 0, {}]]]}]
    with pytest.raises(CannotCutError, match="Keras 2 wrote its configuration"):
        LayerGraph({"class_name": "Functional", "config": {"layers": keras_2}}, {})
