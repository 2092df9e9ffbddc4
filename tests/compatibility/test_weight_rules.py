"""Weights: where a file has them, and whether they fit the layers of its configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, WeightUse
from pytest_modelcompat.compatibility.rules.weight_paths import moved_weights
from pytest_modelcompat.compatibility.rules.weight_shapes import (
    unbuilt_model_findings,
    weight_shape_findings,
    without_weights,
)
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file
from tests.compatibility.models import K36, K215, K311, stack, subclassed
from tests.compatibility.models import h5 as written_h5
from tests.compatibility.models import keras as written_keras
from tests.compatibility.writers import Part, Writer, chain

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "_layer_checkpoint_dependencies", "layers"
MODEL = {"class_name": "Sequential", "config": {"layers": []}}


def weights(*paths: str) -> tuple[WeightUse, ...]:
    return tuple(WeightUse(path, "float32", (4, 2), 32) for path in paths)


def moved(writer: str, runtime: str, *paths: str, root: Any = MODEL) -> list[Finding]:
    return list(moved_weights(before(keras_file(writer, weights=weights(*paths), root=root), runtime)))


@pytest.mark.parametrize(
    ("runtime", "root", "cause"),
    [
        ("tf2.13", OLD, ""),
        ("tf2.14", OLD, ""),
        ("tf2.15", OLD, "1 weight is under _layer_checkpoint_dependencies in the file"),
        ("tf2.21+tf_keras", OLD, "1 weight is under _layer_checkpoint_dependencies in the file"),
        ("tf2.16", OLD, ""),
        ("tf2.14", NEW, "1 weight is under layers in the file"),
        ("tf2.15", NEW, ""),
        ("tf2.16", NEW, ""),
    ],
)
def test_the_root_of_the_weights(runtime: str, root: str, cause: str) -> None:
    assert [each.cause.split(",")[0] for each in moved("2.13.0", runtime, f"{root}/dense/vars/0")] == [cause] * bool(
        cause
    )


def test_weights_beside_the_layers_are_not_counted() -> None:
    (finding,) = moved("2.13.0", "tf2.15", f"{OLD}/dense/vars/0", f"{OLD}/dense/vars/1", "optimizer/vars/0")
    assert finding == Finding(
        Kind.WEIGHTS_MOVED,
        "model.keras",
        where=(OLD,),
        cause="2 of 3 weights are under _layer_checkpoint_dependencies in the file, and Keras 2.15 looks for them "
        "under layers",
        fix=finding.fix,
        stage=Stage.WEIGHTS,
        source="keras-team/tf-keras#664",
    )


def test_an_h5_file_has_no_such_roots() -> None:
    held = h5("2.13.0", weights=weights(f"{OLD}/dense/vars/0"), root=MODEL)
    assert not list(moved_weights(before(held, "tf2.15")))


@pytest.mark.parametrize(
    ("groups", "lost"),
    [
        (("dense", "dense_1", "dense_2"), ""),
        (("dense_1",), "dense_1"),
        (("dense", "dense_2"), "dense_2"),
        (("dense", "dense_1", "dense_3"), "dense_3"),
        (("dense_1", "lstm_1"), "dense_1"),
        (("lstm_7", "lstm_8"), "lstm_7"),
        (("conv_1d", f"tower/{OLD}/dense"), ""),
        (("dense", f"tower/{OLD}/dense_1"), f"tower/{OLD}/dense_1"),
        ((f"tower/{OLD}/dense", "dense_1"), "dense_1"),
        (("tower_1/dense",), "tower_1"),
        (("block/dense_1", "block/dense_2"), ""),
    ],
)
def test_keras_3_numbers_layers_without_gaps(groups: tuple[str, ...], lost: str) -> None:
    found = moved("2.13.0", "tf2.16", *(f"{OLD}/{group}/vars/0" for group in groups))
    assert [each.where for each in found] == [(f"{OLD}/{lost}",)] * bool(lost)
    assert all(each.cause.endswith("looks for them under other numbers") for each in found)


def test_each_group_behind_a_gap_counts() -> None:
    (finding,) = moved("2.13.0", "tf2.16", f"{OLD}/lstm_4/vars/0", f"{OLD}/dense_2/vars/0", f"{OLD}/dense/vars/0")
    assert finding.cause.startswith("2 of 3 weights are under _layer_checkpoint_dependencies/dense_2 in the file")


@pytest.mark.parametrize(
    ("runtime", "groups", "lost"),
    [
        ("tf2.12", ("dense", "dense_1"), "dense_1"),
        ("tf2.13", ("dense", "dense_1"), "dense_1"),
        ("tf2.13", (f"tower/{OLD}/lstm", f"tower/{OLD}/lstm_1"), f"tower/{OLD}/lstm_1"),
        ("tf2.13", ("block/linear", "block/linear_1"), ""),
        ("tf2.13", ("dense", "dense_2"), ""),
        ("tf2.13", ("dense", "lstm"), ""),
        ("tf2.14", ("dense", "dense_1"), ""),
        ("tf2.14", ("dense", "dense_2"), ""),
    ],
)
def test_before_2_14_keras_2_looks_for_numbers_with_gaps(runtime: str, groups: tuple[str, ...], lost: str) -> None:
    found = moved("2.14.0", runtime, *(f"{OLD}/{group}/vars/0" for group in groups))
    assert [each.where for each in found] == [(f"{OLD}/{lost}",)] * bool(lost)


@pytest.mark.parametrize(("runtime", "is_lost"), [("tf2.12", False), ("tf2.13", False), ("tf2.14", True)])
def test_2_14_looks_for_none_with_gaps(runtime: str, is_lost: bool) -> None:
    found = moved("2.13.0", runtime, f"{OLD}/dense/vars/0", f"{OLD}/dense_2/vars/0")
    assert [each.where for each in found] == [(f"{OLD}/dense_2",)] * is_lost


@pytest.mark.parametrize(("runtime", "is_moved"), [("tf2.14", False), ("tf2.16", True), ("tf2.21", True)])
def test_a_model_among_the_attributes_of_a_subclassed_one_keeps_its_layers_under_the_old_name(
    runtime: str, is_moved: bool
) -> None:
    root = {"class_name": "Encoder", "config": {}}
    found = moved("2.14.0", runtime, f"tower/{OLD}/dense/vars/0", "dense/vars/0", root=root)
    assert [each.where for each in found] == [("tower",)] * is_moved


@pytest.mark.parametrize(
    ("writer", "runtime", "is_moved"),
    [
        ("2.14.0", "tf2.14", False),
        ("2.14.0", "tf2.15", True),
        ("2.15.0", "tf2.14", True),
        ("2.15.0", "tf2.15", False),
        ("2.14.0", "tf2.16+tf_keras", True),
        ("2.16.0", "tf2.15", False),
        ("3.0.0", "tf2.14", False),
        ("3.0.0", "tf2.15", True),
        ("3.1.0", "tf2.14", False),
        ("2.14.0", "tf2.16", False),
        ("2.15.0", "tf2.16", False),
    ],
)
def test_a_subclassed_model_names_its_attributes_in_two_ways(writer: str, runtime: str, is_moved: bool) -> None:
    root = {"class_name": "Ranker", "config": {"units": 2}}
    found = moved(writer, runtime, "first/vars/0", "second/vars/0", root=root)
    assert [each.where for each in found] == [("first/vars/0",)] * is_moved
    for each in found:
        assert each.cause.startswith("2 of 2 weights are under first/vars/0 in the file")
        assert each.cause.endswith("under other attributes of the model")
    assert not moved(writer, runtime, root=root)


def fits(path: Path, runtime: str = "tf2.15", *custom: str) -> list[Finding]:
    return list(weight_shape_findings(before(read_inventory(path), runtime, *custom)))


def without_any(writer: Writer, path: Path, *parts: Part) -> Path:
    return writer.h5(path, stack(writer, *(Part(part.node) for part in parts)))


def test_a_file_without_any_weights(tmp_path: Path) -> None:
    (finding,) = fits(without_any(K215, tmp_path / "model.h5", K215.dense()))
    assert finding == Finding(
        Kind.WEIGHTS_DO_NOT_FIT,
        "model.h5",
        where=('"dense", second of 2 layers',),
        cause="the file holds no weights, and its configuration asks for some",
        fix=finding.fix,
        stage=Stage.WEIGHTS,
        source="keras-team/keras#20128",
    )


def test_each_layer_whose_weights_are_missing_is_named(tmp_path: Path) -> None:
    first, second = K311.dense("first", 3), K311.dense("second", 7, takes=3)
    model = stack(K311, Part(first.node), Part(second.node), K311.dense("last", 2, takes=7))
    (finding,) = fits(written_keras(K311, model)(tmp_path), "tf2.20")
    assert finding.where == ('"first", second of 4 layers', '"second", third of 4 layers')
    assert finding.cause.endswith("of the shape (?, 3), (3,), (?, 7), (7,)")


def test_two_layers_of_the_same_shape_need_weights_each(tmp_path: Path) -> None:
    model = stack(K311, K311.dense("first", 4), Part(K311.dense("second", 4).node))
    (finding,) = fits(written_keras(K311, model)(tmp_path), "tf2.20")
    assert finding.where == ('"first", second of 3 layers', '"second", third of 3 layers')


def test_a_bias_too_many_is_seen_in_an_h5_file_alone(tmp_path: Path) -> None:
    model = stack(K215, K215.dense("lean").but(use_bias=False), K215.dense("whole", takes=2))
    (finding,) = fits(written_h5(K215, model)(tmp_path))
    assert finding.where == ('"lean", second of 3 layers',)
    assert finding.cause == "the file holds more weights for it than its configuration has a place for"
    assert not fits(written_keras(K215, model)(tmp_path))


def test_the_weights_of_a_layer_that_is_an_activation_are_kept_with_those_of_its_layer(tmp_path: Path) -> None:
    prelu = {"module": "keras.layers", "class_name": "PReLU", "config": {"name": "steep", "trainable": True}}
    part = K215.dense("lean").but(use_bias=False, activation=prelu)
    assert not fits(written_h5(K215, stack(K215, part))(tmp_path))


def test_a_nested_models_weights_are_those_of_all_its_layers(tmp_path: Path) -> None:
    tower = chain(K215, K215.input(4), K215.dense("inner", 4), K215.dense("lean", 4).but(use_bias=False), name="tower")
    assert not fits(written_h5(K215, stack(K215, tower, K215.dense()))(tmp_path))


def test_weights_of_the_same_shape_in_another_layer_do_not_stand_in(tmp_path: Path) -> None:
    model = stack(K215, K215.dense("first", 4), Part(K215.dense("second", 4).node))
    (finding,) = fits(written_h5(K215, model)(tmp_path))
    assert finding.where == ('"second", third of 3 layers',)


def test_a_layer_that_is_declared_has_weights_of_its_own(tmp_path: Path) -> None:
    path = without_any(K215, tmp_path / "model.h5", K215.dense())
    assert fits(path)
    assert not fits(path, "tf2.15", "Dense")
    assert not fits(path, "tf2.15", "Sequential")


@pytest.mark.parametrize("parent", ["optimizer", "optimizer_weights", "metrics"])
def test_weights_that_are_not_the_models_do_not_count(parent: str) -> None:
    root = {"class_name": "Sequential", "config": {"build_input_shape": [None, 4]}}
    layer = LayerUse("Dense", ("dense",), config={"units": 5, "use_bias": True}, position=1, siblings=1)
    held = keras_file(layers=(layer,), root=root, weights=weights(f"{parent}/vars/0"))
    (finding,) = weight_shape_findings(before(held, "tf2.18"))
    assert finding.cause.startswith("the file holds no weights")


def first(given: dict[str, Any], class_name: str = "Dense", **root: Any) -> Inventory:
    """A Sequential of one layer in an .h5 file, and a weight."""
    node = {"class_name": "Sequential", "config": {"layers": []}, **root}
    layer = LayerUse(class_name, ("dense",), config=given, position=1, siblings=1)
    inner = LayerUse("Dense", ("other", "inner"), config={"units": 3}, position=1, siblings=1)
    return h5(
        "3.11.0", layers=(layer, inner), root=node, weights=weights("model_weights/dense/kernel"), model_class="S"
    )


@pytest.mark.parametrize(
    ("held", "is_built"),
    [
        (first({"units": 2}), False),
        (first({"units": 2, "batch_input_shape": [None, 4]}), True),
        (first({"units": 2, "batch_shape": [None, 4]}), True),
        (first({"units": 2, "input_shape": [4]}), True),
        (first({"units": 2, "input_dim": 4}), True),
        (first({"layer": {"config": {"batch_input_shape": [None, 4]}}}, "TimeDistributed"), True),
        (first({"layers": [{"config": {}}, {"config": {"batch_shape": [None, 4]}}]}, "Sequential"), True),
        (first({"layers": [{"config": {"units": 2}}]}, "Sequential"), False),
        (first({}, "InputLayer"), True),
        (first({"input_dim": 9}, "Embedding"), True),
        (first({}, "Embedding"), True),
        (first({"units": 2}, config={"layers": [], "build_input_shape": [None, 4]}), True),
        (first({"units": 2}, config={"layers": [], "build_input_shape": None}), False),
        (first({"units": 2}, build_config={"input_shape": [None, 4]}), True),
        (first({"units": 2}, build_config={"input_shape": None}), False),
        (first({"units": 2}, build_config=[4]), False),
        (replace(first({"units": 2}), root={**MODEL, "class_name": "Functional"}), True),
    ],
)
def test_what_says_the_shape_of_a_sequentials_input(held: Inventory, is_built: bool) -> None:
    found = list(unbuilt_model_findings(before(held, "tf2.20")))
    assert len(found) == (not is_built)
    for each in found:
        assert (each.kind, each.subject, each.stage) == (Kind.WEIGHTS_DO_NOT_FIT, "S", Stage.WEIGHTS)
        assert each.fix[0] == "save it as .keras"
        assert each.fix[1].startswith("or build it in code")


def test_a_sequential_without_layers_lacks_no_shape() -> None:
    held = h5(root=MODEL, weights=weights("model_weights/dense/kernel"))
    assert not list(unbuilt_model_findings(before(held, "tf2.20")))


@pytest.mark.parametrize(
    ("paths", "is_built_by_its_call"),
    [
        (("model_weights/dense/ranker/dense/kernel",), True),
        (("model_weights/dense/ranker/dense/kernel", "model_weights/dense/ranker/dense/bias"), True),
        (("model_weights/dense/ranker/dense/kernel", "model_weights/dense/kernel"), False),
        (("model_weights/dense/dense/kernel",), False),
        (("model_weights/dense/ranker/other/kernel",), False),
        ((), False),
    ],
)
def test_a_subclassed_model_that_its_call_built(paths: tuple[str, ...], is_built_by_its_call: bool) -> None:
    configs: tuple[Any, ...] = ({"units": 2}, {"layers": []}, None)
    for config in configs:
        held = h5(root={"class_name": "Ranker", "config": config}, weights=weights(*paths), model_class="Ranker")
        found = list(unbuilt_model_findings(before(held, "tf2.20")))
        assert len(found) == (is_built_by_its_call and config == {"units": 2})


def drawn(*initializers: Any) -> list[Finding]:
    """What is found of a Sequential that was saved before it was built."""
    layers = [
        LayerUse("Dense", (f"dense_{number}",), config={"kernel_initializer": each}, position=number, siblings=9)
        for number, each in enumerate(initializers, 1)
    ]
    held = h5("3.6.0", layers=tuple(layers), root=MODEL, model_class="Sequential")
    return list(without_weights(before(held, "tf2.18")))


@pytest.mark.parametrize("initializer", ["glorot_uniform", "GlorotUniform", {"class_name": "HeNormal", "config": {}}])
def test_weights_that_are_drawn_after_each_load(initializer: Any) -> None:
    (finding,) = drawn(initializer, "zeros", initializer)
    assert finding.where == ('"dense_1", first of 9 layers', '"dense_3", third of 9 layers')
    assert (finding.kind, finding.subject) == (Kind.WEIGHTS_DO_NOT_FIT, "Sequential")
    assert (finding.severity, finding.stage, finding.blame) == (Severity.CHANGE, None, Blame.WRITER)


@pytest.mark.parametrize(
    "initializer", ["zeros", "Ones", {"class_name": "Zeros", "config": {}}, {"class_name": "Constant"}, None, {}, 3]
)
def test_weights_that_every_load_begins_with(initializer: Any) -> None:
    assert not drawn(initializer)


def test_another_key_is_no_initializer() -> None:
    layer = LayerUse("Dense", ("dense",), config={"initializer": "glorot_uniform"}, position=1)
    assert not list(without_weights(before(h5("3.6.0", layers=(layer,), root=MODEL), "tf2.18")))


def test_a_subclassed_model_is_not_rebuilt_from_its_layers(tmp_path: Path) -> None:
    path = written_keras(K36, subclassed(K36))(tmp_path)
    assert not fits(path, "tf2.18", "Ranker")


def test_a_layer_whose_name_begins_with_that_of_another_is_beside_it() -> None:
    """MobileNetV3 calls its layers `Conv` and `Conv/BatchNorm`: an .h5 file has the one's group in the other's."""
    conv = {"name": "Conv", "filters": 2, "kernel_size": [1, 1], "use_bias": False, "dtype": "float32"}
    norm = {"name": "Conv/BatchNorm", "axis": [3], "center": True, "scale": True, "dtype": "float32"}
    layers = tuple(
        LayerUse(class_name, (str(config["name"]),), config=config, position=1, siblings=2)
        for class_name, config in (("Conv2D", conv), ("BatchNormalization", norm))
    )
    root = {"class_name": "Functional", "config": {"name": "model", "layers": []}}
    held = [WeightUse("model_weights/Conv/Conv/kernel:0", "float32", (1, 1, 3, 2), 24)]
    held += [
        WeightUse(f"model_weights/Conv/BatchNorm/Conv/BatchNorm/{name}:0", "float32", (2,), 8)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    whole = h5(root=root, layers=layers, weights=tuple(held))
    assert not list(weight_shape_findings(before(whole, "tf2.15")))
    more = WeightUse("model_weights/Conv/Conv/bias:0", "float32", (2,), 8)
    (finding,) = weight_shape_findings(before(replace(whole, weights=(*held, more)), "tf2.15"))
    assert finding.where == ('"Conv", first of 2 layers',)
