"""Names in a configuration: which are unsafe, by which rule, and which every sound model has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LambdaUse, LayerUse, Reference
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.unsafe import rules, unsafe_content
from pytest_modelcompat.profiles.store import load_profile

if TYPE_CHECKING:
    from pytest_modelcompat.results.finding import Finding


def judged(module: str, name: str, *custom: str, is_function: bool = True, registered: str = "") -> tuple[Finding, ...]:
    reference = Reference(name, ("price",), module, registered or None, is_function=is_function)
    return unsafe_content(Inventory(Path("m"), "keras", references=(reference,)), custom=custom)


@pytest.mark.parametrize(
    ("module", "name", "rule"),
    [
        ("os", "system", rules.PYTHON),
        ("posix", "system", rules.PYTHON),
        ("subprocess", "run", rules.PYTHON),
        ("builtins", "eval", rules.PYTHON),
        ("builtins", "exec", rules.PYTHON),
        ("keras.utils", "get_file", rules.FUNCTION),
        ("keras.src.utils.python_utils", "func_load", rules.FUNCTION),
        ("tensorflow._api.v2.io", "write_file", rules.CALLED_MODULE),
        ("shop.pricing", "discount", rules.CALLED_MODULE),
    ],
)
def test_functions_that_a_file_has_called(module: str, name: str, rule: rules.Rule) -> None:
    (finding,) = judged(module, name)
    assert finding.code == rule.code
    assert finding.where == ('"price"',)
    assert f"{module}.{name}" in f"{finding.subject} {finding.cause}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("keras.ops", "relu"), ("keras.activations", "gelu"), ("builtins", "relu"), ("builtins", "abs")),
        *(("builtins", "discount"), ("keras.applications.resnet50", "preprocess_input")),
        ("keras.src.ops.nn", "relu"),
    ],
)
def test_functions_that_sound_models_have(module: str, name: str) -> None:
    assert not judged(module, name)


def test_functions_of_the_packages_that_keras_takes_for_its_own() -> None:
    assert not judged("keras_hub.src.layers", "rotary", registered="keras_hub>rotary")
    for registered in ("function", "keras_hub>gelu", "keras_cv>load"):
        assert judged("keras_hub.src.utils", "load", registered=registered)[0].code == rules.CALLED_MODULE.code


def test_a_function_that_is_spelled_as_a_class_is_one() -> None:
    assert judged("numpy.f2py.crackfortran", "myeval", is_function=False)[0].code == rules.CALLED_MODULE.code
    assert judged("keras.utils", "get_file", is_function=False)[0].code == rules.FUNCTION.code
    assert judged("builtins", "eval", is_function=False)[0].code == rules.PYTHON.code
    assert not judged("builtins", "tuple", is_function=False)
    assert not judged("keras.losses", "mean_squared_error", is_function=False)


@pytest.mark.parametrize(
    ("module", "name", "rule"),
    [
        ("tensorflow.raw_ops", "WriteFile", rules.CALLED_MODULE),
        ("tensorflow.python.ops.io_ops", "ReadFile", rules.CALLED_MODULE),
        ("tensorflow._api.v2.compat.v1.gfile", "DeleteRecursively", rules.CALLED_MODULE),
        ("absl.flags", "DEFINE", rules.CALLED_MODULE),
        ("keras.applications", "ResNet50", rules.FUNCTION),
        ("keras.src.applications.resnet", "ResNet50", rules.FUNCTION),
    ],
)
def test_a_function_that_begins_with_a_capital_letter(module: str, name: str, rule: rules.Rule) -> None:
    assert judged(module, name, is_function=False)[0].code == rule.code


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("tensorflow.python.ops.init_ops_v2", "RandomNormal"),
        ("tensorflow.python.feature_column.feature_column_v2", "NumericColumn"),
        ("tensorflow.python.training.experimental.loss_scale", "DynamicLossScale"),
        ("shop.layers", "Scale"),
    ],
)
def test_a_class_with_a_configuration_is_only_imported(module: str, name: str) -> None:
    assert judged(module, name, is_function=False)[0].code == rules.MODULE.code


def test_classes_of_keras_that_are_not_public() -> None:
    assert not judged("keras.src.models.functional", "Functional", is_function=False)
    assert not judged("tensorflow.python.keras.layers.core", "Dense", is_function=False)
    assert not judged("tensorflow.keras", "Input", is_function=False)


def test_classes_in_a_call() -> None:
    assert judged("subprocess", "Popen", is_function=False)[0].code == rules.PYTHON.code
    assert judged("shop.layers", "Scale", is_function=False)[0].code == rules.MODULE.code
    assert not judged("tensorflow.python.framework.tensor_spec", "TensorSpec", is_function=False)
    assert not judged("keras.random", "SeedGenerator", is_function=False)


def test_what_is_declared_is_the_users_own() -> None:
    assert not judged("shop.pricing", "discount", "discount")
    # Keras looks a function up by its name alone, whatever else the file says.
    assert judged("shop.pricing", "discount", "shop>discount", registered="shop>discount")


def test_a_lambda_of_a_function_that_names_its_module_is_judged_by_that_once() -> None:
    reference = Reference("get_file", ("price",), "shop.files", is_function=True, key="function")
    held = LambdaUse(("price",), has_bytecode=False, function_name="get_file")
    both = Inventory(Path("m"), "keras", references=(reference,), lambdas=(held,))
    assert [each.code for each in unsafe_content(both)] == [rules.CALLED_MODULE.code]
    assert [each.code for each in unsafe_content(replace(both, references=()))] == [rules.FUNCTION.code]


def test_the_other_name_that_keras_looks_up_is_named() -> None:
    (finding,) = judged("os", "relu", registered="system")
    assert "os.relu, or os.system" in finding.cause


@pytest.mark.parametrize("name", ["../../x", "a\\..\\..\\x", "/etc/x", "C:\\x"])
def test_a_name_that_leads_to_another_folder(name: str) -> None:
    (finding,) = unsafe_content(Inventory(Path("m"), "keras", layers=(LayerUse("ReLU", (name,)),)))
    assert finding.code == rules.NAME.code


@pytest.mark.parametrize("name", ["conv..1", "block1/conv", "..."])
def test_a_name_that_does_not(name: str) -> None:
    assert not unsafe_content(Inventory(Path("m"), "keras", layers=(LayerUse("ReLU", (name,)),)))


def test_the_verdict_knows_a_function_by_its_name_alone_too() -> None:
    reference = Reference(
        "discount", ("price",), "shop.pricing", "shop>discount", is_function=True, key="inbound_nodes"
    )
    inventory = Inventory(Path("m.keras"), "keras", references=(reference,))
    profile = load_profile("tf2.21")

    def unknown(*custom: str) -> list[str]:
        return [each.subject for each in check_compatibility(inventory, profile, custom=custom).findings]

    assert unknown("discount") == []
    assert unknown("shop>discount") == unknown() == ["shop.pricing.discount"]
