"""References: functions and classes that a .keras file names in a call or a Lambda, and who finds them."""

from __future__ import annotations

import pytest

from pytest_modelcompat.artifacts.inventory import LambdaUse, Reference
from pytest_modelcompat.compatibility.rules.lambdas import named_functions
from pytest_modelcompat.compatibility.rules.references import unknown_references
from pytest_modelcompat.results.finding import Finding, Kind, Stage
from tests.compatibility.judging import before, h5, keras_file

BOTH, OLD = (True, True), (True, False)
NONE = (False, False)


def function(name: str, module: str | None, key: str = "inbound_nodes") -> Reference:
    return Reference(name, ("added",), module, name, is_function=True, key=key)


def a_class(name: str, module: str | None, key: str = "inbound_nodes") -> Reference:
    return Reference(name, ("added",), module, f"shop>{name}", key=key)


def found(reference: Reference, runtime: str, *custom: str) -> list[Finding]:
    return list(unknown_references(before(keras_file(references=(reference,)), runtime, *custom)))


@pytest.mark.parametrize(
    ("reference", "is_found"),
    [
        # Up to 3.8 a Keras imports any module.
        (function("tripled", "shop.models"), OLD),
        (a_class("Scale", "shop.layers"), OLD),
        (function("tripled", None), OLD),
        (function("relu", "keras.activations"), BOTH),
        (function("nobody", "keras.activations"), OLD),
        (function("add", "keras.ops"), BOTH),
        (a_class("Dense", "keras.layers"), BOTH),
        (a_class("Dense", "tf_keras.layers"), OLD),
        (a_class("Scale", "keras_hub.src.layers"), BOTH),
        (a_class("Scale", "keras_nlp.layers"), BOTH),
        (function("scale", "keras_hub.src.layers"), OLD),
        (a_class("Scale", "keras_core.layers"), OLD),
        # Without a module it looks among its own functions, an old one among Python's too.
        (function("relu", "builtins"), BOTH),
        (function("glorot_uniform", "builtins"), BOTH),
        (function("mean_squared_error", "builtins"), BOTH),
        (function("print", "builtins"), OLD),
        (function("tripled", "builtins"), NONE),
        # Of a Lambda's function another rule says that it is not there.
        (function("tripled", "builtins", "function"), BOTH),
        (function("Dense", "builtins", "function"), NONE),
        (function("print", "builtins", "output_shape"), OLD),
        (function("tripled", "builtins", "output_shape"), NONE),
        # In the place of a layer an old one takes any function, later ones take none.
        (function("relu", "keras.activations", "layers"), OLD),
        (function("tripled", "shop.models", "layers"), OLD),
        # The rest of a file it passes over.
        (function("tripled", "builtins", "mask"), BOTH),
        (function("tripled", "builtins", ""), BOTH),
    ],
)
def test_what_an_old_and_a_new_keras_3_find(reference: Reference, is_found: tuple[bool, bool]) -> None:
    assert tuple(not found(reference, runtime) for runtime in ("tf2.16+keras3.8", "tf2.16+keras3.9")) == is_found
    assert not found(reference, "tf2.15")


@pytest.mark.parametrize(
    ("reference", "custom", "is_declared"),
    [
        (function("tripled", "shop.models"), "tripled", True),
        (function("tripled", "shop.models"), "shop>tripled", False),
        (a_class("Scale", "shop.layers"), "Scale", True),
        (a_class("Scale", "shop.layers"), "shop>Scale", True),
        (a_class("Scale", "shop.layers"), "Other", False),
        (Reference("fn", (), "shop.models", "shop>fn", is_function=True, key="function"), "shop>fn", False),
    ],
)
def test_what_is_declared_is_found(reference: Reference, custom: str, is_declared: bool) -> None:
    assert bool(found(reference, "tf2.21", custom)) is not is_declared


def test_what_is_said_of_one() -> None:
    (finding,) = found(function("tripled", "shop.models"), "tf2.21")
    assert finding == Finding(
        Kind.UNKNOWN_OBJECT,
        "shop.models.tripled",
        where=('"added"',),
        cause="Keras 3.15 does not look up what the file names there, and it is not declared",
        fix=(
            'pass custom_objects={"tripled": tripled} to load_model, or import the module that registers it',
            "if you do that already, add --custom tripled",
        ),
        stage=Stage.CONFIG,
        source="measured",
    )
    (finding,) = found(function("relu", "keras.activations", "layers"), "tf2.21")
    assert finding.cause == "Keras 3.15 takes no function for a layer"


def test_one_that_is_named_twice_is_said_once() -> None:
    other = Reference("tripled", ("last",), "shop.models", "tripled", is_function=True, key="inbound_nodes")
    held = keras_file(references=(function("tripled", "shop.models"), other, function("halved", "shop.models")))
    findings = list(unknown_references(before(held, "tf2.21")))
    assert [(each.subject, each.where) for each in findings] == [
        ("shop.models.tripled", ('"added"', '"last"')),
        ("shop.models.halved", ('"added"',)),
    ]


def test_an_h5_file_is_read_in_another_way() -> None:
    held = h5("3.6.0", references=(function("tripled", "shop.models"),))
    assert not list(unknown_references(before(held, "tf2.21")))


class TestInAnH5File:
    """Keras 3 writes the functions of a Lambda there as into a .keras file, and what a call is given otherwise."""

    def found(self, reference: Reference, runtime: str, *custom: str, writer: str = "3.10.0") -> list[Finding]:
        inventory = h5(writer, references=(reference,))
        return list(unknown_references(before(inventory, runtime, *custom)))

    def test_a_function_of_a_lambda_that_nothing_has_is_not_found(self) -> None:
        (finding,) = self.found(function("Dense", "builtins", "function"), "tf2.21")
        assert finding.kind is Kind.UNKNOWN_OBJECT
        assert finding.cause == "Keras 3.15 does not look up what the file names there, and it is not declared"

    def test_what_else_refers_to_one_and_what_keras_2_wrote_is_passed_over(self) -> None:
        assert not self.found(function("tripled", "builtins"), "tf2.21")
        assert not self.found(function("Dense", "builtins", "function"), "tf2.21", writer="2.15.0")

    @pytest.mark.parametrize("runtime", ["tf2.16+keras3.0", "tf2.16+keras3.2"])
    def test_the_first_keras_3_finds_what_was_registered_and_not_what_is_declared(self, runtime: str) -> None:
        declared = Reference("tripled", ("half",), "builtins", "function", is_function=True, key="function")
        (finding,) = self.found(declared, runtime, "tripled")
        assert "does not look among custom_objects" in finding.cause
        assert finding.fix[0].startswith("load it in a scope: with keras.utils.custom_object_scope(custom_objects): ")
        assert finding.fix[1].startswith("or register the function")
        registered = Reference("shop>tripled", ("half",), "builtins", "function", is_function=True, key="function")
        assert not self.found(registered, runtime, "shop>tripled")
        assert not self.found(declared, "tf2.16", "tripled")

    @pytest.mark.parametrize(("writer", "is_told"), [("3.6.0", False), ("3.7.0", True)])
    def test_an_older_file_does_not_say_what_is_registered_and_who_loads_it_can(
        self, writer: str, is_told: bool
    ) -> None:
        declared = Reference("tripled", ("half",), "builtins", "function", is_function=True, key="function")
        (finding,) = self.found(declared, "tf2.16+keras3.2", "tripled", writer=writer)
        said = "if you do that already, add --custom 'Custom>tripled'"
        assert (said in finding.fix) is not is_told
        assert not self.found(declared, "tf2.16+keras3.2", "Custom>tripled", writer=writer)
        lambdas = (LambdaUse(("half",), has_bytecode=False, function_name="tripled"),)
        context = before(h5(writer, lambdas=lambdas), "tf2.16+keras3.2", "Custom>tripled")
        assert not list(named_functions(context))
