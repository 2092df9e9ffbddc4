"""Groups of layers in a .keras file, as Keras 2.12 to 3 were seen to name them."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_modelcompat.migration.layouts.keras_groups import Layout, UnknownGroupError, moved_groups
from tests.handmade import dense, layer, sequential

OLD, LAST_OLD, MIDDLE, NEW = (Layout.of(version) for version in ((2, 13), (2, 14), (2, 15), (3, 15)))
DEPENDENCIES = "_layer_checkpoint_dependencies"


def wrapper(class_name: str, inner: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A layer around another one."""
    return layer(class_name, class_name.lower(), layer=inner, **config)


TOWER = sequential(dense("x"), dense("y"), name="tower")
CASES = [
    pytest.param(
        (dense(), dense(), dense()),
        {"dense": "dense", "dense_2": "dense_1", "dense_4": "dense_2"},
        id="each layer with weights takes two numbers",
    ),
    pytest.param(
        (layer("Flatten", "f"), dense(), layer("Flatten", "g"), dense()),
        {"dense": "dense", "dense_2": "dense_1"},
        id="classes are counted apart",
    ),
    pytest.param(
        (
            wrapper("TimeDistributed", layer("Flatten", "f")),
            wrapper("TimeDistributed", dense()),
            wrapper("TimeDistributed", dense()),
        ),
        {
            "time_distributed_1/layer": "time_distributed_1/layer",
            "time_distributed_3/layer": "time_distributed_2/layer",
        },
        id="a layer without weights takes one number",
    ),
    pytest.param(
        (dense(), TOWER, dense(), TOWER),
        {
            "dense_2": "dense_1",
            "sequential/_layer_checkpoint_dependencies/dense": "sequential/layers/dense",
            "sequential/_layer_checkpoint_dependencies/dense_2": "sequential/layers/dense_1",
            "sequential_2/_layer_checkpoint_dependencies/dense": "sequential_1/layers/dense",
            "dense": "dense",
        },
        id="models in a model",
    ),
    pytest.param(
        (wrapper("TimeDistributed", TOWER),),
        {
            "time_distributed/layer/_layer_checkpoint_dependencies/dense": "time_distributed/layer/layers/dense",
            "time_distributed/layer/_layer_checkpoint_dependencies/dense_2": "time_distributed/layer/layers/dense_1",
        },
        id="a model in a wrapper",
    ),
    pytest.param(
        (layer("Conv2D", "c"), layer("Conv2D", "d"), layer("shop>BestScale", "s"), layer("shop>BestScale", "t")),
        {"conv2d": "conv2d", "conv2d_2": "conv2d_1", "best_scale": "best_scale", "best_scale_2": "best_scale_1"},
        id="names of classes",
    ),
]


def paths(groups: dict[str, str], *, old: str = DEPENDENCIES, new: str = "layers") -> dict[str, str]:
    """A dataset in each of the groups -> where it goes."""
    return {f"{old}/{before}/vars/0": f"{new}/{after}/vars/0" for before, after in groups.items()}


@pytest.mark.parametrize(("layers", "groups"), CASES)
def test_groups_move_from_keras_2_13_to_3(layers: tuple[dict[str, Any], ...], groups: dict[str, str]) -> None:
    expected = paths(groups)
    assert moved_groups(sequential(*layers), expected, OLD, NEW) == expected


@pytest.mark.parametrize(("layers", "groups"), CASES)
def test_groups_move_back(layers: tuple[dict[str, Any], ...], groups: dict[str, str]) -> None:
    expected = {after: before for before, after in paths(groups).items()}
    assert moved_groups(sequential(*layers), expected, NEW, OLD) == expected


def test_keras_2_14_numbers_without_gaps() -> None:
    model = sequential(dense(), dense())
    expected = paths({"dense": "dense", "dense_1": "dense_1"})
    assert moved_groups(model, expected, LAST_OLD, MIDDLE) == expected


def test_attention_has_private_names_in_keras_2_and_keras_3_reads_both() -> None:
    model = sequential(layer("MultiHeadAttention", "a"))
    private, public = "multi_head_attention/_key_dense", "multi_head_attention/key_dense"
    expected = paths({public: private}, old="layers")
    assert moved_groups(model, expected, NEW, MIDDLE) == expected
    expected = paths({private: private})
    assert moved_groups(model, expected, OLD, NEW) == expected


def test_generators_of_random_numbers_are_no_weights_to_keras_2() -> None:
    model = sequential(layer("Dropout", "a"), layer("Dropout", "b"))
    before = ["layers/dropout/seed_generator/vars/0", "layers/dropout_1/seed_generator/vars/0"]
    after = moved_groups(model, before, NEW, OLD)
    assert after[before[1]] == f"{DEPENDENCIES}/dropout_1/seed_generator/vars/0"


@pytest.mark.parametrize(
    ("model", "group"),
    [
        pytest.param(sequential(dense()), "dense_2", id="more layers than are described"),
        pytest.param(sequential(dense()), "conv2d", id="another class"),
        pytest.param(
            sequential(layer("Custom", "c")), f"custom/tower/{DEPENDENCIES}/dense", id="a model in a class of one's own"
        ),
    ],
)
def test_what_no_layer_has_is_refused(model: dict[str, Any], group: str) -> None:
    with pytest.raises(UnknownGroupError):
        moved_groups(model, [f"{DEPENDENCIES}/{group}/vars/0"], OLD, NEW)


def test_what_is_no_layers_stays() -> None:
    assert moved_groups(sequential(dense()), ["optimizer/vars/0", "hidden/vars/0"], OLD, NEW) == {}
