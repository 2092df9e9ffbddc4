"""Models in models: the numbers of their calls, and how inputs and outputs are written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import LayerUse
from pytest_modelcompat.compatibility.rules.connections import batch_for_input, changed_inputs_outputs, list_of_layers
from pytest_modelcompat.compatibility.rules.nested_models import lost_nested_outputs, miscounted_calls
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file
from tests.compatibility.models import K33, K215, K311, nested
from tests.compatibility.models import h5 as written_h5
from tests.compatibility.models import keras as written_keras

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory

FIRST_3, LAST_3 = "tf2.16+keras3.0", "tf2.21"


def model(class_name: str, name: str, *calls: Any) -> dict[str, Any]:
    """A node of a nested model with its calls: each the `[name, call]` of what feeds it."""
    nodes = [[[source, number, 0, {}] for source, number in call] for call in calls]
    return {"class_name": class_name, "name": name, "config": {"layers": []}, "inbound_nodes": nodes}


def dense(name: str, *calls: Any) -> dict[str, Any]:
    return {**model("Dense", name, *calls), "config": {"units": 2}}


def functional(*layers: Any, ends: Any = None) -> dict[str, Any]:
    return {"class_name": "Functional", "config": {"layers": list(layers), "output_layers": ends or []}}


def miscounted(root: dict[str, Any], runtime: str = FIRST_3) -> list[Finding]:
    return list(miscounted_calls(before(h5(root=root), runtime)))


@pytest.mark.parametrize(
    ("layers", "waits"),
    [
        ((model("Functional", "tower", [("x", 0)]), dense("last", [("tower", 0)])), False),
        ((model("Functional", "tower", [("x", 0)]), dense("last", [("tower", 1)])), True),
        ((model("Sequential", "tower", [("x", 0)]), dense("last", [("tower", 1)])), True),
        ((model("Model", "tower", [("x", 0)]), dense("last", [("tower", 1)])), True),
        ((dense("tower", [("x", 0)]), dense("last", [("tower", 1)])), False),
        ((model("Functional", "tower", [("x", 0)], [("y", 0)]), dense("last", [("tower", 1)])), False),
        ((model("Functional", "tower", [("x", 0)], [("y", 0)]), dense("last", [("tower", 1), ("tower", 2)])), True),
        ((model("Functional", "tower", [("x", 0)]), dense("last", [("other", 1)])), False),
        # One that is applied to its own output waits for the call it is to make.
        ((model("Functional", "tower", [("x", 0)], [("tower", 1)]), dense("last", [("x", 0)])), True),
        ((model("Functional", "tower", [("x", 0)], [("tower", 0)]), dense("last", [("x", 0)])), False),
        ((model("Functional", "tower", [("x", 0)], [("tower", 0)], [("tower", 1)]), dense("last", [("x", 0)])), False),
        ((model("Functional", "tower", [("x", 0)], [("other", 1)]), dense("other", [("x", 0)])), False),
        # Keras 3's own calls are objects.
        (({**model("Functional", "tower"), "inbound_nodes": {"args": []}}, dense("last", [("x", 0)])), False),
        (({**model("Functional", "tower"), "inbound_nodes": None}, dense("last", [("x", 0)])), False),
        ((7, dense("last", [("x", 0)])), False),
    ],
)
def test_which_calls_keras_3_waits_for(layers: Any, waits: bool) -> None:
    found = miscounted(functional(*layers))
    assert [(each.kind, each.where) for each in found] == [(Kind.NEVER_ENDS, ('"tower"',))] * waits
    assert not miscounted(functional(*layers), "tf2.15")


@pytest.mark.parametrize(
    ("runtime", "kind", "stage"),
    [
        ("tf2.16+keras3.11", Kind.NEVER_ENDS, Stage.HANG),
        ("tf2.16+keras3.12", Kind.CONFIG_CHANGED, Stage.BUILD),
        ("tf2.16+keras3.13", Kind.NEVER_ENDS, Stage.HANG),
        ("tf2.16+keras3.14", Kind.CONFIG_CHANGED, Stage.BUILD),
        ("tf2.16+keras3.15", Kind.CONFIG_CHANGED, Stage.BUILD),
    ],
)
def test_the_versions_that_notice_it(runtime: str, kind: Kind, stage: Stage) -> None:
    root = functional(model("Functional", "tower", [("x", 0)]), dense("last", [("tower", 1)]))
    (finding,) = miscounted(root, runtime)
    assert (finding.kind, finding.subject, finding.stage) == (kind, "nested model", stage)
    assert finding.source == "keras-team/keras#19669"


@pytest.mark.parametrize(
    ("class_name", "number", "runtime", "is_lost"),
    [
        ("Functional", 1, "tf2.16+keras3.2", True),
        ("Functional", 1, "tf2.16+keras3.3", False),
        ("Model", 1, "tf2.16+keras3.3", False),
        ("Functional", 0, "tf2.16+keras3.2", False),
        ("Sequential", 1, "tf2.16+keras3.2", True),
        ("Sequential", 1, "tf2.16+keras3.3", True),
        ("Sequential", 1, "tf2.21", True),
        ("Sequential", 0, "tf2.21", False),
        ("Functional", 1, "tf2.15", False),
    ],
)
def test_a_model_that_ends_in_another(class_name: str, number: int, runtime: str, is_lost: bool) -> None:
    root = functional(model(class_name, "tower", [("x", 0)]), ends=[["tower", number, 0]])
    found = miscounted(root, runtime)
    assert [(each.kind, each.where) for each in found] == [(Kind.CONFIG_CHANGED, ('"tower"',))] * is_lost
    for each in found:
        assert each.stage is Stage.BUILD
        assert each.cause.endswith("and finds no such output: list index out of range")
    in_keras = list(lost_nested_outputs(before(keras_file(root=root), runtime)))
    # A .keras file of later versions is read right, whatever it ends in.
    assert bool(in_keras) is (is_lost and runtime == "tf2.16+keras3.2")
    assert not list(lost_nested_outputs(before(h5(root=root), runtime)))
    assert not list(miscounted_calls(before(keras_file(root=root), runtime)))


def test_what_is_said_of_a_lost_output() -> None:
    root = functional(model("Functional", "tower", [("x", 0)]), ends=[["tower", 1, 0]])
    (finding,) = lost_nested_outputs(before(keras_file(root=root), FIRST_3))
    assert (finding.subject, finding.where, finding.stage) == ("nested model", ('"tower"',), Stage.BUILD)
    assert finding.fix[0] == "upgrade Keras there to 3.3 or newer"


def test_what_waits_is_said_rather_than_what_it_ends_in() -> None:
    tower = model("Functional", "tower", [("x", 0)])
    root = functional(tower, dense("last", [("tower", 1)]), ends=[["tower", 1, 0]])
    assert [each.kind for each in miscounted(root)] == [Kind.NEVER_ENDS]


def test_a_model_deep_inside_goes_by_its_path() -> None:
    inner = functional(model("Functional", "tower", [("x", 0)]), dense("last", [("tower", 1)]))["config"]
    layers = (LayerUse("Functional", ("outer",), config=inner, position=1, siblings=1),)
    held = h5(root={"class_name": "Sequential", "config": {"layers": []}}, layers=layers)
    (finding,) = miscounted_calls(before(held, FIRST_3))
    assert finding.where == ('"tower" inside "outer"',)


def test_only_a_functional_model_counts_calls() -> None:
    root = functional(model("Functional", "tower", [("x", 0)]), dense("last", [("tower", 1)]))
    del root["config"]["output_layers"]
    assert not miscounted(root)


@pytest.mark.parametrize(("config", "is_list"), [([], True), ([{}], True), ({}, False), (None, False)])
def test_a_plain_list_of_layers(config: Any, is_list: bool) -> None:
    held = h5("2.1.0", root={"class_name": "Sequential", "config": config})
    found = list(list_of_layers(before(held, LAST_3)))
    assert [(each.subject, each.stage) for each in found] == [("Sequential", Stage.CONFIG)] * is_list
    assert not list(list_of_layers(before(held, "tf2.15")))


SHAPED = {"units": 2, "batch_input_shape": [None, 4]}


def starting_with(class_name: str, config: dict[str, Any], position: int = 1, root: Any = None) -> Inventory:
    layers = (
        LayerUse(class_name, ("first",), config=config, position=position, siblings=3),
        LayerUse("Sequential", ("tower",), config={"layers": []}, position=3, siblings=3),
        LayerUse("LSTM", ("tower", "inner"), config=SHAPED, position=2, siblings=2),
    )
    return h5("2.3.0", root={"class_name": "Sequential", "config": root or {"layers": []}}, layers=layers)


@pytest.mark.parametrize(
    ("held", "is_wrong"),
    [
        (starting_with("Dense", SHAPED), True),
        (starting_with("Dense", {"units": 2}), False),
        (starting_with("InputLayer", SHAPED), False),
        (starting_with("Dense", SHAPED, position=2), False),
        (starting_with("Dense", SHAPED, root={"layers": [], "output_layers": []}), False),
    ],
)
def test_a_batch_shape_in_the_first_layer(held: Inventory, is_wrong: bool) -> None:
    found = list(batch_for_input(before(held, LAST_3)))
    assert [(each.where, each.stage) for each in found] == [(('"first", first of 3 layers',), Stage.BUILD)] * is_wrong
    assert not list(batch_for_input(before(held, "tf2.15")))


def test_a_batch_shape_in_the_first_layer_of_a_nested_sequential() -> None:
    layers = (
        LayerUse("Sequential", ("tower",), config={"layers": []}, position=2, siblings=2),
        LayerUse("Dense", ("tower", "inner"), config=SHAPED, position=1, siblings=2),
    )
    root = {"class_name": "Functional", "config": {"layers": [], "output_layers": []}}
    (finding,) = batch_for_input(before(h5("2.3.0", root=root, layers=layers), LAST_3))
    assert finding.where == ('"inner" inside "tower"',)


@pytest.mark.parametrize(
    ("runtime", "is_kept"),
    [
        ("tf2.15", False),
        ("tf2.16+keras3.0", True),
        ("tf2.16+keras3.2", True),
        ("tf2.16+keras3.3", False),
        ("tf2.16+keras3.4", True),
        ("tf2.16+keras3.5", False),
        ("tf2.16+keras3.10", False),
        ("tf2.16+keras3.11", True),
        ("tf2.21", True),
    ],
)
def test_a_list_of_one_output(runtime: str, is_kept: bool, tmp_path: Path) -> None:
    for write, severity, stage in (
        (written_h5, Severity.ERROR, Stage.BUILD),
        (written_keras, Severity.CHANGE, None),
    ):
        held = read_inventory(write(K33, nested(K33))(tmp_path))
        found = list(changed_inputs_outputs(before(held, runtime)))
        assert [(each.severity, each.stage, each.where) for each in found] == [
            (severity, stage, ('"tower"',)),
        ] * is_kept
        assert not list(changed_inputs_outputs(before(read_inventory(write(K311, nested(K311))(tmp_path)), LAST_3)))


def outputs(ends: Any, follower: str = "Dense", position: int = 3) -> list[Finding]:
    layers = [
        LayerUse("Functional", ("tower",), config={"layers": [], "output_layers": ends}, position=2, siblings=3),
        LayerUse(follower, ("last",), config={}, position=position, siblings=3),
    ]
    held = keras_file(root={"class_name": "Sequential", "config": {"layers": []}}, layers=tuple(layers))
    return list(changed_inputs_outputs(before(held, LAST_3)))


@pytest.mark.parametrize(
    ("ends", "severities"),
    [
        ([["dense", 0, 0]], [Severity.CHANGE]),
        (["dense", 0, 0], []),
        ([["dense", 0, 0], ["other", 0, 0]], []),
        ([["dense", 0]], []),
        ([[0, 0, 0]], []),
        ([], []),
        (None, []),
    ],
)
def test_what_is_a_list_of_one_output(ends: Any, severities: list[Severity]) -> None:
    assert [each.severity for each in outputs(ends)] == severities
    assert [each.severity for each in outputs(ends, "Conv1D")] == [Severity.ERROR] * len(severities)
    assert not outputs(ends, position=1)


def test_a_list_of_one_output_in_a_nested_sequential() -> None:
    tower = {"layers": [], "output_layers": [["dense", 0, 0]]}
    layers = (
        LayerUse("Sequential", ("outer",), config={"layers": []}, position=2, siblings=3),
        LayerUse("Functional", ("outer", "tower"), config=tower, position=2, siblings=3),
        LayerUse("Dense", ("outer", "last"), config={}, position=3, siblings=3),
        LayerUse("Conv1D", ("conv",), config={}, position=3, siblings=3),
    )
    for class_name, found in (("Functional", [(('"tower" inside "outer"',), Severity.CHANGE)]), ("Dense", [])):
        inner = replace(layers[1], class_name=class_name, config=tower if found else {})
        root = functional(ends=[["conv", 0, 0]])
        held = keras_file(root=root, layers=(layers[0], inner, *layers[2:]))
        findings = changed_inputs_outputs(before(held, LAST_3))
        assert [(each.where, each.severity) for each in findings] == found


@pytest.mark.parametrize("key", ["input_layers", "output_layers"])
@pytest.mark.parametrize(
    ("runtime", "is_split"),
    [("tf2.15", False), ("tf2.16+keras3.0", True), ("tf2.16+keras3.3", True), ("tf2.16+keras3.4", False)],
)
def test_an_input_or_output_without_a_list(key: str, runtime: str, is_split: bool) -> None:
    root = {"class_name": "Functional", "config": {"layers": [], key: ["dense", 0, 0]}}
    found = list(changed_inputs_outputs(before(keras_file(root=root), runtime)))
    assert [(each.where, each.severity, each.stage) for each in found] == [
        (("the model",), Severity.ERROR, Stage.BUILD),
    ] * is_split
    assert not list(changed_inputs_outputs(before(keras_file(root=functional()), runtime)))


def test_a_sequential_of_keras_2_has_no_such_ends(tmp_path: Path) -> None:
    held = read_inventory(written_h5(K215, nested(K215))(tmp_path))
    assert list(changed_inputs_outputs(before(held, "tf2.15"))) == []
