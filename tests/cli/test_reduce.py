"""`modelcompat reduce`: a model of fifty layers comes down to the one that fails."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.cli import reduce
from pytest_modelcompat.cli.console import Console
from pytest_modelcompat.cli.exit_codes import ExitCode
from pytest_modelcompat.cli.parser import UsageError
from tests.plain_process import run_scripts
from tests.plugin.kept_models import LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess
    from tests.conftest import Project

# Branches, a layer that is called twice, two inputs, two outputs, and a model inside.
TESTS = """
import keras
import numpy as np
import pytest
from shop import layers


def deep(broken, count=3):
    x = first = keras.Input((6,), name="x")
    second = keras.Input((6,), name="y")
    shared = keras.layers.Dense(6, name="shared")
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6), keras.layers.Dense(6)], name="inner")
    for number in range(count):
        x = broken(x) if number == count * 3 // 5 else x
        x = inner(x) if number == count // 3 else x
        h = shared(x) if number in (0, count // 2) else keras.layers.Dense(6, activation="tanh", name=f"d{number}")(x)
        x = keras.layers.Add(name=f"a{number}")([x, h, second] if number % 4 == 0 else [x, h])
        x = keras.layers.LayerNormalization(name=f"n{number}")(x)
    return keras.Model([first, second], [x, h])


def row(broken):
    dense = lambda: keras.layers.Dense(6)
    return keras.Sequential([keras.Input((6,)), *[dense() for _ in range(6)], broken, *[dense() for _ in range(4)]])


declared = {each: getattr(layers, each) for each in ("Scale", "Loses", "Dies", "Refuses", "Needs")}


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["keras"])
def test_drift():
    model = deep(layers.Scale(3.0, name="broken"), count=16)
    assert len(model.layers) > 50
    return model


@pytest.mark.model_roundtrip(formats=["keras"])
def test_unknown():
    return deep(layers.Scale(3.0, name="broken"))


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["keras"], checks=["weights"])
def test_weights():
    broken = layers.Loses(name="broken")
    model = deep(broken)
    broken.w.assign(np.arange(6.0))
    return model


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["keras"])
def test_crash():
    return deep(layers.Dies(name="broken"))


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["keras"])
def test_refuses():
    return deep(layers.Refuses(name="broken"))


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["h5"])
def test_row():
    return row(layers.Scale(3.0, name="broken"))


@pytest.mark.model_roundtrip(formats=["keras"], checks=["training"])
def test_training():
    model = row(keras.layers.Dense(1))
    model.compile("adam", loss=keras.losses.Huber(delta=9.0))
    return model, np.full((4, 6), 9.0, "float32")


@pytest.mark.model_roundtrip(custom_objects=declared, formats=["saved_model"])
def test_saved_model():
    return keras.Sequential([keras.Input((4,)), layers.Refuses()])
"""
FOLDERS = ("drift/keras", "unknown/keras", "weights/keras", "crash/keras", "refuses/keras", "row/h5")


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, and what goes to the two streams."""
    out, err = io.StringIO(), io.StringIO()
    return reduce.run(arguments, Console(out, err)), out.getvalue(), err.getvalue()


class OneLoader:
    """The loader of the tests' process for a command that would start one of its own."""

    def __init__(self, loader: LoaderProcess, folder: Path) -> None:
        self._loader, self._folder = loader, folder

    def run(self, job: object) -> object:
        """Run a job with the modules of the folder."""
        self._loader._sys_path = [str(self._folder)]
        try:
            return self._loader.run(job)  # type: ignore[arg-type]
        finally:
            self._loader._sys_path = []

    def close(self) -> None:
        """It serves others still."""


def test_fifty_layers_become_one(project: Project, loader: LoaderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("shop/__init__.py", "")
    project.write("shop/numbers.py", "ONE = 1.0\n")
    project.write("shop/layers.py", LAYERS)
    project.write("test_it.py", TESTS)
    project.run("--modelcompat-update-golden", "--modelcompat-keep", "kept")
    (project.path / "shop").rename(project.path / "elsewhere")
    monkeypatch.setattr(reduce, "_loader", lambda _, folder: OneLoader(loader, folder.absolute()))
    monkeypatch.chdir(project.path)
    kept = project.path / "kept/test_it"
    for name in FOLDERS:
        code, out, err = command(f"kept/test_it/test_{name}")
        assert code == ExitCode.OK, err
        layers = out.splitlines()[0].rpartition(": ")[2].split(", ")
        assert "broken" in layers, out
        assert len(layers) <= 4, out
        assert "step 1: " in err, "what it does goes to the other stream"
        assert out.splitlines()[1] == f"uv run kept/test_it/test_{name}-reduced/reproduce.py"
    ran = run_scripts(
        kept / f"test_{name}/reproduce.py" for name in (*FOLDERS, *(f"{each}-reduced" for each in FOLDERS))
    )
    for name, one, other in zip(FOLDERS, ran[: len(FOLDERS)], ran[len(FOLDERS) :], strict=True):
        assert (one.code, other.code) == (1, 1), f"{name}: {other.said}"
        assert last_error(one.said) == last_error(other.said), name
        recipe = json.loads((kept / f"test_{name}-reduced/reproduction.json").read_text("utf-8"))
        assert (kept / f"test_{name}-reduced" / recipe["artifact"]).stat().st_size < 60_000
    check_refusals(kept)


def last_error(text: str) -> str:
    """The class of the last exception that a script ends with."""
    named = (line.partition(":")[0] for line in text.splitlines())
    return [each for each in named if each.rpartition(".")[2].endswith("Error")][-1]


def check_refusals(kept: Path) -> None:
    code, _, err = command(str(kept / "test_training/keras"))
    assert code == ExitCode.FAILED
    assert "cannot be made smaller: ARGUMENT NOT SAVED is about the whole model, and not about a layer of it" in err
    code, _, err = command(str(kept / "test_saved_model/saved_model"))
    assert code == ExitCode.FAILED
    assert "a SavedModel is one graph, which has no layers to leave out" in err
    recipe = kept / "test_row/h5/reproduction.json"
    recipe.write_text(recipe.read_text("utf-8").replace('"rtol": 1.3e-06', '"rtol": 1e6'), encoding="utf-8")
    code, _, err = command(str(kept / "test_row/h5"))
    assert code == ExitCode.FAILED
    assert "it does not fail here by its layers alone" in err


def test_a_folder_of_something_else_is_refused(tmp_path: Path, tensorflow: None) -> None:
    code, _, err = command(str(tmp_path))
    assert (code, "has no reproduction.json" in err) == (ExitCode.ERROR, True)


def test_nothing_foreign_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="is there and has no reproduction"):
        command(str(tmp_path / "kept"), "--out", str(tmp_path / "out"))
    with pytest.raises(UsageError, match="is the folder that is read"):
        command(str(tmp_path / "kept"), "--out", str(tmp_path / "kept"))
