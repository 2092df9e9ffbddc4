"""What a static read finds unknown, told with its places and the declaration that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, ObjectUse, OpLocation, OpUse
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.diagnosis.unresolved import resolvable_uses, unresolved_findings, use_as_json
from pytest_modelcompat.results.finding import Blame, Finding, Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path("ranker.h5")
HOMES = OptionSyntax(defining_modules={"Scale": "shop.layers.Scale", "soft": "shop.losses.soft"})


def unknown(
    layers: Sequence[LayerUse] = (), objects: Sequence[ObjectUse] = (), declaration: OptionSyntax = HOMES
) -> tuple[Finding, ...]:
    inventory = Inventory(FILE, "keras", layers=tuple(layers), objects=tuple(objects))
    everything = tuple(range(len(layers) + len(objects)))
    return unresolved_findings(inventory, LoadResult(ProcessExit(0), unknown_objects=everything), declaration)


class TestPlaces:
    @pytest.mark.parametrize(
        ("use", "words"),
        [
            (LayerUse("Scale", ("scale",), position=1, siblings=1), '"scale"'),
            (LayerUse("Scale", ("scale",), position=3, siblings=5), '"scale", third of 5 layers'),
            (LayerUse("Scale", ("scale",), position=10, siblings=20), '"scale", tenth of 20 layers'),
            (LayerUse("Scale", ("scale",), position=11, siblings=20), '"scale", number 11 of 20 layers'),
            (LayerUse("Scale", ("wrapped",)), '"wrapped"'),
            (LayerUse("Scale", ("tower", "scale"), position=2, siblings=2), '"scale" inside "tower"'),
            (LayerUse("Scale", ("a", "b", "scale")), '"scale" inside "a/b"'),
            (LayerUse("Ranker", ()), "the model"),
            (ObjectUse("loss", "soft", ("compile",)), "compile()"),
            (ObjectUse("activation", "soft", ("dense",)), 'activation of "dense"'),
            (ObjectUse("initializer", "soft", ("tower", "dense")), 'initializer of "dense" inside "tower"'),
        ],
    )
    def test_in_words(self, use: LayerUse | ObjectUse, words: str) -> None:
        assert locations([use]) == (words,)

    def test_more_than_four_are_counted_and_the_same_said_once(self) -> None:
        uses = [LayerUse("Scale", (f"s{number}",)) for number in range(6)]
        assert locations([*uses, uses[0]]) == ('"s0"', '"s1"', '"s2"', '"s3"', "and 2 more")
        assert locations(uses[:4]) == ('"s0"', '"s1"', '"s2"', '"s3"')


class TestUnknown:
    def test_a_layer_used_in_several_places_is_one_finding(self) -> None:
        layers = [
            LayerUse("Scale", ("scale_1",), position=3, siblings=5),
            LayerUse("Other", ("other",), position=4, siblings=5),
            LayerUse("Scale", ("tower", "scale_2"), position=1, siblings=2),
        ]
        scale, other = unknown(layers)
        assert (scale.kind, scale.subject) == (Kind.UNKNOWN_LAYER, "Scale")
        assert scale.where == ('"scale_1", third of 5 layers', '"scale_2" inside "tower"')
        assert scale.cause == "Keras has no layer of this name, and the test declares none"
        assert scale.fix == (
            'from shop.layers import Scale\n@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
            "or decorate it with @keras.utils.register_keras_serializable() and declare",
            '@pytest.mark.model_roundtrip(imports=["shop.layers"])',
        )
        imported, marker = other.fix[0].split("\n")
        assert imported == "from your_module import Other"
        assert marker == '@pytest.mark.model_roundtrip(custom_objects={"Other": Other})'

    def test_only_what_the_loader_could_not_resolve(self) -> None:
        layers = (LayerUse("Dense", ("dense",)), LayerUse("Scale", ("scale",)))
        inventory = Inventory(FILE, "h5", layers=layers)
        (finding,) = unresolved_findings(inventory, LoadResult(ProcessExit(0), unknown_objects=(1,)), HOMES)
        assert finding.subject == "Scale"
        assert unresolved_findings(inventory, LoadResult(ProcessExit(0)), HOMES) == ()

    def test_a_registered_class_is_imported(self) -> None:
        layer = LayerUse("Scale", ("scale",), module="shop.layers", registered_name="shop>Scale")
        (finding,) = unknown([layer])
        assert finding.subject == "shop>Scale"
        assert finding.cause.startswith("it is registered as 'shop>Scale' by a decorator in shop.layers")
        assert finding.fix == (
            '@pytest.mark.model_roundtrip(imports=["shop.layers"])',
            'or from shop.layers import Scale\n@pytest.mark.model_roundtrip(custom_objects={"shop>Scale": Scale})',
        )

    def test_two_packages_classes_of_one_name_are_two_findings(self) -> None:
        layers = [LayerUse("Scale", (p,), module=p, registered_name=f"{p}>Scale") for p in ("one", "two")]
        assert [finding.subject for finding in unknown(layers)] == ["one>Scale", "two>Scale"]

    def test_a_function_is_reported_by_its_name_not_by_the_word_function(self) -> None:
        use = ObjectUse("loss", "soft", ("compile",), module="builtins", registered_name="function")
        (finding,) = unknown(objects=[use])
        assert (finding.kind, finding.subject, finding.where) == (Kind.UNKNOWN_OBJECT, "soft", ("compile()",))
        assert (
            finding.fix[0]
            == 'from shop.losses import soft\n@pytest.mark.model_roundtrip(custom_objects={"soft": soft})'
        )
        assert finding.fix[2] == '@pytest.mark.model_roundtrip(imports=["shop.losses"])'
        assert ("role", "loss") in finding.details

    def test_two_functions_registered_as_function_are_two_findings(self) -> None:
        uses = [ObjectUse("loss", name, ("compile",), registered_name="function") for name in ("soft", "hard")]
        assert [finding.subject for finding in unknown(objects=uses)] == ["soft", "hard"]


class TestDeclaration:
    @pytest.mark.parametrize(
        ("declared_in", "custom_object", "imports", "formats"),
        [
            (
                OptionPlace.MARKER,
                'from shop.layers import Scale\n@pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
                '@pytest.mark.model_roundtrip(imports=["shop"])',
                '@pytest.mark.model_roundtrip(formats=["keras", "h5"])',
            ),
            (
                OptionPlace.ARTIFACT_MARKER,
                'from shop.layers import Scale\n@pytest.mark.model_artifact(..., custom_objects={"Scale": Scale})',
                '@pytest.mark.model_artifact(..., imports=["shop"])',
                '@pytest.mark.model_artifact(..., formats=["keras", "h5"])',
            ),
            (
                OptionPlace.CALL,
                'from shop.layers import Scale\nmodel_roundtrip(..., custom_objects={"Scale": Scale})',
                'model_roundtrip(..., imports=["shop"])',
                'model_roundtrip(..., formats=["keras", "h5"])',
            ),
            (
                OptionPlace.COMMAND_LINE,
                "--modelcompat-custom-object shop.layers:Scale",
                "--modelcompat-import shop",
                "--modelcompat-format keras --modelcompat-format h5",
            ),
        ],
    )
    def test_is_written_where_the_case_is(
        self, declared_in: OptionPlace, custom_object: str, imports: str, formats: str
    ) -> None:
        declaration = OptionSyntax(declared_in, HOMES.defining_modules)
        assert declaration.custom_object("Scale") == custom_object
        assert declaration.imports("shop") == imports
        assert declaration.formats(["keras", "h5"]) == formats

    def test_another_name_is_given_on_the_command_line(self) -> None:
        declaration = OptionSyntax(OptionPlace.COMMAND_LINE, HOMES.defining_modules)
        assert declaration.custom_object("shop>Scale") == "--modelcompat-custom-object 'shop>Scale=shop.layers:Scale'"

    def test_reasons_and_op_libraries(self) -> None:
        assert HOMES.allowed("allow_ops", "Erf") == '@pytest.mark.model_roundtrip(allow_ops={"Erf": "the reason"})'
        assert HOMES.op_library("a.so") == '@pytest.mark.model_roundtrip(op_libraries=["a.so"])'
        command = OptionSyntax(OptionPlace.COMMAND_LINE)
        assert command.allowed("allow_ops", "Erf").startswith("in a test: @pytest.mark.model_roundtrip(allow_ops=")
        assert command.op_library("a.so") == "--modelcompat-op-library a.so"


class TestOps:
    @staticmethod
    def judged(op: OpUse, *unknown_ops: str) -> tuple[Finding, ...]:
        return unresolved_findings(
            Inventory(FILE, "saved_model", ops=(op,)), LoadResult(ProcessExit(0), unknown_ops=unknown_ops), HOMES
        )

    def test_unknown_with_places_and_count(self) -> None:
        held = (OpLocation("mul"), OpLocation("inner/mul", "__inference_serve_1"))
        (finding,) = self.judged(OpUse("FancyMul", 7, held), "FancyMul")
        assert (finding.kind, finding.subject) == (Kind.UNKNOWN_OP, "FancyMul")
        assert finding.where == ('node "mul"', 'node "inner/mul" of function __inference_serve_1', "and 5 more")
        assert ("count", "7") in finding.details
        assert finding.fix[1].endswith('op_libraries=["path/to/the_library.so"])')

    def test_known_ones_are_no_finding(self) -> None:
        assert self.judged(OpUse("MatMul", 1, (OpLocation("mul"),)), "FancyMul") == ()

    @pytest.mark.parametrize("op", ["PyFunc", "PyFuncStateless", "EagerPyFunc"])
    def test_python_functions_though_the_loader_knows_the_op(self, op: str) -> None:
        (finding,) = self.judged(OpUse(op, 1, (OpLocation("call"),)))
        assert (finding.kind, finding.blame, finding.where) == (Kind.PYTHON_FUNCTION, Blame.WRITER, ('node "call"',))


class TestNotRebuildable:
    @staticmethod
    def finding(argument: str, problem: str, *, has_get_config: bool, layers: int = 1) -> tuple[Finding, ...]:
        uses = tuple(LayerUse("Scale", (f"scale_{n}",), position=n + 1, siblings=layers) for n in range(layers))
        problems: tuple[dict[str, Any], ...] = tuple(
            {
                "index": n,
                "class": "shop.layers.Scale",
                "argument": argument,
                "problem": problem,
                "has_get_config": has_get_config,
            }
            for n in range(layers)
        )
        return unresolved_findings(
            Inventory(FILE, "h5", layers=uses), LoadResult(ProcessExit(0), not_rebuildable=problems), HOMES
        )

    def test_one_finding_for_a_class_with_all_its_places(self) -> None:
        (finding,) = self.finding("units", "missing", has_get_config=True, layers=2)
        assert (finding.kind, finding.subject, finding.blame) == (Kind.CANNOT_REBUILD, "Scale", Blame.WRITER)
        assert finding.where == ('"scale_0", first of 2 layers', '"scale_1", second of 2 layers')
        assert finding.cause == "shop.layers.Scale.__init__() requires 'units', and its get_config() does not return it"
        assert finding.fix[1] == '    return {**super().get_config(), "units": self.units}'

    def test_without_get_config(self) -> None:
        (finding,) = self.finding("units", "missing", has_get_config=False)
        assert finding.cause.endswith("and it has no get_config()")

    def test_an_argument_of_every_layer_needs_kwargs(self) -> None:
        (finding,) = self.finding("trainable", "unexpected", has_get_config=False)
        assert "Keras gives every layer it rebuilds its name, trainable and dtype" in finding.cause
        assert finding.fix[0] == "def __init__(self, ..., **kwargs):"

    def test_an_argument_that_it_does_not_take(self) -> None:
        (finding,) = self.finding("factor", "unexpected", has_get_config=True)
        assert finding.cause.endswith("holds 'factor', which shop.layers.Scale.__init__() does not accept")
        assert finding.fix == ("let __init__ take 'factor', or leave it out of what get_config() returns",)


class TestSubjects:
    LAYER = LayerUse("Scale", ("s",), module="shop", registered_name="shop>Scale", config={"b": 1, "a": 2})
    LOSS = ObjectUse("loss", "soft", ("compile",))

    def test_layers_come_before_objects_and_graphs_have_none(self) -> None:
        held: dict[str, Any] = {"layers": (self.LAYER,), "objects": (self.LOSS,)}
        assert resolvable_uses(Inventory(FILE, "h5", **held)) == [self.LAYER, self.LOSS]
        assert resolvable_uses(Inventory(FILE, "saved_model", **held)) == []

    def test_as_json(self) -> None:
        assert use_as_json(self.LAYER) == {
            "role": "layer",
            "name": "Scale",
            "module": "shop",
            "registered_name": "shop>Scale",
            "is_class": True,
            "config_keys": ["a", "b"],
        }
        assert (use_as_json(self.LOSS)["role"], use_as_json(self.LOSS)["is_class"]) == ("loss", False)
