"""Which layers get the outputs of another one, and whether the model's outputs have its dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.model_flow import followers, keeps_dtype
from pytest_modelcompat.profiles.store import load_profile
from tests.compatibility.judging import before, h5
from tests.compatibility.models import K215, K315, keras
from tests.compatibility.writers import Part, Writer, chain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A, B, C = ("a",), ("b",), ("c",)


def node(name: str, **more: Any) -> dict[str, Any]:
    return {"class_name": "ReLU", "config": {"name": name}, **more}


def of_keras_2(*sources: str) -> list[Any]:
    return [[[source, 0, 0, {}] for source in sources]]


def of_keras_3(*sources: str) -> list[Any]:
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [each, 0, 0]}} for each in sources]
    return [{"args": [tensors], "kwargs": {}}]


def test_in_a_sequential_the_next_layer_follows() -> None:
    assert followers([((), {"layers": [node("a"), node("b"), node("c")]})]) == {A: (B,), B: (C,)}


@pytest.mark.parametrize("called", [of_keras_2, of_keras_3])
def test_in_a_functional_model_those_follow_that_are_called_with_it(called: Callable[..., list[Any]]) -> None:
    layers = [
        node("c", inbound_nodes=called("a", "b")),
        node("a", inbound_nodes=[]),
        node("b", inbound_nodes=called("a")),
    ]
    assert followers([((), {"layers": layers})]) == {A: (C, B), B: (C,)}


def test_one_that_follows_twice_is_there_once() -> None:
    layers = [node("a", inbound_nodes=[]), node("b", inbound_nodes=of_keras_2("a", "a"))]
    assert followers([((), {"layers": layers})]) == {A: (B,)}


@pytest.mark.parametrize(
    ("activation", "is_kept"),
    [("relu", True), ("linear", True), ("sigmoid", False), ({"class_name": "LeakyReLU"}, False), (None, False)],
)
def test_an_activation_keeps_integers_by_its_name(activation: Any, is_kept: bool) -> None:
    """What is written as a configuration is of a class, and is no name."""
    assert keeps_dtype(LayerUse("Activation", ("a",), config={"activation": activation})) is is_kept


def test_layers_of_models_in_models_go_by_their_paths() -> None:
    assert followers([(("tower",), {"layers": [node("a"), node("b")]})]) == {("tower", "a"): (("tower", "b"),)}


@pytest.mark.parametrize("layers", [None, 5, ["text"], [{}], [node("a"), {"config": {}}, node("b")]])
def test_what_is_no_layer_is_passed_over(layers: Any) -> None:
    assert followers([((), {"layers": layers})]) == {}


def context_of(tmp_path: Path, writer: Writer, behind: list[Part], model: Callable[..., Part]) -> CompatibilityContext:
    encoding = writer.layer("IntegerLookup", "codes", vocabulary=[1, 2], output_mode="multi_hot")
    path = keras(writer, model(writer, writer.input(3), encoding, *behind))(tmp_path)
    return CompatibilityContext(read_inventory(path), load_profile("tf2.21"))


@pytest.mark.parametrize("model", [Writer.sequential, chain])
@pytest.mark.parametrize("writer", [K215, K315])
@pytest.mark.parametrize(
    ("classes", "is_seen"),
    [
        ([], True),
        (["ReLU"], True),
        (["Flatten", "Reshape", "ReLU"], True),
        (["Activation"], True),
        (["Rescaling"], False),
        (["ReLU", "Rescaling", "ReLU"], False),
    ],
)
def test_integers_are_seen_at_the_end_behind_layers_that_keep_them(
    tmp_path: Path, writer: Writer, model: Callable[..., Part], classes: list[str], *, is_seen: bool
) -> None:
    behind = [writer.layer(each, f"layer_{place}", activation="relu") for place, each in enumerate(classes)]
    assert context_of(tmp_path, writer, behind, model).gives_dtype(("codes",)) is is_seen


def test_not_every_activation_keeps_integers(tmp_path: Path) -> None:
    behind = [K315.layer("Activation", "squashed", activation="tanh")]
    assert not context_of(tmp_path, K315, behind, chain).gives_dtype(("codes",))


def test_layers_that_get_each_others_outputs_end() -> None:
    """As two shared layers do, one called before the other and after it."""
    there, back = node("a", inbound_nodes=of_keras_2("b")), node("b", inbound_nodes=of_keras_2("a"))
    root = {"class_name": "Functional", "config": {"layers": [there, back], "output_layers": [["other", 0, 0]]}}
    layers = (LayerUse("ReLU", A), LayerUse("ReLU", B))
    context = before(h5(root=root, layers=layers), "tf2.21")
    assert [layer.path for layer in context.behind(A)] == [B]
    assert not context.gives_dtype(A)
