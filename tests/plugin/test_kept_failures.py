"""A failure that is kept fails the same way in a process that has neither pytest nor this plugin."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.reproduction.keeper import FolderKeeper
from tests.loader import saved_models
from tests.plain_process import run_scripts
from tests.plugin.altered_files import write_altered_files
from tests.plugin.kept_models import LAYERS, TESTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

pytestmark = pytest.mark.needs_tensorflow

# Of each test: the kind of its failure, and what its script says in the end.
EXPECTED = {
    "unknown_layer/h5": ("UNKNOWN LAYER", "ValueError: Unknown layer: 'Scale'"),
    "unknown_layer/keras": ("UNKNOWN LAYER", "Could not locate class 'Scale'"),
    "unknown_object/keras": ("UNKNOWN OBJECT", "cubed"),
    "cannot_rebuild/keras": ("CANNOT REBUILD", "missing 1 required positional argument: 'factor'"),
    "argument/keras": ("CANNOT REBUILD", "strange"),
    "lambda/keras": ("LAMBDA REFUSED", "ValueError: Requested the deserialization of a `Lambda` layer"),
    "crash/keras": ("LOADER CRASHED", "died with <Signals.SIGSEGV: 11>"),
    "exit/keras": ("LOADER EXITED", "AssertionError: the process ended with exit code 0"),
    "hang/keras": ("LOADER TIMED OUT", "Timeout (0:00:03)!"),
    "raises/keras": ("LOAD FAILED", "the shop is closed"),
    "import/keras": ("IMPORT FAILED", "ModuleNotFoundError: No module named 'shop.closed'"),
    "draws/keras": ("NOT DETERMINISTIC", "AssertionError"),
    "refuses/keras": ("PREDICTION FAILED", "not so large"),
    "fails_later/h5": ("PREDICTION FAILED", "it is not ready"),
    "drift/keras": ("ARGUMENT NOT SAVED", "AssertionError"),
    "weights/keras": ("WEIGHTS CHANGED", "AssertionError: 1 of 3 weights are not as saved: ['sequential"),
    "shape/keras": ("ARGUMENT NOT SAVED", "'output': 'float32 (4, 3)'}, and must be {'output': 'float32 (4, 6)'}"),
    "training/keras": ("ARGUMENT NOT SAVED", "Not equal to tolerance rtol=0.0001"),
    "python_function/saved_model": ("PYTHON FUNCTION", "Could not find callback with key=pyfunc_"),
    "golden/keras": ("PREDICTIONS DRIFTED", "Not equal to tolerance rtol=0.1, atol=0"),
    "golden/saved_model": ("PREDICTIONS DRIFTED", "Not equal to tolerance rtol=0.1, atol=0"),
    "golden_shape/h5": ("STRUCTURE CHANGED", "and must be {'one': 'float32 (4, 2)', 'two': 'float32 (4, 3)'}"),
    "module/saved_model": ("PREDICTIONS DRIFTED", "Mismatched elements: 6 / 6 (100%)"),
    "first/keras": ("PREDICTIONS DRIFTED", "the first 1 are the same in"),
    "pieces/keras": ("PREDICTIONS DRIFTED", "DESIRED: array([0., 8., 8.]"),
    "rows/keras": ("STRUCTURE CHANGED", "rows rows"),
    "sparse/keras": (
        "STRUCTURE CHANGED",
        "'float32 (4, 5)'}, and must be {'output': 'sparse float32 (4, 5)'}",
    ),
    "state/h5": ("TRAINING CHANGED", "4 variables of the optimizer are not as saved"),
    "optimizer/keras": ("TRAINING CHANGED", "the optimizer is NoneType, and was Adam"),
    "rate/h5": ("TRAINING CHANGED", "ValueError: Unknown variable"),
    "rate/keras": ("TRAINING CHANGED", "AssertionError"),
    "vocabulary/h5": ("PREDICTION FAILED", "Table not initialized"),
    "missing/h5": ("LOAD FAILED", "missing 1 required positional argument: 'units'"),
    "unknown/keras": ("UNKNOWN ARGUMENT", "Unrecognized keyword arguments passed to Dense: {'strange': 1}"),
    "misfit/h5": ("WEIGHTS DO NOT FIT", "Shape mismatch in layer #0 (named d)"),
    "unbuilt/h5": ("WEIGHTS DO NOT FIT", "the second is another"),
    "removed/keras": ("OPTIMIZER NOT READ", "Could not deserialize 'keras.optimizers.LossScaleOptimizerV3'"),
    "compiled/h5": ("FORMAT CANNOT HOLD", "Could not deserialize 'keras.metrics.mse'"),
}


@pytest.fixture
def shop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("shop/__init__.py", "from .layers import Layer\n")
    project.write("shop/numbers.py", "ONE = 1.0\n")
    project.write("shop/layers.py", LAYERS)
    return project


def write(shop: Project, *, new: bool) -> None:
    shop.write("test_it.py", TESTS.format(new=new))


def kinds(text: str) -> dict[str, str]:
    """`drift/keras` -> the kind that the failure text begins with."""
    found = re.findall(r"^([A-Z][A-Z ]+)  test_(\w+)\[(\w+)\]: ", text, re.MULTILINE)
    return {f"{name}/{format_}": kind for kind, name, format_ in found}


def test_scripts_fail_the_same_way(shop: Project) -> None:
    write_altered_files(shop.path)
    write(shop, new=False)
    # The others fail without a golden, too.
    shop.record("-k", "golden or module or first or holds")
    write(shop, new=True)
    text = shop.run("--modelcompat-keep", "kept").stdout.str()
    assert kinds(text) == {name: kind for name, (kind, _) in EXPECTED.items()}
    named = re.findall(r"^  reproduce  uv run (\S+)$", text, re.MULTILINE)
    scripts = [shop.path / name for name in named]
    assert sorted(named) == sorted(f"kept/test_it/test_{name}/reproduce.py" for name in EXPECTED)
    # Somebody else has the folder alone.
    (shop.path / "shop").rename(shop.path / "elsewhere")
    ran = dict(zip(named, run_scripts(scripts), strict=True))
    for name, (_, said) in EXPECTED.items():
        one = ran[f"kept/test_it/test_{name}/reproduce.py"]
        assert (one.code, said in one.said) == (1, True), f"{name}: {one}"
        assert one.said.index("Python 3.") < one.said.index(said), name
    check_folders(shop.path / "kept")
    assert not (shop.path / "kept/test_it/test_holds/keras/reproduce.py").exists()
    assert (shop.path / "kept/test_it/test_holds/keras/model.keras").exists()


def check_folders(kept: Path) -> None:
    """Each has what it says, and none of it names a folder of this machine."""
    for script in kept.rglob("reproduce.py"):
        folder = script.parent
        recipe = json.loads((folder / "reproduction.json").read_text("utf-8"))
        assert (folder / recipe["artifact"]).exists()
        versions = json.loads((folder / "versions.json").read_text("utf-8"))
        assert versions["runtime"] == "local"
        for name in ("reproduce.py", "reproduction.json", "versions.json", "log.txt"):
            text = (folder / name).read_text("utf-8")
            assert not re.search(r"(?<![\w.:/~…-])/(?:tmp|home|root|usr|work)/", text), f"{folder}/{name}: {text}"
    assert (kept / "test_it/test_golden/keras/golden/golden.json").is_file()
    assert (kept / "test_it/test_drift/keras/shop/numbers.py").is_file()


ONE = """
import keras
import pytest
from shop import layers


@pytest.mark.model_roundtrip(formats=["keras"])
def test_model():
    return keras.Sequential([keras.Input((4,)), layers.Scale()])
"""


def test_in_ci_the_ini_file_keeps_failures(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("pytest.ini", "[pytest]\npythonpath = .\nmodelcompat_keep_failures = failures\n")
    shop.write("test_it.py", ONE)
    folder = shop.path / "failures/test_it/test_model/keras"
    shop.run()
    assert not folder.exists(), "on a developer's machine nothing is left"
    monkeypatch.setenv("CI", "true")
    text = shop.run().stdout.str()
    assert "  reproduce  uv run failures/test_it/test_model/keras/reproduce.py\n" in text
    assert (folder / "model.keras").is_file()
    monkeypatch.delenv("CI")
    declared = ONE.replace("formats", 'custom_objects={"Scale": layers.Scale}, formats')
    shop.write("test_it.py", declared)
    shop.record()
    monkeypatch.setenv("CI", "true")
    shop.run().assert_outcomes(passed=1)
    assert not folder.exists(), "a target that passes leaves nothing, and takes away what an earlier run left"


def test_a_failure_without_a_load_says_why_there_is_no_script(shop: Project) -> None:
    shop.write("test_it.py", ONE.replace("return keras", "return 3, keras"))
    text = shop.run("--modelcompat-keep", "kept").stdout.str()
    assert "  kept       in kept/test_it/test_model/keras; no script to run: nothing was loaded\n" in text


def test_an_artifact_that_is_too_large_is_left_out(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("pytest.ini", "[pytest]\npythonpath = .\nmodelcompat_keep_failures = failures\n")
    shop.write("test_it.py", ONE)
    defaults = FolderKeeper.__init__.__defaults__
    assert defaults == (500 << 20,)
    monkeypatch.setattr(FolderKeeper.__init__, "__defaults__", (100,))
    monkeypatch.setenv("CI", "true")
    text = shop.run().stdout.str()
    assert "  kept       model.keras (0 MB) is left out: copy it into the folder\n" in text
    script = shop.path / "failures/test_it/test_model/keras/reproduce.py"
    assert "Model.keras (0 MB) is left out: copy it into the folder." in script.read_text("utf-8")
    assert not script.with_name("model.keras").exists()


GIVEN = """
@pytest.mark.model_artifact("{name}")
def test_{name}():
    return np.arange(8, dtype=np.float32).reshape(2, 4) - 3
"""
# Of each change to a SavedModel: the kind of its failure, and what its script says in the end.
CHANGES = {
    saved_models.unknown_op: ("UNKNOWN OP", "Op type not registered"),
    saved_models.needs_newer: ("LOADERS DISAGREE", "GraphDef min consumer version 99999"),
    saved_models.point_nowhere: ("LOADERS DISAGREE", "nowhere:0"),
    saved_models.swap_outputs: ("LOADERS DISAGREE", "Mismatched elements"),
}


def test_given_saved_models_fail_the_same_way(project: Project) -> None:
    plain = saved_models.save_plain(project.path / "plain")
    for change in CHANGES:
        shutil.copytree(plain, project.path / change.__name__)
    tests = "".join(GIVEN.format(name=change.__name__) for change in CHANGES)
    project.write("test_it.py", f"import numpy as np\nimport pytest\n\n{tests}")
    project.record("--modelcompat-saved-model-loader", "object")
    for change in CHANGES:
        saved_models.edit(project.path / change.__name__, change)
    text = project.run("--modelcompat-keep", "kept").stdout.str()
    scripts = [project.path / f"kept/test_it/test_{each.__name__}/saved_model/reproduce.py" for each in CHANGES]
    for (change, (kind, said)), script, ran in zip(CHANGES.items(), scripts, run_scripts(scripts), strict=True):
        assert f"{kind}  test_{change.__name__}[saved_model]: " in text
        assert f"uv run {script.relative_to(project.path).as_posix()}\n" in text
        assert (ran.code, said in ran.said) == (1, True), ran.said
