"""One artifact before one runtime: what is known there, what is declared, and the ways to another Keras."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.context import without_package
from pytest_modelcompat.compatibility.rules.known_changes import known_changes
from pytest_modelcompat.compatibility.verdict import Compatibility, CompatibilityResult
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage
from tests.compatibility.judging import before, h5, judged, keras_file, saved_model
from tests.compatibility.models import K24, coded
from tests.compatibility.models import h5 as written_h5

RE_SAVE = "or ship a SavedModel, which loads without Keras: model.export(path) and tf.saved_model.load"
IN_CODE = "or build the model in code, and load what that Keras writes with model.save_weights(path)"


@pytest.mark.parametrize(
    ("keras", "major", "name"),
    [
        ("1.2.2", 2, "Keras 1.2.2"),
        ("2.15.0", 2, "Keras 2.15.0"),
        ("2.16.0", 2, "tf_keras 2.16.0"),
        ("3.0.0", 3, "Keras 3.0.0"),
        ("", 2, "the Keras that saved it"),
    ],
)
def test_the_writer(keras: str, major: int, name: str) -> None:
    context = before(h5(keras), "tf2.21")
    assert (context.writer_major, context.writer_name) == (major, name)
    assert before(saved_model(), "tf2.21").writer_name == "the Keras that saved it"


@pytest.mark.parametrize(
    ("runtime", "major", "name", "tensorflow"),
    [
        ("tf2.15", 2, "Keras 2.15", "TensorFlow 2.15"),
        ("tf2.16", 3, "Keras 3.3", "TensorFlow 2.16"),
        ("tf2.21+tf_keras", 2, "tf_keras 2.21", "TensorFlow 2.21"),
    ],
)
def test_the_reader(runtime: str, major: int, name: str, tensorflow: str) -> None:
    context = before(h5(), runtime)
    assert (context.reader_major, context.reader_name, context.tensorflow_name) == (major, name, tensorflow)


@pytest.mark.parametrize(("name", "own"), [("shop>Scale", "Scale"), ("Scale", "Scale"), ("a>b>C", "C"), ("", "")])
def test_a_name_without_its_package(name: str, own: str) -> None:
    assert without_package(name) == own


@pytest.mark.parametrize(
    ("name", "registered", "custom", "is_declared"),
    [
        ("Scale", None, "Scale", True),
        ("shop>Scale", None, "Scale", True),
        ("shop>Scale", None, "shop>Scale", True),
        ("Scale", "shop>Other", "Other", True),
        ("Scale", "shop>Other", "shop>Other", True),
        ("Scale", "shop>Other", "shop", False),
        ("Scale", None, "", False),
    ],
)
def test_what_is_declared(name: str, registered: str | None, custom: str, is_declared: bool) -> None:
    use = LayerUse(name, ("scale",), registered_name=registered)
    assert before(h5(), "tf2.21", *filter(None, [custom])).is_declared(use) is is_declared


def layer(name: str, module: str | None = None, registered: str | None = None) -> LayerUse:
    return LayerUse(name, ("layer",), module, registered)


def used(role: str, name: str, module: str | None = None) -> ObjectUse:
    return ObjectUse(role, name, ("layer",), module)


@pytest.mark.parametrize(
    ("use", "runtime", "known_as"),
    [
        (layer("Dense"), "tf2.21", "Dense"),
        (layer("Nobody"), "tf2.21", None),
        (layer("Dense", "keras.layers"), "tf2.21", "Dense"),
        (layer("Dense", "keras.nowhere"), "tf2.21", None),
        (layer("Dense", "builtins"), "tf2.21", "Dense"),
        (layer("Nobody", "builtins"), "tf2.21", None),
        # A role says nothing where a file gives no module: what is an object of another role is found.
        (layer("Adam", "builtins"), "tf2.21", "Adam"),
        (layer("Dense", "keras.layers"), "tf2.21+tf_keras", "Dense"),
        (layer("Functional", "tf_keras.src.engine.functional"), "tf2.21+tf_keras", "Functional"),
        (layer("Dense", "tf_keras.layers"), "tf2.21", None),
        (layer("Functional", "keras.src.engine.functional"), "tf2.21+tf_keras", "Functional"),
        (layer("Functional", "keras.src.engine.functional"), "tf2.15", "Functional"),
        (layer("Functional", "keras.src.engine.functional"), "tf2.16", None),
        # A Keras 3 looks an initializer up by its name, whatever its module.
        (used("initializer", "GlorotUniform", "keras.nowhere"), "tf2.21", "GlorotUniform"),
        # So does Keras 2 from 2.13 on, and the layers of a model as well; the outermost model it imports.
        (used("initializer", "GlorotUniform", "keras.nowhere"), "tf2.15", "GlorotUniform"),
        (used("initializer", "GlorotUniform", "keras.nowhere"), "tf2.12", None),
        (layer("Dense", "keras.nowhere"), "tf2.15", "Dense"),
        (layer("LayerScale", "keras.src.applications.convnext"), "tf2.15", None),
        (LayerUse("Functional", (), "keras.src.models.functional"), "tf2.15", None),
        (layer("Functional", "keras.src.models.functional"), "tf2.15", "Functional"),
        (used("initializer", "GlorotUniform", "keras.initializers"), "tf2.15", "GlorotUniform"),
        (used("initializer", "OrthogonalInitializer", "keras.initializers"), "tf2.16", "OrthogonalInitializer"),
        # A class goes by its aliases too, in the public modules that have it.
        (used("constraint", "maxnorm", "keras.constraints"), "tf2.15", "MaxNorm"),
        (used("constraint", "maxnorm", "keras.nowhere"), "tf2.12", None),
        (used("constraint", "maxnorm", "keras"), "tf2.12", None),
        (used("loss", "MeanSquaredError", "keras.nowhere"), "tf2.21", None),
        (used("optimizer", "adam"), "tf2.21", "Adam"),
        (used("optimizer", "Adam"), "tf2.21", "Adam"),
        (used("optimizer", "ADAM"), "tf2.21", "Adam"),
        (used("optimizer", "RMSprop"), "tf2.21", "RMSprop"),
        (used("optimizer", "rmsPROP"), "tf2.21", "RMSprop"),
        (used("optimizer", "mine"), "tf2.21", None),
        (used("metric", "Adam"), "tf2.21", None),
    ],
)
def test_what_is_known(use: LayerUse | ObjectUse, runtime: str, known_as: str | None) -> None:
    known = before(h5(), runtime).known(use)
    assert (known and known.name) == known_as


def test_what_another_package_registered_there_is_known() -> None:
    context = before(h5(), "tf2.21")
    dense = context.known(layer("Dense"))
    assert dense is not None
    there = before(h5(), "tf2.21", registered={"shop>Scale": dense})
    assert there.known(layer("Scale", "shop.layers", "shop>Scale")) is dense
    assert there.known(layer("Scale", "shop.layers", "shop>Other")) is None
    assert there.known(layer("Scale", "shop.layers")) is None


def test_an_optimizer_that_another_package_registered_there_is_known() -> None:
    adam = before(h5(), "tf2.21").optimizer("adam")
    assert adam is not None
    there = before(h5(), "tf2.21", registered={"shop>Mine": adam})
    assert there.optimizer("shop>Mine") is adam
    assert there.optimizer("shop>mine") is None


def test_every_use_is_asked_for_the_outermost_model_first() -> None:
    root = {"class_name": "Functional", "config": {"name": "m"}, "module": "keras", "registered_name": "Functional"}
    dense, relu = layer("Dense"), used("activation", "relu")
    context = before(keras_file(root=root, layers=(dense,), objects=(relu,)), "tf2.21")
    outermost, *others = context.uses
    assert outermost == LayerUse("Functional", (), "keras", "Functional")
    assert outermost.config == {"name": "m"}
    assert others == [dense, relu]
    odd = {"class_name": "Functional", "config": [], "module": 7}
    (outermost,) = before(keras_file(root=odd), "tf2.21").uses
    assert (outermost.module, outermost.registered_name, outermost.config) == (None, None, {})
    assert before(saved_model(root=root, layers=(dense,)), "tf2.21").uses == (dense,)


def test_what_names_its_module_is_not_translated() -> None:
    """As the layers of models inside a Sequential do in .h5 files from Keras 2.13 on."""
    inside = LayerUse("BatchNormalization", ("tower", "batch"), config={"axis": [3]}, module="keras.layers")
    root = {"class_name": "Sequential", "config": {"layers": []}}
    tower = LayerUse("Sequential", ("tower",), config={"layers": []})
    for module, is_translated in (("keras.layers", False), (None, True)):
        held = h5(root=root, layers=(tower, replace(inside, module=module)))
        assert before(held, "tf2.16").is_translated(held.layers[1]) is is_translated
        subjects = [each.subject for each in known_changes(before(held, "tf2.16"))]
        assert ("BatchNormalization(axis=…)" in subjects) is not is_translated
    assert before(held, "tf2.15").is_translated(inside)


@pytest.mark.parametrize(
    ("path", "is_wrapped"),
    [((), False), (("a",), False), (("tower", "b"), False), (("a", "b"), True), (("tower", "b", "c"), True)],
)
def test_what_stands_in_another_layer(path: tuple[str, ...], is_wrapped: bool) -> None:
    tower = LayerUse("Sequential", ("tower",), config={"layers": []})
    root = {"class_name": "Sequential", "config": {"layers": []}}
    inside = LayerUse("Dense", path)
    for runtime, format_, is_translated in (
        ("tf2.15", "h5", True),
        ("tf2.16", "h5", not is_wrapped),
        ("tf2.15", "keras", False),
        ("tf2.16", "keras", not is_wrapped),
    ):
        context = before(replace(h5(root=root, layers=(tower, inside)), format=format_), runtime)
        assert context.is_wrapped(path) is is_wrapped
        assert context.is_translated(inside) is is_translated


@pytest.mark.parametrize(
    ("writer", "runtime", "fix"),
    [
        (
            "2.15.0",
            "tf2.16",
            (
                "load it with Keras 2 there: pip install tf_keras, and set TF_USE_LEGACY_KERAS=1",
                "or build the model with Keras 3 in code, and load what Keras 2 writes with model.save_weights(path)",
                RE_SAVE,
            ),
        ),
        ("3.3.0", "tf2.15", ("load it with Keras 3.3.0 or newer (TensorFlow 2.16 or newer)", RE_SAVE)),
        (
            "3.6.0",
            "tf2.16",
            ("upgrade Keras there to 3.6 or newer", "or save the model with Keras 3.3", RE_SAVE),
        ),
        (
            "2.15.0",
            "tf2.14",
            ("upgrade TensorFlow there to 2.15 or newer", "or save the model with Keras 2.14", RE_SAVE),
        ),
        (
            "2.16.0",
            "tf2.15",
            ("upgrade TensorFlow and tf_keras there to 2.16 or newer", "or save the model with Keras 2.15", RE_SAVE),
        ),
        ("2.14.0", "tf2.15", ("load it with Keras 2.14.0", IN_CODE, RE_SAVE)),
        ("2.15.0", "tf2.15", ("load it with Keras 2.15.0", IN_CODE, RE_SAVE)),
        ("3.3.0", "tf2.16", ("load it with Keras 3.3.0", IN_CODE, RE_SAVE)),
    ],
)
def test_the_ways_to_another_keras(writer: str, runtime: str, fix: tuple[str, ...]) -> None:
    assert fixes.other_keras(before(h5(writer), runtime)) == fix


def test_the_ways_to_other_code() -> None:
    assert fixes.other_code("shop") == (
        "deploy the version of shop that saved the model there, before you deploy the model",
        "or save the model with the version of shop that is installed there",
        RE_SAVE,
    )


@pytest.mark.parametrize(
    ("name", "module", "registering"),
    [("Scale", "", "the module that registers it"), ("shop>Scale", "shop.layers", "shop.layers")],
)
def test_how_a_class_is_declared(name: str, module: str, registering: str) -> None:
    assert fixes.declare(name, module) == (
        f'pass custom_objects={{"Scale": Scale}} to load_model, or import {registering}',
        "if you do that already, add --custom Scale",
    )


def test_what_is_declared_by_a_line_is_read_from_it() -> None:
    line, to_the_command = fixes.declare_as("swish", "keras.activations.silu")
    assert line == 'pass custom_objects={"swish": keras.activations.silu} to load_model'
    assert to_the_command == "if you do that already, add --custom swish"
    assert fixes.declared_as(line) == {"swish": "keras.activations.silu"}
    for other in (to_the_command, f"or {line}", fixes.declare("Scale")[0], ""):
        assert fixes.declared_as(other) == {}


def test_an_h5_file_with_a_lambda_is_better_saved_as_a_saved_model(tmp_path: Path) -> None:
    with_lambda = read_inventory(written_h5(K24, coded(K24, "3.8"))(tmp_path))
    assert fixes.leave_h5(with_lambda, ", why") == "save the model as SavedModel: .keras refuses the lambda in it"
    assert fixes.leave_h5(h5(), ", why") == "save the model as .keras or SavedModel, why"
    assert fixes.leave_h5(h5()) == "save the model as .keras or SavedModel"


def result(*findings: Finding, **more: Any) -> CompatibilityResult:
    return CompatibilityResult(Path("m"), "tf2.21", findings, **more)


ERROR = Finding(Kind.UNKNOWN_LAYER, "a", stage=Stage.WEIGHTS)
EARLY = Finding(Kind.UNKNOWN_LAYER, "b", stage=Stage.CONFIG)
CHANGE = Finding(Kind.STATE_LOST, "c", severity=Severity.CHANGE, stage=Stage.OPEN)
NOTE = Finding(Kind.STATE_LOST, "d", severity=Severity.NOTE, stage=Stage.OPEN)


@pytest.mark.parametrize(
    ("judgement", "compatibility", "stage"),
    [
        (result(), Compatibility.LOADS, None),
        (result(NOTE), Compatibility.LOADS, None),
        (result(NOTE, CHANGE), Compatibility.CHANGED, None),
        (result(CHANGE, ERROR), Compatibility.FAILS, Stage.WEIGHTS),
        (result(ERROR, EARLY, NOTE), Compatibility.FAILS, Stage.CONFIG),
        (result(Finding(Kind.UNKNOWN_LAYER, "a")), Compatibility.FAILS, None),
        (result(is_readable=False), Compatibility.UNREADABLE, None),
    ],
)
def test_what_findings_add_up_to(
    judgement: CompatibilityResult, compatibility: Compatibility, stage: Stage | None
) -> None:
    assert (judgement.compatibility, judgement.stage) == (compatibility, stage)


def test_a_verdict_names_its_runtime_and_artifact() -> None:
    found = check_compatibility(h5(), load_profile("tf2.21"))
    assert (found.path, found.runtime, found.findings) == (Path("model.h5"), "tf2.21", ())


def test_what_is_not_opened_is_not_judged_further() -> None:
    held = Inventory(Path("model.h5"), "h5", layers=(layer("Nobody"),), weights_only=True)
    assert [each.kind for each in judged(held, "tf2.21")] == [Kind.FORMAT_NOT_READ]
    assert [each.kind for each in judged(replace(held, weights_only=False), "tf2.21")] == [Kind.UNKNOWN_LAYER]


def test_constructs_are_those_of_the_file_and_of_what_is_own_there() -> None:
    """They are kept while a file is judged for one runtime after the other."""
    one = h5(layers=(layer("Dense"), layer("Scale")))
    other = h5(layers=(layer("Dropout"), layer("Scale")))
    asked = [(one, ()), (one, ("Dense",)), (other, ()), (one, ())]
    found = [set(before(inventory, "tf2.16", *custom).constructs) for inventory, custom in asked]
    assert found == [{"layer Dense", "layer *"}, {"layer *"}, {"layer Dropout", "layer *"}, {"layer Dense", "layer *"}]
