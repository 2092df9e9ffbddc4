"""Which dataset of an .h5 file is which variable, as Keras 2.4 to 3.15 were seen to name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.migration.layouts.h5_names import groups_of_h5, names_of_groups
from pytest_modelcompat.migration.layouts.keras_groups import Layout, UnknownGroupError
from pytest_modelcompat.migration.layouts.variables import part_of, variables_of
from tests.handmade import dense, layer, sequential

if TYPE_CHECKING:
    from collections.abc import Mapping

KERAS_3 = Layout.of((3, 15))
LSTM = layer("LSTM", "lstm", use_bias=True)
TOWER = sequential(dense("d"), layer("BatchNormalization", "b"), dense("e"), name="tower")
CASES = [
    pytest.param(
        sequential(dense("a"), dense("b")),
        {"a/a/kernel:0": "dense/vars/0", "a/a/bias:0": "dense/vars/1"}
        | {"b/b/kernel:0": "dense_1/vars/0", "b/b/bias:0": "dense_1/vars/1"},
        id="two of a class",
    ),
    pytest.param(
        sequential(layer("Bidirectional", "both", layer=LSTM)),
        {
            f"both/both/{way}_lstm/lstm_cell/{name}:0": f"bidirectional/{way}_layer/cell/vars/{number}"
            for way in ("forward", "backward")
            for number, name in enumerate(("kernel", "recurrent_kernel", "bias"))
        },
        id="both ways",
    ),
    pytest.param(
        sequential(layer("MultiHeadAttention", "m", use_bias=False)),
        {
            f"m/m/{word}/kernel": f"multi_head_attention/{group}_dense/vars/0"
            for word, group in (("query", "query"), ("key", "key"), ("value", "value"), ("attention_output", "output"))
        },
        id="attention",
    ),
    pytest.param(
        sequential(TOWER),
        {f"tower/d/{name}:0": f"sequential/layers/dense/vars/{n}" for n, name in enumerate(("kernel", "bias"))}
        | {f"tower/e/{name}:0": f"sequential/layers/dense_1/vars/{n}" for n, name in enumerate(("kernel", "bias"))}
        | {
            f"tower/b/{name}:0": f"sequential/layers/batch_normalization/vars/{n}"
            for n, name in enumerate(("gamma", "beta", "moving_mean", "moving_variance"))
        },
        id="a model in a model",
    ),
    pytest.param(
        sequential(layer("DepthwiseConv2D", "c", use_bias=False), layer("Flatten", "f")),
        {"c/sequential/c/kernel": "depthwise_conv2d/vars/0"},
        id="another name in Keras 3",
    ),
    pytest.param(
        sequential(dense("a"), dense("a/b")),
        {"a/a/kernel:0": "dense/vars/0", "a/a/bias:0": "dense/vars/1"}
        | {"a/b/a/b/kernel:0": "dense_1/vars/0", "a/b/a/b/bias:0": "dense_1/vars/1"},
        id="a name with a slash",
    ),
]


def whole(paths: Mapping[str, str]) -> dict[str, str]:
    """The same from the root of each file on."""
    return {f"model_weights/{before}": f"layers/{after}" for before, after in paths.items()}


@pytest.mark.parametrize(("model", "paths"), CASES)
def test_each_dataset_has_its_group(model: dict[str, Any], paths: dict[str, str]) -> None:
    expected = whole(paths)
    assert groups_of_h5(model, [*expected, "optimizer_weights/iter:0"], KERAS_3) == {
        **expected,
        "optimizer_weights/iter:0": None,
    }


@pytest.mark.parametrize(("model", "paths"), CASES)
def test_what_is_written_is_found_again(model: dict[str, Any], paths: dict[str, str]) -> None:
    groups = whole(paths).values()
    moved, names = names_of_groups(model, [*groups, "optimizer/vars/0"], KERAS_3)
    assert moved.pop("optimizer/vars/0") is None
    assert groups_of_h5(model, [path for path in moved.values() if path], KERAS_3) == {
        path: group for group, path in moved.items()
    }
    assert {f"model_weights/{name}/{each}" for name, listed in names.items() for each in listed} == set(moved.values())


@pytest.mark.parametrize(
    ("config", "order"),
    [
        pytest.param({}, ["d/kernel", "d/bias", "b/gamma", "b/beta", "e/kernel", "e/bias", "b/mean"], id="trained"),
        pytest.param({"trainable": False}, ["d/kernel", "d/bias", "b/gamma", "b/beta", "b/mean", "e/kernel"], id="not"),
    ],
)
def test_weights_are_listed_as_keras_lists_them(config: dict[str, Any], order: list[str]) -> None:
    """Those that are trained come first; of a frozen model, in which each layer is frozen, layer for layer."""
    layers = [{**each, "config": {**each["config"], **config}} for each in TOWER["config"]["layers"]]
    part = part_of({**TOWER, "config": {"name": "tower", "layers": layers, **config}}, KERAS_3)
    assert part is not None
    listed = [f"{each.words[-1]}/{each.name.removeprefix('moving_')}" for each in variables_of(part)]
    assert [each for each in listed if each in order] == order


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        pytest.param(sequential(layer("Scale", "s", "shop")), ["s/scale:0"], id="a class of one's own"),
        pytest.param(sequential(dense("a")), ["a/a/kernel:0"], id="a variable is missing"),
        pytest.param(sequential(dense("a")), [], id="a layer is missing"),
        pytest.param(
            sequential(dense("a")), ["a/a/kernel:0", "a/a/bias:0", "a/a/scale:0"], id="a variable that it does not have"
        ),
        pytest.param(
            sequential(dense("a")), ["a/a/kernel:0", "a/a/bias:0", "b/kernel:0"], id="a layer that there is not"
        ),
        pytest.param(
            sequential(TOWER),
            [f"tower/{name}:0" for name in ("kernel", "bias", "kernel_1", "bias_1", "gamma", "beta")],
            id="names that do not say the layer",
        ),
        pytest.param(
            sequential({**dense("a"), "config": {**dense("a")["config"], "quantization_config": {"x": 1}}}),
            ["a/a/kernel:0", "a/a/bias:0"],
            id="quantized",
        ),
    ],
)
def test_what_is_not_known_for_sure_is_refused(model: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(UnknownGroupError):
        groups_of_h5(model, [f"model_weights/{path}" for path in paths], KERAS_3)


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(["dense/vars/0"], id="a variable is missing"),
        pytest.param(["dense/vars/0", "dense/vars/1", "dense/vars/2"], id="one too many"),
        pytest.param(["dense/vars/0", "dense/vars/1", "scale/vars/0"], id="a layer that there is not"),
    ],
)
def test_groups_that_are_not_known_are_refused(paths: list[str]) -> None:
    with pytest.raises(UnknownGroupError):
        names_of_groups(sequential(dense("a")), [f"layers/{path}" for path in paths], KERAS_3)


def test_generators_of_random_numbers_are_left_out() -> None:
    paths = ["layers/dropout/seed_generator/seed_generator_state", "layers/dropout/seed_generator/vars/0"]
    moved, names = names_of_groups(sequential(layer("Dropout", "d")), paths[1:], KERAS_3)
    assert moved == {paths[1]: None}
    assert names == {"d": ()}
