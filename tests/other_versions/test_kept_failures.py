"""`uv run` of a kept failure: another environment, in the versions that loaded, without the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes.uv import find_uv
from tests.plain_process import run_scripts
from tests.plugin.kept_models import LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

pytestmark = pytest.mark.runtimes

TESTS = """
import keras
import pytest
from shop import layers


@pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": layers.Scale})
def test_model():
    return keras.Sequential([keras.Input((4,)), layers.Scale(3.0)])
"""


@pytest.mark.parametrize(
    ("where", "said"),
    [("local", "AssertionError"), ("tf2.15", "Unrecognized keyword arguments: ['batch_shape', 'optional']")],
)
def test_fails_the_same_way(
    where: str, said: str, project: Project, python_of: Callable[[str], Path], tmp_path: Path
) -> None:
    if where != "local":
        python_of(where)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("shop/__init__.py", "")
    project.write("shop/numbers.py", "ONE = 1.0\n")
    # In TensorFlow 2.15 that is Keras 2.
    own = LAYERS.replace("import keras\nimport tensorflow as tf", "import tensorflow as tf\n\nkeras = tf.keras")
    project.write("shop/layers.py", own)
    project.write("test_it.py", TESTS)
    project.run("--modelcompat-runtime", where, "--modelcompat-keep", "kept")
    target = "h5" if where == "local" else f"h5-{where}"
    kept = (project.path / "kept/test_it/test_model" / target).rename(tmp_path / "sent")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = [find_uv("uv"), "run", "--no-project", str(kept / "reproduce.py")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert done.stdout.startswith("Python 3."), done.stdout


SAVE = """
import tensorflow as tf
keras = tf.keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: abs(x) * 2.0, name="double")])
model.save("double.h5")
"""
GIVEN = """
import numpy as np
import pytest


@pytest.mark.model_artifact("double.h5", safe_mode=False)
def test_model():
    return np.arange(8, dtype=np.float32).reshape(2, 4)
"""


@pytest.mark.skipif(sys.version_info[:2] != (3, 12), reason="how Python 3.12 ends at what 3.11 has compiled")
def test_bytecode_of_another_python_crashes_the_script_too(project: Project, python_of: Callable[[str], Path]) -> None:
    subprocess.run([python_of("tf2.15"), "-c", SAVE], cwd=project.path, check=True, capture_output=True)
    project.write("test_it.py", GIVEN)
    text = project.run("--modelcompat-keep", "kept").stdout.str()
    assert "LOADER CRASHED  test_model[h5]: " in text
    assert 'Python bytecode in Lambda layer "double"' in text
    (ran,) = run_scripts([project.path / "kept/test_it/test_model/h5/reproduce.py"])
    assert (ran.code, "died with <Signals.SIGSEGV: 11>" in ran.said) == (1, True), ran.said
