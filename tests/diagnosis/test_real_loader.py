"""Models broken for real, loaded by a real loader: what is said of each."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_modelcompat.artifacts import BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.inventory import Inventory
from pytest_modelcompat.diagnosis import DiagnosisContext, diagnose
from pytest_modelcompat.results.finding import Kind
from pytest_modelcompat.runtimes.process import LoaderProcess
from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.results.finding import Finding

HERE = Path(__file__).resolve().parent
SHARED = Path(__file__).resolve().parents[3] / "shared" / "artifacts"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
NUMBERS = np.ones((2, 4), "float32")
WORDS = np.array([["one"]], dtype=object)
IDS = np.ones((2, 5), "int32")

MODULES = {
    "faulting": "import ctypes\nctypes.string_at(0)\n",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "hanging": "import time\ntime.sleep(600)\n",
    "leaving": "import os\nos._exit(3)\n",
    "exiting": "import sys\nsys.exit('no licence found')\n",
    "hungry": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\nbytearray(8 << 30)\n",
    "lacking": "import a_module_nobody_has\n",
}


class Loader:
    """Loads what is in a folder, and says the result."""

    def __init__(self, loader: LoaderProcess, folder: Path) -> None:
        self.loader = loader
        self.folder = folder

    def tell(
        self, artifact: str | Path, inputs: Any = NUMBERS, declared: Declarations | None = None, **job: Any
    ) -> Finding:
        path = self.folder / artifact
        format_ = path.suffix[1:] or "saved_model"
        timeout = job.pop("timeout", 120.0)
        loaded = self.loader.run(
            Job(path, format_, "keras", declared or Declarations(), inputs, timeout=timeout, **job)
        )
        assert not loaded.succeeded
        return diagnose(
            loaded, DiagnosisContext(str(path), format_, _inventory(path, format_), loaded.versions, timeout)
        )


def ends(command: str, folder: Path) -> int:
    """The exit code of a command that a fix prints, pasted in a folder."""
    words = shlex.split(command)
    assert words[0] == "python"
    return subprocess.run([sys.executable, *words[1:]], cwd=folder, capture_output=True, check=False).returncode


def _inventory(path: Path, format_: str) -> Inventory:
    try:
        return read_inventory(path)
    except BrokenArtifactError:
        return Inventory(path, format_)


@pytest.fixture(scope="module")
def loader(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Iterator[Loader]:
    folder = tmp_path_factory.mktemp("broken")
    for name, source in MODULES.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    added = [str(folder), str(HERE)]
    sys.path[:0] = added
    local = LoaderProcess(environment=QUIET)
    local.start()
    try:
        saving = [sys.executable, str(HERE / "broken_models.py"), str(folder)]
        subprocess.run(saving, check=True, env={**os.environ, **QUIET}, capture_output=True)
        yield Loader(local, folder)
    finally:
        local.close()
        sys.path[:] = [entry for entry in sys.path if entry not in added]
        importlib.invalidate_caches()


@pytest.mark.parametrize(
    ("artifact", "inputs", "kind", "says"),
    [
        ("strings.h5", NUMBERS, Kind.FORMAT_CANNOT_HOLD, "given as strings"),
        ("own_loss.h5", NUMBERS, Kind.UNKNOWN_OBJECT, r"\(soft_loss\)"),
        ("own_loss.keras", NUMBERS, Kind.UNKNOWN_OBJECT, "no loss of this name"),
        ("vectorized.h5", WORDS, Kind.PREDICTION_FAILED, "vocabulary .* is lost"),
        ("masked.h5", IDS, Kind.FORMAT_CANNOT_HOLD, "the operation NotEqual"),
        ("bfloat16.h5", NUMBERS, Kind.FORMAT_CANNOT_HOLD, "HDF5 has no bfloat16"),
        ("doubling.h5", NUMBERS, Kind.LAMBDA_REFUSED, 'Lambda layer "double"'),
        ("doubling.keras", NUMBERS, Kind.LAMBDA_REFUSED, 'Lambda layer "double"'),
        ("scale.h5", NUMBERS, Kind.UNKNOWN_LAYER, "declares none"),
        ("scale.keras", NUMBERS, Kind.UNKNOWN_LAYER, "declares none"),
        ("activation.h5", NUMBERS, Kind.UNKNOWN_OBJECT, "no activation of this name"),
        ("activation.keras", NUMBERS, Kind.UNKNOWN_OBJECT, "no activation of this name"),
        ("subclassed.keras", NUMBERS, Kind.UNKNOWN_OBJECT, "no model of this name"),
        ("python_function", {"inputs": NUMBERS}, Kind.PYTHON_FUNCTION, "in no other"),
        ("unknown_op", {"x": NUMBERS}, Kind.UNKNOWN_OP, "no op of this name"),
        ("no_variables", {"x": NUMBERS}, Kind.ARTIFACT_BROKEN, "variables/ folder"),
        ("truncated.keras", NUMBERS, Kind.ARTIFACT_BROKEN, "truncated"),
        ("zip_named.h5", NUMBERS, Kind.ARTIFACT_BROKEN, "only called .h5"),
        ("hdf5_named.keras", NUMBERS, Kind.ARTIFACT_BROKEN, "only called .keras"),
        ("only.weights.h5", NUMBERS, Kind.ARTIFACT_BROKEN, "weights only"),
        ("dense.keras", np.ones((2, 7), "float32"), Kind.PREDICTION_FAILED, "do not fit .* have value 4"),
    ],
)
def test_artifact(loader: Loader, artifact: str, inputs: Any, kind: Kind, says: str) -> None:
    finding = loader.tell(artifact, inputs)
    assert finding.kind is kind, finding
    assert re.search(says, finding.cause), finding.cause


@pytest.mark.parametrize(
    ("artifact", "declares", "kind", "says"),
    [
        ("projection.h5", "Projection", Kind.CANNOT_REBUILD, "'trainable' for every layer"),
        ("projection.keras", "Projection", Kind.CANNOT_REBUILD, "'trainable' for every layer"),
        ("closed.h5", "Closed", Kind.CANNOT_REBUILD, r"'factor', which Closed\.__init__"),
        ("closed.keras", "Closed", Kind.CANNOT_REBUILD, r"'factor', which Closed\.__init__"),
        ("forgetful.h5", "Forgetful", Kind.CANNOT_REBUILD, r"Forgetful\.__init__\(\) requires the argument 'units'"),
        ("forgetful.keras", "Forgetful", Kind.CANNOT_REBUILD, "requires the argument 'units'"),
        ("subclassed.h5", "Subclassed", Kind.FORMAT_CANNOT_HOLD, "the model is subclassed"),
    ],
)
def test_declared_class(loader: Loader, artifact: str, declares: str, kind: Kind, says: str) -> None:
    finding = loader.tell(artifact, declared=Declarations({declares: ("broken_models", declares)}))
    assert finding.kind is kind, finding
    assert re.search(says, finding.cause), finding.cause


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals and no resource limits")
@pytest.mark.parametrize(
    ("module", "kind", "says"),
    [
        ("faulting", Kind.LOADER_CRASHED, "SIGSEGV while it imported"),
        ("killed", Kind.LOADER_CRASHED, "SIGKILL"),
        ("hanging", Kind.LOADER_TIMED_OUT, "stopped after 3 s"),
        ("leaving", Kind.LOADER_EXITED, "code 3"),
        ("exiting", Kind.LOADER_EXITED, "'no licence found' while it imported exiting"),
        ("hungry", Kind.OUT_OF_MEMORY, "ran out of memory"),
        ("lacking", Kind.IMPORT_FAILED, "cannot import lacking.*a_module_nobody_has"),
    ],
)
def test_import_that_ends_badly(loader: Loader, module: str, kind: Kind, says: str) -> None:
    timeout = 3.0 if module == "hanging" else 120.0
    finding = loader.tell("dense.keras", declared=Declarations(imports=(module,)), timeout=timeout)
    assert finding.kind is kind, finding
    assert re.search(says, finding.cause), finding.cause
    if module == "faulting":
        assert "string_at (ctypes/__init__.py" in dict(finding.details)["innermost"]
        command = finding.fix[0].removeprefix("repair it until this command ends well: ")
        assert ends(command, loader.folder) == -signal.SIGSEGV
        (loader.folder / "faulting.py").write_text("")
        assert ends(command, loader.folder) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
@pytest.mark.parametrize(
    ("artifact", "kind"),
    [("foreign_bytecode.h5", Kind.LOADER_CRASHED), ("cut_bytecode.h5", Kind.LOAD_FAILED)],
)
def test_bytecode_of_another_python(loader: Loader, artifact: str, kind: Kind) -> None:
    finding = loader.tell(artifact, safe_mode=False)
    assert finding.kind is kind, finding
    assert 'Python bytecode in Lambda layer "double"' in finding.cause


SHARED_CAUSES = {
    "h5_conv_batchnorm_keras2.1": (Kind.LOAD_FAILED, "saved by Keras 2.1.3, .* plain list"),
    "h5_conv1d_keras2.3": (Kind.LOAD_FAILED, "saved by Keras 2.3.1 .*batch_input_shape"),
    "h5_simple_rnn_keras2.1": (Kind.LOAD_FAILED, "plain list"),
    "h5_tensorflow_op_layer_keras2.2": (Kind.UNKNOWN_LAYER, "called TensorFlowOpLayer"),
    "h5_depthwise_conv_keras2.14": (Kind.LOAD_FAILED, "'groups' that Keras 3 has removed"),
    "h5_addons_layer_keras2.2": (Kind.UNKNOWN_LAYER, "TensorFlow Addons"),
    "keras_mlp_keras2.15": (Kind.LOAD_FAILED, "'batch_input_shape' that Keras 3 has removed"),
    "corrupt_h5": (Kind.ARTIFACT_BROKEN, "damaged"),
    "corrupt_savedmodel": (Kind.ARTIFACT_BROKEN, "cannot be parsed"),
}


@pytest.mark.skipif(not (SHARED / "index.json").is_file(), reason="the corpus of real artifacts is not here")
@pytest.mark.parametrize("name", SHARED_CAUSES)
def test_artifact_others_saved(loader: Loader, name: str) -> None:
    index = json.loads((SHARED / "index.json").read_text(encoding="utf-8"))
    file = next(SHARED / entry["file"] for entry in index if entry["name"] == name)
    kind, says = SHARED_CAUSES[name]
    finding = loader.tell(file.parent if file.suffix == ".pb" else file)
    assert finding.kind is kind, finding
    assert re.search(says, finding.cause), finding.cause
