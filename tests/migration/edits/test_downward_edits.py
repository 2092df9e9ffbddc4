"""Edits of files of Keras 3 for older versions: where each applies, and where its condition forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.edits.order import EDITS
from pytest_modelcompat.migration.plan import plan_edits
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.handmade import layer, sequential, write_h5, write_keras

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.results.migration import Change

Node = dict[str, Any]
BY_NAME = {each.name: each for each in EDITS}


def policy(name: str, **more: Any) -> Node:
    """A dtype policy as Keras 3 writes it."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name, **more}, "registered_name": None}


def entry(**config: Any) -> Node:
    """An InputLayer of Keras 3."""
    config = {"batch_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "entry", **config}
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "registered_name": None}


def tensor(
    name: str, call: int = 0, output: int = 0, dtype: str = "float32", shape: tuple[Any, ...] = (None, 4)
) -> Node:
    """A tensor among the arguments of a call, as Keras 3 writes it."""
    config = {"shape": list(shape), "dtype": dtype, "keras_history": [name, call, output]}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args: Any, **kwargs: Any) -> Node:
    """One call, as Keras 3 writes it."""
    return {"args": list(args), "kwargs": kwargs}


def network(*layers: tuple[Node, list[Node]], ends: Any = None, name: str = "ranker") -> Node:
    """A functional model: its layers with their calls."""
    nodes = [{**node, "name": node["config"]["name"], "inbound_nodes": calls} for node, calls in layers]
    last = nodes[-1]["name"]
    config = {"name": name, "trainable": True, "layers": nodes}
    config |= {"input_layers": [["entry", 0, 0]], "output_layers": ends or [[last, 0, 0]]}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def operation(class_name: str, module: str = "keras.src.ops.numpy", **config: Any) -> Node:
    """An operation of Keras 3."""
    name = class_name.lower()
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": name, **config},
        "registered_name": class_name,
    }


DENSE = layer("Dense", "dense", units=2)
ATTENTION = layer("MultiHeadAttention", "attention", num_heads=2, key_dim=2)
INNER = network((entry(), []), (DENSE, [call(tensor("entry"))]), name="inner")
CHAIN = sequential(entry(), DENSE, name="chain")
ORTHOGONAL: Node = {"module": "keras.initializers", "class_name": "Orthogonal", "config": {}, "registered_name": None}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}
SLICE = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
ELLIPSIS = {"class_name": "__ellipsis__", "config": {}}


def given(class_name: str, **config: Any) -> Node:
    """A Sequential of one layer with these arguments."""
    return sequential(entry(), layer(class_name, "given", **config))


def called(node: Node, *calls: Node, ends: Any = None) -> Node:
    """A functional model of one layer with these calls."""
    return network((entry(), []), (node, list(calls)), ends=ends)


class Case(NamedTuple):
    """An edit on a model, which it changes, or which it must leave as it is."""

    edit: str
    root: Node
    runtime: str = "tf2.15"
    form: str = "keras"
    custom: tuple[str, ...] = ()
    keras: str = "3.15.1"


ONE = tensor("entry")
WORDS = tensor("entry", dtype="int32")
AFTER = layer("Dropout", "after", rate=0.5)
LATE = tensor("after")
# A layer that is called on what comes after it.
TWICE = network(
    (entry(), []), (DENSE, [call(ONE), call(LATE)]), (AFTER, [call(tensor("dense"))]), ends=[["dense", 1, 0]]
)
TWICE_WITH_TENSOR = network(
    (entry(), []), (DENSE, [call(ONE), call(LATE, mask=ONE)]), (AFTER, [call(tensor("dense"))]), ends=[["dense", 1, 0]]
)
APPLIES = [
    Case("name-dtype-policy", given("Dense", units=2, dtype=policy("float32"))),
    Case("name-dtype-policy", given("Dense", units=2, dtype=policy("mixed_float16"))),
    Case("name-dtype-policy", given("Hashing", num_bins=3, dtype=policy("int64")), "tf2.16"),
    Case("move-class", called(DENSE, call(ONE))),
    Case("move-class", given("LSTM", units=2, recurrent_initializer=ORTHOGONAL), "tf2.16"),
    Case("batch-input-shape", given("Dense", units=2)),
    Case("list-single-end", called(DENSE, call(ONE), ends=["dense", 0, 0]), "tf2.16"),
    Case("older-argument-name", given("LeakyReLU", negative_slope=0.2)),
    Case("drop-dtype-of-lookup", given("StringLookup")),
    Case("shapes-of-attention", called(ATTENTION, call(ONE, ONE))),
    Case("kind-of-lambda-function", given("Lambda", function=FUNCTION, arguments={})),
    Case("name-function", given("Dense", units=2, activation=FUNCTION), "tf2.15", "h5"),
    Case("operation-as-tensorflow-function", called(operation("Add"), call(ONE, 2.0))),
    Case("operation-as-tensorflow-function", called(operation("GetItem"), call(ONE, [SLICE, 0]))),
    Case("module-of-operation", called(operation("Add"), call(ONE, ONE)), "tf2.16", "h5"),
    Case("drop-name-of-operation", called(operation("Sum", axis=1, keepdims=False), call(ONE)), "tf2.16"),
    Case("module-of-layer-with-axis", given("BatchNormalization", axis=1), "tf2.16", "h5"),
    Case("calls-to-try-again", TWICE, "tf2.16"),
    Case("keras-2-connections", called(DENSE, call(ONE))),
    Case("keras-2-connections", called(ATTENTION, call(ONE, ONE, attention_mask=tensor("mask")))),
    Case("keras-2-connections", called(layer("RandomFlip", "flip"), call(ONE, training=True))),
]
FORBIDDEN = [
    Case("name-dtype-policy", given("Dense", units=2, dtype=policy("int8", mode="w"))),
    Case("name-dtype-policy", given("Dense", units=2, dtype=policy("float32")), "tf2.18"),
    Case("move-class", sequential(entry(), layer("Add", "add", "keras.src.ops.numpy"))),
    Case("move-class", sequential(entry(), layer("Functional", "mine", "mine.layers"))),
    Case("batch-input-shape", given("Dense", units=2), "tf2.16"),
    Case("list-single-end", called(DENSE, call(ONE), ends=["dense", 0, 0]), "tf2.18"),
    Case("older-argument-name", given("LeakyReLU", negative_slope=0.2), "tf2.16"),
    Case("drop-dtype-of-lookup", given("StringLookup"), custom=("StringLookup",)),
    Case("drop-dtype-of-lookup", given("StringLookup"), "tf2.16"),
    Case("shapes-of-attention", called(ATTENTION, call(ONE, ONE)), "tf2.16"),
    Case("kind-of-lambda-function", given("Lambda", function={"class_name": "__lambda__", "config": {}})),
    Case("kind-of-lambda-function", given("Lambda", function=FUNCTION, mask=FUNCTION)),
    Case("name-function", given("Dense", units=2, activation=FUNCTION)),
    Case("operation-as-tensorflow-function", called(operation("Add"), call(WORDS, 0.5))),
    Case("operation-as-tensorflow-function", called(operation("Add"), call(ONE, WORDS))),
    Case("operation-as-tensorflow-function", called(operation("Mean", axis=1, keepdims=False), call(WORDS))),
    Case("operation-as-tensorflow-function", called(operation("Max", axis=1, keepdims=True, initial=0.0), call(ONE))),
    Case("operation-as-tensorflow-function", called(layer("Add", "add"), call([ONE, ONE]))),
    Case("operation-as-tensorflow-function", called(operation("GetItem"), call(ONE, [ONE]))),
    Case("operation-as-tensorflow-function", called(operation("Add"), call(ONE, 2.0)), "tf2.16"),
    Case("module-of-operation", called(layer("Add", "add"), call([ONE, ONE])), "tf2.16", "h5"),
    Case("drop-name-of-operation", called(operation("Sum", axis=1, keepdims=False), call(ONE)), "tf2.20"),
    Case("module-of-layer-with-axis", given("BatchNormalization", axis=1), "tf2.16", "h5", ("BatchNormalization",)),
    Case("calls-to-try-again", TWICE, "tf2.20"),
    Case("calls-to-try-again", called(DENSE, call(ONE)), "tf2.16"),
    Case("calls-to-try-again", TWICE_WITH_TENSOR, "tf2.16"),
    Case("keras-2-connections", called(layer("Dropout", "drop", rate=0.5), call(ONE, training=True))),
    Case("keras-2-connections", called(operation("Add"), call(2.0, ONE))),
    Case("keras-2-connections", called(layer("Mine", "mine"), call(ONE, ONE))),
    Case("keras-2-connections", called(layer("Concatenate", "join"), call([ONE]))),
    Case("keras-2-connections", called(ATTENTION, call(ONE, ONE, use_causal_mask=True)), "tf2.8"),
    Case("keras-2-connections", called(DENSE, call(ONE)), "tf2.16"),
]


@pytest.mark.parametrize("case", APPLIES, ids=lambda case: f"{case.edit} {case.runtime}")
def test_an_edit_applies_where_its_condition_holds(case: Case, tmp_path: Path) -> None:
    draft, changes = edited(case, tmp_path)
    assert changes
    assert draft.root != draft.source.root


@pytest.mark.parametrize("case", FORBIDDEN, ids=lambda case: f"{case.edit} {case.runtime}")
def test_an_edit_leaves_a_model_where_its_condition_forbids_it(case: Case, tmp_path: Path) -> None:
    draft, changes = edited(case, tmp_path)
    assert not changes
    assert draft.root == draft.source.root


def edited(case: Case, folder: Path) -> tuple[Draft, list[Change]]:
    """A draft after one edit."""
    if case.form == "h5":
        path = write_h5(folder / "a.h5", without_modules(case.root), keras=case.keras)
    else:
        path = write_keras(folder / "a.keras", case.root, keras=case.keras)
    inventory = read_inventory(path)
    draft = Draft.of(inventory)
    target = Target(load_profile(case.runtime), dict(inventory.saved_by), frozenset(case.custom))
    return draft, list(BY_NAME[case.edit].apply(draft, target))


def without_modules(root: Node) -> Node:
    """A model as it is in an .h5 file, where layers and operations name no modules."""
    config = dict(root["config"])
    if "layers" in config:
        config["layers"] = [without_modules(each) for each in config["layers"]]
    return {key: value for key, value in root.items() if key not in ("module", "registered_name")} | {"config": config}


def test_calls_of_inner_models_are_counted_as_keras_2_does(tmp_path: Path) -> None:
    """From 1 where a model begins with its own inputs; the ends of Keras 3 count functional models so already."""
    root = network(
        (entry(), []),
        (INNER, [call(ONE), call(tensor("inner"))]),
        (CHAIN, [call(tensor("inner", 1))]),
        ends=[["inner", 2, 0], ["chain", 0, 0]],
    )
    draft, _ = edited(Case("keras-2-connections", root), tmp_path)
    inner, chain = draft.root["config"]["layers"][1:]
    assert inner["inbound_nodes"] == [[["entry", 0, 0, {}]], [["inner", 1, 0, {}]]]
    assert chain["inbound_nodes"] == [[["inner", 2, 0, {}]]]
    assert draft.root["config"]["output_layers"] == [["inner", 2, 0], ["chain", 1, 0]]


def test_arguments_of_a_call_stand_beside_each_tensor(tmp_path: Path) -> None:
    """Those by position get their names, and what Keras 3 found itself is left out."""
    calls = call(ONE, ONE, use_causal_mask=True, training=False, query_mask=None)
    draft, _ = edited(Case("keras-2-connections", called(ATTENTION, calls)), tmp_path)
    (written,) = draft.root["config"]["layers"][1]["inbound_nodes"]
    assert written == [["entry", 0, 0, {"value": ["entry", 0, 0], "use_causal_mask": True}]]


def test_a_call_that_comes_up_too_early_is_a_list(tmp_path: Path) -> None:
    draft, _ = edited(Case("calls-to-try-again", TWICE, "tf2.16"), tmp_path)
    first, second = draft.root["config"]["layers"][1]["inbound_nodes"]
    assert first == call(ONE)
    assert second == [["after", 0, 0, {}]]


def test_calls_that_cannot_be_written_for_keras_2_are_left(tmp_path: Path) -> None:
    root = called(layer("Dropout", "drop", rate=0.5), call(ONE, training=True))
    inventory = read_inventory(write_keras(tmp_path / "a.keras", root, keras="3.15.1"))
    plan = plan_edits(inventory, Target(load_profile("tf2.15"), dict(inventory.saved_by)))
    assert [each.subject for each in plan.left] == ["calls"]
    assert "keras-2-connections" not in {each.name for each in plan.edits}


def test_a_file_that_gets_another_format_is_edited_for_that_format_too(tmp_path: Path) -> None:
    """Keras 2.8 does not open a .keras file, so that nothing else is known of it until it is an .h5 file."""
    kernel = np.zeros((4, 2), "float32")
    root = sequential(entry(), layer("Dense", "dense", units=2, use_bias=False, dtype=policy("float32")))
    path = write_keras(tmp_path / "a.keras", root, {"layers/dense/vars/0": kernel}, keras="3.15.1")
    inventory = read_inventory(path)
    plan = plan_edits(inventory, Target(load_profile("tf2.8"), dict(inventory.saved_by)))
    assert not plan.left
    assert plan.draft.format == "h5"
    first, dense = plan.draft.root["config"]["layers"]
    assert "batch_input_shape" in first["config"]
    assert dense["config"]["dtype"] == "float32"


def test_an_operation_is_written_as_keras_2_writes_a_function(tmp_path: Path) -> None:
    root = network(
        (entry(), []), (operation("Subtract"), [call(2.0, ONE)]), (operation("GetItem"), [call(ONE, [ELLIPSIS, 1])])
    )
    path = write_keras(tmp_path / "a.keras", root, keras="3.15.1")
    inventory = read_inventory(path)
    draft, target = Draft.of(inventory), Target(load_profile("tf2.15"), dict(inventory.saved_by))
    for name in ("operation-as-tensorflow-function", "keras-2-connections"):
        assert list(BY_NAME[name].apply(draft, target))
    difference, part = draft.root["config"]["layers"][1:]
    assert difference["config"]["function"] == "math.subtract"
    assert difference["inbound_nodes"] == [["_CONSTANT_VALUE", -1, 2.0, {"y": ["entry", 0, 0]}]]
    whole = {"start": None, "stop": None, "step": None}
    assert part["inbound_nodes"] == [["entry", 0, 0, {"slice_spec": [whole, 1]}]]


@pytest.mark.parametrize(("shape", "moves"), [((4, 2, 3), 4), ((4, 6), 0)])
def test_parts_of_attention_move_where_they_are_of_keras_own_layer(
    shape: tuple[int, ...], moves: int, tmp_path: Path
) -> None:
    """Parts of a layer of the user's own that has the same names have kernels of two dimensions."""
    parts = [f"layers/attention/{each}_dense/vars/0" for each in ("query", "key", "value", "output")]
    weights = {each: np.zeros(shape, "float32") for each in parts}
    path = write_keras(tmp_path / "a.keras", called(ATTENTION, call(ONE, ONE)), weights, keras="3.15.1")
    inventory = read_inventory(path)
    draft, target = Draft.of(inventory), Target(load_profile("tf2.15"), dict(inventory.saved_by))
    assert bool(list(BY_NAME["parts-of-attention"].apply(draft, target))) is bool(moves)
    assert len(draft.moved) == moves
    assert all(after == before.replace("attention/", "attention/_") for before, after in draft.moved.items())
