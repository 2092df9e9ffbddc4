"""Whose op it is: every recorded one by its package, none of TensorFlow's, and what to install where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, OpLocation, OpUse
from pytest_modelcompat.diagnosis import unresolved
from pytest_modelcompat.profiles import op_packages
from pytest_modelcompat.profiles.known_names import first_tensorflow_with
from pytest_modelcompat.profiles.op_packages import OpPackage, package_called, package_of
from pytest_modelcompat.profiles.store import TENSORFLOW, read_history
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes.protocol import LoadResult, ProcessExit

if TYPE_CHECKING:
    from pytest_modelcompat.results.finding import Finding

RECORDED = op_packages.read_op_packages()
EVERY_OP = [
    (module, op, known["ops_of_libraries"].get(op, ""))
    for module, known in RECORDED.items()
    for op in (*known["ops"], *known["ops_of_libraries"])
]


def package(op: str) -> OpPackage:
    found = package_of(op)
    assert found is not None, f"nobody knows whose {op} is"
    return found


class TestData:
    def test_every_op_is_its_package_s(self) -> None:
        assert len(EVERY_OP) > 300
        for module, op, library in EVERY_OP:
            found = package(op)
            assert (found.module, found.library) == (module, library), op
            assert found.distribution == RECORDED[module]["distribution"]

    def test_none_is_recorded_twice(self) -> None:
        names = [op for _, op, _ in EVERY_OP]
        assert len(names) == len(set(names))

    def test_none_is_tensorflow_s(self) -> None:
        _, history = read_history(TENSORFLOW)
        node = history["ops"]
        parts = node if isinstance(node, list) else [node]
        known = {name for part in parts if isinstance(part, dict) for name in part}
        assert {"MatMul", "DecodeProtoV2"} <= known
        assert [name for name in known if package_of(name) is not None] == []
        assert [op for _, op, _ in EVERY_OP if first_tensorflow_with(op)] == []

    def test_versions_in_step_are_those_of_the_tensorflow_they_were_recorded_in(self) -> None:
        recorded = RECORDED["tensorflow_text"]["recorded"]
        assert len(recorded) > 5
        for own, tensorflow in recorded.items():
            assert package("CaseFoldUTF8").install(tensorflow).endswith(f'=={own.rpartition(".")[0]}.*"')

    @pytest.mark.parametrize("module", RECORDED)
    def test_what_was_recorded_says_in_which_tensorflow(self, module: str) -> None:
        recorded = RECORDED[module]["recorded"]
        assert recorded
        assert all(tensorflow.startswith("2.") for tensorflow in recorded.values())

    def test_names_of_packages_lead_to_packages_that_are_recorded(self) -> None:
        assert set(op_packages.NAMESPACES.values()) - set(RECORDED) == {"horovod.tensorflow"}


class TestPackageOf:
    @pytest.mark.parametrize(
        ("op", "distribution", "library"),
        [
            ("SimpleMLLoadModelFromPathWithHandle", "tensorflow-decision-forests", ""),
            ("CaseFoldUTF8", "tensorflow-text", ""),
            ("TFText>WhitespaceTokenizeWithOffsetsV2", "tensorflow-text", ""),
            ("IO>AudioDecodeMP3", "tensorflow-io", "python/ops/libtensorflow_io.so"),
            ("Addons>GatherTree", "tensorflow-addons", "custom_ops/seq2seq/_beam_search_ops.so"),
            ("DecodeProtoSparseV2", "struct2tensor", ""),
        ],
    )
    def test_recorded(self, op: str, distribution: str, library: str) -> None:
        found = package(op)
        assert (found.distribution, found.library) == (distribution, library)

    @pytest.mark.parametrize(
        ("op", "module"),
        [
            ("TFText>Nope", "tensorflow_text"),
            ("SimpleMLNope", "tensorflow_decision_forests"),
            ("HorovodNope", "horovod.tensorflow"),
        ],
    )
    def test_not_recorded_and_named_as_a_package_names_its_ops(self, op: str, module: str) -> None:
        assert package(op).module == module

    @pytest.mark.parametrize("op", ["Addons>Nope", "IO>Nope"])
    def test_of_a_package_whose_libraries_register_its_ops(self, op: str) -> None:
        assert package(op).library_path.endswith("/the_library.so")

    @pytest.mark.parametrize("op", ["FancyCustomMul", "MatMul", "TFTextNope"])
    def test_nobody_s(self, op: str) -> None:
        assert package_of(op) is None


class TestPackageCalled:
    @pytest.mark.parametrize(
        ("module", "distribution"),
        [
            ("tensorflow_text", "tensorflow-text"),
            ("tensorflow_text.python.ops", "tensorflow-text"),
            ("horovod.tensorflow", "horovod"),
            ("reverb", "dm-reverb"),
        ],
    )
    def test_the_package_or_what_is_in_it(self, module: str, distribution: str) -> None:
        found = package_called(module)
        assert found is not None
        assert found.distribution == distribution

    @pytest.mark.parametrize("module", ["shop", "tensorflow", "tensorflow_textual"])
    def test_others_bring_no_ops(self, module: str) -> None:
        assert package_called(module) is None


class TestInstall:
    @pytest.mark.parametrize(
        ("op", "tensorflow", "command"),
        [
            ("CaseFoldUTF8", "2.15.1", 'pip install "tensorflow-text==2.15.*"'),
            ("CaseFoldUTF8", "2.21", 'pip install "tensorflow-text==2.21.*"'),
            ("CaseFoldUTF8", "", 'pip install "tensorflow-text==X.Y.*"'),
            ("SimpleMLShowModel", "2.15.0", 'pip install "tensorflow-decision-forests==1.8.1"'),
            ("SimpleMLShowModel", "2.21.0", "pip install tensorflow-decision-forests"),
            ("SimpleMLShowModel", "", "pip install tensorflow-decision-forests"),
            ("HorovodNope", "2.15.0", "pip install horovod"),
        ],
    )
    def test_in_the_version_for_the_tensorflow_there(self, op: str, tensorflow: str, command: str) -> None:
        assert package(op).install(tensorflow) == command


class TestIsDeclared:
    @pytest.mark.parametrize(
        ("op", "declared", "expected"),
        [
            ("CaseFoldUTF8", "tensorflow_text", True),
            ("CaseFoldUTF8", "tensorflow_text.python.ops", True),
            ("CaseFoldUTF8", "tensorflow_textual", False),
            ("Addons>GatherTree", "tensorflow_addons", False),
            ("Addons>GatherTree", "/env/tensorflow_addons/custom_ops/seq2seq/_beam_search_ops.so", True),
            ("Addons>GatherTree", "/env/tensorflow_addons/custom_ops/image/_image_ops.so", False),
        ],
    )
    def test_by_what_registers_it(self, op: str, declared: str, expected: bool) -> None:
        assert package(op).is_declared(("shop", declared)) is expected


class TestResolved:
    @staticmethod
    def judged(op: str, *declared: str, declared_in: OptionPlace = OptionPlace.ARTIFACT_MARKER) -> Finding:
        inventory = Inventory(Path("model"), "saved_model", ops=(OpUse(op, 1, (OpLocation("call"),)),))
        loaded = LoadResult(ProcessExit(0), unknown_ops=(op,), versions={"tensorflow": "2.15.1"}, declared=declared)
        (finding,) = unresolved.unresolved_findings(inventory, loaded, OptionSyntax(declared_in))
        return finding

    def test_an_import_registers_it(self) -> None:
        finding = self.judged("CaseFoldUTF8")
        assert finding.cause.endswith("it comes with the package tensorflow_text, which the test does not declare")
        assert finding.fix == (
            'if it is missing where the model is loaded: pip install "tensorflow-text==2.15.*"',
            'and declare it: @pytest.mark.model_artifact(..., imports=["tensorflow_text"])',
        )

    def test_only_a_library_registers_it(self) -> None:
        finding = self.judged("IO>AudioDecodeMP3", "tensorflow_io", declared_in=OptionPlace.COMMAND_LINE)
        assert "it comes with the package tensorflow_io, in a library that the test does not declare" in finding.cause
        assert finding.fix[1] == (
            "and declare its library: --modelcompat-op-library "
            "path/to/site-packages/tensorflow_io/python/ops/libtensorflow_io.so"
        )

    def test_the_version_that_is_declared_does_not_have_it(self) -> None:
        finding = self.judged("SimpleMLNope", "tensorflow_decision_forests")
        assert "which the loader has imported: the version installed there does not have it" in finding.cause
        assert finding.fix == (
            "install the version of tensorflow-decision-forests there that the model was saved with",
        )
