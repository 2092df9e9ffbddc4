"""An op of a known package, met by a real loader: what is said of it, by the package's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.profiles.op_packages import package_called, package_of
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.option_syntax import OptionSyntax
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job
from tests import handmade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_modelcompat.results.finding import Finding


class Loader:
    """Loads a graph that calls an op, and says the result."""

    def __init__(self, loader: LoaderProcess, folder: Path) -> None:
        self.loader = loader
        self.folder = folder

    def tell(self, op: str, *imports: str, declared_in: OptionPlace = OptionPlace.MARKER) -> Finding:
        path = handmade.write_saved_model(self.folder / "model", {op: 1})
        loaded = self.loader.run(Job(path, "saved_model", "", Declarations(imports=imports), None, call=False))
        assert not loaded.succeeded
        context = DiagnosisContext(
            "model",
            "saved_model",
            read_inventory(path),
            loaded.versions,
            timeout=60.0,
            syntax=OptionSyntax(declared_in),
            declared=loaded.declared,
            package_of=package_of,
            package_called=package_called,
        )
        return diagnose(loaded, context)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Iterator[tuple[LoaderProcess, Path]]:
    """The loader of this runtime, and a folder whose `tensorflow_text` registers no op at all."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "tensorflow_text.py").write_text("", encoding="utf-8")
    (folder / "tensorflow_decision_forests.py").write_text("import a_module_nobody_has\n", encoding="utf-8")
    (folder / "struct2tensor.py").write_text("raise OSError('undefined symbol: _ZN10tensorflow')\n", encoding="utf-8")
    loader = LoaderProcess(environment={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""})
    loader.start()
    yield loader, folder
    loader.close()


@pytest.fixture
def loader(local: tuple[LoaderProcess, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    monkeypatch.syspath_prepend(str(local[1]))
    return Loader(local[0], tmp_path)


@pytest.mark.parametrize("op", ["CaseFoldUTF8", "TFText>Nope"])
def test_an_import_registers_it(loader: Loader, op: str) -> None:
    finding = loader.tell(op)
    assert (finding.kind, finding.subject) == (Kind.UNKNOWN_OP, op)
    assert "it comes with the package tensorflow_text, which the loader has not imported" in finding.cause
    install, declare = finding.fix
    assert install.startswith('if it is missing where the model is loaded: pip install "tensorflow-text==2.')
    assert declare == 'and declare it: @pytest.mark.model_roundtrip(imports=["tensorflow_text"])'


def test_the_command_line_declares_it_too(loader: Loader) -> None:
    finding = loader.tell("CaseFoldUTF8", declared_in=OptionPlace.COMMAND_LINE)
    assert finding.fix[1] == "and declare it: --modelcompat-import tensorflow_text"


def test_only_a_library_registers_it(loader: Loader) -> None:
    finding = loader.tell("Addons>GatherTree")
    assert "it comes with the package tensorflow_addons, in a library that the loader has not loaded" in finding.cause
    assert finding.fix[1].startswith('and declare its library: @pytest.mark.model_roundtrip(op_libraries=["path/to/')
    assert finding.fix[1].endswith('tensorflow_addons/custom_ops/seq2seq/_beam_search_ops.so"])')


def test_the_version_that_is_declared_does_not_have_it(loader: Loader) -> None:
    finding = loader.tell("CaseFoldUTF8", "tensorflow_text")
    assert finding.kind is Kind.UNKNOWN_OP
    assert "tensorflow_text, which the loader has imported: the version installed there does not have it" in (
        finding.cause
    )
    (fix,) = finding.fix
    assert fix.startswith("install the version of it that goes with the TensorFlow there, pip install ")
    assert "imports=" not in fix


def test_nobody_knows_whose_it_is(loader: Loader) -> None:
    finding = loader.tell("FancyCustomMul")
    assert "a library that the loader has not loaded registers it" in finding.cause
    assert "the_package_that_registers_it" in finding.fix[0]


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("tensorflow_compression", "tensorflow-compression"), ("struct2tensor", "struct2tensor")],
)
def test_not_there_or_built_for_another_tensorflow(loader: Loader, module: str, distribution: str) -> None:
    finding = loader.tell("FancyCustomMul", module)
    assert finding.kind is Kind.IMPORT_FAILED
    (fix,) = finding.fix
    assert fix.startswith("install it where it is loaded, in the version for the TensorFlow there: ")
    assert fix.endswith(f"pip install {distribution}")


def test_a_package_that_lacks_another_module_is_there(loader: Loader) -> None:
    finding = loader.tell("SimpleMLShowModel", "tensorflow_decision_forests")
    assert "a_module_nobody_has" in finding.cause
    assert "pip install" not in " ".join(finding.fix)
