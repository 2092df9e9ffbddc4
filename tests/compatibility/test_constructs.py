"""What an artifact is made of, as the facts about loads are kept by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse, Reference, WeightUse
from pytest_modelcompat.compatibility.constructs import constructs


def texts(*uses: LayerUse | ObjectUse, own: tuple[str, ...] = (), root: dict[str, Any] | None = None) -> list[str]:
    inventory = Inventory(
        Path("model.keras"),
        "keras",
        layers=tuple(each for each in uses if isinstance(each, LayerUse)),
        objects=tuple(each for each in uses if isinstance(each, ObjectUse)),
        root=root or {},
    )
    return [each.text for each in constructs(inventory, lambda use: use.name in own)]


def layer(class_name: str, *path: str, **config: Any) -> LayerUse:
    return LayerUse(class_name, path or (class_name.lower(),), config=config)


class TestLayers:
    def test_are_a_construct_each_and_one_for_each_argument(self) -> None:
        assert texts(layer("Dense", units=2, use_bias=False)) == [
            "layer Dense",
            "layer Dense.units=int",
            "layer Dense.use_bias=false",
        ]

    def test_names_and_places_are_none(self) -> None:
        assert texts(layer("Dense", name="a", batch_input_shape=[None, 4])) == ["layer Dense"]

    def test_operations_in_an_h5_file_are_those_that_write_no_trainable(self) -> None:
        """Keras 3 names no module there, and calls `x * y` as the layer is called."""
        layers = (
            layer("Multiply", "a", name="a"),
            layer("Multiply", "b", name="b", trainable=True),
            layer("InputLayer", "c", batch_shape=[None, 4]),
            layer("Scale", "d", name="d"),
        )
        found = [
            each.text.partition(".")[0]
            for keras in ("3.3.0", "2.15.0")
            for each in constructs(
                Inventory(Path("m.h5"), "h5", {"keras": keras}, layers=layers), lambda use: use.name == "Scale"
            )
        ]
        of_keras_3 = ["operation Multiply", "layer Multiply", "layer Multiply", "layer InputLayer", "layer *"]
        assert found[: len(of_keras_3)] == of_keras_3
        assert "operation Multiply" not in found[len(of_keras_3) :]

    def test_own_ones_are_the_same_whatever_they_are_called(self) -> None:
        assert texts(layer("Scale", factor=2.0), own=("Scale",)) == ["layer *"]

    def test_the_outermost_model_of_an_own_class_is_looked_up_as_a_layer(self) -> None:
        root = {"class_name": "Tower", "config": {"layers": []}}
        for declared, kind in (("Tower", "*"), ("shop>Tower", "registered *")):
            inventory = Inventory(Path("m"), "h5", root={**root, "class_name": declared})
            found = [each.text for each in constructs(inventory, lambda _: False, [declared])]
            assert found[0].startswith(f"model {kind}")
            assert f"layer {kind}" in found
        assert not any(text.startswith("layer") for text in texts(root={**root, "class_name": "Sequential"}))

    def test_one_that_was_registered_is_another_than_one_that_is_declared(self) -> None:
        """Its full name is looked up where a short one is not."""
        assert texts(layer("shop>Scale", factor=2.0), own=("shop>Scale",)) == ["layer registered *"]
        in_keras_file = LayerUse("Scale", ("scale",), config={"factor": 2.0}, registered_name="shop>Scale")
        assert texts(in_keras_file, own=("Scale",)) == ["layer registered *"]

    def test_one_that_a_configuration_names_elsewhere(self) -> None:
        function = {"class_name": "function", "config": "double"}
        use = Reference("double", ("half",), is_function=True, key="function")
        inventory = Inventory(Path("m"), "keras", layers=(layer("Lambda", function=function),), references=(use,))
        found = [each.text for each in constructs(inventory, lambda use: use.name == "double")]
        assert "layer Lambda.function=<function *>" in found

    @pytest.mark.parametrize(
        ("text", "kind"),
        [("clean", "*"), ("shop>clean", "registered *"), ("shop>other", "registered *"), ("lower", "lower")],
    )
    def test_one_whose_name_is_a_text(self, text: str, kind: str) -> None:
        inventory = Inventory(Path("m"), "h5", layers=(layer("TextVectorization", standardize=text),))
        found = [each.text for each in constructs(inventory, lambda _: False, ["clean", "shop>other"])]
        assert f"layer TextVectorization.standardize={kind}" in found

    def test_one_that_keras_registered_has_its_name(self) -> None:
        """Keras 2.11 to 2.15 write their own optimizers so, and know them when they read them."""
        assert texts(layer("Custom>Scale", factor=2.0)) == ["layer Custom>Scale", "layer Custom>Scale.factor=float"]

    def test_those_in_others_are_another_construct_than_those_beside_others(self) -> None:
        beside = texts(layer("Scale"), own=("Scale",))
        inside = texts(layer("TimeDistributed", "a"), layer("Scale", "a", "b"), own=("Scale",))
        assert (beside, inside) == (["layer *"], ["layer TimeDistributed", "layer TimeDistributed > *"])

    def test_in_wrappers_are_one_with_all_that_is_around(self) -> None:
        found = texts(
            layer("Bidirectional", "a", layer={"class_name": "RNN", "config": {}}),
            layer("RNN", "a", "b", cell={"class_name": "Cell", "config": {}}),
            layer("Cell", "a", "b", "c"),
            own=("Cell",),
        )
        assert found == [
            "layer Bidirectional",
            "layer Bidirectional.layer=<RNN>",
            "layer RNN",
            "layer RNN.cell=<*>",
            "layer Bidirectional > RNN",
            "layer Bidirectional > RNN > *",
        ]

    @pytest.mark.parametrize(
        ("ends", "kind"),
        [
            (["a", 0, 0], "one"),
            ([["a", 0, 0]], "[one]"),
            ([["a", 0, 0], ["b", 0, 0]], "[several]"),
            ({"x": ["a", 0, 0]}, "{}"),
            ([], "one"),
        ],
    )
    def test_of_a_model_have_its_ends_as_they_are_written(self, ends: Any, kind: str) -> None:
        root = {"class_name": "Functional", "config": {"output_layers": ends}}
        assert texts(root=root) == ["model Functional", f"model Functional.output_layers={kind}"]

    def test_in_models_are_in_nothing(self) -> None:
        found = texts(layer("Sequential", "a", layers=[]), layer("Dense", "a", "b"))
        assert found == ["layer Sequential", "layer Dense"]

    def test_operations_differ_from_layers_of_their_name(self) -> None:
        operation = LayerUse("Add", ("add",), module="keras.src.ops.numpy")
        assert texts(operation, LayerUse("Add", ("plus",), module="keras.layers")) == ["operation Add", "layer Add"]


def test_the_outermost_model_is_one() -> None:
    root = {"class_name": "Sequential", "config": {"name": "model", "trainable": True}}
    assert texts(root=root) == ["model Sequential", "model Sequential.trainable=true"]


@pytest.mark.parametrize(
    ("path", "shape", "is_kept"),
    [
        ("optimizer/vars/2", (4, 2), True),
        ("optimizer_weights/adam/kernel_momentum", (4, 2), True),
        ("optimizer/vars/0", (), False),
        ("layers/optimizer/vars/0", (4, 2), False),
        ("optimizer_head/vars/0", (4, 2), False),
    ],
)
def test_what_an_optimizer_keeps_of_each_weight_is_one(path: str, shape: tuple[int, ...], is_kept: bool) -> None:
    weights = (WeightUse(path, "float32", shape, 4),)
    objects = (ObjectUse("optimizer", "Nadam", ("compile",)), ObjectUse("optimizer", "SGD", ("scaled",)))
    inventory = Inventory(Path("m"), "keras", objects=objects, weights=weights)
    found = [each.text for each in constructs(inventory, lambda _: False)]
    assert [each for each in found if "state" in each] == ["compiled optimizer Nadam.state=tensors"] * is_kept


def test_weights_in_the_file_are_one() -> None:
    root = {"class_name": "Sequential", "config": {}}
    weights = (WeightUse("dense/kernel", "float32", (4, 2), 32),)
    inventory = Inventory(Path("m"), "keras", root=root, weights=weights)
    assert [each.text for each in constructs(inventory, lambda _: False)] == ["model Sequential", "model with weights"]


def test_a_legacy_optimizer_is_another_than_the_one_of_its_name() -> None:
    """Keras 2.11 to 2.15 have both."""
    modules = ("keras.optimizers", "keras.optimizers.legacy", None)
    found = [ObjectUse("optimizer", "Adam", path, module) for path in (("compile",), ("d",)) for module in modules]
    assert texts(*found, ObjectUse("loss", "Huber", ("compile",), "shop.legacy")) == [
        "compiled optimizer Adam",
        "compiled optimizer legacy Adam",
        "compiled optimizer Adam",
        "optimizer Adam",
        "optimizer legacy Adam",
        "optimizer Adam",
        "compiled loss Huber",
    ]


def test_what_a_model_is_compiled_with_differs_from_what_a_layer_has() -> None:
    loss = ObjectUse("loss", "Huber", ("compile",), is_class=True, config={"delta": 1.0})
    assert texts(loss, ObjectUse("activation", "relu", ("dense",))) == [
        "compiled loss Huber",
        "compiled loss Huber.delta=float",
        "activation relu",
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-1, "<0"),
        (3, "int"),
        (0.0, "0.0"),
        (-0.5, "float"),
        ("same", "same"),
        ("channels_last", "channels_last"),
        ("ab,bc->ac", "text"),
        ("Scale", "*"),
        ([], "[]"),
        ([3, 4, 5], "[int]"),
        ([None, 0.5, "word"], "[null, float, text]"),
        ({"a": 1}, "{}"),
        ({"class_name": "LeakyReLU", "config": {}}, "<LeakyReLU>"),
        ({"class_name": "shop>Scale", "config": {}}, "<registered *>"),
        ({"class_name": "function", "config": "relu"}, "<function relu>"),
        ({"class_name": "function", "config": "Scale"}, "<function *>"),
        ({"class_name": "function", "config": "shop>double"}, "<function registered *>"),
        ({"class_name": "__lambda__", "config": {"code": "4wEA"}}, "<__lambda__>"),
    ],
)
def test_values_differ_by_kind(value: object, kind: str) -> None:
    own = ("Scale", "shop>Scale", "shop>double")
    assert texts(layer("Dense", units=value), *map(layer, own), own=own)[1] == f"layer Dense.units={kind}"


@pytest.mark.parametrize(("name", "key"), [("Lambda", "function"), ("Thing", "encoding"), ("Thing", "oov_token")])
def test_free_texts_are_the_same_whatever_they_say(name: str, key: str) -> None:
    assert texts(layer(name, **{key: "anything"}))[1] == f"layer {name}.{key}=text"


def test_the_function_of_an_operation_is_not_free() -> None:
    assert texts(layer("TFOpLambda", function="math.add"))[1] == "layer TFOpLambda.function=math.add"
