"""Names and arguments: what is said of a class that a Keras does not have, or takes with other keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.inventory import LayerUse, ObjectUse
from pytest_modelcompat.compatibility.fixes import declared_as
from pytest_modelcompat.compatibility.rules import names
from pytest_modelcompat.compatibility.rules.arguments import taken_for_functions, wrong_arguments
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, keras_file

if TYPE_CHECKING:
    from pytest_modelcompat.profiles.profile import ObjectKnowledge

TO_THE_COMMAND = "if you do that already, add --custom Scale"


def layer(class_name: str, module: str | None = None, registered: str | None = None, /, **config: Any) -> LayerUse:
    return LayerUse(class_name, ("layer",), module, registered, {"trainable": True, **config}, 1, 1)


def unknown(use: LayerUse | ObjectUse, runtime: str = "tf2.21", *, keras: str = "3.15.0", **held: Any) -> list[Finding]:
    put: dict[str, Any] = {"layers": (use,)} if isinstance(use, LayerUse) else {"objects": (use,)}
    return list(names.unknown_names(before(keras_file(keras, **{**put, **held}), runtime)))


def registering(use: LayerUse, *others: LayerUse) -> str:
    """What the fix says to import; empty for the module that nobody knows."""
    finding, *_ = unknown(use, layers=(use, *others))
    given = finding.fix[0].rpartition(" or import ")[2]
    return "" if given == "the module that registers it" else given


@pytest.mark.parametrize(
    ("use", "others", "module"),
    [
        (layer("Scale", "attic.layers", "attic>Scale"), (), "attic.layers"),
        (layer("Scale", "attic.layers", "Scale"), (), ""),
        (layer("Scale", "attic.src.layers", "attic>Scale"), (), ""),
        # The shortest module that has all of them is not known where these are not installed.
        (layer("Scale", "attic.layers", "attic>Scale"), (layer("Other", "attic.models", "attic>Other"),), ""),
        (layer("Scale", "attic.layers", "attic>Scale"), (layer("Other", "hat.models", "hat>Other"),), "attic.layers"),
        (layer("Scale", "attic.layers", "attic>Scale"), (layer("Other", None, "attic>Other"),), "attic.layers"),
        # KerasHub registers what it has under its own name.
        (layer("keras_nlp>Scale"), (), "keras_nlp"),
        (layer("Scale", None, "keras_hub>Scale"), (), "keras_hub"),
        (layer("Scale", "builtins", "keras_hub>Scale"), (), "keras_hub"),
        (layer("Scale", None, "keras>Scale"), (), ""),
        (layer("Scale", None, "attic>Scale"), (), ""),
        (layer("Scale", None, "attic>a>Scale"), (), ""),
        (layer("Scale", None, None), (), ""),
        (layer("Scale", "keras_core.src.layers", "core>Scale"), (), "keras_core"),
    ],
)
def test_what_to_import(use: LayerUse, others: tuple[LayerUse, ...], module: str) -> None:
    assert registering(use, *others) == module


def test_what_is_said_of_a_class_of_the_users_own() -> None:
    assert unknown(layer("Scale", "shop.layers", "shop>Scale")) == [
        Finding(
            Kind.UNKNOWN_LAYER,
            "shop>Scale",
            where=('"layer"',),
            cause="it is defined in shop.layers, outside Keras, and is not declared",
            fix=(
                'pass custom_objects={"Scale": Scale} to load_model, or import shop.layers',
                TO_THE_COMMAND,
            ),
            stage=Stage.CONFIG,
        ),
    ]


@pytest.mark.parametrize(
    ("use", "subject", "cause"),
    [
        (layer("Scale", None, "Scale"), "Scale", "Keras 3.15 has no layer of this name, and it is not declared"),
        (layer("Scale", "builtins"), "Scale", "Keras 3.15 has no layer of this name, and it is not declared"),
        (
            layer("Scale", "", "shop>Other"),
            "shop>Other",
            "Keras 3.15 has no layer of this name, and it is not declared",
        ),
        (
            layer("TFOpLambda"),
            "TFOpLambda",
            "Keras 3.15 has no layer of this name; Keras 2.15.0, which wrote it, has",
        ),
        (layer("shop>TFOpLambda"), "shop>TFOpLambda", "Keras 3.15 has no layer of this name, and it is not declared"),
    ],
)
def test_why_a_class_is_not_known(use: LayerUse, subject: str, cause: str) -> None:
    (finding,) = unknown(use, keras="2.15.0")
    assert (finding.subject, finding.cause) == (subject, cause)


def test_a_class_of_keras_in_a_file_that_names_no_version() -> None:
    held = replace(keras_file(layers=(layer("TFOpLambda"),)), saved_by={})
    (finding,) = names.unknown_names(before(held, "tf2.21"))
    assert finding.cause == "Keras 3.15 has no layer of this name, which other versions of Keras have"


@pytest.mark.parametrize(
    ("keras", "runtime", "fix"),
    [
        ("3.15.0", "tf2.21", "save the model as .keras or SavedModel, which name the module"),
        ("3.3.0", "tf2.21", "load it with Keras 3.3.0"),
        ("2.15.0", "tf2.15", "load it with Keras 2.15.0"),
        ("2.15.0", "tf2.21", "load it with Keras 2 there: pip install tf_keras"),
    ],
)
def test_a_private_class_of_keras_in_an_h5_file(keras: str, runtime: str, fix: str) -> None:
    private = layer("Nobody") if runtime == "tf2.15" else layer("TFOpLambda")
    if runtime == "tf2.15":
        private = layer("TFSMLayer")
    (finding,) = names.unknown_names(before(h5(keras, layers=(private,)), runtime))
    assert finding.fix[0].startswith(fix)
    same = keras.rpartition(".")[0] == ".".join(map(str, load_profile(runtime).keras_version))
    assert ("of Keras' own that is not public" in finding.cause) is same
    # A .keras file names the module.
    (finding,) = names.unknown_names(before(keras_file(keras, layers=(private,)), runtime))
    assert not finding.fix[0].startswith("save the model as .keras")


@pytest.mark.parametrize(
    ("module", "runtime", "cause"),
    [
        (
            "tf_keras.layers",
            "tf2.21",
            "it names tf_keras.layers.Scale, and the Keras that loads is keras, not tf_keras",
        ),
        ("keras.layers", "tf2.21", "it names keras.layers.Scale, and Keras 3.15 has no Scale there"),
        ("keras.nowhere", "tf2.21", "it names the module keras.nowhere, which Keras 3.15 does not have"),
        ("keras", "tf2.21", "it names keras.Scale, and Keras 3.15 has no Scale there"),
        ("keras.nowhere", "tf2.12", "it names the module keras.nowhere, which Keras 2.12 does not have"),
    ],
)
def test_a_module_of_keras_without_the_class(module: str, runtime: str, cause: str) -> None:
    (finding,) = unknown(layer("Scale", module), runtime)
    assert finding.cause.startswith(cause)
    assert (finding.kind, finding.subject, finding.stage) == (Kind.MODULE_MOVED, "Scale", Stage.CONFIG)


@pytest.mark.parametrize(
    ("module", "runtime", "path"),
    [
        ("keras.src.applications.convnext", "tf2.15", "keras.src.applications.convnext.LayerScale"),
        ("keras.src.applications.convnext", "tf2.21+tf_keras", "tf_keras.src.applications.convnext.LayerScale"),
        ("tf_keras.src.applications.convnext", "tf2.21+tf_keras", "tf_keras.src.applications.convnext.LayerScale"),
    ],
)
def test_a_layer_that_is_not_public_is_not_found_by_its_module(module: str, runtime: str, path: str) -> None:
    (finding,) = unknown(layer("LayerScale", module), runtime)
    assert finding.kind is Kind.UNKNOWN_LAYER
    assert "looks for it by its name alone, among the layers that are public" in finding.cause
    assert declared_as(finding.fix[0]) == {"LayerScale": path}
    held = keras_file("2.15.0", layers=(layer("LayerScale", module),))
    assert not list(names.unknown_names(before(held, runtime, "LayerScale")))


@pytest.mark.parametrize("module", ["kerasish.layers", "shop.keras", "keras_tuner"])
def test_a_module_that_sounds_like_one_of_keras(module: str) -> None:
    (finding,) = unknown(layer("Scale", module))
    assert finding.kind is Kind.UNKNOWN_LAYER


def test_what_compile_was_given_is_judged_elsewhere() -> None:
    assert not unknown(ObjectUse("loss", "own", ("compile",)))
    assert [each.subject for each in unknown(ObjectUse("loss", "own", ("layer",)))] == ["own"]


@pytest.mark.parametrize("name", ["accuracy", "acc", "crossentropy", "ce"])
def test_a_metric_by_a_word_that_the_loss_decides(name: str) -> None:
    assert not unknown(ObjectUse("metric", name, ("layer",)))
    assert unknown(ObjectUse("constraint", name, ("layer",)))


def test_uses_of_one_name_are_said_together() -> None:
    uses = (
        layer("Scale", "shop.layers"),
        replace(layer("Scale", "shop.layers"), path=("other",)),
        layer("Scale", "hat.layers"),
    )
    found = unknown(uses[0], layers=uses)
    assert [(each.cause.split()[4], len(each.where)) for each in found] == [("shop.layers,", 2), ("hat.layers,", 1)]


def operation(name: str, **config: Any) -> LayerUse:
    return LayerUse(name, ("layer",), config={"name": "layer", **config}, position=1, siblings=1)


@pytest.mark.parametrize(
    ("use", "keras", "cause"),
    [
        (operation("GetItem"), "3.15.0", "Keras 3.15 looks for a layer of this name, of which there is none"),
        (operation("GetItem"), "2.15.0", ""),
        (layer("GetItem"), "3.15.0", ""),
        (operation("Scale"), "3.15.0", ""),
    ],
)
def test_an_operation_among_the_layers(use: LayerUse, keras: str, cause: str) -> None:
    (finding,) = names.unknown_names(before(h5(keras, layers=(use,)), "tf2.21"))
    assert finding.cause.endswith(cause)
    assert ("operation on tensors" in finding.cause) is bool(cause)
    (finding,) = names.unknown_names(before(keras_file(keras, layers=(use,)), "tf2.21"))
    assert "operation on tensors" not in finding.cause


@pytest.mark.parametrize(
    ("module", "is_of_others"), [("builtins", True), ("shop.activations", False), (None, None), ("keras.nowhere", None)]
)
def test_a_function_that_is_called_as_one_of_keras(module: str | None, is_of_others: bool | None) -> None:
    use = ObjectUse("activation", "hard_swish", ("layer",), module)
    found = unknown(use)
    if is_of_others is None:
        # A Keras 3 looks activations up by their names.
        assert not found
    elif is_of_others:
        assert found[0].fix[0] == 'pass custom_objects={"hard_swish": keras.activations.hard_silu} to load_model'


WRAPPED = {"class_name": "Dense", "config": {"units": 2}}


@pytest.mark.parametrize(
    ("config", "is_found"),
    [
        ({"layer": WRAPPED}, True),
        ({"cell": WRAPPED}, True),
        ({"backward_layer": WRAPPED}, True),
        ({"cells": [{**WRAPPED, "module": "keras.layers"}, WRAPPED]}, True),
        ({"cells": [{**WRAPPED, "module": "keras.layers"}]}, False),
        ({"layer": {**WRAPPED, "module": None}}, True),
        ({"layer": {"class_name": "Dense"}}, False),
        ({"layer": {"config": {}}}, False),
        ({"layer": "dense"}, False),
        ({"other": WRAPPED}, False),
        ({}, False),
    ],
)
def test_an_inner_layer_without_a_module(config: dict[str, Any], is_found: bool) -> None:
    held = h5("2.4.0", layers=(layer("Dense"), layer("Wrapper", **config)))
    found = list(names.wrapped_without_module(before(held, "tf2.16")))
    assert [(each.subject, each.stage) for each in found] == [("Wrapper", Stage.CONFIG)] * is_found
    assert not list(names.wrapped_without_module(before(held, "tf2.15")))
    # So does a .keras file of Keras 2.12, where the wrapper names no module either.
    root = {"class_name": "Sequential", "config": {"layers": []}}
    named = tuple(replace(each, module="keras.layers") for each in held.layers)
    for layers, is_old in ((held.layers, is_found), (named, False)):
        inventory = replace(held, format="keras", layers=layers, root=root)
        assert bool(list(names.wrapped_without_module(before(inventory, "tf2.16")))) is is_old


@pytest.mark.parametrize(
    ("use", "subject", "keys"),
    [
        (layer("Scale", units=2), "Scale", ": trainable and units"),
        (layer("shop>Scale", units=2), "Scale", ": trainable and units"),
        (LayerUse("Scale", ("layer",)), "Scale", ""),
        (ObjectUse("loss", "Scale", ("compile",), is_class=True, config={"a": 1}), "Scale", ": a"),
    ],
)
def test_a_class_that_is_declared_is_not_seen(use: LayerUse | ObjectUse, subject: str, keys: str) -> None:
    held = keras_file(layers=(use,)) if isinstance(use, LayerUse) else keras_file(objects=(use,))
    (finding,) = names.unseen_classes(before(held, "tf2.21", "Scale"))
    assert (finding.kind, finding.subject, finding.severity) == (Kind.CLASS_NOT_SEEN, subject, Severity.NOTE)
    assert (
        finding.cause
        == f"the code of {subject} is not in the file; the model loads if {subject} takes its configuration{keys}"
    )
    assert not list(names.unseen_classes(before(held, "tf2.21")))


def test_a_function_that_is_declared_has_no_configuration() -> None:
    held = keras_file(objects=(ObjectUse("loss", "Scale", ("compile",)),), layers=(layer("Dense"),))
    assert not list(names.unseen_classes(before(held, "tf2.21", "Scale", "Dense")))


def scale(**more: Any) -> ObjectKnowledge:
    """A class of the user's own as a runtime that has it records it."""
    dense = before(h5(), "tf2.21").known(layer("Dense"))
    assert dense is not None
    given: dict[str, Any] = {
        "name": "Scale",
        "home": "shop.layers",
        "accepts": frozenset({"units", "name", "trainable", "dtype"}),
        "required": ("units",),
        "own_from_config": False,
        "writes": ("units", "name", "trainable", "dtype"),
        "refuses_unknown": True,
    }
    return replace(dense, **{**given, **more})


def wrong(known: ObjectKnowledge, **config: Any) -> list[Finding]:
    use = layer("Scale", "shop.layers", "shop>Scale", **config)
    context = before(keras_file(layers=(use,)), "tf2.21", registered={"shop>Scale": known})
    return list(wrong_arguments(context))


def test_arguments_of_a_class_that_is_installed_there() -> None:
    (finding,) = wrong(scale(), units=2, hat=1)
    assert (finding.kind, finding.subject, finding.stage) == (Kind.UNKNOWN_ARGUMENT, "Scale(hat=…)", Stage.CONFIG)
    assert finding.cause == (
        "the saved configuration holds 'hat', which Scale of the shop.layers installed there does not take"
    )
    assert finding.fix[0] == "deploy the version of shop.layers that saved the model there, before you deploy the model"
    (finding,) = wrong(scale())
    assert (finding.kind, finding.subject) == (Kind.MISSING_ARGUMENT, "Scale(units=…)")
    assert finding.cause == (
        "the shop.layers installed there needs 'units' to rebuild Scale, and the saved configuration does not have it"
    )


@pytest.mark.parametrize(
    ("more", "config"),
    [
        ({"refuses_unknown": False}, {"units": 2, "hat": 1}),
        ({"accepts": None}, {"hat": 1}),
        ({"writes": ("hat",)}, {"units": 2, "hat": 1}),
        ({"own_from_config": True}, {}),
        ({"is_class": False}, {"hat": 1}),
        ({"required": ()}, {}),
    ],
)
def test_arguments_that_do_no_harm(more: dict[str, Any], config: dict[str, Any]) -> None:
    assert not wrong(scale(**more), **config)


def test_a_class_that_is_declared_takes_what_it_takes() -> None:
    held = keras_file(layers=(layer("Dense", "keras.layers", units=2, hat=1),))
    assert [each.subject for each in wrong_arguments(before(held, "tf2.21"))] == ["Dense(hat=…)"]
    assert not list(wrong_arguments(before(held, "tf2.21", "Dense")))


@pytest.mark.parametrize(
    ("value", "runtime", "is_taken"),
    [
        ("dot", "tf2.16+keras3.13", False),
        ("dot", "tf2.16+keras3.14", True),
        ("dot", "tf2.21", True),
        ("concat", "tf2.21", False),
        ("Dense", "tf2.21", False),
        (7, "tf2.21", False),
    ],
)
def test_a_text_that_is_taken_for_a_function(value: object, runtime: str, is_taken: bool) -> None:
    held = h5("3.15.0", layers=(layer("Attention", score_mode=value, name="dot"),))
    found = list(taken_for_functions(before(held, runtime)))
    assert [each.subject for each in found] == ["Attention(score_mode='dot')"] * is_taken
    assert not list(taken_for_functions(before(replace(held, format="keras"), runtime)))
